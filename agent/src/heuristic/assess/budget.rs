//! `budget:<provider>`: the severity is the budget's health. An old reading proves only what still holds:
//! money that is spent stays spent until the period ends.

use super::words::Local;
use crate::{
    budget::{Budget, Health},
    clock::{local_day, local_day_bounds},
    config::BudgetThresholds,
    domain::{Condition, Daystamp, Money, Observation, Phrase, Provider, Severity, Subject},
};

pub(super) fn condition(
    provider: Provider,
    budget: &Observation<Budget>,
    thresholds: &BudgetThresholds,
    local: &Local<'_>,
) -> Condition {
    let today = local_day(local.now, local.zone);
    let (severity, evidence) = match budget {
        Observation::Fresh { value, .. } => (by_health(value.health), value.why.clone()),
        Observation::Stale { value, at, why } => {
            let as_of = local.past(value.as_of.unwrap_or(*at));
            (
                proven_by_total(value, thresholds, today),
                format!("as of {as_of}: {}; not newer: {why}", value.why),
            )
        }
        Observation::Unknown { why } => (Severity::Unknown, why.clone()),
    };
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
        phrase: phrase(provider, severity, budget.value(), today),
        ask: None,
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

/// What the total of an old reading still proves. A total only grows within a period, so a share that was too
/// much still is. A small share and the burn rate prove nothing now.
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

fn gone_in(days: i64) -> String {
    match days {
        ..=0 => ", gone today".to_owned(),
        1 => ", gone tomorrow".to_owned(),
        days => format!(", gone in {days} days"),
    }
}

fn phrase(provider: Provider, severity: Severity, budget: Option<&Budget>, today: Daystamp) -> Phrase {
    let plain = |what: &str| Phrase {
        long: format!("{provider} budget {what}"),
        short: format!("{provider} budget {what}"),
    };
    let Some(budget) = budget.filter(|_| severity != Severity::Unknown) else {
        return plain("unknown");
    };
    if let Some(ended) = budget.period_end.filter(|&last_day| last_day < today.date()) {
        return Phrase {
            long: format!("{provider} budget period ended {ended}"),
            ..plain("period ended")
        };
    }
    let Some((used, limit)) = budget.used.zip(budget.limit) else {
        return plain(severity.as_str());
    };
    // Cut, not rounded: 99.6 % must not read as 100 %.
    let percent = used
        .share_of(limit)
        .map(|share| format!("{:.0}% ", (share * 100.0).floor()))
        .unwrap_or_default();
    let gone = days_left(budget, today).map(gone_in).unwrap_or_default();
    Phrase {
        long: format!("{provider} budget {percent}used ({used} of {limit}){gone}"),
        short: if used < limit {
            format!("{provider} budget {percent}used")
        } else {
            format!("{provider} budget spent")
        },
    }
}

/// Whole days that the money lasts at the present burn rate, if it runs out before the period ends.
fn days_left(budget: &Budget, today: Daystamp) -> Option<i64> {
    let burn = budget.daily_burn.filter(|burn| burn.micros() > 0)?;
    let days = budget.remaining().filter(|rest| rest.micros() > 0)?.micros() / burn.micros();
    let period = budget.period_end?.since(today.date()).ok()?.get_days();
    (days < i64::from(period)).then_some(days)
}
