//! The `ledger` source: what the recorded sessions cost.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rusqlite::Connection;

use super::{
    figures::{Figures, TREND_NEEDS, per_day},
    period::Period,
};
use crate::{
    clock::{local_day, local_day_bounds},
    domain::{Money, Provider, on_one_line},
    store::tables::{
        budget::Adjustment,
        sessions::{self, Assumed},
    },
};

/// Sums a provider's sessions.
///
/// * `used`: every session of the period; or, when a person said what remained, that plus every session
///   since.
/// * `spent_today`: the sessions of the local day.
/// * `daily_burn`: the last `burn_days` times 24 hours, divided by `burn_days`, or by the age of the oldest
///   session while that is younger, so that a new ledger is not taken for a thrifty one. In its first
///   [`TREND_NEEDS`] it has none.
/// * `data_from`: the beginning of the period, or the oldest session if that is later.
pub(super) fn figures(
    connection: &Connection,
    provider: Provider,
    period: Period,
    said: Option<&Adjustment>,
    burn_days: u32,
    zone: &TimeZone,
    now: Timestamp,
) -> rusqlite::Result<Figures> {
    let cost = |from, until| sessions::cost_between(connection, provider, from, until);
    let (period_from, period_until) = period.bounds(zone);
    let (before, counted_from) = match said.and_then(|said| Some((said.used?, said.at))) {
        Some((used, at)) => (used, just_after(at)),
        None => (Money::ZERO, period_from),
    };
    let (day_from, day_until) = local_day_bounds(local_day(now, zone), zone);
    let window = SignedDuration::from_hours(24 * i64::from(burn_days));
    let first = sessions::first_at(connection, provider)?;
    let daily_burn = match first.map(|first| now.duration_since(first)) {
        Some(age) if age < TREND_NEEDS => None,
        Some(age) => {
            let recent = cost(
                now.saturating_sub(window).unwrap_or(Timestamp::MIN),
                just_after(now),
            )?;
            Some(per_day(recent, window.min(age)))
        }
        None => Some(Money::ZERO),
    };
    Ok(Figures {
        used: Some(before + cost(counted_from, period_until)?),
        spent_today: Some(cost(day_from, day_until)?),
        daily_burn,
        data_from: first.map(|first| first.max(period_from)),
        as_of: Some(now),
        doubt: None,
        note: sessions::assumed_between(connection, provider, counted_from, period_until)?
            .as_ref()
            .map(of_assumed),
    })
}

/// What a person should know of sessions whose cost is assumed.
fn of_assumed(assumed: &Assumed) -> String {
    let (count, s) = (assumed.sessions, if assumed.sessions == 1 { "" } else { "s" });
    let model = on_one_line(&assumed.model, 100);
    let others = match assumed.models - 1 {
        0 => String::new(),
        1 => " and another model".to_owned(),
        more => format!(" and {more} other models"),
    };
    let cost = assumed.cost;
    format!("{count} session{s} of {model}{others} at an assumed price, {cost} in all")
}

/// The first instant after `at`: what was known at `at` is not counted again.
fn just_after(at: Timestamp) -> Timestamp {
    at.checked_add(SignedDuration::from_nanos(1)).unwrap_or(at)
}
