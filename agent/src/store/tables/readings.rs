//! `readings`: how a goal stood, a row when something changed.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::sql::{Columns, time};
use crate::domain::{GoalState, Money};

super::sql::as_str!(GoalState);

/// How a goal stood from a time on, until the next reading of the goal.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The goal's id, or its slug if it has no id.
    pub goal: String,
    /// When Beeminder was read.
    pub at: Timestamp,
    /// Whether the goal can derail.
    pub state: GoalState,
    /// Whether it was off its line.
    pub lost: Option<bool>,
    /// Whole safe days.
    pub safebuf: Option<i64>,
    /// The instant of derailment if nothing is reported.
    pub losedate: Option<Timestamp>,
    /// When the goal's day ends, in seconds from midnight.
    pub deadline: i32,
    /// The value, in the goal's unit.
    pub value: Option<f64>,
    /// The dollars at risk.
    pub pledge: Option<Money>,
    /// A sum over the datapoints that were shown. It changes when a datapoint comes, goes or changes.
    pub entered: String,
}

impl Reading {
    /// Whether nothing but the time differs.
    fn says_the_same_as(&self, other: &Self) -> bool {
        *self
            == Self {
                at: self.at,
                ..other.clone()
            }
    }
}

/// Adds a reading if it differs from the goal's newest. Returns whether it did.
///
/// # Errors
/// If the database cannot be read or written.
pub fn record(tx: &Transaction<'_>, reading: &Reading) -> rusqlite::Result<bool> {
    if newest(tx, &reading.goal)?.is_some_and(|newest| newest.says_the_same_as(reading)) {
        return Ok(false);
    }
    tx.prepare_cached(
        "INSERT OR REPLACE INTO readings
            (goal, at, state, lost, safebuf, losedate, deadline, value, pledge_micros, entered)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        reading.goal,
        time(reading.at),
        reading.state,
        reading.lost,
        reading.safebuf,
        reading.losedate.map(time),
        reading.deadline,
        reading.value,
        reading.pledge,
        reading.entered,
    ])?;
    Ok(true)
}

/// The goal's newest reading.
///
/// # Errors
/// If the database cannot be read.
pub fn newest(connection: &Connection, goal: &str) -> rusqlite::Result<Option<Reading>> {
    connection
        .prepare_cached(
            "SELECT goal, at, state, lost, safebuf, losedate, deadline, value, pledge_micros, entered FROM readings
              WHERE goal = ?1 ORDER BY at DESC LIMIT 1",
        )?
        .query_row([goal], read)
        .optional()
}

/// The goal's readings at `since` or later, and the one before them, oldest first: how it stood from `since`
/// on.
///
/// # Errors
/// If the database cannot be read.
pub fn of_goal(connection: &Connection, goal: &str, since: Timestamp) -> rusqlite::Result<Vec<Reading>> {
    connection
        .prepare_cached(
            "SELECT goal, at, state, lost, safebuf, losedate, deadline, value, pledge_micros, entered FROM readings
              WHERE goal = ?1
                AND at >= coalesce((SELECT max(at) FROM readings WHERE goal = ?1 AND at < ?2), ?2) ORDER BY at",
        )?
        .query_map(params![goal, time(since)], read)?
        .collect()
}

/// When the goal was first read, as far as that is kept.
///
/// # Errors
/// If the database cannot be read.
pub fn first(connection: &Connection, goal: &str) -> rusqlite::Result<Option<Timestamp>> {
    connection
        .prepare_cached("SELECT at FROM readings WHERE goal = ?1 ORDER BY at LIMIT 1")?
        .query_row([goal], |row| Columns::of(row).time())
        .optional()
}

/// Of how many goals readings are kept.
///
/// # Errors
/// If the database cannot be read.
pub fn goals(connection: &Connection) -> rusqlite::Result<u32> {
    connection
        .prepare_cached("SELECT count(DISTINCT goal) FROM readings")?
        .query_row([], |row| row.get(0))
}

/// Of how many goals the newest reading shows them as able to derail, and when the newest of these readings was
/// made. `None`: of none.
///
/// # Errors
/// If the database cannot be read.
pub fn active(connection: &Connection) -> rusqlite::Result<Option<(u32, Timestamp)>> {
    connection
        .prepare_cached(
            "SELECT count(*), max(at) FROM readings AS newest
              WHERE state = 'active' AND at = (SELECT max(at) FROM readings WHERE goal = newest.goal)",
        )?
        .query_row([], |row| {
            let mut columns = Columns::of(row);
            let count: u32 = columns.get()?;
            Ok(columns.time_or_null()?.map(|at| (count, at)))
        })
}

fn read(row: &Row<'_>) -> rusqlite::Result<Reading> {
    let mut columns = Columns::of(row);
    Ok(Reading {
        goal: columns.get()?,
        at: columns.time()?,
        state: columns.get()?,
        lost: columns.get()?,
        safebuf: columns.get()?,
        losedate: columns.time_or_null()?,
        deadline: columns.get()?,
        value: columns.get()?,
        pledge: columns.get()?,
        entered: columns.get()?,
    })
}
