//! Observations into conditions: one for each promise, including safe and unknown promises. Pure.
//!
//! One file for each kind of condition. An unknown value is never safe, and a value that an arm could not
//! read never counts as zero.

mod budget;
mod channels;
mod goals;
mod pass;
mod risk;
#[cfg(test)]
mod tests;
mod upstream;
mod walk;
mod words;

use std::{cmp::Reverse, time::Duration};

use jiff::{Timestamp, tz::TimeZone};

pub use risk::{GoalRisk, derail_risk};

use crate::{
    arms::{activity::Walk, beeminder::Account},
    budget::Budget,
    config::{BudgetThresholds, WalkSettings},
    domain::{Condition, Observation, Provider},
    store::tables::broken_channels::BrokenChannel,
};
use words::Local;

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
    /// How Beeminder answered lately, including this pass's try.
    pub beeminder: UpstreamHistory,
    /// When the last pass before this one succeeded (Beeminder was read); `None`: never.
    pub last_success: Option<Timestamp>,
    /// When the very first pass ran; `None`: this is the first pass.
    pub first_run: Option<Timestamp>,
    /// A gap between successful passes of more than [`MISSED_DAY`](super::policy::MISSED_DAY) that ended
    /// within the last 24 h: from, until.
    pub gap: Option<(Timestamp, Timestamp)>,
    /// The last pass before this one took longer than its deadline: when it started, how long it took.
    pub overran: Option<(Timestamp, Duration)>,
    /// The configured channels that are broken.
    pub broken_channels: Vec<BrokenChannel>,
    /// How many of the configured channels are not broken.
    pub healthy_channels: usize,
}

/// How an upstream answered lately.
#[derive(Clone, Debug, Default)]
pub struct UpstreamHistory {
    /// Failures in a row up to now; 0: the last try worked.
    pub consecutive_failures: u32,
    /// Failures within the last 60 minutes.
    pub failures_last_hour: u32,
    /// When a try last worked.
    pub last_success: Option<Timestamp>,
}

/// The settings that assessing needs.
#[derive(Clone, Debug)]
pub struct AssessSettings {
    /// The person's zone.
    pub zone: TimeZone,
    /// The walk.
    pub walk: Option<WalkSettings>,
    /// `[budget.thresholds]`: the shares from which an old total is still WARNING or CRITICAL.
    pub budget_thresholds: BudgetThresholds,
    /// `heuristic.deadline`.
    pub deadline: Duration,
}

/// One condition for each promise, including safe and unknown promises, most urgent first.
pub fn assess(
    observed: &Observed,
    history: &History,
    settings: &AssessSettings,
    now: Timestamp,
) -> Vec<Condition> {
    let local = Local::new(now, &settings.zone);
    let mut conditions = goals::conditions(&observed.beeminder, &local);
    conditions.push(upstream::condition(
        &observed.beeminder,
        &history.beeminder,
        &local,
    ));
    if let (Some(walk), Some(settings)) = (&observed.walk, &settings.walk) {
        conditions.push(walk::condition(walk, settings, &local));
    }
    for (provider, budget) in &observed.budgets {
        conditions.push(budget::condition(
            *provider,
            budget,
            &settings.budget_thresholds,
            &local,
        ));
    }
    conditions.push(pass::condition(
        observed.elapsed,
        history,
        settings.deadline,
        &local,
    ));
    conditions.extend(channels::conditions(history, &local));
    sort_by_urgency(&mut conditions);
    conditions
}

/// Worst severity first. Within a severity, the condition that ends first comes first, and a condition
/// without an end comes last. Then by name, so that the order is always the same.
fn sort_by_urgency(conditions: &mut [Condition]) {
    conditions.sort_by(|a, b| {
        let urgency = |c: &Condition| (Reverse(c.severity.rank()), c.expires_at.is_none(), c.expires_at);
        urgency(a)
            .cmp(&urgency(b))
            .then_with(|| a.subject.cmp(&b.subject))
    });
}
