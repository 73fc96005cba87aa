//! What is forgotten when, so that the state stays tens of kilobytes.
//!
//! Nothing that a rule still looks at is forgotten: an open message stays however old it is, the last successful pass stays for the
//! dead-man's switch, and what a person told (sessions, readings, reconciliations, silences) is not ours to forget.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction, params};

use super::sql::time;

/// Forgets passes, decisions, and finished messages with their claims, older than `kept`. Returns how many rows went.
pub fn forget(tx: &Transaction<'_>, kept: SignedDuration, now: Timestamp) -> rusqlite::Result<usize> {
    let before = time(now.saturating_sub(kept).unwrap_or(Timestamp::MIN));
    let mut gone = 0;
    for sql in [
        "DELETE FROM decisions WHERE at < ?1",
        "DELETE FROM claims WHERE claimed_at < ?1
            AND notification_id IN (SELECT id FROM notifications WHERE next_at IS NULL AND created_at < ?1)",
        "DELETE FROM attempts WHERE notification_id IN
            (SELECT id FROM notifications n WHERE next_at IS NULL AND created_at < ?1
                AND NOT EXISTS (SELECT 1 FROM claims WHERE notification_id = n.id)
                AND NOT EXISTS (SELECT 1 FROM decisions WHERE notification_id = n.id)
                AND NOT EXISTS (SELECT 1 FROM broken_channels WHERE told_by = n.id))",
        "DELETE FROM notifications WHERE next_at IS NULL AND created_at < ?1
            AND NOT EXISTS (SELECT 1 FROM claims WHERE notification_id = notifications.id)
            AND NOT EXISTS (SELECT 1 FROM decisions WHERE notification_id = notifications.id)
            AND NOT EXISTS (SELECT 1 FROM broken_channels WHERE told_by = notifications.id)",
        "DELETE FROM runs WHERE started_at < ?1
            AND id IS NOT (SELECT id FROM runs WHERE succeeded = 1 ORDER BY started_at DESC LIMIT 1)
            AND NOT EXISTS (SELECT 1 FROM notifications WHERE run_id = runs.id)
            AND NOT EXISTS (SELECT 1 FROM decisions WHERE run_id = runs.id)",
    ] {
        gone += tx.prepare_cached(sql)?.execute(params![before])?;
    }
    Ok(gone)
}

/// Gives back the space of what was forgotten; copies would carry it along.
pub(super) fn compact(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("VACUUM")
}
