//! `decisions`: every decision of every pass with its reason, decisions to stay silent included, and what a
//! person decided.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};
use serde::{Serialize, Serializer};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use super::sql::{Columns, as_str, time};
use crate::domain::{Action, Daystamp, Decision, Reason, Severity, Subject, SubjectPattern, WordError, word};

/// One decision as it was recorded.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DecisionRow {
    /// The number of the decision. Later decisions have higher numbers.
    pub id: i64,
    /// The pass; `null` for what a person or a unit asked for.
    pub run_id: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// About what: the subject; of `silence` and `unsilence` the pattern.
    #[schema(value_type = String)]
    pub subject: SubjectPattern,
    /// How bad it was; `null` for what a person decided.
    pub severity: Option<Severity>,
    /// The day of the condition. One alert is sent for each subject and day.
    #[schema(value_type = String, format = Date)]
    pub day: Daystamp,
    /// `notify` or `suppress`; `silence`, `unsilence` or `acknowledge` for what a person decided.
    pub action: LoggedAction,
    /// The named reason; `asked_for` for what a person decided.
    pub reason: LoggedReason,
    /// Why it had this severity, or what a person decided, as a sentence.
    pub evidence: String,
    /// When a message about it is of no use any more.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// The message it went into, or that was acknowledged.
    pub notification_id: Option<String>,
    /// The person whose request this decision is or follows: who silenced, ended a silence, or acknowledged.
    pub author: Option<String>,
    /// The end of the silence that this decision begins or follows.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// The id of that silence.
    pub silence_id: Option<String>,
    /// The author's reason, if they gave one.
    pub comment: Option<String>,
}

word! {
    /// What a person decided.
    pub enum Act: "a person's decision" in "lowercase" {
        /// Silence what a pattern covers.
        Silence,
        /// End a silence early.
        Unsilence,
        /// Acknowledge a message.
        Acknowledge,
    }
}

/// What the log says was done: what Mecris decided about a condition, or what a person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggedAction {
    /// Mecris decided it.
    Decided(Action),
    /// A person decided it.
    Asked(Act),
}

/// Why the log says it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggedReason {
    /// A rule of Mecris.
    Rule(Reason),
    /// A person asked for it.
    AskedFor,
}

as_str!(LoggedAction, LoggedReason);

impl LoggedAction {
    /// The word as JSON and the database spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decided(action) => action.as_str(),
            Self::Asked(act) => act.as_str(),
        }
    }

    fn words() -> Vec<&'static str> {
        let acts = Act::ALL.map(Act::as_str);
        Action::ALL.map(Action::as_str).into_iter().chain(acts).collect()
    }
}

impl LoggedReason {
    const ASKED_FOR: &str = "asked_for";

    /// The word as JSON and the database spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rule(reason) => reason.as_str(),
            Self::AskedFor => Self::ASKED_FOR,
        }
    }

    fn words() -> Vec<&'static str> {
        let reasons = Reason::ALL.map(Reason::as_str);
        reasons.into_iter().chain([Self::ASKED_FOR]).collect()
    }
}

impl FromStr for LoggedAction {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let decided = text.parse().map(Self::Decided);
        decided
            .or_else(|_| text.parse().map(Self::Asked))
            .map_err(|_| WordError::new(text, "an action of the log", &Self::words()))
    }
}

impl FromStr for LoggedReason {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == Self::ASKED_FOR {
            return Ok(Self::AskedFor);
        }
        text.parse()
            .map(Self::Rule)
            .map_err(|_| WordError::new(text, "a reason of the log", &Self::words()))
    }
}

