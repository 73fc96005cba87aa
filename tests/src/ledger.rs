//! Reads the agent's database beside the agent: the messages that it promised to send, and their ends.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};

/// One row of `notifications`.
#[derive(Clone, Debug)]
pub struct Notification {
    /// The state.
    pub state: String,
    /// The tag in the message's text.
    pub tag: String,
    /// The subjects.
    pub subjects: Vec<String>,
    /// The last failure.
    pub why: Option<String>,
}

/// One row of `claims`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// The subject.
    pub subject: String,
    /// The day.
    pub day: String,
    /// The tag of the claim's message.
    pub tag: String,
}

/// All messages.
///
/// # Errors
/// If the file does not exist yet or is not a database of the agent.
pub fn notifications(database: &Path) -> rusqlite::Result<Vec<Notification>> {
    let connection = open(database)?;
    let mut statement = connection.prepare(
        "SELECT CASE WHEN withdrawn_at IS NULL THEN state ELSE 'withdrawn' END, tag, subjects, why
               FROM notifications ORDER BY created_at",
    )?;
    let rows = statement.query_map([], |row| {
        let subjects: String = row.get(2)?;
        Ok(Notification {
            state: row.get(0)?,
            tag: row.get(1)?,
            subjects: serde_json::from_str(&subjects).unwrap_or_default(),
            why: row.get(3)?,
        })
    })?;
    rows.collect()
}

/// One row of `attempts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The channel.
    pub channel: String,
    /// The outcome, if the attempt has ended.
    pub outcome: Option<String>,
    /// The reason of the outcome.
    pub why: Option<String>,
}

/// All attempts, in their order.
///
/// # Errors
/// If the file does not exist yet or is not a database of the agent.
pub fn attempts(database: &Path) -> rusqlite::Result<Vec<Attempt>> {
    let connection = open(database)?;
    let mut statement =
        connection.prepare("SELECT channel, outcome, why FROM attempts ORDER BY notification_id, number")?;
    let rows = statement.query_map([], |row| {
        Ok(Attempt {
            channel: row.get(0)?,
            outcome: row.get(1)?,
            why: row.get(2)?,
        })
    })?;
    rows.collect()
}

/// All claims.
///
/// # Errors
/// If the file does not exist yet or is not a database of the agent.
pub fn claims(database: &Path) -> rusqlite::Result<Vec<Claim>> {
    let connection = open(database)?;
    let mut statement = connection.prepare(
        "SELECT c.subject, c.day, n.tag FROM claims c JOIN notifications n ON n.id = c.notification_id",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Claim {
            subject: row.get(0)?,
            day: row.get(1)?,
            tag: row.get(2)?,
        })
    })?;
    rows.collect()
}

/// Whether no message is still on its way to the provider or in doubt.
pub fn settled(database: &Path) -> bool {
    notifications(database).is_ok_and(|all| {
        all.iter().all(|n| {
            matches!(
                n.state.as_str(),
                "accepted" | "delivered" | "failed" | "withdrawn"
            )
        })
    })
}

/// Inserts a reading of Groq's console, as if a person had sent it at that instant. The agent must not be
/// running.
///
/// # Errors
/// If the file does not exist yet or is not a database of the agent.
pub fn record_groq_reading(
    database: &Path,
    at: jiff::Timestamp,
    month: &str,
    micros: i64,
) -> rusqlite::Result<()> {
    let connection = Connection::open(database)?;
    let at = at.strftime("%Y-%m-%dT%H:%M:%S.000000000Z").to_string();
    let insert =
        "INSERT INTO odometer_readings (provider, at, month, value_micros) VALUES ('groq', ?1, ?2, ?3)";
    connection.execute(insert, params![at, month, micros]).map(drop)
}

/// Inserts a silence that holds until `until`, as if a person had asked for it. The agent must not be running.
///
/// # Errors
/// If the file does not exist yet or is not a database of the agent.
pub fn silence(database: &Path, pattern: &str, until: jiff::Timestamp) -> rusqlite::Result<()> {
    let connection = Connection::open(database)?;
    let until = until.strftime("%Y-%m-%dT%H:%M:%S.000000000Z").to_string();
    connection
        .execute(
            "INSERT INTO silences (id, kind, pattern, starts_at, ends_at, author, created_at)
             VALUES (?1, 'silence', ?1, '2026-01-01T00:00:00.000000000Z', ?2, 'tests', '2026-01-01T00:00:00.000000000Z')",
            params![pattern, until],
        )
        .map(drop)
}

/// Inserts a session with Anthropic at this cost, as if it had been recorded at that instant. The agent must
/// not be running.
///
/// # Errors
/// If the file does not exist yet or is not a database of the agent.
pub fn record_session(database: &Path, at: jiff::Timestamp, micros: i64) -> rusqlite::Result<()> {
    let connection = Connection::open(database)?;
    let at = at.strftime("%Y-%m-%dT%H:%M:%S.000000000Z").to_string();
    let insert = "INSERT INTO usage_sessions (at, provider, model, input_tokens, output_tokens, cost_micros, session_type)
                  VALUES (?1, 'anthropic', 'm', 0, 0, ?2, 'interactive')";
    connection.execute(insert, params![at, micros]).map(drop)
}

/// Inserts what a release without steps left when it said something: a pass, a message that arrived, its claim,
/// and the decision with its evidence. The agent must not be running.
///
/// # Errors
/// If the file does not exist yet or is not a database of the agent.
pub fn claim_of_an_older_release(
    database: &Path,
    subject: &str,
    severity: &str,
    evidence: &str,
    at: jiff::Timestamp,
) -> rusqlite::Result<()> {
    let connection = Connection::open(database)?;
    let day = at.strftime("%Y-%m-%d").to_string();
    let at = at.strftime("%Y-%m-%dT%H:%M:%S.000000000Z").to_string();
    connection.execute(
        "INSERT INTO runs (id, started_at, finished_at, trigger, outcome, succeeded, changed, observations)
         VALUES ('older', ?1, ?1, 'schedule', 'done', 1, 1, '{}')",
        params![at],
    )?;
    connection.execute(
        "INSERT INTO notifications (id, run_id, created_at, severity, subjects, body, tag, state, channel, attempt,
                                    accepted_at, updated_at)
         VALUES ('older', 'older', ?1, ?2, json_array(?3), '', 'older', 'delivered', 'sms', 1, ?1, ?1)",
        params![at, severity, subject],
    )?;
    connection.execute(
        "INSERT INTO decisions (run_id, at, subject, severity, day, action, reason, evidence, notification_id)
         VALUES ('older', ?1, ?2, ?3, ?4, 'notify', 'first_of_day', ?5, 'older')",
        params![at, subject, severity, day, evidence],
    )?;
    connection
        .execute(
            "INSERT INTO claims (subject, day, severity, notification_id, claimed_at) VALUES (?1, ?2, ?3, 'older', ?4)",
            params![subject, day, severity, at],
        )
        .map(drop)
}

fn open(database: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(connection)
}
