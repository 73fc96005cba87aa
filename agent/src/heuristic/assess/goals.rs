//! `goal:<slug>`: one condition for each active goal. Frozen, won and archived goals cannot derail and have
//! no condition.

use std::collections::HashMap;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    AssessSettings,
    goal_phrase::{GoalWords, Report},
    risk::{GoalRisk, at_face_value, derail_risk, is_recomputed},
    steps,
    words::Local,
};
use crate::{
    arms::beeminder::{Account, Counting, DataSource, EnteredToday, Goal, GoalKind, GoalState, Today},
    clock::{DeadlineOffset, Outlook, beeminder_day, local_day},
    domain::{Ask, Condition, Daystamp, Observation, Phrase, Severity, Step, Subject},
    heuristic::habit::Habit,
};

/// The conditions of all active goals. By a fresh reading each goal has its risk. By a stale reading a goal
/// is UNKNOWN, because the reading does not say what happened since. But on what a stale reading says is a
/// goal's last day, it is the step `last_seen`.
pub(super) fn conditions(
    beeminder: &Observation<Account>,
    habits: &HashMap<String, Habit>,
    outlook: &Outlook,
    settings: &AssessSettings,
    local: &Local<'_>,
) -> Vec<Condition> {
    let Some(account) = beeminder.value() else {
        return Vec::new();
    };
    let zone = account.zone(local.zone);
    let mut days = Days {
        zone: &zone,
        local,
        known: HashMap::new(),
    };
    let condition = |goal: &Goal, day| match beeminder {
        Observation::Fresh { at, .. } => {
            let reading = Reading {
                at: *at,
                zone: &zone,
                outlook,
                settings,
                local,
            };
            Some(reading.condition(goal, habits.get(goal.key()), day))
        }
        Observation::Stale { at, why, .. } => {
            let seen = derail_risk(goal, &zone, *at);
            let ask = seen
                .derails_at
                .and_then(|derails_at| steps::last_seen(goal, derails_at, *at, outlook, settings, &zone));
            if let Some(ask) = ask {
                return Some(last_seen(goal, &seen, day, *at, ask, local));
            }
            let why = format!("not read since {}: {why}", local.past(*at));
            Some(unknown(goal, &seen, day, &why, local))
        }
        Observation::Unknown { .. } => None,
    };
    let mut conditions: Vec<Condition> = active(account)
        .filter_map(|goal| condition(goal, days.of(goal.deadline)))
        .collect();
    conditions.extend(unreadable(account, local));
    conditions
}

/// Whether the account should be read again in this pass: Beeminder is recomputing a goal that cannot wait for the
/// next pass.
pub(in crate::heuristic) fn should_be_read_again(
    account: &Account,
    outlook: &Outlook,
    settings: &AssessSettings,
) -> bool {
    let zone = account.zone(&settings.zone);
    active(account).any(|goal| is_recomputed_and_cannot_wait(goal, &zone, outlook, settings))
}

fn is_recomputed_and_cannot_wait(
    goal: &Goal,
    zone: &TimeZone,
    outlook: &Outlook,
    settings: &AssessSettings,
) -> bool {
    let now = outlook.now();
    is_recomputed(goal, now)
        && derail_risk(goal, zone, now)
            .derails_at
            .is_some_and(|at| steps::cannot_wait(goal, at, outlook, settings))
}

/// The goals that can derail.
pub(super) fn active(account: &Account) -> impl Iterator<Item = &Goal> {
    account
        .goals
        .iter()
        .filter(|goal| goal.state == GoalState::Active)
}

/// One pass's view of a fresh reading.
struct Reading<'a> {
    at: Timestamp,
    /// The account's zone.
    zone: &'a TimeZone,
    outlook: &'a Outlook,
    settings: &'a AssessSettings,
    local: &'a Local<'a>,
}

