use super::{Outcome, Scope};
use crate::outbound::CallError;

/// What a send over HTTP means that got no answer: what certainly never left was refused, of everything else
/// nobody knows.
pub(super) fn not_answered(error: &CallError) -> Outcome {
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
        // After the check the head of the request may have left, so the provider is asked.
        _ => Outcome::Unknown { why },
    }
}
