//! `reconciliations`: corrections of a budget after a look at the provider's own numbers.

use jiff::{Timestamp, civil::Date};
use rusqlite::{Transaction, params};

use super::sql::time;
use crate::domain::{Daystamp, Money, Provider};

/// One correction.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconciliation {
    /// Whose budget.
    pub provider: Provider,
    /// When it was made.
    pub at: Timestamp,
    /// The day that it is about.
    pub day: Date,
    /// The value before the correction.
    pub before: Option<Money>,
    /// The corrected value.
    pub after: Option<Money>,
    /// Why, for a person.
    pub reason: String,
    /// Who or what made it.
    pub author: String,
}

/// Adds a correction; returns its id.
pub fn insert(tx: &Transaction<'_>, row: &Reconciliation) -> rusqlite::Result<i64> {
    tx.prepare_cached(
        "INSERT INTO reconciliations (provider, at, day, before_micros, after_micros, reason, author)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        row.provider,
        time(row.at),
        Daystamp::from(row.day),
        row.before,
        row.after,
        row.reason,
        row.author,
    ])?;
    Ok(tx.last_insert_rowid())
}
