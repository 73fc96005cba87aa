//! Finds the message of an attempt in doubt.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{Requests, resource::Message};
use crate::{
    notify::{
        channels::{
            AskError, CLOCKS_DIFFER, Doubt,
            twilio::listing::{Listed as _, Pages},
        },
        message::has_tag,
    },
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
///
/// An account may redact what it lists. Then our message is there without its tag. So a message from our sender
/// that was made while the attempt held its lease (give or take [`CLOCKS_DIFFER`]), has no tag at all and is not
/// known to be another attempt's leaves the doubt.
pub(in super::super) struct Search<'a> {
    pages: Pages<'a>,
    requests: &'a Requests,
    doubt: &'a Doubt<'a>,
    /// Whether a message may be ours although no text shows it.
    is_undecided: bool,
}

impl<'a> Search<'a> {
    pub(in super::super) fn new(requests: &'a Requests, doubt: &'a Doubt<'a>) -> Self {
        let since = doubt.since.saturating_sub(SLACK).unwrap_or(Timestamp::MIN);
        let day = since.to_zoned_datetime(TimeZone::UTC).date();
        let listings = vec![requests.list(Some(day)), requests.list(None)];
        Self {
            pages: Pages::new(&requests.api, since, listings),
            requests,
            doubt,
            is_undecided: false,
        }
    }

    /// The next call; `None` when everything is read and Twilio does not have the message.
    ///
    /// # Errors
    /// If the listings have too many pages, or may show the message without its text.
    pub(in super::super) fn next_call(&mut self) -> Result<Option<Call>, AskError> {
        match self.pages.next_call()? {
            None if self.is_undecided => Err(AskError::Undecided(
                "Twilio lists a message of that time without its text (does the account redact messages?), so \
                 nobody can tell whether it is this one"
                    .to_owned(),
            )),
            next => Ok(next),
        }
    }

    /// Takes the reply to the last call. Returns the message's id if the message is in it.
    pub(in super::super) fn read(&mut self, reply: &Reply) -> Result<Option<String>, AskError> {
        let rows: Vec<Message> = self.pages.read(reply)?;
        self.is_undecided |= rows.iter().any(|row| self.may_be_ours(row));
        let body_has_tag = |row: &&Message| {
            row.body
                .as_deref()
                .is_some_and(|body| body.contains(self.doubt.tag))
        };
        let Some(found) = rows.iter().find(body_has_tag) else {
            return Ok(None);
        };
        let id = found.id().ok_or_else(|| {
            AskError::Unreadable("Twilio lists the message under a malformed id".to_owned())
        })?;
        Ok(Some(id.to_owned()))
    }

    /// Whether a message without any tag may be that of the attempt.
    fn may_be_ours(&self, row: &Message) -> bool {
        let Doubt {
            began, ended, others, ..
        } = self.doubt;
        if row.body.as_deref().is_some_and(has_tag) || !row.may_be_from(self.requests.sender()) {
            return false;
        }
        if row.id().is_some_and(|id| others.iter().any(|other| other == id)) {
            return false;
        }
        let from = began.saturating_sub(CLOCKS_DIFFER).unwrap_or(Timestamp::MIN);
        let until = ended.saturating_add(CLOCKS_DIFFER).unwrap_or(Timestamp::MAX);
        // Without its date it may be of that time.
        row.created().is_none_or(|at| (from..=until).contains(&at))
    }
}
