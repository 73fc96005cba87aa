//! Finds the message of an attempt in doubt.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{Requests, resource::Message};
use crate::{
    notify::channels::{AskError, Doubt, twilio::listing::Pages},
    outbound::{Call, Reply},
};

/// How far back from the message's creation the search goes: Twilio's filter has a precision of one day, and
/// clocks differ.
const SLACK: SignedDuration = SignedDuration::from_hours(24);

/// Looks for a tag among the person's messages, without doing I/O itself. If no call is left and the tag was
/// not found, Twilio does not have the message.
///
/// Two listings are read, newest first: the newest messages without a filter, back to the day before the
/// message was made; and the messages sent since that day. One listing is not enough, because Twilio filters
/// by the *sent* date, which a queued message does not have yet.
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

    /// The next call; `None` when everything is read.
    pub(in super::super) fn next_call(&mut self) -> Result<Option<Call>, AskError> {
        self.pages.next_call()
    }

    /// Takes the reply to the last call. Returns the message's id if the message is in it.
    pub(in super::super) fn read(&mut self, reply: &Reply) -> Result<Option<String>, AskError> {
        let rows: Vec<Message> = self.pages.read(reply)?;
        let Some(found) = rows
            .iter()
            .find(|m| m.body.as_deref().is_some_and(|body| body.contains(self.tag)))
        else {
            return Ok(None);
        };
        let id = found.id().ok_or_else(|| {
            AskError::Unreadable("Twilio lists the message under a malformed id".to_owned())
        })?;
        Ok(Some(id.to_owned()))
    }
}
