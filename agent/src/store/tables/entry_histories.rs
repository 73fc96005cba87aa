//! `entry_histories`: of which goals Beeminder was asked for the datapoints of the time before Mecris knew
//! them.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::sql::time;

/// After so many failed tries the history of a goal is given up.
const TRIES: u32 = 5;

/// Whether the history of a goal was not read yet and is not given up; with the number of failed tries.
///
/// # Errors
/// If the database cannot be read.
pub fn wanted(connection: &Connection, goal: &str) -> rusqlite::Result<Option<u32>> {
    let found: Option<(u32, bool)> = connection
        .prepare_cached("SELECT tries, read_at IS NOT NULL FROM entry_histories WHERE goal = ?1")?
        .query_row([goal], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(match found {
        None => Some(0),
        Some((tries, read)) => (!read && tries < TRIES).then_some(tries),
    })
}

/// Notes a try at `at`, and whether it worked.
///
/// # Errors
/// If the database cannot be written.
pub fn tried(tx: &Transaction<'_>, goal: &str, at: Timestamp, worked: bool) -> rusqlite::Result<()> {
    let read_at = worked.then(|| time(at));
    tx.prepare_cached(
        "INSERT INTO entry_histories (goal, tries, tried_at, read_at) VALUES (?1, 1, ?2, ?3)
         ON CONFLICT (goal) DO UPDATE
            SET tries = tries + 1, tried_at = excluded.tried_at, read_at = coalesce(excluded.read_at, read_at)",
    )?
    .execute(params![goal, time(at), read_at])?;
    Ok(())
}
