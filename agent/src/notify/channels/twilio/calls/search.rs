//! Finds the call of an attempt in doubt.

use jiff::Timestamp;

use super::{Requests, resource};
use crate::{
    notify::channels::{
        AskError, CLOCKS_DIFFER, Doubt,
        twilio::listing::{Listed as _, Pages},
    },
    outbound::{Call, Reply},
};

/// Looks for the call that an attempt may have made, without doing I/O itself.
///
/// A call is a candidate if it goes from our number to the person, was made through the API while the attempt
/// held its lease (give or take [`CLOCKS_DIFFER`]), and is not known to be another message's. Without a
/// candidate, Twilio does not have the call. If there are as many candidates as attempts in doubt at that
/// time, each attempt made a call, and the nearest candidate is taken. Any other number is an error: the
/// calls cannot be told apart.
pub(in super::super) struct Search<'a> {
    pages: Pages<'a>,
    doubt: &'a Doubt<'a>,
    candidates: Vec<resource::Call>,
}

impl<'a> Search<'a> {
    pub(in super::super) fn new(requests: &'a Requests, doubt: &'a Doubt<'a>) -> Self {
        let since = doubt
            .began
            .saturating_sub(CLOCKS_DIFFER)
            .unwrap_or(Timestamp::MIN);
        Self {
            pages: Pages::new(&requests.api, since, vec![requests.list()]),
            doubt,
            candidates: Vec::new(),
        }
    }

    /// The next call; `None` when everything is read.
    pub(in super::super) fn next_call(&mut self) -> Result<Option<Call>, AskError> {
        self.pages.next_call()
    }

    /// Takes the reply to the last call.
    pub(in super::super) fn read(&mut self, reply: &Reply) -> Result<(), AskError> {
        for call in self.pages.read::<resource::Call>(reply)? {
            // A row may come twice, because new rows move the pages while they are read.
            let seen = self.candidates.iter().any(|candidate| candidate.sid == call.sid);
            if !seen && self.is_candidate(&call)? {
                self.candidates.push(call);
            }
        }
        Ok(())
    }

    fn is_candidate(&self, call: &resource::Call) -> Result<bool, AskError> {
        let ours = call
            .direction
            .as_deref()
            .is_none_or(|direction| direction == "outbound-api");
        if !ours || self.doubt.others.contains(&call.sid) {
            return Ok(false);
        }
        // Without its date it is unknown whether the call is the attempt's.
        let at = call
            .created()
            .ok_or_else(|| AskError::Unreadable("Twilio lists a call without its date".to_owned()))?;
        let from = self
            .doubt
            .began
            .saturating_sub(CLOCKS_DIFFER)
            .unwrap_or(Timestamp::MIN);
        let until = self
            .doubt
            .ended
            .saturating_add(CLOCKS_DIFFER)
            .unwrap_or(Timestamp::MAX);
        Ok((from..=until).contains(&at))
    }

    /// The result, after everything was read.
    ///
    /// # Errors
    /// If the calls cannot be told apart.
    pub(in super::super) fn found(&self) -> Result<Option<String>, AskError> {
        let in_doubt = self.doubt.rivals + 1;
        match self.candidates.len() {
            0 => Ok(None),
            calls if calls == in_doubt => {
                let distance = |call: &&resource::Call| {
                    call.created()
                        .map(|at| at.duration_since(self.doubt.began).unsigned_abs())
                };
                let nearest = self
                    .candidates
                    .iter()
                    .min_by_key(distance)
                    .and_then(resource::Call::id);
                let id = nearest.ok_or_else(|| {
                    AskError::Unreadable("Twilio lists the call under a malformed id".to_owned())
                })?;
                Ok(Some(id.to_owned()))
            }
            calls => Err(AskError::Undecided(format!(
                "Twilio lists {calls} calls around that time, {in_doubt} are in doubt, and they cannot be told apart"
            ))),
        }
    }
}
