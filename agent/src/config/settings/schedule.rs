//! When Mecris looks and when it speaks: `[heuristic]`, `[policy]`, `[walk]`.

use std::time::Duration;

use crate::{
    clock::DailyRange,
    domain::{Severity, Slug},
};

/// `[heuristic]`.
#[derive(Clone, Copy, Debug)]
pub struct HeuristicSettings {
    /// Between two passes of `serve`.
    pub interval: Duration,
    /// The least severity that is worth a message.
    pub notify_at: Severity,
    /// For one whole pass; what has not answered by then is unknown.
    pub deadline: Duration,
}

/// `[policy]`.
#[derive(Clone, Copy, Debug)]
pub struct PolicySettings {
    /// Over all channels, any 60 minutes.
    pub max_messages_per_hour: u32,
    /// Over all channels, one local day.
    pub max_messages_per_day: u32,
    /// When nothing is sent.
    pub quiet_hours: Option<DailyRange>,
    /// Whether WARNING turning CRITICAL on the same day may speak again.
    pub escalate: bool,
}

/// `[walk]`.
#[derive(Clone, Debug)]
pub struct WalkSettings {
    /// The goal whose datapoints are walks.
    pub goal: Slug,
    /// When a missing walk is worth a reminder.
    pub hours: DailyRange,
}
