//! `goal:<slug>`: one condition for each active goal. Frozen, won and archived goals cannot derail and have
//! no condition.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use super::{
    AssessSettings,
    risk::{GoalRisk, derail_risk},
    steps,
    words::{Local, dollars, quote},
};
use crate::{
    arms::beeminder::{Account, Goal, GoalState},
    clock::{DeadlineOffset, Outlook, beeminder_day, local_day},
    domain::{Ask, Condition, Daystamp, Observation, Phrase, Severity, Subject},
    heuristic::habit::Habit,
};

/// A fresh reading gives each goal its risk. A stale reading gives only unknowns, because it does not say
/// what happened since.
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
    let mut conditions = Vec::with_capacity(account.goals.len() + 8);
    for goal in active(account) {
        let day = days.of(goal.deadline);
        conditions.push(match beeminder {
            Observation::Stale { at, why, .. } => {
                let seen = derail_risk(goal, &zone, *at);
                unknown(
                    goal,
                    &seen,
                    day,
                    &format!("not read since {}: {why}", local.past(*at)),
                    local,
                )
            }
            _ => {
                let risk = derail_risk(goal, &zone, local.now);
                let derails_at = risk.derails_at.filter(|_| risk.severity != Severity::Unknown);
                let habit = habits.get(goal.key());
                let ask = derails_at.and_then(|at| steps::ask(goal, at, outlook, settings, habit, &zone));
                fresh(goal, risk, day, ask, local)
            }
        });
    }
    conditions.extend(unreadable(account, local));
    conditions
}

/// The goals that can derail.
pub(super) fn active(account: &Account) -> impl Iterator<Item = &Goal> {
    account
        .goals
        .iter()
        .filter(|goal| goal.state == GoalState::Active)
}

fn fresh(goal: &Goal, risk: GoalRisk, day: Daystamp, ask: Option<Ask>, local: &Local<'_>) -> Condition {
    let severity = match (&ask, risk.derails_at) {
        (Some(ask), Some(at)) => steps::severity(ask, risk.severity, at, local.now),
        _ => risk.severity,
    };
    Condition {
        subject: Subject::goal(&goal.slug),
        severity,
        day,
        expires_at: risk.derails_at,
        phrase: phrase(goal, &risk, ask.is_some(), local),
        evidence: risk.evidence,
        ask,
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
    }
}

/// `derails` is whether the goal is said to derail although its risk is SAFE, as on the last day before a
/// weekend without a window.
fn phrase(goal: &Goal, risk: &GoalRisk, derails: bool, local: &Local<'_>) -> Phrase {
    let slug = &goal.slug;
    match (risk.severity, risk.safe_days, goal.losedate) {
        (Severity::Unknown, ..) | (_, None, _) => Phrase {
            long: format!("{slug} unknown"),
            short: format!("{slug} unknown"),
        },
        (Severity::Safe, Some(days), _) if !derails => Phrase {
            long: format!("{slug} safe for {days} days"),
            short: format!("{slug} safe"),
        },
        (_, Some(_), Some(losedate)) => Phrase {
            long: format!("{slug} derails {}{}", local.when(losedate), stakes(goal)),
            short: format!("{slug} derails {}", local.day_of(losedate)),
        },
        (_, Some(days), None) => {
            let when = match days {
                ..=0 => "today".to_owned(),
                1 => "tomorrow".to_owned(),
                days => format!("in {days} days"),
            };
            Phrase {
                long: format!("{slug} derails {when}{}", stakes(goal)),
                short: format!("{slug} derails {when}"),
            }
        }
    }
}

/// The pledge and what is due: ` ($5, +2 due)`.
fn stakes(goal: &Goal) -> String {
    let pledge = goal.pledge.filter(|pledge| pledge.micros() > 0).map(dollars);
    let parts: Vec<String> = pledge.into_iter().chain(due(goal)).collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!(" ({})", parts.join(", "))
    }
}

fn due(goal: &Goal) -> Option<String> {
    let whole = goal.due.as_deref().map(quote).filter(|text| !text.is_empty());
    // The number of a do-less goal is a limit ("hard cap +3"); "+3 due" would say the opposite.
    if whole.as_deref().is_some_and(|text| text.contains("cap")) {
        return whole;
    }
    let least = goal
        .bare_minimum
        .as_deref()
        .map(quote)
        .filter(|text| text.contains(|c: char| c.is_ascii_digit()));
    least.map(|text| format!("{text} due")).or(whole)
}

/// Goals of the reply that could not be read at all share one unknown condition, because they have no name.
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
    })
}

/// Today, by deadline. Goals share few deadlines, and computing a day costs several look-ups in the zone's
/// history.
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
