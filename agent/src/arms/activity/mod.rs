//! Activity: was there a walk today? From a Beeminder goal's datapoints, never from its colour.

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::beeminder::{Account, BeeminderArm, Goal};
use crate::domain::{Daystamp, Observation, Slug};

/// Whether the walk of one day was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Walk {
    /// The goal whose datapoints are walks.
    pub goal: Slug,
    /// The day that was asked about.
    pub day: Daystamp,
    /// A real datapoint (not a dummy) counts for that day.
    pub done: bool,
}

/// What the datapoints that came with a goal say: `Some(done)`, or `None` where they leave a doubt.
pub fn walked(_goal: &Goal, _now: Timestamp, _local_zone: &TimeZone, _account_zone: &TimeZone) -> Option<bool> {
    todo!()
}

/// Today's walk, from an account that was just read; asks Beeminder for the goal's datapoints only where the account leaves a doubt.
pub async fn observe(
    _goal: &Slug,
    _account: &Observation<Account>,
    _arm: &BeeminderArm,
    _now: Timestamp,
    _local_zone: &TimeZone,
    _within: std::time::Duration,
) -> Observation<Walk> {
    todo!()
}
