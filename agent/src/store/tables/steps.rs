//! `steps`: what was said about goals. A step of an occasion is said once: the primary key guarantees it.
//!
//! A release without steps wrote `claims` only, by Beeminder's day of the pass. [`since`] reads these as steps:
//! CRITICAL on day D is `last` of D, anything less is `ahead` of the day after D.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::{
    outbox::{ACKNOWLEDGED_BY, NOBODY_TOLD, REFUSED_AT},
    sql::{Columns, time},
};
use crate::domain::{Ask, Daystamp, Severity, Step, Subject};

/// One step that was said, with what became of its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRow {
    /// The goal.
    pub subject: Subject,
    /// Beeminder's day on which the goal derails.
    pub occasion: Daystamp,
    /// The step.
    pub step: Step,
    /// When it was claimed.
    pub claimed_at: Timestamp,
    /// Who acknowledged the message, if anybody did.
    pub acknowledged_by: Option<String>,
    /// When every channel had refused its message and none had ever accepted it, so that nobody was told.
    pub refused_at: Option<Timestamp>,
}

/// Claims a step for a message. An existing claim is taken over if its message reached nobody. Any other
/// existing claim ends the transaction.
///
/// # Errors
/// [`rusqlite::Error::StatementChangedRows`] if another message holds the step.
pub fn insert(
    tx: &Transaction<'_>,
    subject: &Subject,
    ask: &Ask,
    severity: Severity,
    notification_id: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let changed = tx
        .prepare_cached(&format!(
            "INSERT INTO steps (subject, occasion, step, severity, notification_id, claimed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (subject, occasion, step) DO UPDATE
                SET severity = excluded.severity, notification_id = excluded.notification_id, claimed_at = excluded.claimed_at
              WHERE EXISTS (SELECT 1 FROM notifications n WHERE n.id = steps.notification_id AND {NOBODY_TOLD})"
        ))?
        .execute(params![
            subject,
            ask.occasion,
            ask.step,
            severity,
            notification_id,
            time(at)
        ])?;
    if changed == 1 {
        Ok(())
    } else {
        Err(rusqlite::Error::StatementChangedRows(changed))
    }
}

/// The steps that were claimed since `from`, and the claims of a release without steps.
///
/// # Errors
/// The error of SQLite.
pub fn since(connection: &Connection, from: Timestamp) -> rusqlite::Result<Vec<StepRow>> {
    let mut rows: Vec<StepRow> = connection
        .prepare_cached(&format!(
            "SELECT s.subject, s.occasion, s.step, s.claimed_at, {ACKNOWLEDGED_BY}, {REFUSED_AT}
               FROM steps s JOIN notifications n ON n.id = s.notification_id
              WHERE s.claimed_at >= ?1
              ORDER BY s.claimed_at, s.subject"
        ))?
        .query_map([time(from)], |row| {
            let mut columns = Columns::of(row);
            Ok(StepRow {
                subject: columns.get()?,
                occasion: columns.get()?,
                step: columns.get()?,
                claimed_at: columns.time()?,
                acknowledged_by: columns.get()?,
                refused_at: columns.time_or_null()?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    rows.extend(of_claims(connection, from)?);
    Ok(rows)
}

/// The claims of goals whose message has no step.
fn of_claims(connection: &Connection, from: Timestamp) -> rusqlite::Result<Vec<StepRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT c.subject, c.day, c.severity, c.claimed_at, {ACKNOWLEDGED_BY}, {REFUSED_AT}
               FROM claims c JOIN notifications n ON n.id = c.notification_id
              WHERE c.claimed_at >= ?1 AND c.subject LIKE 'goal:%'
                AND NOT EXISTS (SELECT 1 FROM steps s
                                 WHERE s.notification_id = c.notification_id AND s.subject = c.subject)
              ORDER BY c.claimed_at, c.subject"
        ))?
        .query_map([time(from)], |row| {
            let mut columns = Columns::of(row);
            let (subject, day): (Subject, Daystamp) = (columns.get()?, columns.get()?);
            let severity: Severity = columns.get()?;
            let (step, occasion) = if severity == Severity::Critical {
                (Step::Last, day)
            } else {
                (Step::Ahead, day.plus(1))
            };
            Ok(StepRow {
                subject,
                occasion,
                step,
                claimed_at: columns.time()?,
                acknowledged_by: columns.get()?,
                refused_at: columns.time_or_null()?,
            })
        })?
        .collect()
}
