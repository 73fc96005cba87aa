//! `upstream_checks`: which upstream answered when.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::sql::{parse, time};

/// The newest try of an upstream: when, whether it answered, and why not.
pub fn latest(connection: &Connection, upstream: &str) -> rusqlite::Result<Option<(Timestamp, bool, Option<String>)>> {
    connection
        .prepare_cached("SELECT at, ok, why FROM upstream_checks WHERE upstream = ?1 ORDER BY at DESC LIMIT 1")?
        .query_row([upstream], |row| Ok((parse(row, "at")?, row.get("ok")?, row.get("why")?)))
        .optional()
}

/// Records a try; `failure` says why it failed.
pub fn record(connection: &Connection, upstream: &str, at: Timestamp, failure: Option<&str>) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO upstream_checks (upstream, at, ok, why) VALUES (?1, ?2, ?3, ?4)")?
        .execute((upstream, time(at), failure.is_none(), failure))
        .map(|_| ())
}
