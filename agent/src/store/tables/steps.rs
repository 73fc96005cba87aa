//! `steps`: what was said about subjects that have steps. A step of an occasion is said once: the primary key
//! guarantees it.
//!
//! A release without steps wrote `claims` only, by Beeminder's day of the pass or the local day. They are read
//! as steps. Of a goal, CRITICAL on day D is `last` of D, anything less is `ahead` of the day after D. Of the
//! walk, day D is `last` of D, of anything else `alert` of D. Of a budget, CRITICAL is 95 %, or 100 % if nothing was left, anything less is 75 % of the period.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{
    claims,
    outbox::{ACKNOWLEDGED_BY, NOBODY_TOLD, REFUSED_AT},
    sql::{Columns, time},
};
use crate::domain::{Ask, Daystamp, Severity, Share, Step, Subject, UsedSince};

/// One step that was said, with what became of its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRow {
    /// What it is about.
    pub subject: Subject,
    /// See [`Ask::occasion`].
    pub occasion: Daystamp,
    /// The step.
    pub step: Step,
    /// When it was claimed.
    pub claimed_at: Timestamp,
    /// Who acknowledged the message, if anybody did.
    pub acknowledged_by: Option<String>,
    /// When every channel had refused its message and none had ever accepted it, so that nobody was told.
    pub refused_at: Option<Timestamp>,
    /// How much of the budget was used since. `None`: it is not about a budget, or nobody looked since.
    pub used: Option<UsedSince>,
}

/// Claims a step for a message. An existing claim is taken over if its message reached nobody, or if so much
/// less of the budget was used since that the step counts anew ([`UsedSince`]). Any other existing claim ends
/// the transaction.
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
                SET severity = excluded.severity, notification_id = excluded.notification_id, claimed_at = excluded.claimed_at,
                    used_percent = NULL, least_percent = NULL
              WHERE steps.least_percent + ?7 <=
                        CASE steps.step WHEN 'pace' THEN steps.used_percent ELSE CAST(steps.step AS INTEGER) END
                 OR EXISTS (SELECT 1 FROM notifications n WHERE n.id = steps.notification_id AND {NOBODY_TOLD})"
        ))?
        .execute(params![
            subject,
            ask.occasion,
            ask.step,
            severity,
            notification_id,
            time(at),
            UsedSince::ANEW,
        ])?;
    if changed == 1 {
        Ok(())
    } else {
        Err(rusqlite::Error::StatementChangedRows(changed))
    }
}

/// Notes how much of a budget is used, for the steps that were said of its period: `before` at the last look,
/// `now` at this one, in whole percent of the limit.
///
/// # Errors
/// The error of SQLite.
pub fn note_use(
    tx: &Transaction<'_>,
    budget: &Subject,
    first_day: Daystamp,
    before: i64,
    now: i64,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE steps SET used_percent = coalesce(used_percent, ?3),
                          least_percent = min(coalesce(least_percent, ?3), ?4)
          WHERE subject = ?1 AND occasion = ?2 AND step <> 'unknown' AND (least_percent IS NULL OR least_percent > ?4)",
    )?
    .execute(params![budget, first_day, before, now])?;
    Ok(())
}

/// When something was last said about a subject, and which step. What a release without steps said does not
/// count.
///
/// # Errors
/// The error of SQLite.
pub fn newest_about(
    connection: &Connection,
    subject: &Subject,
) -> rusqlite::Result<Option<(Timestamp, Step)>> {
    connection
        .prepare_cached(
            "SELECT claimed_at, step FROM steps WHERE subject = ?1 ORDER BY claimed_at DESC, occasion DESC LIMIT 1",
        )?
        .query_row([subject], |row| {
            let mut columns = Columns::of(row);
            Ok((columns.time()?, columns.get()?))
        })
        .optional()
}

/// The steps that were said about a subject, of occasions from `from` on, and the claims of a release without
/// steps, oldest first of each. Claims about a budget belong to a period: see [`of_period`].
///
/// # Errors
/// The error of SQLite.
pub fn of_subject(
    connection: &Connection,
    subject: &Subject,
    from: Daystamp,
) -> rusqlite::Result<Vec<StepRow>> {
    let mut rows: Vec<StepRow> = connection
        .prepare_cached(&format!(
            "SELECT s.step, s.subject, s.occasion, s.claimed_at, {ACKNOWLEDGED_BY}, {REFUSED_AT}, s.used_percent,
                    s.least_percent
               FROM steps s JOIN notifications n ON n.id = s.notification_id
              WHERE s.subject = ?1 AND s.occasion >= ?2
              ORDER BY s.claimed_at"
        ))?
        .query_map(params![subject, from], known)?
        .filter_map(Result::transpose)
        .collect::<rusqlite::Result<_>>()?;
    if subject.topic() != "budget" {
        rows.extend(of_claims(connection, subject, from)?);
    }
    Ok(rows)
}

/// A step that a message holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What it is about.
    pub subject: Subject,
    /// See [`Ask::occasion`].
    pub occasion: Daystamp,
    /// The step.
    pub step: Step,
}

/// The steps that a message holds, but for those that this release does not know.
///
/// # Errors
/// The error of SQLite.
pub fn held(connection: &Connection, notification_id: &str) -> rusqlite::Result<Vec<Held>> {
    connection
        .prepare_cached(
            "SELECT step, subject, occasion FROM steps WHERE notification_id = ?1 ORDER BY rowid",
        )?
        .query_map([notification_id], |row| {
            let mut columns = Columns::of(row);
            let step: String = columns.get()?;
            let (subject, occasion) = (columns.get()?, columns.get()?);
            Ok(step.parse().ok().map(|step| Held {
                subject,
                occasion,
                step,
            }))
        })?
        .filter_map(Result::transpose)
        .collect()
}

