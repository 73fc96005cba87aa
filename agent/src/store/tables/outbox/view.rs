use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::Serialize;

use super::{Ending, MAY_HAVE_ARRIVED, NOBODY_TOLD, STATE, State};
use crate::{
    domain::{ChannelKind, Severity, Subject},
    store::tables::sql::{Columns, time},
};

/// A message as people and endpoints see it.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Notification {
    /// Its id.
    pub id: String,
    /// The channel in use.
    #[schema(value_type = String)]
    pub channel: ChannelKind,
    /// Where it stands.
    pub state: State,
    /// The provider's id, once accepted.
    pub provider_id: Option<String>,
    /// What it tells: first what it names, in the order of the text, then what it counts.
    #[schema(value_type = Vec<String>)]
    pub subjects: Vec<Subject>,
    /// The worst severity of its conditions.
    #[schema(value_type = String)]
    pub severity: Severity,
    /// The text, without the tag that delivery adds.
    pub body: String,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When a provider last accepted it.
    #[schema(value_type = Option<String>)]
    pub accepted_at: Option<Timestamp>,
    /// When something last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
    /// When the message is no longer worth sending.
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Timestamp>,
    /// Number of the last attempt, from 1.
    pub attempt: u32,
    /// The last thing that went wrong.
    pub why: Option<String>,
    /// When the person said that they know.
    #[schema(value_type = Option<String>)]
    pub acknowledged_at: Option<Timestamp>,
    /// Who said so.
    pub acknowledged_by: Option<String>,
    /// Since when a reading shows that nothing of it is so any more. It is not sent again then.
    #[schema(value_type = Option<String>)]
    pub no_longer_so_since: Option<Timestamp>,
    /// What happened, step by step.
    pub attempts: Vec<Attempt>,
}

/// One attempt to send a message.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// Where it was tried.
    #[schema(value_type = String)]
    pub channel: ChannelKind,
    /// When it began.
    #[schema(value_type = String)]
    pub started_at: Timestamp,
    /// When it was known how it ended.
    #[schema(value_type = Option<String>)]
    pub finished_at: Option<Timestamp>,
    /// How it ended; null: it is under way.
    pub outcome: Option<Ending>,
    /// The provider's error code.
    pub code: Option<String>,
    /// What went wrong.
    pub why: Option<String>,
}

/// The newest messages, newest first.
pub fn list(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<Notification>> {
    Ok(page(connection, limit, None)?.unwrap_or_default())
}

/// As [`list`], but only those made before the one with this id; `None` if there is no such message.
pub fn page(
    connection: &Connection,
    limit: u32,
    before: Option<&str>,
) -> rusqlite::Result<Option<Vec<Notification>>> {
    if let Some(id) = before
        && !connection
            .prepare_cached("SELECT 1 FROM notifications WHERE id = ?1")?
            .exists([id])?
    {
        return Ok(None);
    }
    let mut found: Vec<Notification> = connection
        .prepare_cached(&format!(
            "SELECT {STATE}, {COLUMNS} FROM notifications
              WHERE ?2 IS NULL OR (created_at, id) < (SELECT created_at, id FROM notifications WHERE id = ?2)
              ORDER BY created_at DESC, id DESC LIMIT ?1"
        ))?
        .query_map((limit, before), read)?
        .collect::<rusqlite::Result<_>>()?;
    for notification in &mut found {
        notification.attempts = attempts(connection, &notification.id)?;
    }
    Ok(Some(found))
}

/// One message.
pub fn get(connection: &Connection, id: &str) -> rusqlite::Result<Option<Notification>> {
    let found = connection
        .prepare_cached(&format!(
            "SELECT {STATE}, {COLUMNS} FROM notifications WHERE id = ?1"
        ))?
        .query_row([id], read);
    let Some(mut notification) = found.optional()? else {
        return Ok(None);
    };
    notification.attempts = attempts(connection, id)?;
    Ok(Some(notification))
}

/// The id of the message that a person names by its id or by the tag of its text, with or without `#`.
pub fn named(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let name = name.trim();
    connection
        .prepare_cached("SELECT id FROM notifications WHERE id = ?1 OR tag = ?2")?
        .query_row((name, format!("#{}", name.trim_start_matches('#'))), |row| {
            row.get(0)
        })
        .optional()
}

/// The id of the newest message up to an instant that tells something; a test message does not.
pub fn newest_about_something(connection: &Connection, until: Timestamp) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached(
            "SELECT id FROM notifications WHERE subjects <> '[]' AND created_at <= ?1
              ORDER BY created_at DESC, id DESC LIMIT 1",
        )?
        .query_row([time(until)], |row| row.get(0))
        .optional()
}

/// Notes that the person knows about a message; says whether that is new. What waits for another try is given
/// up: it would only say what is known (what an earlier try may have told them stays in doubt). An attempt under
/// way goes its way, but is the last ([`is_acknowledged`]).
pub fn acknowledge(tx: &Transaction<'_>, id: &str, by: &str, now: Timestamp) -> rusqlite::Result<bool> {
    let noted = tx
        .prepare_cached(
            "UPDATE notifications SET acknowledged_at = ?2, acknowledged_by = ?3 WHERE id = ?1 AND acknowledged_at IS NULL",
        )?
        .execute((id, time(now), by))?;
    if noted == 1 {
        tx.prepare_cached(
            "UPDATE notifications SET next_at = NULL, updated_at = ?2,
                    state = CASE WHEN EXISTS (SELECT 1 FROM attempts
                                               WHERE notification_id = ?1 AND outcome IN ('resent', 'unknown'))
                                 THEN 'unknown' ELSE 'failed' END,
                    why = 'not sent again, the person knows' || coalesce(': ' || why, '')
              WHERE id = ?1 AND state = 'planned'",
        )?
        .execute((id, time(now)))?;
    }
    Ok(noted == 1)
}

