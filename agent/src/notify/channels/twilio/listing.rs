//! Looking for a tag among the person's messages.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use url::Url;

use super::{
    outcome,
    requests::Requests,
    wire::{Message, Page},
};
use crate::{
    notify::channels::AskError,
    outbound::{Call, Reply},
};

/// More pages than this are not read: then nobody knows.
const MOST_PAGES: u32 = 20;

/// A message's `DateSent` and ours may differ by so much: Twilio's filter knows days only, and clocks differ.
const SLACK: SignedDuration = SignedDuration::from_hours(24);

/// A search without I/O: [`Search::next_call`] says what to ask, [`Search::read`] takes the answer, until there is nothing more
/// to ask, which means that Twilio does not have the message.
///
/// Two listings are read, newest first, since Twilio filters by the *sent* date, which a queued message does not have yet: the newest messages
/// without a filter, back to the day before `since`; and those sent since that day.
pub(super) struct Search<'a> {
    requests: &'a Requests,
    tag: &'a str,
    /// Messages created before are not ours.
    since: Timestamp,
    listings: Vec<Url>,
    pages: u32,
}

impl<'a> Search<'a> {
    pub(super) fn new(requests: &'a Requests, tag: &'a str, since: Timestamp) -> Self {
        let since = since.saturating_sub(SLACK).unwrap_or(Timestamp::MIN);
        let day = since.to_zoned(TimeZone::UTC).date();
        // Taken from the end.
        let listings = vec![requests.list(Some(day)), requests.list(None)];
        Self { requests, tag, since, listings, pages: 0 }
    }

    /// What to ask next; `None` once everything is read.
    pub(super) fn next_call(&mut self) -> Result<Option<Call>, AskError> {
        let Some(url) = self.listings.last() else { return Ok(None) };
        if self.pages == MOST_PAGES {
            return Err(AskError(format!(
                "Twilio lists more than {MOST_PAGES} pages of messages, and the tag is on none"
            )));
        }
        self.pages += 1;
        Ok(Some(self.requests.get(url.clone())))
    }

    /// Takes the answer to the last call: the id, if the message is there.
    pub(super) fn read(&mut self, reply: &Reply) -> Result<Option<String>, AskError> {
        let page: Page = outcome::read(reply)?;
        let Some(asked) = self.listings.pop() else { return Ok(None) };
        if let Some(message) = page.messages.iter().find(|m| m.body.as_deref().is_some_and(|b| b.contains(self.tag))) {
            let id =
                message.id().ok_or_else(|| AskError("Twilio lists the message under an id that is none".to_owned()))?;
            return Ok(Some(id.to_owned()));
        }
        let is_past = !page.messages.is_empty() && page.messages.iter().all(|message| self.is_older(message));
        if let Some(next) = page.next_page_uri.filter(|_| !is_past) {
            self.listings.push(next_page(&asked, &next)?);
        }
        Ok(None)
    }

    fn is_older(&self, message: &Message) -> bool {
        let created = message.date_created.as_deref().and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
        created.is_some_and(|created| created.timestamp() < self.since)
    }
}

/// The next page of a listing: its query on our own path, so that no answer can lead the credentials elsewhere.
fn next_page(asked: &Url, next: &str) -> Result<Url, AskError> {
    let next = asked.join(next).map_err(|_| AskError("Twilio's next_page_uri is no address".to_owned()))?;
    let mut url = asked.clone();
    url.set_query(next.query());
    Ok(url)
}
