//! `odometer_readings`: month-to-date totals that a person read off a provider's console.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{
    removals::{self, Removable},
    sessions::{id_of, number_and_time},
    sql::{Columns, time},
};
use crate::domain::{Money, Month, Provider};

/// One reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// When it was recorded.
    pub at: Timestamp,
    /// The month that the reading belongs to. The person names it, or it is the local month of `at`. It is
    /// never inferred from the value.
    pub month: Month,
    /// The month's total at that time.
    pub value: Money,
    /// Free text of the caller.
    pub notes: String,
}

/// The total of one month, by its readings.
#[derive(Clone, Debug, PartialEq)]
pub struct Total {
    /// Which month.
    pub month: Month,
    /// The newest reading's value.
    pub value: Money,
    /// How many readings there are.
    pub readings: u32,
}

/// Adds a reading. Returns what endpoints call it.
pub fn insert(tx: &Transaction<'_>, provider: Provider, reading: &Reading) -> rusqlite::Result<String> {
    tx.prepare_cached(
        "INSERT INTO odometer_readings (provider, at, month, value_micros, notes) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        provider,
        time(reading.at),
        reading.month,
        reading.value,
        reading.notes
    ])?;
    Ok(id_of(tx.last_insert_rowid(), reading.at))
}

/// Takes back the reading that [`insert`] gave this id. `None`: the provider has no such reading.
pub fn remove(
    tx: &Transaction<'_>,
    provider: Provider,
    id: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<Reading>> {
    let Some((number, at)) = number_and_time(id) else {
        return Ok(None);
    };
    let found = tx
        .prepare_cached(
            "SELECT at, month, value_micros, notes FROM odometer_readings WHERE provider = ?1 AND id = ?2 AND at = ?3",
        )?
        .query_row(params![provider, number, time(at)], read)
        .optional()?;
    if found.is_some() {
        removals::remove(tx, Removable::Reading, number, id, now)?;
    }
    Ok(found)
}

/// The readings of one month, oldest first.
pub fn of_month(connection: &Connection, provider: Provider, month: Month) -> rusqlite::Result<Vec<Reading>> {
    connection
        .prepare_cached(
            "SELECT at, month, value_micros, notes FROM odometer_readings
              WHERE provider = ?1 AND month = ?2 ORDER BY at, id",
        )?
        .query_map(params![provider, month], read)?
        .collect()
}

/// The newest reading of the newest month before `month`.
pub fn last_before(
    connection: &Connection,
    provider: Provider,
    month: Month,
) -> rusqlite::Result<Option<Reading>> {
    connection
        .prepare_cached(
            "SELECT at, month, value_micros, notes FROM odometer_readings WHERE provider = ?1 AND month < ?2
             ORDER BY month DESC, at DESC, id DESC LIMIT 1",
        )?
        .query_row(params![provider, month], read)
        .optional()
}

/// Every month with readings, newest first.
pub fn months(connection: &Connection, provider: Provider) -> rusqlite::Result<Vec<Total>> {
    connection
        .prepare_cached(
            "SELECT month,
                    (SELECT value_micros FROM odometer_readings AS newest
                     WHERE newest.provider = ?1 AND newest.month = all_of_it.month
                     ORDER BY at DESC, id DESC LIMIT 1), count(*)
             FROM odometer_readings AS all_of_it WHERE provider = ?1 GROUP BY month ORDER BY month DESC",
        )?
        .query_map([provider], |row| {
            let mut columns = Columns::of(row);
            Ok(Total {
                month: columns.get()?,
                value: columns.get()?,
                readings: columns.get()?,
            })
        })?
        .collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Reading> {
    let mut columns = Columns::of(row);
    Ok(Reading {
        at: columns.time()?,
        month: columns.get()?,
        value: columns.get()?,
        notes: columns.get()?,
    })
}
