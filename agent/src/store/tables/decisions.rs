//! `decisions`: every decision of every pass, with its reason, the ones to stay silent too; and what a person
//! decided.

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};
use serde::Serialize;

use super::sql::{parse, parse_optional, time};
use crate::domain::{Action, Daystamp, Decision};

/// One decision as it was recorded.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DecisionRow {
    /// Ascending.
    pub id: i64,
    /// The pass; none for what a person or a unit asked for.
    pub run_id: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// About what; of `silence` and `unsilence` the pattern.
    pub subject: String,
    /// How bad it was; null for what a person decided.
    pub severity: Option<String>,
    /// The day whose one alert was in question.
    pub day: String,
    /// `notify` or `suppress`; `silence`, `unsilence` or `acknowledge` for what a person decided.
    pub action: String,
    /// The named reason; `asked_for` for what a person decided.
    pub reason: String,
    /// Why it had this severity, or what a person decided, as a sentence.
    pub evidence: String,
    /// When nagging about it stops making sense.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// The message it went into, or that was acknowledged.
    pub notification_id: Option<String>,
    /// Whose word it is or follows: who silenced, ended a silence, or said that they know.
    pub author: Option<String>,
    /// Until when the silence holds that it begins or follows.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// That silence.
    pub silence_id: Option<String>,
    /// Why its author said it, if they said why.
    pub comment: Option<String>,
}

/// What a person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// To silence what a pattern covers.
    Silence,
    /// To end that early.
    Unsilence,
    /// That they know about a message.
    Acknowledge,
}

impl Act {
    fn as_str(self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::Unsilence => "unsilence",
            Self::Acknowledge => "acknowledge",
        }
    }
}

/// A person's decision about one subject or pattern, for the log.
#[derive(Clone, Debug)]
pub struct NewAct<'a> {
    /// What they decided.
    pub act: Act,
    /// About which subject or pattern.
    pub about: &'a str,
    /// On which day.
    pub day: Daystamp,
    /// What was done, as a sentence.
    pub evidence: &'a str,
    /// Who.
    pub author: &'a str,
    /// Until when it holds.
    pub until: Option<Timestamp>,
    /// The silence.
    pub silence_id: Option<&'a str>,
    /// The message.
    pub notification_id: Option<&'a str>,
    /// Why.
    pub comment: &'a str,
}

/// Why a person's decision was taken, as the log names it.
const ASKED_FOR: &str = "asked_for";

/// Writes what a person decided.
pub fn insert_act(tx: &Transaction<'_>, at: Timestamp, new: &NewAct<'_>) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO decisions (at, subject, day, action, reason, evidence, notification_id, author, until, silence_id, comment)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        time(at),
        new.about,
        new.day.to_string(),
        new.act.as_str(),
        ASKED_FOR,
        new.evidence,
        new.notification_id,
        new.author,
        new.until.map(time),
        new.silence_id,
        said(new.comment),
    ])?;
    Ok(())
}

/// A comment, if there is one.
fn said(comment: &str) -> Option<&str> {
    Some(comment).filter(|comment| !comment.is_empty())
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
        "INSERT INTO decisions (run_id, at, subject, severity, day, action, reason, evidence, expires_at, notification_id,
                                author, until, silence_id, comment)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?;
    for Decision {
        condition,
        action,
        reason,
        word,
    } in decisions
    {
        let word = word.as_ref();
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
            word.map(|word| &word.author),
            word.and_then(|word| word.until).map(time),
            word.and_then(|word| word.silence_id.as_deref()),
            word.and_then(|word| said(&word.comment)),
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
        author: row.get("author")?,
        until: parse_optional(row, "until")?,
        silence_id: row.get("silence_id")?,
        comment: row.get("comment")?,
    })
}
