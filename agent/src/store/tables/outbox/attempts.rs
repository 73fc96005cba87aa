use jiff::Timestamp;
use rusqlite::{Connection, Transaction, named_params};

use super::Row;
use crate::{
    domain::{ChannelKind, word},
    store::tables::sql::{as_str, time},
};

word! {
    /// How an attempt ended.
    #[derive(utoipa::ToSchema)]
    pub enum Ending: "an outcome of an attempt" in "snake_case" {
        /// The provider said that it has the message.
        Accepted,
        /// The provider refused the message for good.
        Rejected,
        /// The provider refused the message for now.
        Retry,
        /// The message was not sent after all.
        NotSent,
        /// Nobody could say whether the provider has the message.
        Unknown,
        /// After doubt: the provider has the message.
        Adopted,
        /// After doubt: the provider does not have the message.
        Absent,
        /// After doubt: the provider cannot be asked, and the message was sent again.
        Resent,
        /// The provider had the message and could not deliver it.
        Undelivered,
        /// The message expired before it could be sent.
        Expired,
    }
}
as_str!(Ending);

/// How many attempts of a message on one channel failed so far, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Attempts that ended with [`Ending::Retry`] or [`Ending::Absent`].
    pub retries: u32,
    /// Attempts that ended with [`Ending::Resent`].
    pub doubts: u32,
    /// Attempts that ended with [`Ending::Undelivered`].
    pub undelivered: u32,
}

impl Tally {
    /// The tally after one more attempt, which ended with `ending`.
    #[must_use]
    pub fn and(self, ending: Ending) -> Self {
        let retried = u32::from(matches!(ending, Ending::Retry | Ending::Absent));
        let undelivered = u32::from(ending == Ending::Undelivered);
        let doubted = u32::from(ending == Ending::Resent);
        Self {
            retries: self.retries + retried,
            doubts: self.doubts + doubted,
            undelivered: self.undelivered + undelivered,
        }
    }
}

/// Notes that the row's present attempt begins, on its channel.
pub fn begin_attempt(tx: &Transaction<'_>, row: &Row, now: Timestamp) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO attempts (notification_id, number, channel, started_at) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute((&row.id, row.attempt, row.channel, time(now)))?;
    Ok(())
}

/// Notes how the row's present attempt ended, with the provider's code and the reason. A later finding
/// overwrites an earlier one. The provider's id is copied from the message, because the next
/// attempt clears it there.
pub fn end_attempt(
    tx: &Transaction<'_>,
    row: &Row,
    ending: Ending,
    code: Option<&str>,
    why: Option<&str>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE attempts SET finished_at = :now, outcome = :outcome, code = :code, why = coalesce(:why, why),
                provider_id = coalesce(provider_id, (SELECT provider_id FROM notifications WHERE id = :id))
         WHERE notification_id = :id AND number = :number",
    )?
    .execute(named_params! {
        ":id": row.id,
        ":number": row.attempt,
        ":outcome": ending,
        ":code": code,
        ":why": why,
        ":now": time(now),
    })?;
    Ok(())
}

/// Whether the message was sent again although the provider of an attempt in doubt could not be asked.
pub fn was_resent(connection: &Connection, id: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM attempts WHERE notification_id = ?1 AND outcome = 'resent'")?
        .exists([id])
}

/// Counts the failed attempts of a message on one channel.
pub fn tally(connection: &Connection, id: &str, channel: ChannelKind) -> rusqlite::Result<Tally> {
    connection
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE outcome IN ('retry', 'absent')), count(*) FILTER (WHERE outcome = 'resent'),
                    count(*) FILTER (WHERE outcome = 'undelivered')
             FROM attempts WHERE notification_id = ?1 AND channel = ?2",
        )?
        .query_row((id, channel), |row| {
            Ok(Tally { retries: row.get(0)?, doubts: row.get(1)?, undelivered: row.get(2)? })
        })
}
