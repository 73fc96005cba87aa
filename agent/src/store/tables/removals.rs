//! `removals`: the sessions and readings that a person took back, as they were.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::{
    export,
    sql::{json, time},
};
use crate::domain::{Provider, SessionSource};

/// What can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removable {
    /// A row of `usage_sessions`.
    Session,
    /// A row of `odometer_readings`.
    Reading,
}

impl Removable {
    fn table(self) -> &'static str {
        match self {
            Self::Session => "usage_sessions",
            Self::Reading => "odometer_readings",
        }
    }

    fn select(self) -> &'static str {
        match self {
            Self::Session => "SELECT * FROM usage_sessions WHERE id = ?1",
            Self::Reading => "SELECT * FROM odometer_readings WHERE id = ?1",
        }
    }

    fn delete(self) -> &'static str {
        match self {
            Self::Session => "DELETE FROM usage_sessions WHERE id = ?1",
            Self::Reading => "DELETE FROM odometer_readings WHERE id = ?1",
        }
    }
}

/// The requests of the provider's sessions of this source that were taken back.
pub fn requests(
    connection: &Connection,
    provider: Provider,
    source: SessionSource,
) -> rusqlite::Result<HashSet<String>> {
    connection
        .prepare_cached(
            "SELECT was ->> 'request_id' FROM removals
              WHERE removed_from = 'usage_sessions' AND was ->> 'provider' = ?1 AND was ->> 'source' = ?2
                AND was ->> 'request_id' IS NOT NULL",
        )?
        .query_map(params![provider, source], |row| row.get(0))?
        .collect()
}

/// Removes the row of this number, and notes as `named` what it was. Returns whether there was such a row.
pub fn remove(
    tx: &Transaction<'_>,
    what: Removable,
    number: i64,
    named: &str,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let mut select = tx.prepare_cached(what.select())?;
    let columns: Vec<String> = select.column_names().map(str::to_owned).collect();
    let was = select
        .query_row([number], |row| export::read(row, &columns))
        .optional()?;
    let Some(was) = was else { return Ok(false) };
    // A row that came again at its own time can have its number again, and be taken back again.
    tx.prepare_cached(
        "INSERT INTO removals (removed_from, id, at, was) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (removed_from, id) DO UPDATE SET at = excluded.at, was = excluded.was",
    )?
    .execute(params![what.table(), named, time(now), json(&was)?])?;
    tx.prepare_cached(what.delete())?.execute([number])?;
    Ok(true)
}
