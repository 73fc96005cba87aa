//! `snapshots`: the last good reading of each arm, as JSON.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::sql::{Columns, time};

/// The Beeminder account. `upstream_checks` uses the same name for the upstream.
pub const BEEMINDER: &str = "beeminder";
/// The walk of one day.
pub const WALK: &str = "walk";
/// A row that nobody reads: the watchdog writes it to check that a write works.
pub const WATCHDOG: &str = "watchdog";

/// Replaces an arm's reading.
pub fn put(tx: &Transaction<'_>, arm: &str, at: Timestamp, value: &str) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO snapshots (arm, at, value) VALUES (?1, ?2, ?3)
         ON CONFLICT (arm) DO UPDATE SET at = excluded.at, value = excluded.value",
    )?
    .execute(params![arm, time(at), value])?;
    Ok(())
}

/// An arm's last good reading: when, and the JSON.
pub fn get(connection: &Connection, arm: &str) -> rusqlite::Result<Option<(Timestamp, String)>> {
    connection
        .prepare_cached("SELECT at, value FROM snapshots WHERE arm = ?1")?
        .query_row([arm], |row| {
            let mut columns = Columns::of(row);
            Ok((columns.time()?, columns.get()?))
        })
        .optional()
}
