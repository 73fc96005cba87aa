//! The two SQLite files of the Python system that Mecris replaces. Each call writes the rows that the old
//! endpoint wrote, in the local time of its machine, without an offset.

use std::path::{Path, PathBuf};

use jiff::{Timestamp, tz::TimeZone};
use rusqlite::{Connection, params};

/// A running installation of the Python system. Its connections to SQLite stay open.
#[derive(Debug)]
pub struct PythonSystem {
    usage: Connection,
    virtual_budget: Connection,
    paths: [PathBuf; 2],
    zone: TimeZone,
}

impl PythonSystem {
    /// Makes the files in a folder, as the Python system does at its first start.
    ///
    /// # Errors
    /// If the files cannot be made.
    pub fn install(folder: &Path, zone: &str) -> anyhow::Result<Self> {
        let paths = ["mecris_usage.db", "mecris_virtual_budget.db"].map(|name| folder.join(name));
        let usage = Connection::open(&paths[0])?;
        usage.execute_batch(include_str!("../../agent/src/python/fixtures/usage.sql"))?;
        let virtual_budget = Connection::open(&paths[1])?;
        virtual_budget.execute_batch(include_str!("../../agent/src/python/fixtures/virtual_budget.sql"))?;
        let seed =
            "INSERT INTO goals (title, created_at) VALUES ('Finish the abstract', '2025-08-04T10:00:00')";
        usage.execute(seed, [])?;
        Ok(Self {
            usage,
            virtual_budget,
            paths,
            zone: TimeZone::get(zone)?,
        })
    }

    /// The paths of the files.
    pub fn paths(&self) -> [&str; 2] {
        [&self.paths[0], &self.paths[1]]
            .map(|path| path.to_str().expect("the test's folder has a plain name"))
    }

    /// `POST /usage/update_budget`: a period that contains the day.
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn update_budget(&self, total: f64, remaining: f64, at: Timestamp) -> rusqlite::Result<()> {
        let today = self.zone.to_datetime(at).date();
        let row = params![
            total,
            remaining,
            today.to_string(),
            today.to_string(),
            self.local(at)
        ];
        self.usage
            .execute(
                "INSERT OR REPLACE INTO budget_tracking VALUES (1, ?1, ?2, ?3, ?4, ?5)",
                row,
            )
            .map(drop)
    }

    /// `POST /usage/record`: a session, subtracted from the remaining budget.
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn record_session(&self, input: i64, output: i64, cost: f64, at: Timestamp) -> rusqlite::Result<()> {
        let insert =
            "INSERT INTO usage_sessions (timestamp, model, input_tokens, output_tokens, estimated_cost, session_type)
                      VALUES (?1, 'claude-3-5-sonnet-20241022', ?2, ?3, ?4, 'interactive')";
        self.usage
            .execute(insert, params![self.local(at), input, output, cost])?;
        let update = "UPDATE budget_tracking SET remaining_budget = remaining_budget - ?1, last_updated = ?2 WHERE id = 1";
        self.usage
            .execute(update, params![cost, self.local(at)])
            .map(drop)
    }

    /// `POST /groq/odometer/record`: a reading, the month's total, and an invented session.
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn record_odometer(&self, value: f64, at: Timestamp) -> rusqlite::Result<()> {
        let local = self.zone.to_datetime(at);
        let (time, month) = (self.local(at), local.strftime("%Y-%m").to_string());
        let insert = "INSERT INTO groq_odometer_readings (timestamp, month, cumulative_value, is_reset, created_at) VALUES (?1, ?2, ?3, 0, ?1)";
        self.virtual_budget.execute(insert, params![time, month, value])?;
        let summary = "INSERT INTO groq_monthly_summaries (month, total_cost, reading_count, created_at, updated_at) VALUES (?1, ?2, 1, ?3, ?3)
                       ON CONFLICT (month) DO UPDATE SET total_cost = ?2, reading_count = reading_count + 1, updated_at = ?3";
        self.virtual_budget
            .execute(summary, params![month, value, time])?;
        let share = value / f64::from(local.day());
        let insert = "INSERT INTO provider_usage (provider, model, input_tokens, output_tokens, estimated_cost, timestamp)
                      VALUES ('groq', 'openai/gpt-oss-20b', CAST(?1 * 7e6 AS INTEGER), CAST(?1 * 3e6 AS INTEGER), ?1, ?2)";
        self.virtual_budget
            .execute(insert, params![share, time])
            .map(drop)
    }

    /// `POST /beeminder/alert`: names at most three goals. The row is written before a message is sent.
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn beeminder_alert(&self, slugs: &[&str], at: Timestamp) -> rusqlite::Result<()> {
        let mut message = format!("🚨 BEEMERGENCY: {} goals need immediate attention!", slugs.len());
        for slug in slugs.iter().take(3) {
            message.push_str(&format!(
                "\n• {slug}: {slug}: DERAILING NOW! Need data immediately"
            ));
        }
        self.log_alert(
            "beeminder",
            "critical",
            &message,
            &format!("critical_count: {}", slugs.len()),
            at,
        )
    }

    /// `POST /usage/alert`.
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn budget_alert(&self, level: &str, at: Timestamp) -> rusqlite::Result<()> {
        self.log_alert(
            "budget",
            level,
            "🚨 CRITICAL: 1 days left!\n$1.10 remaining",
            "days_remaining: 1, budget: 1.1",
            at,
        )
    }

    fn log_alert(
        &self,
        kind: &str,
        level: &str,
        message: &str,
        context: &str,
        at: Timestamp,
    ) -> rusqlite::Result<()> {
        let insert = "INSERT INTO alert_log (alert_type, alert_level, message, sent_at, context) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.usage
            .execute(insert, params![kind, level, message, self.local(at), context])
            .map(drop)
    }

    /// `datetime.now().isoformat()`.
    fn local(&self, at: Timestamp) -> String {
        self.zone
            .to_datetime(at)
            .strftime("%Y-%m-%dT%H:%M:%S%.6f")
            .to_string()
    }
}
