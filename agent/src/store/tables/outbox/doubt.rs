use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, named_params};

use super::Row;
use crate::{
    domain::ChannelKind,
    store::tables::sql::{Columns, time},
};

/// What surrounds an attempt in doubt on its channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// When the attempt began.
    pub began: Timestamp,
    /// When its lease ended.
    pub ended: Timestamp,
    /// The ids that the channel gave to other attempts, from the day before this message was made on.
    pub others: Vec<String>,
    /// Attempts of other messages on the channel that are in doubt and whose leases overlapped with this one.
    pub rivals: usize,
}

/// The surroundings of the row's present attempt; leases that were `apart` or less count as overlapping.
pub fn surroundings(
    connection: &Connection,
    row: &Row,
    apart: SignedDuration,
) -> rusqlite::Result<Surroundings> {
    let began = connection
        .prepare_cached("SELECT started_at FROM attempts WHERE notification_id = ?1 AND number = ?2")?
        .query_row((&row.id, row.attempt), |found| Columns::of(found).time())
        .optional()?
        .unwrap_or(row.created_at);
    let ended = row.lease_until.unwrap_or(began);
    let long_ago = row
        .created_at
        .saturating_sub(SignedDuration::from_hours(24))
        .unwrap_or(Timestamp::MIN);
    let others = connection
        .prepare_cached(
            "SELECT provider_id FROM attempts
              WHERE channel = :channel AND provider_id IS NOT NULL AND started_at >= :long_ago
                AND NOT (notification_id = :id AND number = :number)",
        )?
        .query_map(
            named_params! {
                ":channel": row.channel,
                ":long_ago": time(long_ago),
                ":id": row.id,
                ":number": row.attempt,
            },
            |found| found.get(0),
        )?
        .collect::<rusqlite::Result<_>>()?;
    let rivals: u32 = connection
        .prepare_cached(
            "SELECT count(*) FROM notifications n JOIN attempts a ON a.notification_id = n.id AND a.number = n.attempt
              WHERE n.channel = :channel AND n.id <> :id AND n.state IN ('sending', 'unknown')
                AND a.started_at <= :until AND n.lease_until >= :from",
        )?
        .query_row(
            named_params! {
                ":channel": row.channel,
                ":id": row.id,
                ":from": time(began.saturating_sub(apart).unwrap_or(Timestamp::MIN)),
                ":until": time(ended.saturating_add(apart).unwrap_or(Timestamp::MAX)),
            },
            |found| found.get(0),
        )?;
    Ok(Surroundings {
        began,
        ended,
        others,
        rivals: rivals as usize,
    })
}

/// The channels on which a message was tried so far.
pub fn channels_tried(connection: &Connection, id: &str) -> rusqlite::Result<Vec<ChannelKind>> {
    connection
        .prepare_cached("SELECT DISTINCT channel FROM attempts WHERE notification_id = ?1")?
        .query_map([id], |row| row.get(0))?
        .collect()
}
