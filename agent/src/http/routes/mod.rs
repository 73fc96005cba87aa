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

use super::{ApiError, Json};

/// What most handlers return.
type Reply<T> = Result<Json<T>, ApiError>;

/// Runs an action as a task of its own, so that a client that hangs up, or the time limit, does not cut a
/// pass or a send in two.
async fn detached<T, E>(action: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, ApiError>
where
    T: Send + 'static,
    E: Into<ApiError> + Send + 'static,
{
    match tokio::spawn(action).await {
        Ok(outcome) => outcome.map_err(E::into),
        Err(error) => Err(ApiError::internal(error.to_string())),
    }
}
