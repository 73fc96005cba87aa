//! What the columns of text hold. SQLite looks at no text, so a time that is none would be found only by the query
//! that reads it, perhaps by the next pass.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, types::ValueRef};

use crate::domain::{Daystamp, Month, on_one_line};

/// What a column of text holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// An instant: RFC 3339.
    Time,
    /// A day: `2026-11-21`.
    Day,
    /// A month: `2026-11`.
    OfMonth,
    /// Any text, or a word that its reader knows.
    Text,
}

use Holds::{Day, OfMonth, Text, Time};

/// Every column of text of every table. A test compares it with the newest schema, so that a new column cannot be
/// forgotten.
const COLUMNS: &[(&str, &[(&str, Holds)])] = &[
    (
        "attempts",
        &[
            ("notification_id", Text),
            ("channel", Text),
            ("started_at", Time),
            ("finished_at", Time),
            ("outcome", Text),
            ("code", Text),
            ("why", Text),
            ("provider_id", Text),
        ],
    ),
    (
        "broken_channels",
        &[
            ("channel", Text),
            ("since", Time),
            ("refused_at", Time),
            ("skip_until", Time),
            ("code", Text),
            ("why", Text),
        ],
    ),
    (
        "budget",
        &[
            ("provider", Text),
            ("source", Text),
            ("period_start", Day),
            ("period_end", Day),
            ("health", Text),
            ("as_of", Time),
            ("why", Text),
            ("refreshed_at", Time),
            ("override_period_start", Day),
            ("override_period_end", Day),
            ("override_at", Time),
            ("complete_at", Time),
            ("used_basis", Text),
            ("spent_today_basis", Text),
            ("daily_burn_basis", Text),
            ("doubt", Text),
        ],
    ),
    (
        "claims",
        &[
            ("subject", Text),
            ("day", Day),
            ("severity", Text),
            ("notification_id", Text),
            ("claimed_at", Time),
        ],
    ),
    (
        "decisions",
        &[
            ("run_id", Text),
            ("at", Time),
            ("subject", Text),
            ("severity", Text),
            ("day", Day),
            ("action", Text),
            ("reason", Text),
            ("evidence", Text),
            ("expires_at", Time),
            ("notification_id", Text),
            ("author", Text),
            ("until", Time),
            ("silence_id", Text),
            ("comment", Text),
        ],
    ),
    (
        "derailments",
        &[
            ("goal", Text),
            ("occasion", Day),
            ("at", Time),
            ("losedate", Time),
            ("sign", Text),
        ],
    ),
    (
        "entries",
        &[
            ("goal", Text),
            ("datapoint", Text),
            ("day", Day),
            ("entered_at", Time),
            ("gone_at", Time),
        ],
    ),
    (
        "entry_histories",
        &[("goal", Text), ("tried_at", Time), ("read_at", Time)],
    ),
    (
        "forewarned",
        &[
            ("silence_id", Text),
            ("subject", Text),
            ("occasion", Day),
            ("derails_at", Time),
            ("told_at", Time),
            ("notification_id", Text),
        ],
    ),
    ("goal_names", &[("goal", Text), ("slug", Text)]),
    (
        "imports",
        &[
            ("source_table", Text),
            ("source_key", Text),
            ("became", Text),
            ("at", Time),
        ],
    ),
    (
        "lineage",
        &[
            ("nonce", Text),
            ("saved_at", Time),
            ("trouble_since", Time),
            ("trouble", Text),
        ],
    ),
    (
        "notifications",
        &[
            ("id", Text),
            ("run_id", Text),
            ("created_at", Time),
            ("severity", Text),
            ("subjects", Text),
            ("body", Text),
            ("tag", Text),
            ("expires_at", Time),
            ("state", Text),
            ("channel", Text),
            ("lease_until", Time),
            ("next_at", Time),
            ("provider_id", Text),
            ("accepted_at", Time),
            ("why", Text),
            ("acknowledged_at", Time),
            ("updated_at", Time),
            ("acknowledged_by", Text),
            ("withdrawn_at", Time),
            ("no_longer_so_since", Time),
            ("channels", Text),
        ],
    ),
    (
        "odometer_readings",
        &[
            ("provider", Text),
            ("at", Time),
            ("month", OfMonth),
            ("notes", Text),
        ],
    ),
    (
        "readings",
        &[
            ("goal", Text),
            ("at", Time),
            ("state", Text),
            ("losedate", Time),
            ("entered", Text),
        ],
    ),
    (
        "reconciliations",
        &[
            ("provider", Text),
            ("at", Time),
            ("day", Day),
            ("reason", Text),
            ("author", Text),
        ],
    ),
    (
        "removals",
        &[("removed_from", Text), ("id", Text), ("at", Time), ("was", Text)],
    ),
    (
        "runs",
        &[
            ("id", Text),
            ("started_at", Time),
            ("finished_at", Time),
            ("trigger", Text),
            ("outcome", Text),
            ("observations", Text),
        ],
    ),
    (
        "silences",
        &[
            ("id", Text),
            ("kind", Text),
            ("pattern", Text),
            ("starts_at", Time),
            ("ends_at", Time),
            ("author", Text),
            ("comment", Text),
            ("created_at", Time),
            ("deleted_at", Time),
            ("deleted_by", Text),
        ],
    ),
    ("snapshots", &[("arm", Text), ("at", Time), ("value", Text)]),
    (
        "steps",
        &[
            ("subject", Text),
            ("occasion", Day),
            ("step", Text),
            ("severity", Text),
            ("notification_id", Text),
            ("claimed_at", Time),
        ],
    ),
    ("untold", &[("subject", Text), ("since", Time)]),
    (
        "upstream_checks",
        &[("upstream", Text), ("at", Time), ("why", Text)],
    ),
    (
        "usage_sessions",
        &[
            ("at", Time),
            ("provider", Text),
            ("model", Text),
            ("session_type", Text),
            ("notes", Text),
            ("speed", Text),
            ("service_tier", Text),
            ("inference_geo", Text),
            ("priced_by", Text),
            ("priced_as", Text),
            ("request_id", Text),
            ("source", Text),
        ],
    ),
    ("verified_generations", &[("at", Time), ("damage", Text)]),
];

