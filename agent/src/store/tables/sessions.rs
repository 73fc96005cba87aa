//! `usage_sessions`: LLM sessions and what each cost.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{
    removals::{self, Removable},
    sql::{Columns, time},
};
use crate::domain::{Basis, Conditions, Money, PricedBy, Provider, SessionSource, Speed, Used, basis};

super::sql::as_str!(PricedBy, SessionSource, Speed);

/// Every column but `id`, in the order in which [`read`] reads them.
const COLUMNS: &str = "at, provider, model, input_tokens, output_tokens, cache_write_tokens, \
     cache_write_1h_tokens, cache_read_tokens, web_searches, speed, service_tier, inference_geo, cost_micros, \
     priced_by, priced_as, request_id, billed, session_type, notes, source";

/// One session as it was recorded. The cost is at the prices of its day. Later prices do not change it.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// When it ran.
    pub at: Timestamp,
    /// Who bills it.
    pub provider: Provider,
    /// The model id.
    pub model: String,
    /// Its tokens and searches.
    pub used: Used,
    /// How it ran.
    pub conditions: Conditions,
    /// What it cost.
    pub cost: Money,
    /// How the cost is known. `None`: it was recorded before that was noted, or by the Python system.
    pub priced_by: Option<PricedBy>,
    /// The model whose line of the table of prices counted. `None`: no line did.
    pub priced_as: Option<String>,
    /// What the provider calls the request.
    pub request_id: Option<String>,
    /// Whether anybody pays for it. A session within a plan is not billed, and no budget counts its cost.
    pub billed: bool,
    /// Free word of the caller, such as `interactive`.
    pub session_type: String,
    /// Free text of the caller.
    pub notes: String,
    /// How it came here.
    pub source: SessionSource,
}

impl Session {
    /// A billed session of which no more is known than these.
    pub fn new(at: Timestamp, provider: Provider, model: &str, used: Used, cost: Money) -> Self {
        Self {
            at,
            provider,
            model: model.to_owned(),
            used,
            conditions: Conditions::default(),
            cost,
            priced_by: None,
            priced_as: None,
            request_id: None,
            billed: true,
            session_type: "interactive".to_owned(),
            notes: String::new(),
            source: SessionSource::Recorded,
        }
    }

    /// What budgets count: its cost if somebody pays for it, and nothing otherwise.
    pub fn billed_cost(&self) -> Money {
        if self.billed { self.cost } else { Money::ZERO }
    }
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
        let id = id_of(number, session.at);
        Self { id, session }
    }
}

/// What endpoints call the row of this number, which was recorded at `at`.
pub(super) fn id_of(number: i64, at: Timestamp) -> String {
    format!("{number}-{}", at.as_nanosecond())
}

/// Adds a session. Returns it with its id.
pub fn record(tx: &Transaction<'_>, session: Session) -> rusqlite::Result<Kept> {
    insert(tx, &session)?;
    Ok(Kept::new(tx.last_insert_rowid(), session))
}

/// Adds a session.
///
/// # Errors
/// If the table has its request already, and for all other reasons that a write can fail.
pub fn insert(tx: &Transaction<'_>, session: &Session) -> rusqlite::Result<()> {
    put(tx, None, session)
}

/// Puts a session in the place of another one, whose id it gets. If its time is another one, so is the id, of which the
/// time is a part.
pub fn replace(tx: &Transaction<'_>, kept: &Kept, session: Session) -> rusqlite::Result<Kept> {
    match number_and_time(&kept.id) {
        Some((number, _)) => {
            put(tx, Some(number), &session)?;
            Ok(Kept::new(number, session))
        }
        None => record(tx, session),
    }
}

/// Writes the row of this number, or a new one.
fn put(tx: &Transaction<'_>, number: Option<i64>, session: &Session) -> rusqlite::Result<()> {
    let Session { used, conditions, .. } = session;
    tx.prepare_cached(&format!(
        "INSERT INTO usage_sessions ({COLUMNS}, id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
         ON CONFLICT (id) DO UPDATE SET ({COLUMNS}) =
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)"
    ))?
    .execute(params![
        time(session.at),
        session.provider,
        session.model,
        used.input,
        used.output,
        used.cache_write,
        used.cache_write_1h,
        used.cache_read,
        used.web_searches,
        conditions.speed,
        conditions.service_tier,
        conditions.inference_geo,
        session.cost,
        session.priced_by,
        session.priced_as,
        session.request_id,
        session.billed,
        session.session_type,
        session.notes,
        session.source,
        number,
    ])?;
    Ok(())
}

/// The session that was recorded for a provider's request.
pub fn of_request(
    connection: &Connection,
    provider: Provider,
    request_id: &str,
) -> rusqlite::Result<Option<Kept>> {
    connection
        .prepare_cached(&format!(
            "SELECT id, {COLUMNS} FROM usage_sessions WHERE provider = ?1 AND request_id = ?2"
        ))?
        .query_row(params![provider, request_id], kept)
        .optional()
}

/// Calls `each` with the note and the request of every session of a provider and a source from one instant to another one
/// that has both.
pub fn each_note(
    connection: &Connection,
    provider: Provider,
    source: SessionSource,
    (from, until): (Timestamp, Timestamp),
    mut each: impl FnMut(&str, &str),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT notes, request_id FROM usage_sessions
          WHERE provider = ?1 AND at >= ?2 AND at <= ?3 AND source = ?4 AND notes <> '' AND request_id IS NOT NULL",
    )?;
    let mut rows = statement.query(params![provider, time(from), time(until), source])?;
    while let Some(row) = rows.next()? {
        each(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
    }
    Ok(())
}

