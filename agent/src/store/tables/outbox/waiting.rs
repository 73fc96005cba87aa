//! Messages that wait for their provider while what they say changes.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, named_params};

use super::{COLUMNS, MAY_HAVE_ARRIVED, Row, STATE, State, read_columns, replace};
use crate::{
    domain::{Severity, Subject},
    store::tables::{
        claims,
        sql::{Columns, json, time},
        steps,
    },
};

/// A message of a pass that the outbox has to look at again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The message.
    pub row: Row,
    /// Whether it waits for another try, and every attempt so far was certainly refused or never left.
    pub reached_nobody: bool,
    /// Since which reading nothing of it is so any more.
    pub no_longer_so_since: Option<Timestamp>,
}

/// The messages of passes that the outbox has to look at again, the oldest first.
///
/// # Errors
/// The error of SQLite.
pub fn of_passes(connection: &Connection) -> rusqlite::Result<Vec<Waiting>> {
    connection
        .prepare_cached(&format!(
            "SELECT {STATE}, {COLUMNS}, no_longer_so_since,
                    state = 'planned' AND accepted_at IS NULL AND NOT EXISTS
                        (SELECT 1 FROM attempts a WHERE a.notification_id = n.id AND {MAY_HAVE_ARRIVED})
               FROM notifications n WHERE next_at IS NOT NULL AND run_id IS NOT NULL
              ORDER BY created_at, id"
        ))?
        .query_map([], |row| {
            let mut columns = Columns::of(row);
            Ok(Waiting {
                row: read_columns(&mut columns)?,
                no_longer_so_since: columns.time_or_null()?,
                reached_nobody: columns.get()?,
            })
        })?
        .collect()
}

/// Withdraws a message that reached nobody, and releases what it claimed. Returns whether the message still was
/// as `row` says; otherwise nothing is written.
///
/// # Errors
/// The error of SQLite.
pub fn withdraw(tx: &Transaction<'_>, row: &Row, why: &str, now: Timestamp) -> rusqlite::Result<bool> {
    let after = Row {
        state: State::Withdrawn,
        next_at: None,
        why: Some(why.to_owned()),
        ..row.clone()
    };
    let won = replace(tx, row, &after, now)?;
    if won {
        release(tx, &row.id)?;
    }
    Ok(won)
}

/// Releases all that a message claimed, so that it can be said again.
///
/// # Errors
/// The error of SQLite.
pub fn release(tx: &Transaction<'_>, id: &str) -> rusqlite::Result<()> {
    steps::release_all(tx, id)?;
    claims::release_all(tx, id)
}

/// Notes since when nothing of a message is so any more; `None`: something is.
///
/// # Errors
/// The error of SQLite.
pub fn mark_no_longer_so(
    tx: &Transaction<'_>,
    id: &str,
    since: Option<Timestamp>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE notifications SET no_longer_so_since = ?2, updated_at = ?3 WHERE id = ?1")?
        .execute((id, since.map(time), time(now)))?;
    Ok(())
}

/// Whether a reading showed by now that nothing of a message is so any more. A reading of a time to come was made
/// before the clock was set back, and says nothing.
///
/// # Errors
/// The error of SQLite.
pub fn is_no_longer_so(connection: &Connection, id: &str, now: Timestamp) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM notifications WHERE id = ?1 AND no_longer_so_since <= ?2")?
        .exists((id, time(now)))
}

/// What a message says that is told anew.
#[derive(Clone, Copy, Debug)]
pub struct Retold<'a> {
    /// Its text, without the tag.
    pub body: &'a str,
    /// Worst of its conditions.
    pub severity: Severity,
    /// What it tells, in the order of the text.
    pub subjects: &'a [Subject],
    /// After this instant the message is not worth sending.
    pub expires_at: Timestamp,
}

/// Gives a message that reached nobody another text. It keeps its id, its tag and its attempts. Returns whether
/// the message still was as `row` says; otherwise nothing is written.
///
/// # Errors
/// The error of SQLite.
pub fn retell(tx: &Transaction<'_>, row: &Row, told: Retold<'_>, now: Timestamp) -> rusqlite::Result<bool> {
    let changed = tx
        .prepare_cached(
            "UPDATE notifications
                SET body = :body, severity = :severity, subjects = :subjects, expires_at = :expires_at, updated_at = :now
              WHERE id = :id AND state = :seen_state AND attempt = :seen_attempt",
        )?
        .execute(named_params! {
            ":id": row.id,
            ":seen_state": row.state,
            ":seen_attempt": row.attempt,
            ":body": told.body,
            ":severity": told.severity,
            ":subjects": json(&told.subjects)?,
            ":expires_at": time(told.expires_at),
            ":now": time(now),
        })?;
    Ok(changed == 1)
}
