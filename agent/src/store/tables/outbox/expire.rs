//! The end of messages that wait although their time is over.

use jiff::Timestamp;
use rusqlite::Transaction;

use super::{Row, State, load, replace, stays_in_doubt};

/// Ends every message that is planned for later, has not been accepted, and is not worth sending any more.
/// Returns them. A pass calls this before it decides, so that it knows that nobody was told: the outbox itself
/// would notice only when the message is due.
///
/// # Errors
/// The error of SQLite.
pub fn expire(tx: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<Vec<Row>> {
    let waiting: Vec<String> = tx
        .prepare_cached(
            "SELECT id FROM notifications WHERE next_at IS NOT NULL AND state = 'planned' AND accepted_at IS NULL",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut expired = Vec::new();
    for id in waiting {
        let Some(row) = load(tx, &id)?.filter(|row| row.deadline() <= now) else {
            continue;
        };
        let over = row.expired(stays_in_doubt(tx, &row)?);
        if replace(tx, &row, &over, now)? {
            expired.push(over);
        }
    }
    Ok(expired)
}

impl Row {
    /// The row of a message whose time was over before it could be tried again. `in_doubt`: an earlier attempt
    /// may have reached the person.
    pub fn expired(&self, in_doubt: bool) -> Self {
        let reason = self.why.as_deref().unwrap_or("no reason");
        Self {
            state: if in_doubt { State::Unknown } else { State::Failed },
            next_at: None,
            why: Some(format!("expired before it could be tried again: {reason}")),
            ..self.clone()
        }
    }
}
