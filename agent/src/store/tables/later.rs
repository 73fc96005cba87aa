//! Records of a time that has not come. A clock that was ahead for a while leaves them, and they must not be
//! believed once it is put right: until their time comes, everything after them would look older.
//!
//! They count as made now, and what follows from their time goes with it: a silence ends as long after now as it was
//! to last. Of what was said about a goal only the occasion matters, which is Beeminder's day. So it counts as said
//! before today, and a goal can be spoken of today as on any day.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::sql::{Columns, time};
use crate::domain::Daystamp;

/// The tables of which each pass, request or message makes a row.
const FIRST: [(&str, &str); 4] = [
    ("runs", "started_at"),
    ("decisions", "at"),
    ("notifications", "created_at"),
    ("steps", "claimed_at"),
];

/// Times at which something was recorded. A row whose time is part of its key replaces the one that already has it.
const RECORDED: [(&str, &str); 18] = [
    ("runs", "started_at"),
    ("runs", "finished_at"),
    ("decisions", "at"),
    ("claims", "claimed_at"),
    ("steps", "claimed_at"),
    ("untold", "since"),
    ("upstream_checks", "at"),
    ("snapshots", "at"),
    ("readings", "at"),
    ("entry_histories", "tried_at"),
    ("entry_histories", "read_at"),
    ("forewarned", "told_at"),
    ("usage_sessions", "at"),
    ("budget", "refreshed_at"),
    ("budget", "override_at"),
    ("budget", "complete_at"),
    ("silences", "deleted_at"),
    ("notifications", "acknowledged_at"),
];

/// Times of a message. While it is on its way or in doubt, it is looked for at the provider by them, so they stay.
const OF_A_MESSAGE: [&str; 3] = ["created_at", "accepted_at", "updated_at"];

/// The messages of which the outcome is known.
const IS_KNOWN: &str = "state IN ('accepted', 'delivered', 'failed')";

/// Whether there are such records.
///
/// # Errors
/// The error of SQLite.
pub fn exist(connection: &Connection, now: Timestamp) -> rusqlite::Result<bool> {
    for (table, column) in FIRST {
        let sql = format!("SELECT 1 FROM {table} WHERE {column} > ?1");
        if connection.prepare_cached(&sql)?.exists([time(now)])? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes them records of `now`, an instant of `today`. What was said about a goal counts as said at `before_today`.
/// Returns how many rows were changed.
///
/// # Errors
/// The error of SQLite.
pub fn set_right(
    tx: &Transaction<'_>,
    now: Timestamp,
    today: Daystamp,
    before_today: Timestamp,
) -> rusqlite::Result<usize> {
    let mut changed = silences(tx, now)?;
    for (table, day) in [("steps", "occasion"), ("claims", "day")] {
        // The occasion of a budget is the first day of a period. A period that has not begun has no message.
        changed += tx.execute(
            &format!("DELETE FROM {table} WHERE claimed_at > ?1 AND {day} > ?2 AND subject LIKE 'budget:%'"),
            params![time(now), today],
        )?;
        changed += tx.execute(
            &format!(
                "UPDATE OR REPLACE {table} SET {day} = ?2
                  WHERE claimed_at > ?1 AND {day} > ?2 AND subject NOT LIKE 'goal:%'"
            ),
            params![time(now), today],
        )?;
        changed += tx.execute(
            &format!("UPDATE {table} SET claimed_at = ?2 WHERE claimed_at > ?1 AND subject LIKE 'goal:%'"),
            params![time(now), time(before_today)],
        )?;
    }
    for (table, column) in RECORDED {
        changed += tx.execute(
            &format!("UPDATE OR REPLACE {table} SET {column} = ?1 WHERE {column} > ?1"),
            [time(now)],
        )?;
    }
    changed += tx.execute(
        &format!(
            "UPDATE attempts SET started_at = min(started_at, ?1), finished_at = min(finished_at, ?1)
              WHERE (started_at > ?1 OR finished_at > ?1)
                AND notification_id IN (SELECT id FROM notifications WHERE {IS_KNOWN})"
        ),
        [time(now)],
    )?;
    for column in OF_A_MESSAGE {
        changed += tx.execute(
            &format!("UPDATE notifications SET {column} = ?1 WHERE {column} > ?1 AND {IS_KNOWN}"),
            [time(now)],
        )?;
    }
    changed += tx.execute(
        "UPDATE broken_channels SET since = min(since, ?1), refused_at = min(refused_at, ?1), skip_until = ?1
          WHERE since > ?1 OR refused_at > ?1",
        [time(now)],
    )?;
    Ok(changed)
}

/// Silences that were asked for later than now begin and end earlier by as much.
fn silences(tx: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<usize> {
    let asked: Vec<(String, Timestamp, Timestamp, Timestamp)> = tx
        .prepare("SELECT id, created_at, starts_at, ends_at FROM silences WHERE created_at > ?1")?
        .query_map([time(now)], |row| {
            let mut columns = Columns::of(row);
            Ok((columns.get()?, columns.time()?, columns.time()?, columns.time()?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    for (id, created, starts, ends) in &asked {
        let ahead = created.duration_since(now);
        let earlier = |at: &Timestamp| at.saturating_sub(ahead).unwrap_or(now);
        tx.execute(
            "UPDATE silences SET created_at = ?2, starts_at = ?3, ends_at = ?4 WHERE id = ?1",
            params![id, time(now), time(earlier(starts)), time(earlier(ends))],
        )?;
    }
    Ok(asked.len())
}

#[cfg(test)]
mod tests;
