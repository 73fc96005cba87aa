//! `budget`: one row for each provider, with what was last computed and what a person said to override the
//! configuration.
//!
//! The two halves of a row never overwrite each other: [`save`] writes the computed columns,
//! [`set_adjustment`] and [`set_complete`] the person's.

use jiff::{Timestamp, civil::Date};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::sql::{Columns, time};
use crate::domain::{Bases, Basis, Budget, Daystamp, Health, Money, Provider};

/// The word in the `source` column of a budget that is not configured.
const NO_SOURCE: &str = "none";

/// The computed half: the budget, and when it was computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Computed {
    /// What was computed.
    pub budget: Budget,
    /// When.
    pub at: Timestamp,
}

/// The person's half: what was said with `POST /usage/update_budget`.
#[derive(Clone, Debug, PartialEq)]
pub struct Adjustment {
    /// A limit other than the configured one.
    pub limit: Option<Money>,
    /// Spent in the period up to [`Adjustment::at`], if the person said what remains. `None` if only the
    /// source counts.
    pub used: Option<Money>,
    /// First local day of the period for which the adjustment holds.
    pub period_start: Date,
    /// Last local day on which the adjustment holds. Afterwards the configuration counts again.
    pub period_end: Date,
    /// The instant at which [`Adjustment::used`] was true.
    pub at: Timestamp,
}

/// The computed half of a provider's row, if it was ever computed. If this release does not know the source
/// in the row, the source is `None`. If it does not know the health, the health is unknown.
pub fn get(connection: &Connection, provider: Provider) -> rusqlite::Result<Option<Computed>> {
    connection
        .prepare_cached(
            "SELECT source, limit_micros, used_micros, spent_today_micros, daily_burn_micros, period_start,
                    period_end, health, as_of, why, refreshed_at, used_basis, spent_today_basis, daily_burn_basis,
                    doubt
               FROM budget WHERE provider = ?1",
        )?
        .query_row([provider], |row| read(row, provider))
        .optional()
}

fn read(row: &Row<'_>, provider: Provider) -> rusqlite::Result<Computed> {
    let mut columns = Columns::of(row);
    let mut budget = Budget {
        provider,
        source: columns.get::<String>()?.parse().ok(),
        limit: columns.get()?,
        used: columns.get()?,
        spent_today: columns.get()?,
        daily_burn: columns.get()?,
        bases: Bases::default(),
        doubt: None,
        data_from: None,
        period_start: columns.get::<Option<Daystamp>>()?.map(Daystamp::date),
        period_end: columns.get::<Option<Daystamp>>()?.map(Daystamp::date),
        health: columns.get::<String>()?.parse().unwrap_or(Health::Unknown),
        as_of: columns.time_or_null()?,
        why: columns.get::<Option<String>>()?.unwrap_or_default(),
    };
    let at = columns.time()?;
    budget.bases = Bases {
        used: basis(&mut columns)?,
        spent_today: basis(&mut columns)?,
        daily_burn: basis(&mut columns)?,
    };
    budget.doubt = columns.get()?;
    Ok(Computed { budget, at })
}

/// `None` also if this release does not know the word in the row.
fn basis(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Option<Basis>> {
    Ok(columns
        .get::<Option<String>>()?
        .and_then(|word| word.parse().ok()))
}

/// What a person last said about a provider's budget, whether it still holds or not.
pub fn adjustment(connection: &Connection, provider: Provider) -> rusqlite::Result<Option<Adjustment>> {
    connection
        .prepare_cached(
            "SELECT override_limit_micros, override_used_micros, override_period_start, override_period_end, override_at
               FROM budget WHERE provider = ?1 AND override_at IS NOT NULL",
        )?
        .query_row([provider], |row| {
            let mut columns = Columns::of(row);
            Ok(Adjustment {
                limit: columns.get()?,
                used: columns.get()?,
                period_start: columns.get::<Daystamp>()?.date(),
                period_end: columns.get::<Daystamp>()?.date(),
                at: columns.time()?,
            })
        })
        .optional()
}

/// Writes the computed half of a row: a budget as of `now`.
pub fn save(tx: &Transaction<'_>, budget: &Budget, now: Timestamp) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO budget (provider, source, limit_micros, used_micros, spent_today_micros, daily_burn_micros,
                             period_start, period_end, health, as_of, why, refreshed_at, used_basis,
                             spent_today_basis, daily_burn_basis, doubt)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
         ON CONFLICT (provider) DO UPDATE SET
             source = excluded.source, limit_micros = excluded.limit_micros, used_micros = excluded.used_micros,
             spent_today_micros = excluded.spent_today_micros, daily_burn_micros = excluded.daily_burn_micros,
             period_start = excluded.period_start, period_end = excluded.period_end, health = excluded.health,
             as_of = excluded.as_of, why = excluded.why, refreshed_at = excluded.refreshed_at,
             used_basis = excluded.used_basis, spent_today_basis = excluded.spent_today_basis,
             daily_burn_basis = excluded.daily_burn_basis, doubt = excluded.doubt",
    )?
    .execute(params![
        budget.provider,
        budget.source_word(),
        budget.limit,
        budget.used,
        budget.spent_today,
        budget.daily_burn,
        budget.period_start.map(Daystamp::from),
        budget.period_end.map(Daystamp::from),
        budget.health,
        budget.as_of.map(time),
        budget.why,
        time(now),
        budget.bases.used,
        budget.bases.spent_today,
        budget.bases.daily_burn,
        budget.doubt,
    ])?;
    Ok(())
}

/// Writes the person's half of a row. If there is no row yet, its computed half starts without a source and
/// with unknown health.
pub fn set_adjustment(tx: &Transaction<'_>, provider: Provider, said: &Adjustment) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO budget (provider, source, health, refreshed_at, override_limit_micros, override_used_micros,
                             override_period_start, override_period_end, override_at)
         VALUES (?1, ?7, ?8, ?6, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (provider) DO UPDATE SET
             override_limit_micros = excluded.override_limit_micros,
             override_used_micros = excluded.override_used_micros,
             override_period_start = excluded.override_period_start,
             override_period_end = excluded.override_period_end,
             override_at = excluded.override_at",
    )?
    .execute(params![
        provider,
        said.limit,
        said.used,
        Daystamp::from(said.period_start),
        Daystamp::from(said.period_end),
        time(said.at),
        NO_SOURCE,
        Health::Unknown,
    ])?;
    Ok(())
}

/// When a person last said that everything which had been spent by then is recorded; `None`: never.
pub fn complete_at(connection: &Connection, provider: Provider) -> rusqlite::Result<Option<Timestamp>> {
    let at = connection
        .prepare_cached("SELECT complete_at FROM budget WHERE provider = ?1")?
        .query_row([provider], |row| Columns::of(row).time_or_null())
        .optional()?;
    Ok(at.flatten())
}

/// Notes that everything which had been spent by `at` is recorded. If there is no row yet, its computed half starts
/// without a source and with unknown health.
pub fn set_complete(tx: &Transaction<'_>, provider: Provider, at: Timestamp) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO budget (provider, source, health, refreshed_at, complete_at) VALUES (?1, ?3, ?4, ?2, ?2)
         ON CONFLICT (provider) DO UPDATE SET complete_at = excluded.complete_at",
    )?
    .execute(params![provider, time(at), NO_SOURCE, Health::Unknown])?;
    Ok(())
}
