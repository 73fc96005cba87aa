//! `usage_sessions`: Claude sessions, each with the cost that the Python system computed on its day.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{
    Context, Kind, Outcome, Report,
    cell::{Bad, Row},
};
use crate::{
    domain::{Money, Provider, Used},
    store::tables::{
        sessions::{self, Session},
        sql,
    },
};

/// The old system wrote both ledgers in one request, one after the other; rows this close are the same
/// session.
const ONE_REQUEST: SignedDuration = SignedDuration::from_secs(5);

/// The other ledger of the old system; a session may be in both.
pub(super) const OTHER_LEDGER: &str = "provider_usage";

pub(super) struct Sessions;

impl Kind for Sessions {
    const TABLE: &'static str = "usage_sessions";
    const KEY: &'static [&'static str] = &[
        "id",
        "timestamp",
        "model",
        "input_tokens",
        "output_tokens",
        "estimated_cost",
        "session_type",
        "notes",
    ];
    type Parsed = Session;

    fn parse(&self, row: &Row<'_>, context: &Context) -> Result<Session, Bad> {
        session(row, context, Provider::Anthropic, row.spent("estimated_cost")?)
    }

    fn write(
        &self,
        tx: &Transaction<'_>,
        parsed: Session,
        _: &Context,
        _: &mut Report,
    ) -> rusqlite::Result<Outcome> {
        write(tx, &parsed, Self::TABLE, OTHER_LEDGER)
    }
}

/// The session of a row of either ledger.
pub(super) fn session(
    row: &Row<'_>,
    context: &Context,
    provider: Provider,
    cost: Money,
) -> Result<Session, Bad> {
    let used = Used {
        input: row.count("input_tokens")?,
        output: row.count("output_tokens")?,
        ..Used::default()
    };
    let at = row.time("timestamp", context)?;
    let session = Session::new(at, provider, row.text("model")?, used, cost);
    Ok(Session {
        session_type: row.optional_text("session_type")?.unwrap_or(session.session_type),
        notes: row.optional_text("notes")?.unwrap_or_default(),
        ..session
    })
}

/// Adds a session, unless the same session was taken from the `other` table.
pub(super) fn write(
    tx: &Transaction<'_>,
    session: &Session,
    this: &str,
    other: &str,
) -> rusqlite::Result<Outcome> {
    if let Some(twin) = twin(tx, session, this, other)? {
        return Ok(Outcome::Same(
            twin,
            format!("the same session is in {other} too, and was taken from there"),
        ));
    }
    sessions::insert(tx, session)?;
    Ok(Outcome::Taken(format!(
        "usage_sessions/{}",
        tx.last_insert_rowid()
    )))
}

/// The session here that was taken from a row of `other` and that no row of `this` matches yet: same model,
/// same tokens, at the same time.
fn twin(
    tx: &Transaction<'_>,
    session: &Session,
    this: &str,
    other: &str,
) -> rusqlite::Result<Option<String>> {
    let around = |by| sql::time(session.at.saturating_add(by).unwrap_or(Timestamp::MAX));
    tx.prepare_cached(
        "SELECT 'usage_sessions/' || s.id FROM usage_sessions s
          WHERE s.provider = ?1 AND s.at BETWEEN ?2 AND ?3 AND s.model = ?4 AND s.input_tokens = ?5 AND s.output_tokens = ?6
            AND EXISTS (SELECT 1 FROM imports WHERE became = 'usage_sessions/' || s.id AND source_table = ?7)
            AND NOT EXISTS (SELECT 1 FROM imports WHERE became = 'usage_sessions/' || s.id AND source_table = ?8)
          ORDER BY s.at, s.id LIMIT 1",
    )?
    .query_row(
        params![
            session.provider.as_str(),
            around(-ONE_REQUEST),
            around(ONE_REQUEST),
            session.model,
            session.used.input,
            session.used.output,
            other,
            this,
        ],
        |row| row.get(0),
    )
    .optional()
}
