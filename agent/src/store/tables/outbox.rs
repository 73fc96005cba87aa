//! `notifications` and `attempts`: the messages to the person, where each stands and what happened to it.
//!
//! The rules of delivery are in `notify::outbox`; here is only their SQL. A worker replaces a [`Row`] as a
//! whole, and only if it has seen the row's present state and attempt ([`replace`]). So a late worker cannot
//! overwrite what a newer worker wrote.

mod attempts;
mod doubt;
mod expire;
mod ours;
mod state;
mod view;
mod waiting;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, named_params};

#[cfg(test)]
pub(super) use attempts::IN_DOUBT;
pub(super) use attempts::MAY_HAVE_ARRIVED;
pub use attempts::{
    Ending, Tally, begin_attempt, end_attempt, has_no_end, interrupt_attempt, stays_in_doubt, tally,
    was_said_elsewhere,
};
pub use doubt::{Surroundings, channels_tried, surroundings};
pub use expire::expire;
pub use ours::{Ours, ours};
pub use state::State;
pub use view::{
    Attempt, Notification, accepted, acknowledge, counts, failed_since, get, is_acknowledged, list,
    messages_since, named, newest_about_something, page, told_since,
};
pub use waiting::{
    Retold, Waiting, is_no_longer_so, mark_no_longer_so, of_passes, release, retell, withdraw,
};

use super::sql::{Columns, json, time};
use crate::domain::{ChannelKind, Severity, Subject};

/// How long a message without an `expires_at` is worth sending.
const DEFAULT_WORTH: SignedDuration = SignedDuration::from_hours(24);

/// In SQL: the [`State`] of a message.
pub(super) const STATE: &str = "CASE WHEN withdrawn_at IS NULL THEN state ELSE 'withdrawn' END";

/// The text of [`NOBODY_TOLD`], for constants that contain it.
macro_rules! nobody_told {
    () => {
        "n.state = 'failed' AND n.accepted_at IS NULL"
    };
}

/// In SQL, of a message `n`: nobody was told, and nobody will be.
pub(super) const NOBODY_TOLD: &str = nobody_told!();

/// In SQL, of a message `n`: since when it is certain that nobody was told; NULL if somebody was or may be.
/// A message that expired is noticed only later, so its own end counts.
pub(super) const REFUSED_AT: &str = concat!(
    "CASE WHEN ",
    nobody_told!(),
    " THEN min(n.updated_at, coalesce(n.expires_at, n.updated_at)) END"
);

/// In SQL, of a message `n`: who acknowledged it; NULL if nobody did.
pub(super) const ACKNOWLEDGED_BY: &str =
    "CASE WHEN n.acknowledged_at IS NOT NULL THEN coalesce(n.acknowledged_by, 'somebody') END";

/// What delivery knows about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub state: State,
    /// The channel in use.
    pub channel: ChannelKind,
    /// Whether no other channel may be used.
    pub pinned: bool,
    /// The channels that may bring it, in their order; `None`: all that are configured.
    pub channels: Option<Vec<ChannelKind>>,
    /// Number of the last attempt, from 1.
    pub attempt: u32,
    /// The text without the tag.
    pub body: String,
    /// What reconciliation looks for.
    pub tag: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// After this instant the message is not worth sending.
    pub expires_at: Option<Timestamp>,
    /// End of the last attempt's lease.
    pub lease_until: Option<Timestamp>,
    /// When the outbox looks at it again.
    pub next_at: Option<Timestamp>,
    /// The provider's id, once accepted.
    pub provider_id: Option<String>,
    /// When a provider last accepted it.
    pub accepted_at: Option<Timestamp>,
    /// The last thing that went wrong, for a person.
    pub why: Option<String>,
    /// When the row was last written, by the clock of the instance that wrote it.
    pub updated_at: Timestamp,
}

impl Row {
    /// The first instant at which the message is not worth sending any more: `expires_at`, else a day after
    /// the message was made.
    pub fn deadline(&self) -> Timestamp {
        self.expires_at.unwrap_or_else(|| {
            self.created_at
                .saturating_add(DEFAULT_WORTH)
                .unwrap_or(Timestamp::MAX)
        })
    }
}

/// What a message is about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The pass that made it.
    pub run_id: Option<&'a str>,
    /// Worst of its conditions.
    pub severity: Severity,
    /// Most urgent first.
    pub subjects: &'a [Subject],
}

