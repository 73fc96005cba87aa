//! How the fake misbehaves, and where.

use std::collections::VecDeque;

/// A place in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The first line.
    Greeting,
    /// EHLO.
    Ehlo,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA, before the content.
    Data,
    /// The final dot; the mail is not accepted.
    Content,
    /// The final dot; the mail is accepted.
    Accepted,
}

/// What happens instead of the right answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// This code.
    Reply(u16),
    /// The connection closes without a word.
    Drop,
    /// No answer, while the connection stays open.
    Hang,
    /// Something that is no SMTP.
    Garbage,
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault(pub Stage, pub Act);

/// The faults to come.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// One after the other, each at its place.
    pub(crate) next: VecDeque<Fault>,
    /// When there is no next one.
    pub(crate) always: Option<Fault>,
}

impl Faults {
    /// The fault at this place, if the next one is for it.
    pub(crate) fn take(&mut self, stage: Stage) -> Option<Act> {
        if let Some(Fault(place, act)) = self.next.front().copied() {
            if place == stage {
                self.next.pop_front();
                return Some(act);
            }
            return None;
        }
        self.always.filter(|fault| fault.0 == stage).map(|fault| fault.1)
    }
}
