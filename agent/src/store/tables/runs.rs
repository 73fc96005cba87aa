//! `runs`: one row for each pass.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;

use super::sql::{Columns, json, time};
use crate::domain::{Observations, RunOutcome, Trigger};

/// One finished pass.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct RunRow {
    /// Time-ordered unique id.
    pub id: String,
    /// When it started.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When its record was written.
    #[schema(value_type = String, format = DateTime)]
    pub finished_at: Timestamp,
    /// Who asked for it.
    pub trigger: Trigger,
    /// Whether everything was found out.
    pub outcome: RunOutcome,
    /// Whether Beeminder was read: what the dead-man's switch counts.
    pub succeeded: bool,
    /// Whether it took longer than `heuristic.deadline`.
    pub overran: bool,
    /// Whether it made a message.
    pub changed: bool,
    /// What was found out; `null`: another release recorded it in words that this release does not know.
    pub observations: Option<Observations>,
}

/// Writes one pass.
pub fn insert(tx: &Transaction<'_>, run: &RunRow) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO runs (id, started_at, finished_at, trigger, outcome, succeeded, overran, changed, observations)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        run.id,
        time(run.started_at),
        time(run.finished_at),
        run.trigger,
        run.outcome,
        run.succeeded,
        run.overran,
        run.changed,
        json(&run.observations)?,
    ])?;
    Ok(())
}

/// The newest pass by a clock that shows `now`. A pass that is recorded for a time to come is it only if there is no
/// other.
pub fn newest(connection: &Connection, now: Timestamp) -> rusqlite::Result<Option<RunRow>> {
    let after = now.checked_add(SignedDuration::from_nanos(1)).ok();
    let until_now = page(connection, 1, after)?.into_iter().next();
    if until_now.is_some() {
        return Ok(until_now);
    }
    Ok(list(connection, 1)?.into_iter().next())
}

/// Passes, the newest first.
pub fn list(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<RunRow>> {
    page(connection, limit, None)
}

/// The newest passes that began before `before`, newest first.
pub fn page(connection: &Connection, limit: u32, before: Option<Timestamp>) -> rusqlite::Result<Vec<RunRow>> {
    connection
        .prepare_cached(
            "SELECT id, started_at, finished_at, trigger, outcome, succeeded, overran, changed, observations
               FROM runs WHERE started_at < ?2 ORDER BY started_at DESC, id DESC LIMIT ?1",
        )?
        .query_map(params![limit, time(before.unwrap_or(Timestamp::MAX))], read)?
        .collect()
}

/// Whether there is a pass with this id.
pub fn exists(connection: &Connection, id: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM runs WHERE id = ?1")?
        .exists([id])
}

/// Who asked for the passes that started since, and when each started.
pub fn triggers_since(
    connection: &Connection,
    since: Timestamp,
) -> rusqlite::Result<Vec<(Trigger, Timestamp)>> {
    connection
        .prepare_cached("SELECT trigger, started_at FROM runs WHERE started_at >= ?1 ORDER BY started_at")?
        .query_map([time(since)], |row| {
            let mut columns = Columns::of(row);
            Ok((columns.get()?, columns.time()?))
        })?
        .collect()
}

/// When the first pass ever ran.
pub fn first(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    connection
        .prepare_cached("SELECT started_at FROM runs ORDER BY started_at LIMIT 1")?
        .query_row([], |row| Columns::of(row).time())
        .optional()
}

/// When the last successful pass finished.
pub fn last_success(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    connection
        .prepare_cached("SELECT finished_at FROM runs WHERE succeeded = 1 ORDER BY started_at DESC LIMIT 1")?
        .query_row([], |row| Columns::of(row).time())
        .optional()
}

/// The latest gap between two successful passes that is longer than `longer_than` and ended at `since` or
/// later. Returns when the gap began and when it ended.
pub fn gap_ended_since(
    connection: &Connection,
    since: Timestamp,
    longer_than: SignedDuration,
) -> rusqlite::Result<Option<(Timestamp, Timestamp)>> {
    let mut statement = connection.prepare_cached(
        "SELECT finished_at FROM runs WHERE succeeded = 1 AND started_at >= coalesce(
             (SELECT max(started_at) FROM runs WHERE succeeded = 1 AND finished_at < ?1), '')
         ORDER BY started_at",
    )?;
    let successes: Vec<Timestamp> = statement
        .query_map([time(since)], |row| Columns::of(row).time())?
        .collect::<Result<_, _>>()?;
    Ok(successes
        .windows(2)
        .rev()
        .map(|pair| (pair[0], pair[1]))
        .find(|(from, until)| until.duration_since(*from) > longer_than))
}

