//! `budget`: one row for each provider, with what was last computed and what a person said over the
//! configuration.
//!
//! The two halves of a row never overwrite each other: [`save`] writes the computed columns,
//! [`set_adjustment`] the person's.

use jiff::{Timestamp, civil::Date};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::sql;
use crate::domain::{Money, Provider};

/// The computed half. Words are as the columns hold them; the budget arm gives them their meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Computed {
    /// Whose.
    pub provider: Provider,
    /// `none`, `ledger` or `odometer`.
    pub source: String,
    /// The limit of the period.
    pub limit: Option<Money>,
    /// Spent in the period; `None`: unknown.
    pub used: Option<Money>,
    /// Spent on the local day.
    pub spent_today: Option<Money>,
    /// Spent per day lately.
    pub daily_burn: Option<Money>,
    /// First local day of the period.
    pub period_start: Option<Date>,
    /// Last local day of the period.
    pub period_end: Option<Date>,
    /// `GOOD`, `WARNING`, `CRITICAL` or `UNKNOWN`.
    pub health: String,
    /// When the numbers were true.
    pub as_of: Option<Timestamp>,
    /// Why the health is what it is.
    pub why: String,
    /// When the row was computed.
    pub refreshed_at: Timestamp,
}

/// The person's half: what was said with `POST /usage/update_budget`.
#[derive(Clone, Debug, PartialEq)]
pub struct Adjustment {
    /// A limit other than the configured one.
    pub limit: Option<Money>,
    /// Spent in the period up to [`Adjustment::at`], if the person said what remains; else the source alone
    /// counts.
    pub used: Option<Money>,
    /// First local day of the period that it holds for.
    pub period_start: Date,
    /// Last local day on which it holds: afterwards the configuration counts again.
    pub period_end: Date,
    /// The instant at which [`Adjustment::used`] was true.
    pub at: Timestamp,
}

/// The computed half of a provider's row, if it was ever computed.
pub fn get(connection: &Connection, provider: Provider) -> rusqlite::Result<Option<Computed>> {
    connection
        .prepare_cached("SELECT * FROM budget WHERE provider = ?1")?
        .query_row([provider.as_str()], read)
        .optional()
}

/// What a person last said about a provider's budget, whether it still holds or not.
pub fn adjustment(connection: &Connection, provider: Provider) -> rusqlite::Result<Option<Adjustment>> {
    connection
        .prepare_cached("SELECT * FROM budget WHERE provider = ?1 AND override_at IS NOT NULL")?
        .query_row([provider.as_str()], |row| {
            Ok(Adjustment {
                limit: money(row, "override_limit_micros")?,
                used: money(row, "override_used_micros")?,
                period_start: sql::parse(row, "override_period_start")?,
                period_end: sql::parse(row, "override_period_end")?,
                at: sql::parse(row, "override_at")?,
            })
        })
        .optional()
}

/// Writes the computed half of a row.
pub fn save(tx: &Transaction<'_>, row: &Computed) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO budget (provider, source, limit_micros, used_micros, spent_today_micros, daily_burn_micros,
                             period_start, period_end, health, as_of, why, refreshed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT (provider) DO UPDATE SET
             source = excluded.source, limit_micros = excluded.limit_micros, used_micros = excluded.used_micros,
             spent_today_micros = excluded.spent_today_micros, daily_burn_micros = excluded.daily_burn_micros,
             period_start = excluded.period_start, period_end = excluded.period_end, health = excluded.health,
             as_of = excluded.as_of, why = excluded.why, refreshed_at = excluded.refreshed_at",
    )?
    .execute(params![
        row.provider.as_str(),
        row.source,
        row.limit.map(Money::micros),
        row.used.map(Money::micros),
        row.spent_today.map(Money::micros),
        row.daily_burn.map(Money::micros),
        row.period_start.map(|day| day.to_string()),
        row.period_end.map(|day| day.to_string()),
        row.health,
        row.as_of.map(sql::time),
        row.why,
        sql::time(row.refreshed_at),
    ])?;
    Ok(())
}

/// Writes the person's half of a row; a row that does not exist yet starts as unknown.
pub fn set_adjustment(tx: &Transaction<'_>, provider: Provider, said: &Adjustment) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO budget (provider, source, health, refreshed_at, override_limit_micros, override_used_micros,
                             override_period_start, override_period_end, override_at)
         VALUES (?1, 'none', 'UNKNOWN', ?6, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (provider) DO UPDATE SET
             override_limit_micros = excluded.override_limit_micros,
             override_used_micros = excluded.override_used_micros,
             override_period_start = excluded.override_period_start,
             override_period_end = excluded.override_period_end,
             override_at = excluded.override_at",
    )?
    .execute(params![
        provider.as_str(),
        said.limit.map(Money::micros),
        said.used.map(Money::micros),
        said.period_start.to_string(),
        said.period_end.to_string(),
        sql::time(said.at),
    ])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Computed> {
    Ok(Computed {
        provider: sql::parse(row, "provider")?,
        source: row.get("source")?,
        limit: money(row, "limit_micros")?,
        used: money(row, "used_micros")?,
        spent_today: money(row, "spent_today_micros")?,
        daily_burn: money(row, "daily_burn_micros")?,
        period_start: sql::parse_optional(row, "period_start")?,
        period_end: sql::parse_optional(row, "period_end")?,
        health: row.get("health")?,
        as_of: sql::parse_optional(row, "as_of")?,
        why: row.get::<_, Option<String>>("why")?.unwrap_or_default(),
        refreshed_at: sql::parse(row, "refreshed_at")?,
    })
}

fn money(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Money>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Money::from_micros))
}
