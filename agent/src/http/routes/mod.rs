//! The handlers, by topic. Each reads recorded state or asks for one action, and shapes the answer; none
//! holds a rule.

pub(super) mod beeminder;
pub(super) mod groq;
pub(super) mod meta;
pub(super) mod narrator;
pub(super) mod records;
pub(super) mod reminder;
pub(super) mod silences;
pub(super) mod usage;

use axum::Json;

use super::{ActionError, ApiError, actions::Answer};

/// What most handlers return.
type Reply<T> = Result<Json<T>, ApiError>;

/// Runs an action as a task of its own, so that a client that hangs up, or the time limit, does not cut a
/// pass or a send in two.
async fn detached<T: Send + 'static>(action: Answer<T>) -> Result<T, ApiError> {
    match tokio::spawn(action).await {
        Ok(outcome) => outcome.map_err(ApiError::from),
        Err(error) => Err(ActionError::Failed(error.to_string()).into()),
    }
}

/// A number of the caller within its bounds, or a sentence that names it.
fn within(name: &str, given: Option<u32>, default: u32, most: u32) -> Result<u32, ApiError> {
    match given.unwrap_or(default) {
        number if (1..=most).contains(&number) => Ok(number),
        number => Err(ApiError::invalid(format!(
            "{name}: {number} is not allowed, expected 1 to {most}"
        ))),
    }
}
