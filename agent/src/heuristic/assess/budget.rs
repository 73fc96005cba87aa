//! `budget:<provider>`. The severity is that of the budget's health, or that of the share that is said,
//! whichever is worse. An old reading proves only this: money that is spent stays spent until the period
//! ends.

use jiff::{Timestamp, civil::Date};

use super::{AssessSettings, words::Local};
use crate::{
    budget::{
        Budget, Health,
        health::{Runway, Standing},
        period::{Period, Phase},
    },
    clock::{local_day, local_day_bounds},
    config::BudgetThresholds,
    domain::{
        Ask, Condition, Daystamp, Money, Observation, Phrase, Provider, Reason, Severity, Share, Step,
        Subject,
    },
    heuristic::policy::{CRITICAL_FROM_PERCENT, PACE_NEEDS_DATA, PACE_NEEDS_PERCENT},
};

pub(super) fn condition(
    provider: Provider,
    budget: &Observation<Budget>,
    settings: &AssessSettings,
    local: &Local<'_>,
) -> Condition {
    let today = local_day(local.now, local.zone);
    let (by_health, evidence) = match budget {
        Observation::Fresh { value, .. } => (by_health(value.health), value.why.clone()),
        Observation::Stale { value, at, why } => {
            let as_of = local.past(value.as_of.unwrap_or(*at));
            (
                proven_by_total(value, &settings.budget_thresholds, today),
                format!("as of {as_of}: {}; not newer: {why}", value.why),
            )
        }
        Observation::Unknown { why } => (Severity::Unknown, why.clone()),
    };
    let runway = budget.fresh().and_then(|budget| runway(budget, local));
    let ask = ask(budget, by_health, runway.as_ref(), settings, local);
    let severity = severity(ask.as_ref(), by_health);
    let period_ends_at = budget
        .value()
        .and_then(|budget| budget.period_end)
        .map(|last_day| local_day_bounds(last_day.into(), local.zone).1)
        .filter(|&end| local.now < end);
    Condition {
        subject: Subject::budget(provider),
        severity,
        day: today,
        expires_at: period_ends_at,
        evidence,
        phrase: match budget.value().filter(|_| severity != Severity::Unknown) {
            Some(budget) => phrase(budget, ask.as_ref(), runway.as_ref(), today),
            None => same(format!("{provider} budget unknown")),
        },
        ask,
        stake: Some(Money::ZERO),
        heading: None,
    }
}

fn by_health(health: Health) -> Severity {
    match health {
        Health::Good => Severity::Safe,
        Health::Warning => Severity::Warning,
        Health::Critical => Severity::Critical,
        Health::Unknown => Severity::Unknown,
    }
}

/// The severity that the total of an old reading still proves. A total only grows within a period: if its
/// share was above a threshold, it still is. A small share and the burn rate of an old reading prove nothing
/// now.
fn proven_by_total(budget: &Budget, thresholds: &BudgetThresholds, today: Daystamp) -> Severity {
    let share = budget
        .used
        .zip(budget.limit)
        .and_then(|(used, limit)| used.share_of(limit));
    let period_goes_on = budget.period_end.is_some_and(|last_day| today.date() <= last_day);
    match share.filter(|_| period_goes_on) {
        Some(share) if share >= thresholds.critical_share => Severity::Critical,
        Some(share) if share >= thresholds.warning_share => Severity::Warning,
        _ => Severity::Unknown,
    }
}

/// How long the money lasts, as the verdict on the budget projects it.
fn runway(budget: &Budget, local: &Local<'_>) -> Option<Runway> {
    Runway::of(&Standing::of(budget)?, local.zone, local.now)
}

/// The step of a budget: the highest configured share that is used. If none is used, and the health is bad,
/// the step is `pace`. If the period has ended, the step is `unknown`.
fn ask(
    observed: &Observation<Budget>,
    by_health: Severity,
    runway: Option<&Runway>,
    settings: &AssessSettings,
    local: &Local<'_>,
) -> Option<Ask> {
    let budget = observed.value()?;
    let period = Period {
        start: budget.period_start?,
        end: budget.period_end?,
    };
    let today = local_day(local.now, local.zone);
    match period.phase(today.date()) {
        Phase::Upcoming => None,
        Phase::Ended => observed.fresh().map(|_| Ask {
            alone_from: ended_for(period, settings, local),
            rides_from: ended_for(period, settings, local),
            waits: Reason::UnknownData,
            ..Ask::at_once(Step::Unknown, today)
        }),
        Phase::Current => match highest_used(budget, &settings.budget_shares) {
            Some(share) => Some(Ask::at_once(Step::Share(share), period.start.into())),
            None if by_health.at_least(Severity::Caution) => Some(Ask {
                silent: why_no_pace(budget, runway, &settings.budget_thresholds),
                ..Ask::at_once(Step::Pace, period.start.into())
            }),
            None => None,
        },
    }
}