impl Reading<'_> {
    fn condition(&self, goal: &Goal, habit: Option<&Habit>, day: Daystamp) -> Condition {
        let now = self.local.now;
        let risk = self.risk(goal);
        let derails_at = risk.derails_at.filter(|_| risk.severity != Severity::Unknown);
        let ask =
            derails_at.and_then(|at| steps::ask(goal, at, self.outlook, self.settings, habit, self.zone));
        let severity = match (&ask, derails_at) {
            (Some(ask), Some(at)) => steps::severity(ask, at, now),
            _ => risk.severity,
        };
        let words = GoalWords {
            goal,
            report: self.report(goal),
            derails_today: ask.is_some_and(|ask| ask.occasion == day),
            read_at: self.at,
            local: self.local,
        };
        let is_unwatched = ask
            .zip(derails_at)
            .is_some_and(|(ask, at)| steps::is_unwatched(&ask, at, now));
        let is_last_call = ask.is_some_and(|ask| ask.step == Step::LastCall);
        Condition {
            subject: Subject::goal(&goal.slug),
            severity,
            day,
            expires_at: risk.derails_at,
            phrase: if is_last_call {
                last_call(&words.by_risk(&risk))
            } else if is_unwatched {
                words.under_heading(&risk)
            } else if ask.is_some() || severity == Severity::Unknown {
                words.by_risk(&risk)
            } else {
                words.name_alone()
            },
            heading: is_unwatched.then(|| nobody_watches(self.outlook, self.local)),
            evidence: risk.evidence,
            ask,
            stake: goal.pledge,
        }
    }

    /// The risk of a goal. A goal that Beeminder is recomputing is UNKNOWN, unless it cannot wait.
    fn risk(&self, goal: &Goal) -> GoalRisk {
        let now = self.local.now;
        if is_recomputed_and_cannot_wait(goal, self.zone, self.outlook, self.settings) {
            at_face_value(goal, self.zone, now)
        } else {
            derail_risk(goal, self.zone, now)
        }
    }

    /// Whether the person has reported today about a goal to do less. `None`: it is not such a goal, or a
    /// device reports.
    fn report(&self, goal: &Goal) -> Option<Report> {
        let by_person = !matches!(goal.source, Some(DataSource::Autodata(_)));
        if goal.line.kind != Some(GoalKind::DoLess) || !by_person {
            return None;
        }
        let today = Today::of(goal, self.local.now, self.local.zone, self.zone);
        Some(match today.entered(goal, Counting::TodayOnly) {
            EnteredToday::Yes(_) => Report::Made,
            EnteredToday::No => Report::Missing,
            EnteredToday::Unknown => Report::Unknown,
        })
    }
}

/// The heading of the goals that derail before the next day on which Mecris can speak.
fn nobody_watches(outlook: &Outlook, local: &Local<'_>) -> String {
    match outlook.next_day() {
        Some(next) => format!("until {} nobody watches", local.when(next)),
        None => "from now on nobody watches".to_owned(),
    }
}

/// The words of a last call. They differ from those of the step `last`, so that the person does not take them
/// for a repetition.
fn last_call(said: &Phrase) -> Phrase {
    Phrase {
        long: format!("last call: {}", said.long),
        short: format!("last call: {}", said.short),
    }
}

/// The condition of a goal that cannot be read now, and that by its last reading has its last day today.
fn last_seen(
    goal: &Goal,
    seen: &GoalRisk,
    day: Daystamp,
    at: Timestamp,
    ask: Ask,
    local: &Local<'_>,
) -> Condition {
    let as_of = format!("as of {}: ", local.past(at));
    let words = GoalWords {
        goal,
        report: None,
        derails_today: ask.occasion == day,
        read_at: at,
        local,
    };
    let said = words.by_risk(seen);
    Condition {
        subject: Subject::goal(&goal.slug),
        severity: Severity::Warning,
        day,
        expires_at: seen.derails_at,
        evidence: format!("{as_of}{}; not read since", seen.evidence),
        phrase: Phrase {
            long: format!("{as_of}{}", said.long),
            short: format!("{as_of}{}", said.short),
        },
        ask: Some(ask),
        stake: goal.pledge,
        heading: None,
    }
}

fn unknown(goal: &Goal, seen: &GoalRisk, day: Daystamp, why: &str, local: &Local<'_>) -> Condition {
    let slug = &goal.slug;
    let due = seen
        .derails_at
        .map(|at| format!(", last seen due {}", local.when(at)))
        .unwrap_or_default();
    Condition {
        subject: Subject::goal(slug),
        severity: Severity::Unknown,
        day,
        expires_at: seen.derails_at,
        evidence: format!("{why}; then: {}", seen.evidence),
        phrase: Phrase {
            long: format!("{slug} unknown{due}"),
            short: format!("{slug} unknown"),
        },
        ask: None,
        stake: goal.pledge,
        heading: None,
    }
}

/// The one UNKNOWN condition of all goals in Beeminder's reply that cannot be read at all. They share it,
/// because their names are not known.
fn unreadable(account: &Account, local: &Local<'_>) -> Option<Condition> {
    let first = account.unreadable.first()?;
    let text = match account.unreadable.len() {
        1 => "1 goal cannot be read".to_owned(),
        count => format!("{count} goals cannot be read"),
    };
    Some(Condition {
        subject: Subject::unreadable_goals(),
        severity: Severity::Unknown,
        day: local_day(local.now, local.zone),
        expires_at: None,
        evidence: format!("{text}; the first: {first}"),
        phrase: Phrase {
            long: text.clone(),
            short: text,
        },
        ask: None,
        stake: None,
        heading: None,
    })
}

/// Beeminder's present day for each deadline, computed once. Many goals share a deadline, and computing a day
/// costs several look-ups in the zone's history.
struct Days<'a> {
    zone: &'a TimeZone,
    local: &'a Local<'a>,
    known: HashMap<DeadlineOffset, Daystamp>,
}

impl Days<'_> {
    fn of(&mut self, deadline: DeadlineOffset) -> Daystamp {
        *self
            .known
            .entry(deadline)
            .or_insert_with(|| beeminder_day(self.local.now, self.zone, deadline))
    }
}
