//! Real SQLite files with the Python system's tables, taken over into a real state.

mod again;
mod alerts;
mod files;
mod garbage;
mod ledgers;
mod odometer;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, types::Value};
use tempfile::TempDir;

use super::*;
use crate::store::{file::migrate, tables::sql};

/// In the middle of the last budget period of the Python system, in summer.
pub(super) const NOW: &str = "2025-09-15T12:00:00-04:00";

/// The two files of an old installation.
pub(super) struct Old {
    folder: TempDir,
    pub(super) usage: Connection,
    pub(super) budget: Connection,
}

impl Old {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, tables: &str| {
            let connection = Connection::open(folder.path().join(name)).unwrap();
            connection.execute_batch(tables).unwrap();
            connection
        };
        let usage = make("mecris_usage.db", include_str!("../fixtures/usage.sql"));
        let budget = make(
            "mecris_virtual_budget.db",
            include_str!("../fixtures/virtual_budget.sql"),
        );
        Self {
            folder,
            usage,
            budget,
        }
    }

    pub(super) fn paths(&self) -> [PathBuf; 2] {
        ["mecris_usage.db", "mecris_virtual_budget.db"].map(|name| self.folder.path().join(name))
    }

    pub(super) fn session(&self, at: &str, tokens: (i64, i64), cost: f64) {
        let insert =
            "INSERT INTO usage_sessions (timestamp, model, input_tokens, output_tokens, estimated_cost, session_type)
                      VALUES (?1, 'claude-3-5-sonnet-20241022', ?2, ?3, ?4, 'interactive')";
        self.usage
            .execute(insert, (at, tokens.0, tokens.1, cost))
            .unwrap();
    }

    pub(super) fn provider_session(&self, provider: &str, at: &str, tokens: (i64, i64), cost: f64) {
        let insert =
            "INSERT INTO provider_usage (provider, model, input_tokens, output_tokens, estimated_cost, timestamp)
                      VALUES (?1, 'claude-3-5-sonnet-20241022', ?2, ?3, ?4, ?5)";
        self.budget
            .execute(insert, (provider, tokens.0, tokens.1, cost, at))
            .unwrap();
    }

    pub(super) fn tracking(&self, total: f64, remaining: f64, end: &str, at: &str) {
        let insert = "INSERT OR REPLACE INTO budget_tracking VALUES (1, ?1, ?2, '2025-08-06', ?3, ?4)";
        self.usage.execute(insert, (total, remaining, end, at)).unwrap();
    }

    pub(super) fn alert(&self, kind: &str, level: &str, message: &str, at: &str, context: &str) {
        let insert = "INSERT INTO alert_log (alert_type, alert_level, message, sent_at, context) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.usage
            .execute(insert, (kind, level, message, at, context))
            .unwrap();
    }

    /// A reading; `timestamp` differs from when it was recorded only for an earlier month.
    pub(super) fn reading(&self, recorded: &str, month: &str, value: f64, timestamp: Option<&str>) {
        let insert = "INSERT INTO groq_odometer_readings (timestamp, month, cumulative_value, created_at) VALUES (?1, ?2, ?3, ?4)";
        self.budget
            .execute(insert, (timestamp.unwrap_or(recorded), month, value, recorded))
            .unwrap();
    }

    /// What the public state of the Python system held in September 2025.
    pub(super) fn live() -> Self {
        let old = Self::new();
        old.tracking(24.96, 19.54, "2025-09-30", "2025-09-10T20:01:02.345678");
        old.session("2025-08-07T10:00:00.000001", (10_000, 2_000), 0.06);
        old.session("2025-08-07T11:30:00", (5_000, 2_333), 0.05);
        old.reading("2025-09-10T19:37:45.1", "2025-09", 1.35, None);
        old.reading("2025-09-10T19:39:08.2", "2025-09", 1.35, None);
        // August's total, entered as September's, and again where it belongs.
        old.reading("2025-09-10T19:50:00.3", "2025-09", 0.80, None);
        old.reading(
            "2025-09-10T19:52:00.4",
            "2025-08",
            0.80,
            Some("2025-08-01T00:00:00"),
        );
        old.reading("2025-09-14T09:00:00.5", "2025-09", 1.90, None);
        old.budget
            .execute_batch(
                "INSERT INTO groq_monthly_summaries (month, total_cost, reading_count, created_at, updated_at)
                 VALUES ('2025-08', 0.8, 1, '2025-09-10T19:52:00', '2025-09-10T19:52:00'),
                        ('2025-09', 1.9, 4, '2025-09-10T19:37:45', '2025-09-14T09:00:00');",
            )
            .unwrap();
        old
    }
}

