//! What a return to an earlier state must not undo: what was said, to whom, and how the person answered.
//!
//! Figures (budgets, sessions, readings of odometers, imports) go back to what they were. Events do not: passes
//! and decisions, messages with their attempts, claims and steps, silences, what was announced for a vacation,
//! acknowledgements, channels that are known to be broken, and what Beeminder showed are taken over from a later
//! state. If both states have the same row, `TABLES` says which of the two counts.

use rusqlite::{Connection, Transaction, params_from_iter, types::Value};
use serde::Serialize;

use crate::store::tables::export::{columns, quoted};

/// How many rows of a table were added, or updated to their later content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Carried {
    /// The table.
    pub table: &'static str,
    /// The rows.
    pub rows: usize,
}

/// Each table, and when its later row wins. Tables that other tables refer to come first.
const TABLES: [(&str, Clash); 13] = [
    ("runs", Clash::Stays),
    (
        "silences",
        Clash::Later("silences.deleted_at IS NULL AND excluded.deleted_at IS NOT NULL"),
    ),
    (
        "notifications",
        Clash::Later(
            "excluded.updated_at > notifications.updated_at
             OR (excluded.updated_at = notifications.updated_at
                 AND notifications.acknowledged_at IS NULL AND excluded.acknowledged_at IS NOT NULL)",
        ),
    ),
    (
        "attempts",
        Clash::Later(
            "excluded.finished_at IS NOT NULL
             AND (attempts.finished_at IS NULL OR excluded.finished_at > attempts.finished_at)",
        ),
    ),
    ("claims", Clash::Later("excluded.claimed_at > claims.claimed_at")),
    ("steps", Clash::Later("excluded.claimed_at > steps.claimed_at")),
    ("forewarned", Clash::Stays),
    ("broken_channels", Clash::Stays),
    (
        "entries",
        Clash::Later("entries.gone_at IS NULL AND excluded.gone_at IS NOT NULL"),
    ),
    ("readings", Clash::Stays),
    ("derailments", Clash::Stays),
    ("entry_histories", Clash::Stays),
    ("decisions", Clash::Numbered),
];

enum Clash {
    /// The earlier row stays.
    Stays,
    /// The later row replaces the earlier row, if this SQL condition holds.
    Later(&'static str),
    /// The number of a row means nothing. Two rows are the same if their pass, subject and time are the same.
    Numbered,
}

/// Copies what must not be undone from `later`. Both databases have the newest schema.
///
/// # Errors
/// If a row of the later state contradicts one of the earlier, such as two messages with one tag.
pub(in crate::store) fn carry(later: &Connection, tx: &Transaction<'_>) -> rusqlite::Result<Vec<Carried>> {
    TABLES
        .iter()
        .map(|(table, clash)| {
            Ok(Carried {
                table,
                rows: copy(later, tx, table, clash)?,
            })
        })
        .collect()
}

fn copy(later: &Connection, tx: &Transaction<'_>, table: &str, clash: &Clash) -> rusqlite::Result<usize> {
    let (mut columns, key) = columns(tx, table)?;
    if matches!(clash, Clash::Numbered) {
        columns.retain(|column| !key.contains(column));
    }
    let names = quoted(&columns);
    let marks = (1..=columns.len())
        .map(|n| format!("?{n}"))
        .collect::<Vec<_>>()
        .join(", ");
    let place = |name: &str| {
        columns
            .iter()
            .position(|column| column == name)
            .unwrap_or_default()
            + 1
    };
    let sql = match clash {
        Clash::Stays => format!("INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"),
        Clash::Later(wins) => {
            let all = columns
                .iter()
                .map(|column| format!("\"{column}\" = excluded.\"{column}\""));
            let (all, key) = (all.collect::<Vec<_>>().join(", "), quoted(&key));
            format!(
                "INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT ({key}) DO UPDATE SET {all} WHERE {wins}"
            )
        }
        Clash::Numbered => format!(
            "INSERT INTO {table} ({names}) SELECT {marks} WHERE NOT EXISTS
                (SELECT 1 FROM {table} WHERE run_id IS ?{} AND subject IS ?{} AND at IS ?{})",
            place("run_id"),
            place("subject"),
            place("at")
        ),
    };
    let mut insert = tx.prepare(&sql)?;
    let mut select = later.prepare(&format!("SELECT {names} FROM {table} ORDER BY {}", quoted(&key)))?;
    let mut rows = select.query([])?;
    let mut carried = 0;
    while let Some(row) = rows.next()? {
        let values: Vec<Value> = (0..columns.len())
            .map(|at| row.get(at))
            .collect::<rusqlite::Result<_>>()?;
        carried += insert.execute(params_from_iter(values))?;
    }
    Ok(carried)
}

#[cfg(test)]
mod tests;