/// From when on it is said that a period has ended: nobody can tell any more how the budget stands.
fn ended_for(period: Period, settings: &AssessSettings, local: &Local<'_>) -> Timestamp {
    let (_, end) = period.bounds(local.zone);
    end.saturating_add(settings.unknown_after).unwrap_or(end)
}

fn highest_used(budget: &Budget, shares: &[Share]) -> Option<Share> {
    let (used, limit) = budget.used.zip(budget.limit)?;
    shares
        .iter()
        .rev()
        .copied()
        .find(|share| share.is_used(used, limit))
}

/// Why the pace is not said; `None`: it is said. The burn rate of the first days of a period, or of a small
/// part of the budget, is no trend.
fn why_no_pace(budget: &Budget, runway: Option<&Runway>, thresholds: &BudgetThresholds) -> Option<Reason> {
    if runway.is_none_or(|runway| runway.health(thresholds) == Health::Good) {
        // The health is bad for another reason than the pace: a threshold that is lower than every configured
        // share.
        return Some(Reason::BelowThreshold);
    }
    let data = budget.data_from.zip(budget.as_of);
    let days_enough = data.is_some_and(|(from, until)| until.duration_since(from) >= PACE_NEEDS_DATA);
    let needed = Share::of_percent(PACE_NEEDS_PERCENT)
        .into_iter()
        .collect::<Vec<_>>();
    let used_enough = highest_used(budget, &needed).is_some();
    (!days_enough || !used_enough).then_some(Reason::TooLittleHistory)
}

/// A share that is said is at least WARNING, whatever the thresholds of the health are.
fn severity(ask: Option<&Ask>, by_health: Severity) -> Severity {
    let of_step = match ask.map(|ask| ask.step) {
        Some(Step::Share(share)) if share.percent() >= CRITICAL_FROM_PERCENT => Severity::Critical,
        Some(Step::Share(_)) => Severity::Warning,
        _ => by_health,
    };
    if by_health.at_least(of_step) {
        by_health
    } else {
        of_step
    }
}

fn same(words: String) -> Phrase {
    Phrase {
        short: words.clone(),
        long: words,
    }
}

fn phrase(budget: &Budget, ask: Option<&Ask>, runway: Option<&Runway>, today: Daystamp) -> Phrase {
    let name = format!("{} budget", budget.provider);
    if let Some(ended) = budget.period_end.filter(|&last_day| last_day < today.date()) {
        return Phrase {
            long: format!("{name} period ended {ended}: set a new one"),
            short: format!("{name} period ended"),
        };
    }
    let Some((used, limit)) = budget.used.zip(budget.limit) else {
        return same(format!("{name} {}", budget.health));
    };
    // Cut, not rounded: 99.6 % must not read as 100 %.
    let percent = used
        .share_of(limit)
        .map(|share| format!("{:.0}% ", (share * 100.0).floor()))
        .unwrap_or_default();
    let gone = runway
        .filter(|runway| used < limit && runway.is_short())
        .map(|runway| gone(runway.day, today));
    let and_gone = gone.as_ref().map(|gone| format!(", {gone}")).unwrap_or_default();
    let short = match gone {
        Some(gone) if ask.is_some_and(|ask| ask.step == Step::Pace) => gone,
        _ if used < limit => format!("{percent}used"),
        _ => "spent".to_owned(),
    };
    Phrase {
        long: format!("{name} {percent}used ({used} of {limit}){and_gone}"),
        short: format!("{name} {short}"),
    }
}

/// When the money ends: `gone today`, `gone by 24 Nov`.
fn gone(day: Date, today: Daystamp) -> String {
    if day <= today.date() {
        "gone today".to_owned()
    } else {
        format!("gone by {}", day.strftime("%-d %b"))
    }
}