pub(super) fn context(now: &str) -> Context {
    let zone = TimeZone::get("America/New_York").unwrap();
    Context {
        goals: GoalDays {
            zone: zone.clone(),
            deadlines: HashMap::new(),
        },
        home: zone.clone(),
        zone,
        now: now.parse().unwrap(),
        new_tag: crate::notify::message::new_tag,
    }
}

/// An empty state in memory.
pub(super) fn state() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    migrate::migrate(&mut connection, Path::new("none")).unwrap();
    connection
}

/// Takes files over at an instant.
pub(super) fn take_at(state: &mut Connection, files: &[PathBuf], context: &Context) -> Report {
    let sources: Vec<Source> = files.iter().map(|path| Source::read(path).unwrap()).collect();
    let tx = state.transaction().unwrap();
    let report = take(&tx, &sources, context).unwrap();
    tx.commit().unwrap();
    report
}

/// Both files of an installation, at [`NOW`].
pub(super) fn take_all(state: &mut Connection, old: &Old) -> Report {
    take_at(state, &old.paths(), &context(NOW))
}

/// Rows, taken, already there, skipped, unreadable.
pub(super) fn counts(report: &Report, table: &str) -> (usize, usize, usize, usize, usize) {
    let table = report.tables.iter().find(|entry| entry.table == table).unwrap();
    assert_eq!(
        table.rows,
        table.taken + table.already_there + table.skipped,
        "every row is somewhere: {table:?}"
    );
    (
        table.rows,
        table.taken,
        table.already_there,
        table.skipped,
        table.unreadable,
    )
}

/// The reasons of a table, with the row and the column.
pub(super) fn reasons(report: &Report, table: &str) -> Vec<String> {
    let table = report.tables.iter().find(|entry| entry.table == table).unwrap();
    let text = |skip: &Skip| {
        let Skip {
            row,
            rows,
            column,
            why,
            ..
        } = skip;
        format!(
            "{} x{rows} {}: {why}",
            row.as_deref().unwrap_or("all"),
            column.unwrap_or("-")
        )
    };
    table.skips.iter().map(text).collect()
}

/// One column of our state, as text.
pub(super) fn column(state: &Connection, query: &str) -> Vec<String> {
    let mut statement = state.prepare(query).unwrap();
    let width = statement.column_count();
    let rows = statement.query_map([], |row| {
        let cells = (0..width).map(|index| row.get::<_, Value>(index).map(shown));
        cells
            .collect::<rusqlite::Result<Vec<_>>>()
            .map(|cells| cells.join(" | "))
    });
    rows.unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

fn shown(value: Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => value.to_string(),
        Value::Text(text) => text,
        Value::Blob(bytes) => format!("{bytes:?}"),
    }
}

/// Everything in the state.
pub(super) fn dump(state: &Connection) -> Vec<String> {
    let tables = column(
        state,
        "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
    );
    let rows = |table: &String| {
        let rows = column(state, &format!("SELECT * FROM {table}"));
        rows.into_iter()
            .map(move |row| format!("{table}: {row}"))
            .collect::<Vec<_>>()
    };
    tables.iter().flat_map(rows).collect()
}

/// How the state spells an instant.
pub(super) fn at(text: &str) -> String {
    sql::time(text.parse().unwrap()).to_string()
}
