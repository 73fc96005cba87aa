//! `decisions`: every decision of every pass, with its reason.

use jiff::Timestamp;
use rusqlite::{Connection, Row};
use serde::Serialize;

use super::sql::{parse, parse_optional, time};
use crate::domain::{Daystamp, Reason, Severity, Subject};

/// One decision, as it is on record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DecisionRow {
    /// Its number.
    pub id: i64,
    /// The pass that took it; none for a message that a person asked for.
    pub run_id: Option<String>,
    /// When it was taken.
    pub at: Timestamp,
    /// What it is about.
    pub subject: Subject,
    /// How bad it was.
    pub severity: Severity,
    /// The day whose one alert was in question.
    pub day: Daystamp,
    /// `notify` or `suppress`.
    pub action: String,
    /// Why.
    pub reason: Reason,
    /// Why it had this severity.
    pub evidence: String,
    /// When it stops to matter.
    pub expires_at: Option<Timestamp>,
    /// The message that says it.
    pub notification_id: Option<String>,
}

/// The newest decisions, newest first; of one pass if `run_id` is given.
pub fn list(connection: &Connection, limit: u32, run_id: Option<&str>) -> rusqlite::Result<Vec<DecisionRow>> {
    page(connection, limit, run_id, None)
}

/// [`list`] of the decisions that were taken before `before`.
pub fn page(
    connection: &Connection,
    limit: u32,
    run_id: Option<&str>,
    before: Option<Timestamp>,
) -> rusqlite::Result<Vec<DecisionRow>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, run_id, at, subject, severity, day, action, reason, evidence, expires_at, notification_id FROM decisions
         WHERE (?2 IS NULL OR run_id = ?2) AND (?3 IS NULL OR at < ?3) ORDER BY at DESC, id DESC LIMIT ?1",
    )?;
    statement.query_map((limit, run_id, before.map(time)), from_row)?.collect()
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<DecisionRow> {
    Ok(DecisionRow {
        id: row.get("id")?,
        run_id: row.get("run_id")?,
        at: parse(row, "at")?,
        subject: parse(row, "subject")?,
        severity: parse(row, "severity")?,
        day: parse(row, "day")?,
        action: row.get("action")?,
        reason: parse(row, "reason")?,
        evidence: row.get("evidence")?,
        expires_at: parse_optional(row, "expires_at")?,
        notification_id: row.get("notification_id")?,
    })
}
