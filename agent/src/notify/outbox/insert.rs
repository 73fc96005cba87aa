//! Step 1: a new message is written down, in state `sending` with its first attempt.

use jiff::Timestamp;
use rusqlite::Transaction;

use super::{NO_CHANNEL, NewMessage, fresh_tag, order};
use crate::{
    clock,
    notify::channels::ChannelKind,
    store::tables::{
        broken_channels,
        outbox::{self as table, About, Ending, Row, State},
    },
};

/// Until when the first attempt is owned, and when its outcome may be asked for.
pub(super) struct Owned {
    pub(super) until: Timestamp,
    pub(super) settled: Timestamp,
}

/// Inserts the message on its first channel that is due. If that channel is not one of `configured`, the message
/// is `failed` at once.
pub(super) fn insert(
    tx: &Transaction<'_>,
    message: &NewMessage,
    configured: &[ChannelKind],
    owned: &Owned,
    now: Timestamp,
) -> rusqlite::Result<Row> {
    let tag = fresh_tag(tx)?;
    let usable = order::usable(message.channels.as_deref(), configured);
    let first = order::first(&usable, &broken_channels::all(tx)?, now);
    let channel = message.only.or(first).unwrap_or(ChannelKind::Console);
    broken_channels::take_chance(tx, channel, now)?;
    let mut row = Row {
        id: clock::time_ordered_id(now),
        state: State::Sending,
        channel,
        pinned: message.only.is_some(),
        channels: message.channels.clone(),
        attempt: 1,
        body: message.text.as_str().to_owned(),
        tag,
        created_at: now,
        expires_at: message.expires_at,
        lease_until: Some(owned.until),
        next_at: Some(owned.settled),
        provider_id: None,
        accepted_at: None,
        why: None,
        updated_at: now,
    };
    if !usable.contains(&channel) {
        row = Row {
            state: State::Failed,
            next_at: None,
            why: Some(NO_CHANNEL.to_owned()),
            ..row
        };
    }
    let about = About {
        run_id: message.run_id.as_deref(),
        severity: message.severity,
        subjects: &message.subjects,
    };
    table::insert(tx, &row, about)?;
    table::begin_attempt(tx, &row, now)?;
    if row.state == State::Failed {
        table::end_attempt(tx, &row, Ending::Rejected, None, row.why.as_deref(), now)?;
    }
    Ok(row)
}

/// For a simulation: inserts the message as [`Outbox::insert`](super::Outbox::insert) does, and records that
/// it was accepted and arrived at once. Nothing is sent. Returns the message as it would leave, without its
/// tag.
///
/// # Errors
/// If SQLite fails. The caller then rolls its transaction back.
pub fn insert_delivered(
    tx: &Transaction<'_>,
    message: &NewMessage,
    configured: &[ChannelKind],
    now: Timestamp,
) -> rusqlite::Result<Delivered> {
    let owned = Owned {
        until: now,
        settled: now,
    };
    let row = insert(tx, message, configured, &owned, now)?;
    let after = Row {
        state: State::Delivered,
        next_at: None,
        accepted_at: Some(now),
        ..row.clone()
    };
    table::replace(tx, &row, &after, now)?;
    table::end_attempt(tx, &row, Ending::Accepted, None, None, now)?;
    Ok(Delivered {
        id: row.id,
        text: row.body,
    })
}

/// A message that arrived, in a simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The id of the message.
    pub id: String,
    /// Its text, without its tag.
    pub text: String,
}
