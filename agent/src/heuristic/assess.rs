//! Observations into conditions. Pure.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    arms::{activity::Walk, beeminder::Account, budget::Budget},
    config::settings::WalkSettings,
    domain::{Condition, Observation, Provider},
};

/// All that was observed in one pass.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The Beeminder account.
    pub beeminder: Observation<Account>,
    /// Today's walk; `None`: not configured.
    pub walk: Option<Observation<Walk>>,
    /// The configured budgets.
    pub budgets: Vec<(Provider, Observation<Budget>)>,
    /// How long the pass has taken so far.
    pub elapsed: Duration,
}

/// What earlier passes left, as far as this pass needs it.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// How Beeminder answered lately, this pass's try included.
    pub beeminder: UpstreamHistory,
    /// When the last pass before this one succeeded (nothing was unknown); `None`: never.
    pub last_success: Option<Timestamp>,
    /// When the very first pass ran; `None`: this is it.
    pub first_run: Option<Timestamp>,
    /// A gap between successful passes of more than 25 h that ended within the last 24 h: from, until.
    pub gap: Option<(Timestamp, Timestamp)>,
    /// The last pass before this one took longer than its deadline: when it started, how long it took.
    pub overran: Option<(Timestamp, Duration)>,
}

/// How an upstream answered lately.
#[derive(Clone, Debug, Default)]
pub struct UpstreamHistory {
    /// Failures in a row up to now; 0: the last try worked.
    pub consecutive_failures: u32,
    /// Failures within the last 60 minutes.
    pub failures_last_hour: u32,
    /// When it last worked.
    pub last_success: Option<Timestamp>,
}

/// What assessing needs to know of the configuration.
#[derive(Clone, Debug)]
pub struct AssessSettings {
    /// The person's zone.
    pub zone: TimeZone,
    /// The walk.
    pub walk: Option<WalkSettings>,
    /// `heuristic.deadline`.
    pub deadline: Duration,
}

/// One condition for each promise, the safe and the unknown ones too, most urgent first.
pub fn assess(_observed: &Observed, _history: &History, _settings: &AssessSettings, _now: Timestamp) -> Vec<Condition> {
    todo!()
}