fn read(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    let mut columns = Columns::of(row);
    Ok(RunRow {
        id: columns.get()?,
        started_at: columns.time()?,
        finished_at: columns.time()?,
        trigger: columns.get()?,
        outcome: columns.get()?,
        succeeded: columns.get()?,
        overran: columns.get()?,
        changed: columns.get()?,
        observations: serde_json::from_str(&columns.get::<String>()?).ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::ObservationView, store::tests::scratch};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn run(id: &str, when: &str, succeeded: bool) -> RunRow {
        RunRow {
            id: id.to_owned(),
            started_at: at(when),
            finished_at: at(when),
            trigger: Trigger::Cli,
            outcome: RunOutcome::Done,
            succeeded,
            overran: false,
            changed: false,
            observations: Some(Observations {
                beeminder: ObservationView::NOT_CONFIGURED,
                budget: ObservationView::NOT_CONFIGURED,
                walk: ObservationView::NOT_CONFIGURED,
            }),
        }
    }

    async fn with(runs: Vec<RunRow>) -> (tempfile::TempDir, crate::store::Store) {
        let (folder, store) = scratch();
        store
            .write(move |tx| runs.iter().try_for_each(|run| insert(tx, run)))
            .await
            .unwrap();
        (folder, store)
    }

    #[tokio::test]
    async fn a_gap_is_told_only_while_its_end_is_recent() {
        let runs = vec![
            run("a", "2026-11-18T15:00:00Z", true),
            run("b", "2026-11-19T15:00:00Z", false),
            run("c", "2026-11-20T18:00:00Z", true),
            run("d", "2026-11-20T18:15:00Z", true),
        ];
        let (_folder, store) = with(runs).await;
        let gap = |since| {
            store
                .read(|c| gap_ended_since(c, at(since), SignedDuration::from_hours(25)))
                .unwrap()
        };
        let expected = Some((at("2026-11-18T15:00:00Z"), at("2026-11-20T18:00:00Z")));
        assert_eq!(
            gap("2026-11-19T18:30:00Z"),
            expected,
            "a failed pass does not end a gap"
        );
        assert_eq!(gap("2026-11-20T18:01:00Z"), None, "it ended before");
    }

    #[tokio::test]
    async fn a_daily_window_is_no_gap() {
        let runs = vec![
            run("a", "2026-11-19T18:00:00Z", true),
            run("b", "2026-11-20T18:59:59Z", true),
        ];
        let (_folder, store) = with(runs).await;
        let since = at("2026-11-19T20:00:00Z");
        assert_eq!(
            store
                .read(|c| gap_ended_since(c, since, SignedDuration::from_hours(25)))
                .unwrap(),
            None
        );
    }

    #[tokio::test]
    async fn the_newest_pass_comes_first_and_pages_go_back() {
        let (_folder, store) = with(vec![
            run("a", "2026-11-20T18:00:00Z", true),
            run("b", "2026-11-20T18:15:00Z", false),
        ])
        .await;
        let ids = |runs: Vec<RunRow>| runs.into_iter().map(|run| run.id).collect::<Vec<_>>();
        assert_eq!(ids(store.read(|c| list(c, 10)).unwrap()), ["b", "a"]);
        assert_eq!(
            ids(store
                .read(|c| page(c, 10, Some(at("2026-11-20T18:15:00Z"))))
                .unwrap()),
            ["a"]
        );
        assert_eq!(
            store.read(last_success).unwrap(),
            Some(at("2026-11-20T18:00:00Z"))
        );
        assert_eq!(store.read(first).unwrap(), Some(at("2026-11-20T18:00:00Z")));
    }
}
