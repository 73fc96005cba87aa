//! What a send means that got no reply.

use super::{Outcome, Scope};
use crate::outbound::CallError;

/// The outcome of a send over HTTP that got no reply. If the request certainly never left, it counts as
/// refused for now. In every other case the outcome is unknown.
pub(super) fn no_reply(error: &CallError) -> Outcome {
    let why = error.to_string();
    match error {
        CallError::CircuitOpen { retry_in, .. } => Outcome::Rejected {
            permanent: false,
            scope: Scope::Message,
            retry_after: Some(*retry_in),
            code: None,
            why,
        },
        error if error.nothing_was_sent() => Outcome::Rejected {
            permanent: false,
            scope: Scope::Message,
            retry_after: None,
            code: None,
            why,
        },
        // This includes a lease that was over: the head of the request may have left.
        _ => Outcome::Unknown { why },
    }
}
