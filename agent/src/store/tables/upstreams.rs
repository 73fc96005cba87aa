//! `upstream_checks`: when each upstream answered. Checks are kept for two days, and further back to the last
//! success, because nothing asks for older checks.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::sql::{Columns, time};

const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// How an upstream answered lately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// Failures in a row up to the newest check; 0 if the newest check succeeded.
    pub consecutive_failures: u32,
    /// Failures at `since` or later.
    pub failures_since: u32,
    /// When the upstream last answered.
    pub last_success: Option<Timestamp>,
}

/// Records one check, and deletes checks that nothing asks for any more.
pub fn record(
    tx: &Transaction<'_>,
    upstream: &str,
    at: Timestamp,
    failure: Option<&str>,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO upstream_checks (upstream, at, ok, why) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![upstream, time(at), failure.is_none(), failure])?;
    tx.prepare_cached(
        "DELETE FROM upstream_checks WHERE upstream = ?1 AND at < ?2
            AND at < coalesce((SELECT max(at) FROM upstream_checks WHERE upstream = ?1 AND ok = 1), ?2)",
    )?
    .execute(params![upstream, time(at - KEPT)])?;
    Ok(())
}

/// The newest check: its time, whether it succeeded, and why it failed.
pub fn latest(
    connection: &Connection,
    upstream: &str,
) -> rusqlite::Result<Option<(Timestamp, bool, Option<String>)>> {
    connection
        .prepare_cached(
            "SELECT at, ok, why FROM upstream_checks WHERE upstream = ?1 ORDER BY at DESC LIMIT 1",
        )?
        .query_row([upstream], |row| {
            let mut columns = Columns::of(row);
            Ok((columns.time()?, columns.get()?, columns.get()?))
        })
        .optional()
}

/// A summary up to now, counting failures from `since` on.
pub fn summary(connection: &Connection, upstream: &str, since: Timestamp) -> rusqlite::Result<Checks> {
    let last_success: Option<String> = connection
        .prepare_cached("SELECT max(at) FROM upstream_checks WHERE upstream = ?1 AND ok = 1")?
        .query_row([upstream], |row| row.get(0))?;
    let mut count = connection.prepare_cached(
        "SELECT count(*) FROM upstream_checks WHERE upstream = ?1 AND ok = 0 AND at > ?2 AND at >= ?3",
    )?;
    let after_success = last_success.clone().unwrap_or_default();
    Ok(Checks {
        consecutive_failures: count.query_row(params![upstream, after_success, ""], |row| row.get(0))?,
        failures_since: count.query_row(params![upstream, "", time(since)], |row| row.get(0))?,
        last_success: last_success.and_then(|text| text.parse().ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::scratch;

    fn at(minute: i64) -> Timestamp {
        "2026-11-20T18:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
    }

    #[tokio::test]
    async fn failures_are_counted_in_a_row_and_in_the_hour() {
        let (_folder, store) = scratch();
        store
            .write(|tx| {
                record(tx, "beeminder", at(-90), Some("down"))?;
                record(tx, "beeminder", at(-50), Some("down"))?;
                record(tx, "beeminder", at(-40), None)?;
                record(tx, "beeminder", at(-20), Some("down"))?;
                record(tx, "beeminder", at(0), Some("still down"))?;
                record(tx, "other", at(0), Some("not ours"))
            })
            .await
            .unwrap();
        let checks = store.read(|c| summary(c, "beeminder", at(-60))).unwrap();
        assert_eq!(
            checks,
            Checks {
                consecutive_failures: 2,
                failures_since: 3,
                last_success: Some(at(-40))
            }
        );
        let newest = store.read(|c| latest(c, "beeminder")).unwrap();
        assert_eq!(newest, Some((at(0), false, Some("still down".to_owned()))));
    }

    #[tokio::test]
    async fn old_tries_are_forgotten_but_not_the_last_success() {
        let (_folder, store) = scratch();
        let days = |count: i64| at(count * 24 * 60);
        store
            .write(move |tx| {
                record(tx, "beeminder", days(-10), None)?;
                record(tx, "beeminder", days(-9), None)?;
                (-8..=0).try_for_each(|day| record(tx, "beeminder", days(day), Some("down")))
            })
            .await
            .unwrap();
        let checks = store.read(|c| summary(c, "beeminder", days(-100))).unwrap();
        assert_eq!(checks.last_success, Some(days(-9)));
        assert_eq!(checks.consecutive_failures, 9);
        let rows: u32 = store
            .read(|c| c.query_row("SELECT count(*) FROM upstream_checks", [], |row| row.get(0)))
            .unwrap();
        assert_eq!(rows, 10, "the success of ten days ago is gone");
    }
}
