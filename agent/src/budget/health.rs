//! Judges how a budget stands by the shares and days of `budget.thresholds`. Pure.
//!
//! | Health   | When                                                                                                       |
//! |----------|------------------------------------------------------------------------------------------------------------|
//! | UNKNOWN  | the period has not begun, or it is not known what was used                                                 |
//! | CRITICAL | the limit is reached; `critical_share` of it is used; or the money ends before the period does, and in less than `critical_days_left` days from now |
//! | WARNING  | a fixed period ended; `warning_share` is used; or the money ends `warning_days_short` or more before the period does |
//! | GOOD     | otherwise                                                                                                  |
//!
//! When the period has not begun or has ended, nothing else counts. The end of the money is projected from
//! `burn_until` with the daily burn. Spending more never improves the health.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;

use super::{
    Budget, Health,
    period::{Period, Phase},
};
use crate::{
    clock::local_day,
    config::BudgetThresholds,
    domain::{BudgetSource, Money},
};

/// If the money lasts longer than this (ten years), there is no projection: it would say nothing.
const HORIZON_DAYS: i64 = 3_660;

/// What is known about one budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// The limit of the period.
    pub limit: Money,
    /// Spent in the period; `None`: unknown.
    pub used: Option<Money>,
    /// Spent on the local day; `None`: unknown.
    pub spent_today: Option<Money>,
    /// Spent per day lately; `None`: unknown.
    pub daily_burn: Option<Money>,
    /// The period.
    pub period: Period,
    /// Until when the burn was measured; `None`: until now. The money is projected from there on.
    pub burn_until: Option<Timestamp>,
}

/// The `alerts` of `GET /usage`. The codes are those of the Python system; each means what comes nearest to its old
/// meaning. Alerts explain the health and do not decide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Alert {
    /// `warning_share` of the limit is used. (Python: less than $5 remained.)
    LowBudget,
    /// At the present burn rate the money ends before the period does.
    BurnRateHigh,
    /// The last day of the period is today or tomorrow, or is past.
    PeriodEnding,
    /// More was spent today than today's even share. That share is what was left this morning, divided by the days that
    /// remain, today included. (Python: more than $2.)
    DailyLimitExceeded,
}

/// How a budget stands, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The health.
    pub health: Health,
    /// One sentence for a person.
    pub why: String,
}

/// Judges a budget at one instant.
pub fn judge(standing: &Standing, thresholds: &BudgetThresholds, zone: &TimeZone, now: Timestamp) -> Verdict {
    let today = local_day(now, zone).date();
    let runway = Runway::of(standing, zone, now);
    let (health, why) = health(standing, thresholds, runway.as_ref(), today);
    Verdict { health, why }
}

/// What explains the health: the alerts, and the local day on which the money ends at the present burn rate.
/// That day may lie after the period. Both depend on `now`, so every request about budgets computes them
/// anew.
pub fn explain(
    standing: &Standing,
    thresholds: &BudgetThresholds,
    zone: &TimeZone,
    now: Timestamp,
) -> (Vec<Alert>, Option<Date>) {
    let today = local_day(now, zone).date();
    let runway = Runway::of(standing, zone, now);
    let alerts = alerts(standing, thresholds, runway.as_ref(), today);
    (alerts, runway.map(|runway| local_day(runway.ends, zone).date()))
}

impl Standing {
    /// The standing of a computed budget; `None`: the budget has no limit or no period.
    pub fn of(budget: &Budget) -> Option<Self> {
        Some(Self {
            limit: budget.limit?,
            used: budget.used,
            spent_today: budget.spent_today,
            daily_burn: budget.daily_burn,
            period: Period {
                start: budget.period_start?,
                end: budget.period_end?,
            },
            burn_until: burn_until(budget.source, budget.as_of),
        })
    }
}

/// Until when the burn of a budget with this source was measured; `None`: until now. The burn of a ledger counts the
/// days on which nothing was recorded; that of an odometer ends with its newest reading, at `as_of`.
pub(super) fn burn_until(source: Option<BudgetSource>, as_of: Option<Timestamp>) -> Option<Timestamp> {
    as_of.filter(|_| source != Some(BudgetSource::Ledger))
}

/// How long the money lasts at the present burn rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Runway {
    ends: Timestamp,
    /// From now to the end of the money.
    left: SignedDuration,
    /// From the end of the money to the end of the period. Negative if the money outlasts the period.
    short: SignedDuration,
    burn: Money,
    /// The local day on which the money ends.
    pub day: Date,
}

