use jiff::Timestamp;
use rusqlite::{Connection, Transaction, named_params};

use super::Row;
use crate::{
    domain::word,
    store::tables::sql::{Columns, as_str, time},
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
        /// Nobody could say whether the provider has the message. It stays so if the provider did not list this
        /// attempt and another one before.
        Unknown,
        /// After doubt: the provider has the message.
        Adopted,
        /// After doubt: the provider does not list the message. That is believed once.
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

/// In SQL, of an attempt `a` that has ended: nobody can tell for certain that it did not arrive. That the provider
/// does not list it is believed once, but is no proof.
pub(in crate::store::tables) const IN_DOUBT: &str = "a.outcome IN ('unknown', 'resent', 'absent')";

/// In SQL, of an attempt `a`: it arrived, or may have, or is under way.
pub(in crate::store::tables) const MAY_HAVE_ARRIVED: &str =
    "coalesce(a.outcome, 'unknown') IN ('unknown', 'resent', 'absent', 'accepted', 'adopted')";

/// How many attempts of a message failed so far, by kind: on one channel, but for `in_doubt`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Attempts that ended with [`Ending::Retry`] or [`Ending::Absent`].
    pub retries: u32,
    /// Attempts in doubt to which no answer came: the provider could not be asked, or did not list them.
    pub doubts: u32,
    /// Attempts that ended with [`Ending::Undelivered`].
    pub undelivered: u32,
    /// As `doubts`, but on all channels together.
    pub in_doubt: u32,
}

impl Tally {
    /// The tally after one more attempt, which ended with `ending`. Whether its sender was there to hear an
    /// answer makes a difference for [`Ending::Absent`] only.
    #[must_use]
    pub fn and(self, ending: Ending, interrupted: bool) -> Self {
        let retried = u32::from(matches!(ending, Ending::Retry | Ending::Absent));
        let undelivered = u32::from(ending == Ending::Undelivered);
        let doubted = u32::from(match ending {
            Ending::Resent | Ending::Unknown => true,
            Ending::Absent => !interrupted,
            _ => false,
        });
        Self {
            retries: self.retries + retried,
            doubts: self.doubts + doubted,
            undelivered: self.undelivered + undelivered,
            in_doubt: self.in_doubt + doubted,
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

/// Notes that the sender of the row's present attempt was gone before it could record how the attempt ended.
pub fn interrupt_attempt(tx: &Transaction<'_>, row: &Row) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE attempts SET interrupted = 1 WHERE notification_id = ?1 AND number = ?2")?
        .execute((&row.id, row.attempt))?;
    Ok(())
}

/// Whether no end of the row's present attempt is recorded: it is under way, or its sender is gone.
pub fn has_no_end(connection: &Connection, row: &Row) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT 1 FROM attempts WHERE notification_id = ?1 AND number = ?2 AND outcome IS NULL",
        )?
        .exists((&row.id, row.attempt))
}

/// Whether an attempt before the row's present one stays in doubt, so that the person may have the message.
pub fn stays_in_doubt(connection: &Connection, row: &Row) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT 1 FROM attempts WHERE notification_id = ?1 AND number < ?2 AND outcome IN ('resent', 'unknown')",
        )?
        .exists((&row.id, row.attempt))
}

/// Whether another channel than the row's may have brought the message to the person already.
pub fn was_said_elsewhere(connection: &Connection, row: &Row) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT 1 FROM attempts
              WHERE notification_id = ?1 AND number < ?2 AND channel <> ?3 AND outcome IN ('resent', 'unknown')",
        )?
        .exists((&row.id, row.attempt, row.channel))
}

/// Counts the failed attempts of a message before the row's present one, on its channel.
pub fn tally(connection: &Connection, row: &Row) -> rusqlite::Result<Tally> {
    connection
        .prepare_cached(&format!(
            "SELECT count(*) FILTER (WHERE channel = ?3 AND outcome IN ('retry', 'absent')),
                    count(*) FILTER (WHERE channel = ?3 AND interrupted = 0 AND {IN_DOUBT}),
                    count(*) FILTER (WHERE channel = ?3 AND outcome = 'undelivered'),
                    count(*) FILTER (WHERE interrupted = 0 AND {IN_DOUBT})
             FROM attempts a WHERE notification_id = ?1 AND number < ?2"
        ))?
        .query_row((&row.id, row.attempt, row.channel), |found| {
            let mut columns = Columns::of(found);
            Ok(Tally {
                retries: columns.get()?,
                doubts: columns.get()?,
                undelivered: columns.get()?,
                in_doubt: columns.get()?,
            })
        })
}
