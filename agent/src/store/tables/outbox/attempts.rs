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
        /// The provider said that it has it.
        Accepted,
        /// The provider refused it for good.
        Rejected,
        /// The provider refused it for now.
        Retry,
        /// It was not sent after all.
        NotSent,
        /// Nobody could say.
        Unknown,
        /// After doubt: the provider has it.
        Adopted,
        /// After doubt: the provider does not have it.
        Absent,
        /// After doubt: the provider cannot be asked, and it was sent again.
        Resent,
        /// The provider had it and could not deliver it.
        Undelivered,
        /// Its time was over before it could be sent.
        Expired,
    }
}
as_str!(Ending);

/// How often a channel let a message down so far.
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
    /// With one more attempt that ended so.
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

/// Notes how the row's present attempt ended, with the provider's code and the reason; a later finding
/// overwrites an earlier one. What the provider called it is taken from the message and kept when the message
/// goes on.
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

/// Whether an attempt of the message ended in doubt for ever and another one followed it.
pub fn was_resent(connection: &Connection, id: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM attempts WHERE notification_id = ?1 AND outcome = 'resent'")?
        .exists([id])
}

/// What the ended attempts of a message on one channel came to.
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
