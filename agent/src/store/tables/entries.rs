//! `entries`: what was entered into Beeminder, by goal. The habit of a person and the derailments of a goal
//! are derived from it.

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};

use super::sql::{Columns, time};
use crate::domain::Daystamp;

/// A datapoint of a goal.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The goal's id, or its slug if it has no id.
    pub goal: String,
    /// The datapoint's id.
    pub datapoint: String,
    /// The day for which it counts.
    pub day: Daystamp,
    /// When it was entered.
    pub entered_at: Timestamp,
    /// The value, in the goal's unit; `None`: not readable.
    pub value: Option<f64>,
    /// Whether Beeminder made it: a dummy, or the point that comes with a goal.
    pub is_dummy: bool,
    /// Whether Beeminder made it because the goal derailed.
    pub is_derail: bool,
    /// When a reading first showed that it was deleted.
    pub gone_at: Option<Timestamp>,
}

impl Entry {
    /// Whether a person or their device entered it, and it was not deleted since.
    pub fn is_real(&self) -> bool {
        !self.is_dummy && !self.is_derail && self.gone_at.is_none()
    }
}

/// Adds an entry, or changes what changed of it. It is not gone then.
///
/// # Errors
/// If the database cannot be written.
pub fn put(tx: &Transaction<'_>, entry: &Entry) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO entries (goal, datapoint, day, entered_at, value, dummy, derail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (goal, datapoint) DO UPDATE
            SET day = excluded.day, value = excluded.value, dummy = excluded.dummy, derail = excluded.derail, gone_at = NULL
          WHERE (day, value, dummy, derail) IS NOT (excluded.day, excluded.value, excluded.dummy, excluded.derail)
             OR gone_at IS NOT NULL",
    )?
    .execute(params![
        entry.goal,
        entry.datapoint,
        entry.day,
        time(entry.entered_at),
        entry.value,
        entry.is_dummy,
        entry.is_derail,
    ])?;
    Ok(())
}

/// Notes that a datapoint was deleted. The first time stays.
///
/// # Errors
/// If the database cannot be written.
pub fn mark_gone(tx: &Transaction<'_>, entry: &Entry, at: Timestamp) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE entries SET gone_at = ?3 WHERE goal = ?1 AND datapoint = ?2 AND gone_at IS NULL",
    )?
    .execute(params![entry.goal, entry.datapoint, time(at)])?;
    Ok(())
}

/// What was entered into a goal at `since` or later, oldest first; deleted datapoints, too.
///
/// # Errors
/// If the database cannot be read.
pub fn of_goal(connection: &Connection, goal: &str, since: Timestamp) -> rusqlite::Result<Vec<Entry>> {
    connection
        .prepare_cached(
            "SELECT goal, datapoint, day, entered_at, value, dummy, derail, gone_at FROM entries
              WHERE goal = ?1 AND entered_at >= ?2 ORDER BY entered_at, datapoint",
        )?
        .query_map(params![goal, time(since)], read)?
        .collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let mut columns = Columns::of(row);
    Ok(Entry {
        goal: columns.get()?,
        datapoint: columns.get()?,
        day: columns.get()?,
        entered_at: columns.time()?,
        value: columns.get()?,
        is_dummy: columns.get()?,
        is_derail: columns.get()?,
        gone_at: columns.time_or_null()?,
    })
}
