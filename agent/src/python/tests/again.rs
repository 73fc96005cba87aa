//! Taking over twice, while the old system goes on, or not at all.

use super::*;
use crate::store::{Store, StoreError, tests::scratch};

/// One row in every table that rows are taken from.
fn full() -> Old {
    let old = Old::live();
    old.alert("budget", "critical", "m", "2025-09-14T08:00:00", "");
    old.alert("budget", "critical", "m", "2025-09-14T10:00:00", "");
    old.provider_session("anthropic", "2025-08-07T10:00:00.2", (10_000, 2_000), 0.06);
    old.provider_session("groq", "2025-09-01T10:00:00", (7, 7), 0.25);
    old.usage
        .execute_batch(
            "INSERT INTO budget_reconciliation (budget_after) VALUES (1.0);
             UPDATE budget_reconciliation SET created_at = '2025-09-10 20:00:00';",
        )
        .unwrap();
    old.budget
        .execute_batch(
            "INSERT INTO reconciliation_jobs (provider, job_date, estimated_total, actual_total, drift_percentage, records_reconciled, reconciled_at)
             VALUES ('groq', '2025-09-09', 0.5, 0.25, 100.0, 3, '2025-09-10T00:10:00');
             INSERT INTO groq_monthly_summaries (month, total_cost, created_at, updated_at)
             VALUES ('2025-07', 3.25, '2025-07-03T10:00:00', '2025-08-01T10:00:00');",
        )
        .unwrap();
    old
}

#[test]
fn twice_is_once() {
    let (old, mut state) = (full(), state());
    let first = take_all(&mut state, &old);
    assert!(
        first.tables.iter().filter(|table| table.taken > 0).count() == 8,
        "every table gave something: {first:?}"
    );
    let before = dump(&state);
    // Later, from other copies, in another order.
    let [usage, budget] = old.paths();
    let copy = old.folder.path().join("copy.db");
    std::fs::copy(&usage, &copy).unwrap();
    let second = take_at(
        &mut state,
        &[budget, copy, usage],
        &context("2025-09-16T12:00:00Z"),
    );
    assert_eq!(dump(&state), before);
    assert!(second.tables.iter().all(|table| table.taken == 0), "{second:?}");
    assert_eq!(counts(&second, "usage_sessions"), (4, 0, 4, 0, 0));
    assert_eq!(
        counts(&second, "alert_log"),
        (4, 0, 4, 0, 0),
        "what was left out with good reason is not looked at again"
    );
}

#[test]
fn what_the_old_system_adds_meanwhile_comes_alone() {
    let (old, mut state) = (full(), state());
    take_all(&mut state, &old);
    let before = dump(&state);
    old.session("2025-09-15T09:00:00", (1, 2), 0.5);
    old.reading("2025-09-15T09:30:00", "2025-09", 2.10, None);
    old.alert("budget", "critical", "m", "2025-09-15T10:00:00", "");
    take_all(&mut state, &old);
    let added: Vec<String> = dump(&state)
        .into_iter()
        .filter(|row| !before.contains(row))
        .collect();
    let of = |table: &str| {
        added
            .iter()
            .filter(|row| row.starts_with(&format!("{table}:")))
            .count()
    };
    assert_eq!(
        (
            of("usage_sessions"),
            of("odometer_readings"),
            of("notifications"),
            of("claims")
        ),
        (1, 1, 1, 1)
    );
    assert_eq!((of("imports"), added.len()), (3, 7), "{added:#?}");
}

#[test]
fn another_zone_does_not_take_the_same_rows_again() {
    let (old, mut state) = (full(), state());
    take_all(&mut state, &old);
    let before = dump(&state);
    let berlin = Context {
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        ..context(NOW)
    };
    take_at(&mut state, &old.paths(), &berlin);
    assert_eq!(dump(&state), before);
}

#[tokio::test]
async fn an_error_in_the_middle_leaves_the_state_as_it_was() {
    let (old, (_folder, store)) = (full(), scratch());
    let breaks =
        "CREATE TRIGGER breaks BEFORE INSERT ON reconciliations BEGIN SELECT RAISE(ABORT, 'broken'); END";
    store.write(move |tx| tx.execute_batch(breaks)).await.unwrap();
    let everything = |store: &Store| store.read(|connection| Ok(dump(connection))).unwrap();
    let before = everything(&store);
    let sources: Vec<Source> = old
        .paths()
        .iter()
        .map(|path| Source::read(path).unwrap())
        .collect();
    let error = store
        .write(move |tx| take(tx, &sources, &context(NOW)).map(drop))
        .await
        .unwrap_err();
    assert!(
        matches!(error, StoreError::Sql(_)) && error.to_string().contains("broken"),
        "{error}"
    );
    assert_eq!(everything(&store), before);

    store
        .write(|tx| tx.execute_batch("DROP TRIGGER breaks"))
        .await
        .unwrap();
    let sources: Vec<Source> = old
        .paths()
        .iter()
        .map(|path| Source::read(path).unwrap())
        .collect();
    let report = store
        .write(move |tx| take(tx, &sources, &context(NOW)))
        .await
        .unwrap();
    assert_eq!(
        counts(&report, "usage_sessions"),
        (2, 2, 0, 0, 0),
        "and then it works"
    );
}