impl Holds {
    /// Whether a reader of the column could read this text.
    fn fits(self, text: &str) -> bool {
        match self {
            Time => text.parse::<Timestamp>().is_ok(),
            Day => text.parse::<Daystamp>().is_ok(),
            OfMonth => text.parse::<Month>().is_ok(),
            Text => true,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Time => "time",
            Day => "day",
            OfMonth => "month",
            Text => "text",
        }
    }
}

/// The first text that its column cannot hold, with its table, column and row. A file of an older release lacks
/// some of the columns.
pub(super) fn unreadable(connection: &Connection) -> rusqlite::Result<Option<String>> {
    for (table, columns) in COLUMNS {
        let (found, key) = shape(connection, table)?;
        for (column, holds) in columns.iter().filter(|(_, holds)| *holds != Text) {
            if found.contains(*column)
                && let Some(why) = unreadable_in(connection, table, column, *holds, &key)?
            {
                return Ok(Some(why));
            }
        }
    }
    Ok(None)
}

/// The names of a table's columns, and those that make its key.
fn shape(connection: &Connection, table: &str) -> rusqlite::Result<(BTreeSet<String>, Vec<String>)> {
    let mut found = BTreeSet::new();
    let mut key = Vec::new();
    let mut statement = connection.prepare("SELECT name, pk FROM pragma_table_info(?1) ORDER BY pk")?;
    let mut rows = statement.query([table])?;
    while let Some(row) = rows.next()? {
        let (name, place): (String, u32) = (row.get(0)?, row.get(1)?);
        if place > 0 {
            key.push(name.clone());
        }
        found.insert(name);
    }
    Ok((found, key))
}

fn unreadable_in(
    connection: &Connection,
    table: &str,
    column: &str,
    holds: Holds,
    key: &[String],
) -> rusqlite::Result<Option<String>> {
    let shown: Vec<String> = key.iter().map(|name| format!(", quote(\"{name}\")")).collect();
    let sql = format!(
        "SELECT \"{column}\"{} FROM \"{table}\" WHERE \"{column}\" IS NOT NULL",
        shown.concat()
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let value = row.get_ref(0)?;
        if value.as_str().is_ok_and(|text| holds.fits(text)) {
            continue;
        }
        let of_row: Vec<String> = (1..=key.len()).map(|at| row.get(at)).collect::<Result<_, _>>()?;
        let of_row = key
            .iter()
            .zip(of_row)
            .map(|(name, value)| format!("{name} = {value}"));
        let of_row = of_row.collect::<Vec<_>>().join(", ");
        return Ok(Some(format!(
            "column {column} of its table {table} holds no {}, but {}, in the row {}",
            holds.name(),
            said(value),
            on_one_line(&of_row, 200)
        )));
    }
    Ok(None)
}

/// A value as a person may read it.
fn said(value: ValueRef<'_>) -> String {
    match value.as_bytes() {
        Ok(bytes) => format!("{:?}", on_one_line(&String::from_utf8_lossy(bytes), 60)),
        Err(_) => format!("a value of type {}", value.data_type()),
    }
}

#[cfg(test)]
mod tests;
