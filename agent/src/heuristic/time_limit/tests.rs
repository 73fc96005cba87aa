use super::*;
use crate::store::tests::scratch;

#[tokio::test(start_paused = true)]
async fn computing_has_what_is_left_of_the_deadline_and_at_least_two_seconds() {
    for (allowed, observed, computed, is_late) in [
        (30_000, 10_000, 19_900, false),
        (30_000, 10_000, 20_100, true),
        (30_000, 29_000, 1_900, false),
        (30_000, 29_000, 2_100, true),
        (50, 60, 1_900, false),
        (50, 60, 2_100, true),
    ] {
        let limit = TimeLimit::begin(Duration::from_millis(allowed));
        tokio::time::advance(Duration::from_millis(observed)).await;
        let limit = limit.of_computing();
        let asked = limit.check(Stage::Deciding);
        assert!(asked.is_ok(), "{allowed} {observed}");
        let took = Duration::from_millis(computed);
        let waited = limit.wait(Stage::Deciding, tokio::time::sleep(took)).await;
        assert_eq!(waited.is_err(), is_late, "{allowed} {observed} {computed}");
    }
}

#[tokio::test]
async fn what_is_late_is_rolled_back_and_says_why() {
    let (_folder, store) = scratch();
    let limit = TimeLimit::begin(Duration::ZERO);
    let written = store.write(move |tx| {
        tx.execute("INSERT INTO untold VALUES ('walk', '2026-11-21T15:00:00Z')", [])?;
        while limit.check(Stage::Remembering).is_ok() {}
        limit.check(Stage::Remembering)
    });
    let slow = TooSlow::of(&written.await.unwrap_err()).unwrap();
    assert_eq!((slow.stage, slow.allowed), (Stage::Remembering, Duration::ZERO));
    insta::assert_snapshot!(slow, @"the time of the pass was over after comparing the account with its earlier readings (heuristic.deadline is 0ns, and computing has at least 2s): nothing is claimed or sent, and the next pass begins anew. If this stays so, the machine is too slow for so many goals: ignore some (beeminder.ignore), or give a pass more time (heuristic.deadline)");
    let rows: u32 = store
        .read(|connection| connection.query_row("SELECT count(*) FROM untold", [], |row| row.get(0)))
        .unwrap();
    assert_eq!(rows, 0);
}

#[test]
fn another_error_is_no_lateness() {
    for error in [
        rusqlite::Error::QueryReturnedNoRows,
        rusqlite::Error::ToSqlConversionFailure("a value".into()),
    ] {
        assert_eq!(TooSlow::of(&error.into()), None);
    }
}
