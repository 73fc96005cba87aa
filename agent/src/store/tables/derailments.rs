//! `derailments`: which goals derailed, as readings showed it.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::sql::{Columns, time};
use crate::domain::{DerailSign, Derailment};

super::sql::as_str!(DerailSign);

/// Replaces what is known of a goal's derailments at `from` or later. One that is not in `found` was undone.
///
/// # Errors
/// If the database cannot be written.
pub fn replace(
    tx: &Transaction<'_>,
    goal: &str,
    from: Timestamp,
    found: &[Derailment],
) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM derailments WHERE goal = ?1 AND at >= ?2")?
        .execute(params![goal, time(from)])?;
    for derailment in found.iter().filter(|derailment| derailment.at >= from) {
        tx.prepare_cached(
            "INSERT OR REPLACE INTO derailments (goal, occasion, at, losedate, stake_micros, sign)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            goal,
            derailment.occasion,
            time(derailment.at),
            derailment.losedate.map(time),
            derailment.stake,
            derailment.sign,
        ])?;
    }
    Ok(())
}

/// The derailments from `from` until `until`, each with its goal's key, oldest first. One that is later than the
/// present was noted before the clock was set back.
///
/// # Errors
/// If the database cannot be read.
pub fn between(
    connection: &Connection,
    from: Timestamp,
    until: Timestamp,
) -> rusqlite::Result<Vec<(String, Derailment)>> {
    connection
        .prepare_cached(
            "SELECT goal, occasion, at, losedate, stake_micros, sign FROM derailments
              WHERE at >= ?1 AND at <= ?2 ORDER BY at, goal",
        )?
        .query_map([time(from), time(until)], |row| {
            let mut columns = Columns::of(row);
            Ok((columns.get()?, read(&mut columns)?))
        })?
        .collect()
}

/// The derailments of one goal at `from` or later, oldest first.
///
/// # Errors
/// If the database cannot be read.
pub fn of_goal(connection: &Connection, goal: &str, from: Timestamp) -> rusqlite::Result<Vec<Derailment>> {
    connection
        .prepare_cached(
            "SELECT occasion, at, losedate, stake_micros, sign FROM derailments
              WHERE goal = ?1 AND at >= ?2 ORDER BY at",
        )?
        .query_map(params![goal, time(from)], |row| read(&mut Columns::of(row)))?
        .collect()
}

fn read(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Derailment> {
    Ok(Derailment {
        occasion: columns.get()?,
        at: columns.time()?,
        losedate: columns.time_or_null()?,
        stake: columns.get()?,
        sign: columns.get()?,
    })
}
