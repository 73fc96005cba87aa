//! Turns observations into conditions: one for each promise, including safe and unknown promises. Pure.
//!
//! Each kind of condition has a file of its own. An unknown value is never safe, and a value that an arm
//! could not read never counts as zero.

mod budget;
mod channels;
mod derailed;
mod goal_phrase;
mod goals;
mod hold;
mod pass;
mod risk;
mod role;
mod steps;
#[cfg(test)]
mod tests;
mod unknown;
mod upstream;
mod vanished;
mod walk;
pub(super) mod words;

use std::{cmp::Reverse, collections::HashMap, time::Duration};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

pub use derailed::derailed;
pub(in crate::heuristic) use goals::should_be_read_again;
pub use risk::{GoalRisk, derail_risk};
pub(in crate::heuristic) use steps::{SEEN_LATELY, limit, occasion};
pub use unknown::untold;

use crate::{
    arms::{
        activity::Walk,
        beeminder::{Account, Goal},
    },
    budget::Budget,
    clock::{Outlook, Timetable},
    config::{BudgetThresholds, GoalRule, LeadDays, Role, WalkSettings},
    domain::{Condition, Money, Observation, Provider, Severity, Share, Slug, Subject},
    heuristic::habit::Habit,
    store::tables::broken_channels::BrokenChannel,
};
use words::Local;

/// All that was observed in one pass.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The Beeminder account.
    pub beeminder: Observation<Account>,
    /// If Beeminder cannot be read until a person does something: what they must do, in words for them.
    pub cure: Option<&'static str>,
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
    /// Whether the time since the last successful pass is long although no pass was promised in it. Example:
    /// the machine runs on weekdays, the last pass was on Friday, and today is Monday.
    pub nothing_was_due: bool,
    /// A gap between successful passes of more than [`MISSED_DAY`](super::policy::MISSED_DAY) that ended
    /// within the last 24 h, and in which a pass was promised: from, until.
    pub gap: Option<(Timestamp, Timestamp)>,
    /// When the last pass before this one started and how long it took, if it took longer than its deadline.
    pub overran: Option<(Timestamp, Duration)>,
    /// The configured channels that are broken.
    pub broken_channels: Vec<BrokenChannel>,
    /// How many of the configured channels are not broken.
    pub healthy_channels: usize,
    /// Since when Mecris could not tell how each of these promises stands, by the passes before this one.
    pub untold: HashMap<Subject, Timestamp>,
    /// The goals that could derail by their last readings: they matter if Beeminder lists none now. `None`: there
    /// are none on record.
    pub vanished: Option<Vanished>,
    /// The habits of the goals that [`with_habit`] names, by [`Goal::key`].
    pub habits: HashMap<String, Habit>,
}

/// Goals that Beeminder listed, and does not list any more: not one of them.
#[derive(Clone, Copy, Debug)]
pub struct Vanished {
    /// How many of them could derail.
    pub goals: u32,
    /// When one of them last changed.
    pub changed_at: Timestamp,
    /// Whether the last reading before this pass listed none either.
    pub seen_before: bool,
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
    /// `[budget.thresholds]`: when a budget is WARNING or CRITICAL.
    pub budget_thresholds: BudgetThresholds,
    /// `budget.thresholds.shares`: a message is sent when such a share of a budget is used. The smallest
    /// first.
    pub budget_shares: Vec<Share>,
    /// `heuristic.unknown_after`: for how long Mecris cannot tell how a promise stands before it says so.
    pub unknown_after: SignedDuration,
    /// `heuristic.deadline`.
    pub deadline: Duration,
    /// `heuristic.lead_days`: how many days before the last day a goal is warned of.
    pub lead_days: LeadDays,
    /// `heuristic.margin`: how much time a person needs to act before a derailment.
    pub margin: SignedDuration,
    /// `heuristic.habit_margin`: the same for a goal that is settled ([`Habit::is_settled`]).
    pub habit_margin: SignedDuration,
    /// `heuristic.last_call`: how long before a derailment the last message about a goal is sent (step
    /// `last_call`).
    pub last_call: SignedDuration,
    /// `heuristic.last_call_stake`: the least stake of a goal that gets a last call.
    pub last_call_stake: Money,
    /// `role`: which of several installations for one person this is.
    pub role: Role,
    /// `[[goal]]`: what is different for single goals.
    pub goals: HashMap<Slug, GoalRule>,
}

impl AssessSettings {
    /// The `[[goal]]` table of a goal, if it has one.
    pub(in crate::heuristic) fn rule(&self, goal: &Goal) -> Option<&GoalRule> {
        self.goals.get(&goal.slug)
    }

    /// How much time a person needs to act on a goal.
    fn margin_of(&self, goal: &Goal) -> SignedDuration {
        self.rule(goal)
            .and_then(|rule| rule.margin)
            .unwrap_or(self.margin)
    }

    /// How many days before its last day a goal is warned of. A goal that does not say when its own reminders
    /// begin is warned of a day before.
    fn lead_days_of(&self, goal: &Goal) -> u16 {
        let own = self.rule(goal).and_then(|rule| rule.lead_days);
        match own.unwrap_or(self.lead_days) {
            LeadDays::Days(days) => days,
            LeadDays::OfGoal => goal.lead_days.unwrap_or(1),
        }
    }
}

/// The goals of a reading whose habits matter in a pass with this outlook.
pub fn with_habit<'a>(
    account: &'a Account,
    settings: &'a AssessSettings,
    outlook: &'a Outlook,
) -> impl Iterator<Item = &'a Goal> {
    goals::active(account).filter(|goal| steps::may_be_last(goal, outlook, settings))
}

/// Whether a reading of `at` shows that there is nothing to say about a goal yet: its last day is further
/// ahead than `heuristic.lead_days`. `false` if the reading does not say when the goal derails.
/// `account_zone` is the zone of the Beeminder account.
pub fn lies_ahead(
    goal: &Goal,
    at: Timestamp,
    settings: &AssessSettings,
    timetable: &Timetable,
    account_zone: &TimeZone,
) -> bool {
    let risk = derail_risk(goal, account_zone, at);
    let derails_at = risk.derails_at.filter(|_| risk.severity != Severity::Unknown);
    derails_at.is_some_and(|derails_at| steps::lies_ahead(goal, derails_at, at, settings, timetable))
}

/// One condition for each promise, including safe and unknown promises, most urgent first.
pub fn assess(
    observed: &Observed,
    history: &History,
    settings: &AssessSettings,
    outlook: &Outlook,
) -> Vec<Condition> {
    let local = Local::new(outlook.now(), &settings.zone);
    let mut conditions = goals::conditions(&observed.beeminder, &history.habits, outlook, settings, &local);
    conditions.push(upstream::condition(observed, &history.beeminder, &local));
    conditions.extend(vanished::condition(&observed.beeminder, history.vanished, &local));
    if let (Some(walk), Some(settings)) = (&observed.walk, &settings.walk) {
        conditions.push(walk::condition(walk, settings, outlook, &local));
    }
    for (provider, budget) in &observed.budgets {
        conditions.push(budget::condition(*provider, budget, settings, &local));
    }
    conditions.push(pass::condition(
        observed.elapsed,
        history,
        settings.deadline,
        &local,
    ));
    conditions.extend(channels::conditions(history, &local));
    unknown::ask(&mut conditions, observed, history, settings, &local);
    role::silence(&mut conditions, settings.role);
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