/// Whether the person knows about a message.
pub fn is_acknowledged(connection: &Connection, id: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM notifications WHERE id = ?1 AND acknowledged_at IS NOT NULL")?
        .exists([id])
}

/// An older message is not worth sending any more, so none of its attempts is of the last day.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(48);

/// How often the person was told since `since`, or may have been, or still may be. What the limits per hour and
/// day count. A message made since then counts once, unless it reached nobody. A message of which several
/// attempts may have arrived since then counts as often. A test message is SAFE and does not count.
///
/// # Errors
/// The error of SQLite.
pub fn messages_since(connection: &Connection, since: Timestamp) -> rusqlite::Result<u32> {
    let made_since = since.saturating_sub(LONGEST_LIFE).unwrap_or(Timestamp::MIN);
    connection
        .prepare_cached(&format!(
            "SELECT coalesce(sum(max(is_new, came)), 0) FROM (
                SELECT n.created_at >= ?1 AND NOT ({NOBODY_TOLD}) AS is_new,
                       (SELECT count(*) FROM attempts a
                         WHERE a.notification_id = n.id AND a.started_at >= ?1 AND {MAY_HAVE_ARRIVED}) AS came
                  FROM notifications n WHERE n.created_at >= ?2 AND n.severity <> 'SAFE')"
        ))?
        .query_row([time(since), time(made_since)], |row| row.get(0))
}

/// How many messages are in each state; every state is there.
pub fn counts(connection: &Connection) -> rusqlite::Result<BTreeMap<State, u32>> {
    let mut counts: BTreeMap<State, u32> = State::ALL.into_iter().map(|state| (state, 0)).collect();
    let mut statement =
        connection.prepare_cached(&format!("SELECT {STATE}, count(*) FROM notifications GROUP BY 1"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        counts.insert(row.get(0)?, row.get(1)?);
    }
    Ok(counts)
}

/// The messages of which it turned out at `since` or later that they will reach nobody, but for those that
/// the person knows about and those of which nothing was so any more.
pub fn failed_since(connection: &Connection, since: Timestamp) -> rusqlite::Result<Vec<Notification>> {
    since_then(
        connection,
        since,
        "SELECT id FROM notifications
              WHERE state = 'failed' AND updated_at >= ?1 AND acknowledged_at IS NULL
                AND withdrawn_at IS NULL AND no_longer_so_since IS NULL
              ORDER BY created_at",
    )
}

/// The messages that a provider took at `since` or later.
pub fn told_since(connection: &Connection, since: Timestamp) -> rusqlite::Result<Vec<Notification>> {
    since_then(
        connection,
        since,
        "SELECT id FROM notifications WHERE accepted_at >= ?1 ORDER BY created_at",
    )
}

/// The messages whose ids a query finds for an instant.
fn since_then(connection: &Connection, since: Timestamp, query: &str) -> rusqlite::Result<Vec<Notification>> {
    let ids: Vec<String> = connection
        .prepare_cached(query)?
        .query_map([time(since)], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    ids.iter()
        .filter_map(|id| get(connection, id).transpose())
        .collect()
}

/// How many messages providers took, by channel, ever.
pub fn accepted(connection: &Connection) -> rusqlite::Result<BTreeMap<ChannelKind, u32>> {
    connection
        .prepare_cached(
            "SELECT channel, count(*) FROM attempts WHERE outcome IN ('accepted', 'adopted', 'undelivered')
              GROUP BY channel",
        )?
        .query_map([], |row| row.try_into())?
        .collect()
}

fn attempts(connection: &Connection, id: &str) -> rusqlite::Result<Vec<Attempt>> {
    connection
        .prepare_cached(
            "SELECT number, channel, started_at, finished_at, outcome, code, why
               FROM attempts WHERE notification_id = ?1 ORDER BY number",
        )?
        .query_map([id], |row| {
            let mut columns = Columns::of(row);
            Ok(Attempt {
                number: columns.get()?,
                channel: columns.get()?,
                started_at: columns.time()?,
                finished_at: columns.time_or_null()?,
                outcome: columns.get()?,
                code: columns.get()?,
                why: columns.get()?,
            })
        })?
        .collect()
}

const COLUMNS: &str = "id, channel, provider_id, subjects, severity, body, created_at, accepted_at, updated_at, \
                       expires_at, attempt, why, acknowledged_at, acknowledged_by, \
                       no_longer_so_since";

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Notification> {
    let mut columns = Columns::of(row);
    let state = columns.get()?;
    Ok(Notification {
        id: columns.get()?,
        channel: columns.get()?,
        state,
        provider_id: columns.get()?,
        subjects: columns.json()?,
        severity: columns.get()?,
        body: columns.get()?,
        created_at: columns.time()?,
        accepted_at: columns.time_or_null()?,
        updated_at: columns.time()?,
        expires_at: columns.time_or_null()?,
        attempt: columns.get()?,
        why: columns.get()?,
        acknowledged_at: columns.time_or_null()?,
        acknowledged_by: columns.get()?,
        no_longer_so_since: columns.time_or_null()?,
        attempts: Vec::new(),
    })
}
