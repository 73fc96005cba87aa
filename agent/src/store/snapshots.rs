//! `snapshots`: the last good reading of each arm.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::sql::{parse, time};

/// An arm's last good reading, as JSON, and when it was read.
pub fn get(connection: &Connection, arm: &str) -> rusqlite::Result<Option<(Timestamp, String)>> {
    connection
        .prepare_cached("SELECT at, value FROM snapshots WHERE arm = ?1")?
        .query_row([arm], |row| Ok((parse(row, "at")?, row.get("value")?)))
        .optional()
}

/// Replaces an arm's last good reading.
pub fn put(connection: &Connection, arm: &str, at: Timestamp, json: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO snapshots (arm, at, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (arm) DO UPDATE SET at = excluded.at, value = excluded.value",
        )?
        .execute((arm, time(at), json))
        .map(|_| ())
}
