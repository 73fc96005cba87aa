use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{Requests, resource::Message};
use crate::{
    notify::channels::{AskError, Doubt, twilio::listing::Pages},
    outbound::{Call, Reply},
};

/// A message's `DateSent` and ours may differ by so much: Twilio's filter knows days only, and clocks differ.
const SLACK: SignedDuration = SignedDuration::from_hours(24);

/// Looking for a tag among the person's messages, without I/O. That nothing is left to ask means that Twilio
/// does not have it.
///
/// Two listings are read, newest first, since Twilio filters by the *sent* date, which a queued message does
/// not have yet: the newest messages without a filter, back to the day before the message was made; and those
/// sent since that day.
pub(in super::super) struct Search<'a> {
    pages: Pages<'a>,
    tag: &'a str,
}

impl<'a> Search<'a> {
    pub(in super::super) fn new(requests: &'a Requests, doubt: &Doubt<'a>) -> Self {
        let since = doubt.since.saturating_sub(SLACK).unwrap_or(Timestamp::MIN);
        let day = since.to_zoned_datetime(TimeZone::UTC).date();
        let listings = vec![requests.list(Some(day)), requests.list(None)];
        Self {
            pages: Pages::new(&requests.api, since, listings),
            tag: doubt.tag,
        }
    }

    /// What to ask next; `None` once everything is read.
    pub(in super::super) fn next_call(&mut self) -> Result<Option<Call>, AskError> {
        self.pages.next_call()
    }

    /// Takes the answer to the last call: the id, if the message is there.
    pub(in super::super) fn read(&mut self, reply: &Reply) -> Result<Option<String>, AskError> {
        let rows: Vec<Message> = self.pages.read(reply)?;
        let Some(found) = rows
            .iter()
            .find(|m| m.body.as_deref().is_some_and(|body| body.contains(self.tag)))
        else {
            return Ok(None);
        };
        let id = found
            .id()
            .ok_or_else(|| AskError("Twilio lists the message under an id that is none".to_owned()))?;
        Ok(Some(id.to_owned()))
    }
}
