//! How the fake misbehaves, and at which place of the conversation.

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

/// What happens instead of a good answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// This code.
    Reply(u16),
    /// The connection closes without an answer.
    Drop,
    /// No answer, while the connection stays open.
    Hang,
    /// A line that is not SMTP.
    Garbage,
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault(pub Stage, pub Act);

/// The planned faults.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Faults in their order, each for its place.
    pub(crate) next: VecDeque<Fault>,
    /// The fault when no other is planned.
    pub(crate) always: Option<Fault>,
}

impl Faults {
    /// The fault at this place, if the next planned fault is for it.
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
