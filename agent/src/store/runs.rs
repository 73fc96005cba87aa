//! `runs`: one row a pass.

use jiff::Timestamp;
use rusqlite::{Connection, Row};
use serde::Serialize;
use serde_json::Value;

use super::sql::{parse, time};

/// One pass, as it is on record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunRow {
    /// Its id.
    pub id: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was recorded.
    pub finished_at: Timestamp,
    /// What started it: `cli`, `schedule` or `http`.
    pub trigger: String,
    /// `done`, or `unknown` if something could not be found out.
    pub outcome: String,
    /// Whether it took longer than its deadline.
    pub overran: bool,
    /// Whether it made a message.
    pub changed: bool,
    /// What each arm knew: `{beeminder, budget, walk: {status, at, why}}`.
    pub observations: Value,
}

/// The newest passes, newest first.
pub fn list(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<RunRow>> {
    page(connection, limit, None)
}

/// The newest passes that began before `before`, newest first.
pub fn page(connection: &Connection, limit: u32, before: Option<Timestamp>) -> rusqlite::Result<Vec<RunRow>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, started_at, finished_at, trigger, outcome, overran, changed, observations FROM runs
         WHERE ?2 IS NULL OR started_at < ?2 ORDER BY started_at DESC, id DESC LIMIT ?1",
    )?;
    statement.query_map((limit, before.map(time)), from_row)?.collect()
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    Ok(RunRow {
        id: row.get("id")?,
        started_at: parse(row, "started_at")?,
        finished_at: parse(row, "finished_at")?,
        trigger: row.get("trigger")?,
        outcome: row.get("outcome")?,
        overran: row.get("overran")?,
        changed: row.get("changed")?,
        observations: parse(row, "observations")?,
    })
}