/// Takes back the session with this [`Kept::id`]. `None`: there is none.
pub fn remove(tx: &Transaction<'_>, id: &str, now: Timestamp) -> rusqlite::Result<Option<Kept>> {
    let Some((number, at)) = number_and_time(id) else {
        return Ok(None);
    };
    let found = tx
        .prepare_cached(&format!(
            "SELECT id, {COLUMNS} FROM usage_sessions WHERE id = ?1 AND at = ?2"
        ))?
        .query_row(params![number, time(at)], kept)
        .optional()?;
    if found.is_some() {
        removals::remove(tx, Removable::Session, number, id, now)?;
    }
    Ok(found)
}

/// The two parts of a [`Kept::id`].
pub(super) fn number_and_time(id: &str) -> Option<(i64, Timestamp)> {
    let (number, at) = id.split_once('-')?;
    let at = Timestamp::from_nanosecond(at.parse().ok()?).ok()?;
    Some((number.parse().ok()?, at))
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let mut columns = Columns::of(row);
    let number = columns.get()?;
    Ok(Kept::new(number, read(&mut columns)?))
}

/// The cost of a provider's billed sessions from `from` (included) to `until` (excluded).
pub fn cost_between(
    connection: &Connection,
    provider: Provider,
    from: Timestamp,
    until: Timestamp,
) -> rusqlite::Result<Money> {
    connection
        .prepare_cached(
            "SELECT coalesce(sum(cost_micros), 0) FROM usage_sessions
              WHERE provider = ?1 AND at >= ?2 AND at < ?3 AND billed = 1",
        )?
        .query_row(params![provider, time(from), time(until)], |row| row.get(0))
}

/// Billed sessions whose cost is assumed.
#[derive(Clone, Debug, PartialEq)]
pub struct Assumed {
    /// How many.
    pub sessions: i64,
    /// The model of the dearest of them.
    pub model: String,
    /// How many models they have.
    pub models: i64,
    /// What they count together.
    pub cost: Money,
}

/// A provider's billed sessions from `from` (included) to `until` (excluded) whose cost is assumed. `None`: there is
/// none.
pub fn assumed_between(
    connection: &Connection,
    provider: Provider,
    from: Timestamp,
    until: Timestamp,
) -> rusqlite::Result<Option<Assumed>> {
    // With max(), the other columns are those of the row that has it.
    connection
        .prepare_cached(
            "SELECT count(*), model, count(DISTINCT model), sum(cost_micros), max(cost_micros) FROM usage_sessions
              WHERE provider = ?1 AND at >= ?2 AND at < ?3 AND billed = 1 AND priced_by = ?4
             HAVING count(*) > 0",
        )?
        .query_row(
            params![provider, time(from), time(until), PricedBy::Assumed],
            |row| {
                Ok(Assumed {
                    sessions: row.get(0)?,
                    model: row.get(1)?,
                    models: row.get(2)?,
                    cost: row.get(3)?,
                })
            },
        )
        .optional()
}

/// Whether the provider has a session of this model that was priced in this way.
pub fn is_priced(
    connection: &Connection,
    provider: Provider,
    model: &str,
    by: PricedBy,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT 1 FROM usage_sessions WHERE provider = ?1 AND model = ?2 AND priced_by = ?3 LIMIT 1",
        )?
        .exists(params![provider, model, by])
}

/// What the costs of a provider's billed sessions from `from` (included) to `until` (excluded) rest on: the weakest of
/// all. `None`: there is no such session.
pub fn basis_between(
    connection: &Connection,
    provider: Provider,
    from: Timestamp,
    until: Timestamp,
) -> rusqlite::Result<Option<Basis>> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT priced_by, source FROM usage_sessions
          WHERE provider = ?1 AND at >= ?2 AND at < ?3 AND billed = 1",
    )?;
    let mut bases = statement.query_map(params![provider, time(from), time(until)], |row| {
        let mut columns = Columns::of(row);
        Ok(basis(columns.get()?, columns.get()?))
    })?;
    bases.try_fold(None, |weakest, basis| Ok(Some(basis?).max(weakest)))
}

/// The time of the provider's newest session up to `now`, billed or not.
pub fn last_at(
    connection: &Connection,
    provider: Provider,
    now: Timestamp,
) -> rusqlite::Result<Option<Timestamp>> {
    connection
        .prepare_cached(
            "SELECT at FROM usage_sessions WHERE provider = ?1 AND at <= ?2 ORDER BY at DESC LIMIT 1",
        )?
        .query_row(params![provider, time(now)], |row| Columns::of(row).time())
        .optional()
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
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM usage_sessions WHERE at >= ?1 AND at < ?2 ORDER BY at, id"
        ))?
        .query_map([time(from), time(until)], |row| read(&mut Columns::of(row)))?
        .collect()
}

/// The newest sessions of every provider, newest first.
pub fn recent(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<Kept>> {
    connection
        .prepare_cached(&format!(
            "SELECT id, {COLUMNS} FROM usage_sessions ORDER BY at DESC, id DESC LIMIT ?1"
        ))?
        .query_map([limit], kept)?
        .collect()
}

fn read(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Session> {
    Ok(Session {
        at: columns.time()?,
        provider: columns.get()?,
        model: columns.get()?,
        used: Used {
            input: columns.get()?,
            output: columns.get()?,
            cache_write: columns.get()?,
            cache_write_1h: columns.get()?,
            cache_read: columns.get()?,
            web_searches: columns.get()?,
        },
        conditions: Conditions {
            speed: columns.get()?,
            service_tier: columns.get()?,
            inference_geo: columns.get()?,
        },
        cost: columns.get()?,
        priced_by: columns.get()?,
        priced_as: columns.get()?,
        request_id: columns.get()?,
        billed: columns.get()?,
        session_type: columns.get()?,
        notes: columns.get()?,
        source: columns.get()?,
    })
}