/// Each of these types is one word in JSON and in the OpenAPI document.
macro_rules! one_word {
    ($($logged:ident),+) => {$(
        impl fmt::Display for $logged {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $logged {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl PartialSchema for $logged {
            fn schema() -> RefOr<Schema> {
                let words = Self::words();
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .enum_values(Some(words))
                    .into()
            }
        }

        impl ToSchema for $logged {}
    )+};
}

one_word!(LoggedAction, LoggedReason);

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

/// Writes what a person decided.
pub fn insert_act(tx: &Transaction<'_>, at: Timestamp, new: &NewAct<'_>) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO decisions (at, subject, day, action, reason, evidence, notification_id, author, until, silence_id, comment)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        time(at),
        new.about,
        new.day,
        LoggedAction::Asked(new.act),
        LoggedReason::AskedFor,
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

/// Writes the decisions of one pass, each with the id of the message that tells it.
pub fn insert<'a>(
    tx: &Transaction<'_>,
    run_id: Option<&str>,
    at: Timestamp,
    decisions: impl IntoIterator<Item = (&'a Decision, Option<&'a str>)>,
) -> rusqlite::Result<()> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO decisions (run_id, at, subject, severity, day, action, reason, evidence, expires_at, notification_id,
                                author, until, silence_id, comment)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?;
    for (decision, notification_id) in decisions {
        let Decision {
            condition,
            action,
            reason,
            word,
        } = decision;
        let word = word.as_ref();
        statement.execute(params![
            run_id,
            time(at),
            condition.subject,
            condition.severity,
            condition.day,
            action,
            reason,
            condition.evidence,
            condition.expires_at.map(time),
            notification_id,
            word.map(|word| &word.author),
            word.and_then(|word| word.until).map(time),
            word.and_then(|word| word.silence_id.as_deref()),
            word.and_then(|word| said(&word.comment)),
        ])?;
    }
    Ok(())
}

/// Decisions, the newest first. With `run_id`, only the decisions of that pass.
pub fn list(connection: &Connection, limit: u32, run_id: Option<&str>) -> rusqlite::Result<Vec<DecisionRow>> {
    page(connection, limit, run_id, None)
}

/// As [`list`], but with `before`, only decisions with a lower id.
pub fn page(
    connection: &Connection,
    limit: u32,
    run_id: Option<&str>,
    before: Option<i64>,
) -> rusqlite::Result<Vec<DecisionRow>> {
    // One query for each filter: with `?2 IS NULL OR run_id = ?2` SQLite cannot use the index on the pass.
    let (before, limit) = (before.unwrap_or(i64::MAX), i64::from(limit));
    match run_id {
        Some(run_id) => connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM decisions WHERE run_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"
            ))?
            .query_map(params![run_id, before, limit], read)?
            .collect(),
        None => connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM decisions WHERE id < ?1 ORDER BY id DESC LIMIT ?2"
            ))?
            .query_map(params![before, limit], read)?
            .collect(),
    }
}

/// What the newest pass that decided about a subject decided: one decision, or two if the goal also has a
/// derailment to tell. Empty: nothing was ever decided about it.
///
/// # Errors
/// If the database cannot be read.
pub fn newest_about(connection: &Connection, subject: &Subject) -> rusqlite::Result<Vec<DecisionRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM decisions WHERE subject = ?1 AND action IN ('notify', 'suppress')
                AND at = (SELECT max(at) FROM decisions WHERE subject = ?1 AND action IN ('notify', 'suppress'))
              ORDER BY id"
        ))?
        .query_map([subject], read)?
        .collect()
}

/// The subjects that a pass decided about, in order.
///
/// # Errors
/// If the database cannot be read.
pub fn subjects_of(connection: &Connection, run_id: &str) -> rusqlite::Result<Vec<Subject>> {
    connection
        .prepare_cached("SELECT DISTINCT subject FROM decisions WHERE run_id = ?1 ORDER BY subject")?
        .query_map([run_id], |row| Columns::of(row).get())?
        .collect()
}

const COLUMNS: &str = "id, run_id, at, subject, severity, day, action, reason, evidence, expires_at, notification_id, \
                       author, until, silence_id, comment";

fn read(row: &Row<'_>) -> rusqlite::Result<DecisionRow> {
    let mut columns = Columns::of(row);
    Ok(DecisionRow {
        id: columns.get()?,
        run_id: columns.get()?,
        at: columns.time()?,
        subject: columns.get()?,
        severity: columns.get()?,
        day: columns.get()?,
        action: columns.get()?,
        reason: columns.get()?,
        evidence: columns.get()?,
        expires_at: columns.time_or_null()?,
        notification_id: columns.get()?,
        author: columns.get()?,
        until: columns.time_or_null()?,
        silence_id: columns.get()?,
        comment: columns.get()?,
    })
}
