//! Beeminder: the account and its goals, read-only. There is no code here that can charge, ratchet or post data.

mod types;

pub use types::{Account, Datapoint, Goal, GoalState};

use jiff::Timestamp;

use crate::{
    config::{Secrets, settings::BeeminderSettings},
    outbound::Outbound,
};

/// Why the account could not be read. No text contains the token.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BeeminderError {
    /// Placeholder sentence: whatever went wrong, for a person, with what to do.
    #[error("{0}")]
    Failed(String),
}

/// The arm. Cheap to clone.
#[derive(Clone)]
pub struct BeeminderArm {
    _todo: (),
}

impl BeeminderArm {
    /// From settings; a missing token is reported by [`BeeminderArm::observe`] (and by `check`).
    pub fn new(_settings: &BeeminderSettings, _secrets: &Secrets, _outbound: Outbound) -> Self {
        todo!()
    }

    /// Reads the user and all goals, now. `within` bounds the whole of it. Ignored goals are left out.
    pub async fn observe(&self, _now: Timestamp, _within: std::time::Duration) -> Result<Account, BeeminderError> {
        todo!()
    }

    /// The newest datapoints of one goal, for the walk when the goal itself leaves a doubt.
    pub async fn datapoints(
        &self,
        _slug: &crate::domain::Slug,
        _within: std::time::Duration,
    ) -> Result<Vec<Datapoint>, BeeminderError> {
        todo!()
    }
}
