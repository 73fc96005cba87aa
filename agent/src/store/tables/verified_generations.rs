//! `verified_generations`: which generations were fetched, opened and checked, and with what result, so that
//! pruning need not fetch them again. A generation never changes, so neither does its verdict.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::sql::time;

/// Every generation that was checked: `None` if it is sound, else what is wrong with it.
pub fn all(connection: &Connection) -> rusqlite::Result<BTreeMap<u64, Option<String>>> {
    connection
        .prepare_cached("SELECT generation, damage FROM verified_generations ORDER BY generation")?
        .query_map([], |row| Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?)))?
        .collect()
}

/// Notes a verdict.
pub(in crate::store) fn put(
    tx: &Transaction<'_>,
    generation: u64,
    damage: Option<&str>,
    at: Timestamp,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO verified_generations (generation, at, damage) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![generation.cast_signed(), time(at), damage])?;
    Ok(())
}

/// Deletes the verdicts on generations that are not in `there`.
pub(in crate::store) fn retain(tx: &Transaction<'_>, there: &BTreeSet<u64>) -> rusqlite::Result<()> {
    for generation in all(tx)?.keys().filter(|generation| !there.contains(generation)) {
        tx.prepare_cached("DELETE FROM verified_generations WHERE generation = ?1")?
            .execute([generation.cast_signed()])?;
    }
    Ok(())
}
