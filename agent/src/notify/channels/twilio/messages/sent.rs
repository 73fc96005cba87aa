//! Every message to the person of some days, whichever program sent it.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};

use super::{Requests, resource::Message};
use crate::{
    notify::channels::{
        AskError, SentMessage,
        twilio::listing::{Listed as _, Pages},
    },
    outbound::{Call, Reply},
};

/// Collects the messages to the person since an instant, without doing I/O itself.
///
/// One listing is read: the messages sent since the day of the instant. A message that still waits at Twilio is not
/// in it.
pub(in super::super) struct Sent<'a> {
    pages: Pages<'a>,
    since: Timestamp,
    /// By id, because a row may come twice: new rows move the pages while they are read.
    found: BTreeMap<String, SentMessage>,
}

impl<'a> Sent<'a> {
    pub(in super::super) fn new(requests: &'a Requests, since: Timestamp) -> Self {
        let day = since.to_zoned_datetime(TimeZone::UTC).date();
        Self {
            pages: Pages::new(&requests.api, since, vec![requests.list(Some(day))]),
            since,
            found: BTreeMap::new(),
        }
    }

    /// The next call; `None` when everything is read.
    ///
    /// # Errors
    /// If the listing has too many pages.
    pub(in super::super) fn next_call(&mut self) -> Result<Option<Call>, AskError> {
        self.pages.next_call()
    }

    /// Takes the reply to the last call.
    pub(in super::super) fn read(&mut self, reply: &Reply) -> Result<(), AskError> {
        for row in self.pages.read::<Message>(reply)? {
            let is_old = row.created().is_some_and(|created| created < self.since);
            if row.is_by_a_program() && !is_old {
                let message = row.into_sent();
                self.found.insert(message.id.clone(), message);
            }
        }
        Ok(())
    }

    /// What was found, after everything was read.
    pub(in super::super) fn messages(self) -> Vec<SentMessage> {
        self.found.into_values().collect()
    }
}
