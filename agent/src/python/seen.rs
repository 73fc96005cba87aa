//! `imports`: which rows of the old files are here, so that taking them again changes nothing.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use crate::store::tables::sql;

/// Whether the row was taken before, from whichever copy of the file.
pub(super) fn contains(connection: &Connection, table: &str, key: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM imports WHERE source_table = ?1 AND source_key = ?2")?
        .exists([table, key])
}

/// Notes that the row is `became` here.
pub(super) fn add(
    tx: &Transaction<'_>,
    table: &str,
    key: &str,
    became: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT INTO imports (source_table, source_key, became, at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![table, key, became, sql::time(at)])?;
    Ok(())
}