/// Releases a step that a message holds, so that it can be said again, and its claim for a release without steps.
///
/// # Errors
/// The error of SQLite.
pub fn release(tx: &Transaction<'_>, notification_id: &str, held: &Held) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "DELETE FROM steps WHERE notification_id = ?1 AND subject = ?2 AND occasion = ?3 AND step = ?4",
    )?
    .execute(params![notification_id, held.subject, held.occasion, held.step])?;
    // What has derailed has no claim: the claim of its subject is of what is due.
    let holds_another = tx
        .prepare_cached("SELECT 1 FROM steps WHERE notification_id = ?1 AND subject = ?2 AND step <> ?3")?
        .exists(params![notification_id, held.subject, Step::Derailed])?;
    if held.step != Step::Derailed && !holds_another {
        claims::release(tx, notification_id, &held.subject)?;
    }
    Ok(())
}

/// Releases all steps that a message holds.
///
/// # Errors
/// The error of SQLite.
pub fn release_all(tx: &Transaction<'_>, notification_id: &str) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM steps WHERE notification_id = ?1")?
        .execute([notification_id])?;
    Ok(())
}

/// The steps that a message holds: subject and occasion, in the order in which they were claimed. Of a message
/// of a release without steps: its claims, with their days.
///
/// # Errors
/// The error of SQLite.
pub fn of_message(
    connection: &Connection,
    notification_id: &str,
) -> rusqlite::Result<Vec<(Subject, Daystamp)>> {
    let held: Vec<(Subject, Daystamp)> = connection
        .prepare_cached("SELECT subject, occasion FROM steps WHERE notification_id = ?1 ORDER BY rowid")?
        .query_map([notification_id], |row| row.try_into())?
        .collect::<rusqlite::Result<_>>()?;
    if held.is_empty() {
        return claims::of_message(connection, notification_id);
    }
    Ok(held)
}

/// A row whose first column is its step. `None`: this release does not know the step.
fn known(row: &Row<'_>) -> rusqlite::Result<Option<StepRow>> {
    let mut columns = Columns::of(row);
    let step: String = columns.get()?;
    let Ok(step) = step.parse() else { return Ok(None) };
    Ok(Some(StepRow {
        step,
        subject: columns.get()?,
        occasion: columns.get()?,
        claimed_at: columns.time()?,
        acknowledged_by: columns.get()?,
        refused_at: columns.time_or_null()?,
        used: columns
            .get::<Option<i64>>()?
            .zip(columns.get::<Option<i64>>()?)
            .map(|(said_percent, least_percent)| UsedSince {
                said_percent,
                least_percent,
            }),
    }))
}

/// The claims about a subject whose message has no step.
fn of_claims(connection: &Connection, subject: &Subject, from: Daystamp) -> rusqlite::Result<Vec<StepRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT c.day, c.severity, c.claimed_at, {ACKNOWLEDGED_BY}, {REFUSED_AT}
               FROM claims c JOIN notifications n ON n.id = c.notification_id
              WHERE c.subject = ?1 AND c.day >= ?2
                AND NOT EXISTS (SELECT 1 FROM steps s
                                 WHERE s.notification_id = c.notification_id AND s.subject = c.subject)
              ORDER BY c.claimed_at"
        ))?
        // A warning belongs to the day after its claim.
        .query_map(params![subject, from.minus(1)], |row| {
            let mut columns = Columns::of(row);
            let (day, severity): (Daystamp, Severity) = (columns.get()?, columns.get()?);
            let (step, occasion) = match (subject.topic(), severity) {
                ("walk", _) | ("goal", Severity::Critical) => (Step::Last, day),
                ("goal", _) => (Step::Ahead, day.plus(1)),
                _ => (Step::Alert, day),
            };
            Ok(StepRow {
                subject: subject.clone(),
                occasion,
                step,
                claimed_at: columns.time()?,
                acknowledged_by: columns.get()?,
                refused_at: columns.time_or_null()?,
                used: None,
            })
        })?
        .collect()
}

/// The claims of a budget since the first day of its period whose message has no step.
///
/// # Errors
/// The error of SQLite.
pub fn of_period(
    connection: &Connection,
    budget: &Subject,
    first_day: Daystamp,
) -> rusqlite::Result<Vec<StepRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT c.severity, c.claimed_at, {ACKNOWLEDGED_BY}, {REFUSED_AT},
                    EXISTS (SELECT 1 FROM decisions d
                             WHERE d.run_id = n.run_id AND d.notification_id = n.id AND d.subject = c.subject
                               AND d.evidence LIKE '%nothing is left%')
               FROM claims c JOIN notifications n ON n.id = c.notification_id
              WHERE c.subject = ?1 AND c.day >= ?2
                AND NOT EXISTS (SELECT 1 FROM steps s
                                 WHERE s.notification_id = c.notification_id AND s.subject = c.subject)
              ORDER BY c.claimed_at"
        ))?
        .query_map(params![budget, first_day], |row| {
            let mut columns = Columns::of(row);
            let severity: Severity = columns.get()?;
            let (claimed_at, acknowledged_by) = (columns.time()?, columns.get()?);
            let refused_at = columns.time_or_null()?;
            let percent = match (severity, columns.get()?) {
                (Severity::Critical, true) => 100,
                (Severity::Critical, false) => 95,
                _ => 75,
            };
            Ok(Share::of_percent(percent).map(|share| StepRow {
                subject: budget.clone(),
                occasion: first_day,
                step: Step::Share(share),
                claimed_at,
                acknowledged_by,
                refused_at,
                used: None,
            }))
        })?
        .filter_map(Result::transpose)
        .collect()
}
