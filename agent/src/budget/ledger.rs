//! The `ledger` source: what the recorded sessions cost.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rusqlite::Connection;

use super::{
    coverage::{self, Console, Coverage, Evidence},
    figures::{Figures, TREND_NEEDS, per_day},
    period::{Month, Period, Phase},
};
use crate::{
    clock::{local_day, local_day_bounds},
    config::BudgetThresholds,
    domain::{Bases, Basis, Money, Provider, on_one_line},
    store::tables::{
        budget::{self, Adjustment},
        odometer,
        sessions::{self, Assumed},
    },
};

/// Sums a provider's sessions, if [`coverage`] shows that the ledger is fed.
///
/// * `used`: every session of the period; or, when a person said what remained, that plus every session
///   since.
/// * `spent_today`: the sessions of the local day.
/// * `daily_burn`: the last `burn_days` times 24 hours, divided by `burn_days`, or by the age of the oldest
///   session while that is younger, so that a new ledger is not taken for a thrifty one. In its first
///   [`TREND_NEEDS`] it has none.
/// * `data_from`: the beginning of the period, or the oldest session if that is later.
/// * `as_of`: when the ledger was last fed, or the beginning of the period if that is later.
pub(super) fn figures(
    connection: &Connection,
    provider: Provider,
    period: Period,
    said: Option<&Adjustment>,
    thresholds: &BudgetThresholds,
    zone: &TimeZone,
    now: Timestamp,
) -> rusqlite::Result<Figures> {
    let (period_from, period_until) = period.bounds(zone);
    let said = said.and_then(|said| Some((said.used?, said.at)));
    let counted_from = said.map_or(period_from, |(_, at)| just_after(at));
    let evidence = evidence(
        connection,
        provider,
        said.map(|(_, at)| at),
        period_from,
        zone,
        now,
    )?;
    let covered = match period.phase(local_day(now, zone).date()) {
        Phase::Current => coverage::judge(provider, evidence, thresholds.reading_max_age_days, zone, now),
        Phase::Upcoming | Phase::Ended => Coverage::Shown,
    };
    let doubt = match covered {
        Coverage::Shown => None,
        Coverage::AtLeast(doubt) => Some(doubt),
        Coverage::Unknown(doubt) => {
            return Ok(Figures {
                as_of: evidence.fed_at,
                doubt: Some(doubt),
                ..Figures::default()
            });
        }
    };
    let cost = |from, until| sessions::cost_between(connection, provider, from, until);
    let rests_on = |from, until| sessions::basis_between(connection, provider, from, until);
    let before = said.map_or(Money::ZERO, |(used, _)| used);
    let (day_from, day_until) = local_day_bounds(local_day(now, zone), zone);
    let window_from = now
        .saturating_sub(SignedDuration::from_hours(24 * i64::from(thresholds.burn_days)))
        .unwrap_or(Timestamp::MIN);
    let first = sessions::first_at(connection, provider)?;
    let daily_burn = match first.map(|first| now.duration_since(first)) {
        Some(age) if age < TREND_NEEDS => None,
        Some(age) => {
            let recent = cost(window_from, just_after(now))?;
            Some(per_day(recent, now.duration_since(window_from).min(age)))
        }
        None => Some(Money::ZERO),
    };
    // Nothing was spent: a session of before shows it, or a person's word.
    let of_nothing = Some(if first.is_some() {
        Basis::Estimated
    } else {
        Basis::Typed
    });
    let bases = Bases {
        used: said
            .map(|_| Basis::Typed)
            .max(rests_on(counted_from, period_until)?)
            .or(of_nothing),
        spent_today: rests_on(day_from, day_until)?.or(of_nothing),
        daily_burn: match daily_burn {
            Some(_) => rests_on(window_from, just_after(now))?.or(of_nothing),
            None => None,
        },
    };
    Ok(Figures {
        used: Some(before + cost(counted_from, period_until)?),
        spent_today: Some(cost(day_from, day_until)?),
        daily_burn,
        bases,
        data_from: first.map(|first| first.max(period_from)),
        as_of: evidence
            .fed_at
            .map(|fed_at| fed_at.max(period_from))
            .or(Some(now)),
        doubt,
        note: sessions::assumed_between(connection, provider, counted_from, period_until)?
            .as_ref()
            .map(of_assumed),
    })
}

/// How the ledger is fed, and what the provider's console showed last in the present month, unless a person said
/// since what remains.
fn evidence(
    connection: &Connection,
    provider: Provider,
    said_at: Option<Timestamp>,
    period_from: Timestamp,
    zone: &TimeZone,
    now: Timestamp,
) -> rusqlite::Result<Evidence> {
    let month = Month::of(local_day(now, zone).date());
    let newest = odometer::of_month(connection, provider, month)?.pop();
    let newest = newest.filter(|reading| said_at.is_none_or(|said| said < reading.at));
    let (month_from, _) = Period::from(month).bounds(zone);
    let console = match newest {
        Some(reading) => Some(Console {
            at: reading.at,
            shown: reading.value,
            recorded: sessions::cost_between(connection, provider, month_from, just_after(reading.at))?,
        }),
        None => None,
    };
    Ok(Evidence {
        fed_at: sessions::last_at(connection, provider, now)?
            .max(said_at)
            .max(budget::complete_at(connection, provider)?)
            .map(|at| at.min(now)),
        period_from,
        console,
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