/// Adds a message.
pub fn insert(tx: &Transaction<'_>, row: &Row, about: About<'_>) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO notifications (id, run_id, created_at, severity, subjects, body, tag, expires_at, state, channel, pinned, channels,
                                    attempt, lease_until, next_at, why, updated_at)
         VALUES (:id, :run_id, :created_at, :severity, :subjects, :body, :tag, :expires_at, :state, :channel, :pinned, :channels,
                 :attempt, :lease_until, :next_at, :why, :created_at)",
    )?
    .execute(named_params! {
        ":id": row.id,
        ":run_id": about.run_id,
        ":created_at": time(row.created_at),
        ":severity": about.severity,
        ":subjects": json(&about.subjects)?,
        ":body": row.body,
        ":tag": row.tag,
        ":expires_at": row.expires_at.map(time),
        ":state": row.state,
        ":channel": row.channel,
        ":pinned": row.pinned,
        ":channels": row.channels.as_ref().map(json).transpose()?,
        ":attempt": row.attempt,
        ":lease_until": row.lease_until.map(time),
        ":next_at": row.next_at.map(time),
        ":why": row.why,
    })?;
    Ok(())
}

/// Replaces `before` by `after`, if the message still has the state and attempt of `before`. Returns whether
/// it had.
pub fn replace(tx: &Transaction<'_>, before: &Row, after: &Row, now: Timestamp) -> rusqlite::Result<bool> {
    let changed = tx
        .prepare_cached(
            "UPDATE notifications
             SET state = CASE :state WHEN 'withdrawn' THEN 'failed' ELSE :state END,
                 withdrawn_at = CASE :state WHEN 'withdrawn' THEN :now END, channel = :channel, attempt = :attempt, tag = :tag, lease_until = :lease_until,
                 next_at = :next_at, provider_id = :provider_id, accepted_at = :accepted_at, why = :why, updated_at = :now
             WHERE id = :id AND state = :seen_state AND attempt = :seen_attempt",
        )?
        .execute(named_params! {
            ":id": before.id,
            ":seen_state": before.state,
            ":seen_attempt": before.attempt,
            ":state": after.state,
            ":channel": after.channel,
            ":attempt": after.attempt,
            ":tag": after.tag,
            ":lease_until": after.lease_until.map(time),
            ":next_at": after.next_at.map(time),
            ":provider_id": after.provider_id,
            ":accepted_at": after.accepted_at.map(time),
            ":why": after.why,
            ":now": time(now),
        })?;
    Ok(changed == 1)
}

/// Every message that the outbox has to look at again, the next one first. After these, every message whose
/// last attempt is in doubt and about which the outbox no longer asks the provider.
pub fn open(connection: &Connection) -> rusqlite::Result<Vec<Row>> {
    connection
        .prepare_cached(&format!(
            "SELECT {STATE}, {COLUMNS} FROM notifications n WHERE next_at IS NOT NULL OR (state = 'unknown' AND EXISTS
                (SELECT 1 FROM attempts a
                  WHERE a.notification_id = n.id AND a.number = n.attempt AND coalesce(a.outcome, 'unknown') = 'unknown'))
              ORDER BY next_at IS NULL, next_at, id"
        ))?
        .query_map([], read_row)?
        .collect()
}

/// One message as delivery knows it.
pub fn load(connection: &Connection, id: &str) -> rusqlite::Result<Option<Row>> {
    connection
        .prepare_cached(&format!(
            "SELECT {STATE}, {COLUMNS} FROM notifications WHERE id = ?1"
        ))?
        .query_row([id], read_row)
        .optional()
}

/// Whether a message has this tag already.
pub fn tag_exists(connection: &Connection, tag: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM notifications WHERE tag = ?1")?
        .exists([tag])
}

const COLUMNS: &str = "id, channel, pinned, channels, attempt, body, tag, created_at, expires_at, lease_until, next_at, \
                       provider_id, accepted_at, why, updated_at";

fn read_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    read_columns(&mut Columns::of(row))
}

fn read_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Row> {
    let state = columns.get()?;
    Ok(Row {
        id: columns.get()?,
        state,
        channel: columns.get()?,
        pinned: columns.get()?,
        channels: columns.json_or_null()?,
        attempt: columns.get()?,
        body: columns.get()?,
        tag: columns.get()?,
        created_at: columns.time()?,
        expires_at: columns.time_or_null()?,
        lease_until: columns.time_or_null()?,
        next_at: columns.time_or_null()?,
        provider_id: columns.get()?,
        accepted_at: columns.time_or_null()?,
        why: columns.get()?,
        updated_at: columns.time()?,
    })
}

#[cfg(test)]
mod tests;
