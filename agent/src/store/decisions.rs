//! `decisions`: every decision of every pass, with its reason; the ones to stay silent too.

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};
use serde::Serialize;

use super::sql::{parse, parse_optional, time};
use crate::domain::{Action, Decision};

/// One decision as it was recorded.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DecisionRow {
    /// Ascending.
    pub id: i64,
    /// The pass; none for an alert that a person or a unit asked for.
    pub run_id: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// About what.
    pub subject: String,
    /// How bad it was.
    pub severity: String,
    /// The day whose one alert was in question.
    pub day: String,
    /// `notify` or `suppress`.
    pub action: String,
    /// The named reason.
    pub reason: String,
    /// Why it had this severity, for a person.
    pub evidence: String,
    /// When nagging about it stops making sense.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// The message it went into.
    pub notification_id: Option<String>,
}

/// Writes the decisions of one pass; those that notify point to the message.
pub fn insert(
    tx: &Transaction<'_>,
    run_id: Option<&str>,
    at: Timestamp,
    decisions: &[Decision],
    notification_id: Option<&str>,
) -> rusqlite::Result<()> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO decisions (run_id, at, subject, severity, day, action, reason, evidence, expires_at, notification_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for Decision { condition, action, reason } in decisions {
        statement.execute(params![
            run_id,
            time(at),
            condition.subject.as_str(),
            condition.severity.as_str(),
            condition.day.to_string(),
            action.as_str(),
            reason.as_str(),
            condition.evidence,
            condition.expires_at.map(time),
            notification_id.filter(|_| *action == Action::Notify),
        ])?;
    }
    Ok(())
}

/// The newest decisions first, of one pass if it is named.
pub fn list(connection: &Connection, limit: u32, run_id: Option<&str>) -> rusqlite::Result<Vec<DecisionRow>> {
    page(connection, limit, run_id, None)
}

/// As [`list`], but only those before the one with this id.
pub fn page(
    connection: &Connection,
    limit: u32,
    run_id: Option<&str>,
    before: Option<i64>,
) -> rusqlite::Result<Vec<DecisionRow>> {
    connection
        .prepare_cached(
            "SELECT * FROM decisions WHERE (?2 IS NULL OR run_id = ?2) AND (?3 IS NULL OR id < ?3)
              ORDER BY id DESC LIMIT ?1",
        )?
        .query_map(params![limit, run_id, before], read)?
        .collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<DecisionRow> {
    Ok(DecisionRow {
        id: row.get("id")?,
        run_id: row.get("run_id")?,
        at: parse(row, "at")?,
        subject: row.get("subject")?,
        severity: row.get("severity")?,
        day: row.get("day")?,
        action: row.get("action")?,
        reason: row.get("reason")?,
        evidence: row.get("evidence")?,
        expires_at: parse_optional(row, "expires_at")?,
        notification_id: row.get("notification_id")?,
    })
}
