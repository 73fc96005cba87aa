//! `usage_sessions`: LLM sessions and what each cost.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::sql::{Columns, time};
use crate::domain::{Money, Provider};

/// One session as it was recorded. The cost is at the prices of its day. Later prices do not change it.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// When it was recorded.
    pub at: Timestamp,
    /// Who bills it.
    pub provider: Provider,
    /// The model id.
    pub model: String,
    /// Tokens sent.
    pub input_tokens: i64,
    /// Tokens received.
    pub output_tokens: i64,
    /// What it cost.
    pub cost: Money,
    /// Free word of the caller, such as `interactive`.
    pub session_type: String,
    /// Free text of the caller.
    pub notes: String,
}

/// A session that the table has.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Names this session and never another one: its number in the table, which a later session may get again once
    /// this one is removed, and its time in nanoseconds.
    pub id: String,
    /// The session.
    pub session: Session,
}

impl Kept {
    fn new(number: i64, session: Session) -> Self {
        let id = format!("{number}-{}", session.at.as_nanosecond());
        Self { id, session }
    }
}

/// Adds a session. Returns it with its id.
pub fn record(tx: &Transaction<'_>, session: Session) -> rusqlite::Result<Kept> {
    insert(tx, &session)?;
    Ok(Kept::new(tx.last_insert_rowid(), session))
}

/// Adds a session.
pub fn insert(tx: &Transaction<'_>, session: &Session) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO usage_sessions (at, provider, model, input_tokens, output_tokens, cost_micros, session_type, notes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        time(session.at),
        session.provider,
        session.model,
        session.input_tokens,
        session.output_tokens,
        session.cost,
        session.session_type,
        session.notes,
    ])?;
    Ok(())
}

/// Removes the session with this [`Kept::id`]. `None`: there is none.
pub fn remove(tx: &Transaction<'_>, id: &str) -> rusqlite::Result<Option<Kept>> {
    let Some((number, at)) = id.split_once('-') else {
        return Ok(None);
    };
    let at = at.parse().ok().and_then(|at| Timestamp::from_nanosecond(at).ok());
    let (Ok(number), Some(at)) = (number.parse::<i64>(), at) else {
        return Ok(None);
    };
    tx.prepare_cached(
        "DELETE FROM usage_sessions WHERE id = ?1 AND at = ?2
         RETURNING id, at, provider, model, input_tokens, output_tokens, cost_micros, session_type, notes",
    )?
    .query_row(params![number, time(at)], kept)
    .optional()
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let mut columns = Columns::of(row);
    let number = columns.get()?;
    Ok(Kept::new(number, read(&mut columns)?))
}

/// The cost of a provider's sessions from `from` (included) to `until` (excluded).
pub fn cost_between(
    connection: &Connection,
    provider: Provider,
    from: Timestamp,
    until: Timestamp,
) -> rusqlite::Result<Money> {
    connection
        .prepare_cached(
            "SELECT coalesce(sum(cost_micros), 0) FROM usage_sessions WHERE provider = ?1 AND at >= ?2 AND at < ?3",
        )?
        .query_row(params![provider, time(from), time(until)], |row| row.get(0))
}

/// When the provider's oldest session was recorded.
pub fn first_at(connection: &Connection, provider: Provider) -> rusqlite::Result<Option<Timestamp>> {
    connection
        .prepare_cached("SELECT at FROM usage_sessions WHERE provider = ?1 ORDER BY at LIMIT 1")?
        .query_row([provider], |row| Columns::of(row).time())
        .optional()
}

/// Every provider's sessions from `from` (included) to `until` (excluded), oldest first.
pub fn between(connection: &Connection, from: Timestamp, until: Timestamp) -> rusqlite::Result<Vec<Session>> {
    connection
        .prepare_cached(
            "SELECT at, provider, model, input_tokens, output_tokens, cost_micros, session_type, notes
               FROM usage_sessions WHERE at >= ?1 AND at < ?2 ORDER BY at, id",
        )?
        .query_map([time(from), time(until)], |row| read(&mut Columns::of(row)))?
        .collect()
}

/// The newest sessions of every provider, newest first.
pub fn recent(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<Kept>> {
    connection
        .prepare_cached(
            "SELECT id, at, provider, model, input_tokens, output_tokens, cost_micros, session_type, notes
               FROM usage_sessions ORDER BY at DESC, id DESC LIMIT ?1",
        )?
        .query_map([limit], kept)?
        .collect()
}

fn read(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Session> {
    Ok(Session {
        at: columns.time()?,
        provider: columns.get()?,
        model: columns.get()?,
        input_tokens: columns.get()?,
        output_tokens: columns.get()?,
        cost: columns.get()?,
        session_type: columns.get()?,
        notes: columns.get()?,
    })
}