impl Runway {
    /// The runway, by what was known at [`Standing::burn_until`]. If no money is left, it ends now. `None`: too little is
    /// known, or money is left and either nothing was spent lately or it lasts for more than ten years.
    pub fn of(standing: &Standing, zone: &TimeZone, now: Timestamp) -> Option<Self> {
        let remaining = standing.limit - standing.used?;
        let burn = standing.daily_burn?;
        let ends = if remaining <= Money::ZERO {
            now
        } else {
            if burn <= Money::ZERO {
                return None;
            }
            let seconds = i128::from(remaining.micros()) * 86_400 / i128::from(burn.micros());
            let seconds = i64::try_from(seconds)
                .ok()
                .filter(|s| *s <= HORIZON_DAYS * 86_400)?;
            standing
                .burn_until
                .unwrap_or(now)
                .checked_add(SignedDuration::from_secs(seconds))
                .ok()?
                .max(now)
        };
        let (_, period_ends) = standing.period.bounds(zone);
        Some(Self {
            ends,
            left: ends.duration_since(now),
            short: period_ends.duration_since(ends),
            burn,
            day: local_day(ends, zone).date(),
        })
    }

    /// Whether the money ends before the period does.
    pub fn is_short(&self) -> bool {
        self.short.is_positive()
    }

    /// The health by the runway alone, whatever share of the limit is used.
    pub fn health(&self, thresholds: &BudgetThresholds) -> Health {
        match () {
            () if !self.is_short() => Health::Good,
            () if days(self.left) < thresholds.critical_days_left => Health::Critical,
            () if days(self.short) >= thresholds.warning_days_short => Health::Warning,
            () => Health::Good,
        }
    }
}

fn health(
    standing: &Standing,
    thresholds: &BudgetThresholds,
    runway: Option<&Runway>,
    today: Date,
) -> (Health, String) {
    let Period { start, end } = standing.period;
    match standing.period.phase(today) {
        Phase::Upcoming => return (Health::Unknown, format!("the period begins on {start}")),
        Phase::Ended => {
            return (
                Health::Warning,
                format!("the period ended on {end}, set a new one"),
            );
        }
        Phase::Current => {}
    }
    let Some(used) = standing.used else {
        return (Health::Unknown, "what was used is not known".to_owned());
    };
    let limit = standing.limit;
    if used >= limit {
        return (
            Health::Critical,
            format!("{used} of {limit} used, nothing is left until {end}"),
        );
    }
    let share = used.share_of(limit).unwrap_or(1.0);
    let share_used = format!("{used} of {limit} used ({:.0}%)", share * 100.0);
    let lasts_until = |runway: &Runway| {
        let (left, Runway { day, burn, .. }) = (limit - used, runway);
        if *day == end {
            format!(
                "{left} is left; at {burn} a day the money ends on {end}, before that last day of the period is over"
            )
        } else {
            format!("{left} is left; at {burn} a day it lasts until {day}, but the period ends on {end}")
        }
    };
    let by_pace = |health| runway.filter(|runway| runway.health(thresholds) == health);
    if share >= thresholds.critical_share {
        return (Health::Critical, share_used);
    }
    if let Some(runway) = by_pace(Health::Critical) {
        return (Health::Critical, lasts_until(runway));
    }
    if share >= thresholds.warning_share {
        return (Health::Warning, share_used);
    }
    if let Some(runway) = by_pace(Health::Warning) {
        return (Health::Warning, lasts_until(runway));
    }
    (Health::Good, format!("{share_used}, the period ends on {end}"))
}

fn alerts(
    standing: &Standing,
    thresholds: &BudgetThresholds,
    runway: Option<&Runway>,
    today: Date,
) -> Vec<Alert> {
    let days_remaining = standing.period.days_remaining(today);
    let mut alerts = Vec::new();
    if standing.used.is_some_and(|used| {
        used.share_of(standing.limit)
            .is_none_or(|s| s >= thresholds.warning_share)
    }) {
        alerts.push(Alert::LowBudget);
    }
    if runway.is_some_and(Runway::is_short) {
        alerts.push(Alert::BurnRateHigh);
    }
    if days_remaining <= 1 {
        alerts.push(Alert::PeriodEnding);
    }
    if let (Some(used), Some(today)) = (standing.used, standing.spent_today) {
        let at_daybreak = standing.limit - (used - today);
        let even_share = at_daybreak.micros() / (days_remaining + 1);
        if today > Money::ZERO && today.micros() > even_share {
            alerts.push(Alert::DailyLimitExceeded);
        }
    }
    alerts
}

fn days(duration: SignedDuration) -> f64 {
    duration.as_secs_f64() / 86_400.0
}

#[cfg(test)]
mod tests;
