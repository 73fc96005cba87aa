use tempfile::TempDir;

use super::*;
use crate::store::{Store, tables::export, tests::scratch};

const NOON: &str = "2026-11-20T12:00:00.000000000Z";
const LATER: &str = "2026-11-20T13:00:00.000000000Z";

/// Two states that were one at noon: a message is being sent.
async fn earlier_and_later() -> (Store, Store, [TempDir; 2]) {
    let begin = format!(
        "INSERT INTO runs VALUES ('r1', '{NOON}', '{NOON}', 'cli', 'done', 1, 0, 1, '{{}}');
         INSERT INTO notifications (id, run_id, created_at, severity, subjects, body, tag, state, channel, attempt, updated_at)
            VALUES ('m1', 'r1', '{NOON}', 'WARNING', '[]', 'walk', '#1', 'sending', 'sms', 1, '{NOON}');
         INSERT INTO attempts (notification_id, number, channel, started_at) VALUES ('m1', 1, 'sms', '{NOON}');
         INSERT INTO claims VALUES ('walk', '2026-11-20', 0, 'WARNING', 'm1', '{NOON}');
         INSERT INTO silences (id, kind, pattern, starts_at, ends_at, author, created_at)
            VALUES ('s1', 'silence', 'goal:*', '{NOON}', '2026-12-01T00:00:00.000000000Z', 'me', '{NOON}');
         INSERT INTO budget (provider, source, used_micros, health, refreshed_at) VALUES ('groq', 'odometer', 1, 'GOOD', '{NOON}');"
    );
    let mut states = Vec::new();
    for _ in 0..2 {
        let (folder, store) = scratch();
        let begin = begin.clone();
        store.write(move |tx| tx.execute_batch(&begin)).await.unwrap();
        states.push((folder, store));
    }
    let (later_folder, later) = states.pop().unwrap();
    let (folder, earlier) = states.pop().unwrap();
    let since = format!(
        "UPDATE notifications SET state = 'delivered', accepted_at = '{LATER}', updated_at = '{LATER}' WHERE id = 'm1';
         UPDATE notifications SET acknowledged_at = '{LATER}' WHERE id = 'm1';
         UPDATE attempts SET finished_at = '{LATER}', outcome = 'accepted' WHERE notification_id = 'm1';
         INSERT INTO runs VALUES ('r2', '{LATER}', '{LATER}', 'cli', 'done', 1, 0, 1, '{{}}');
         INSERT INTO notifications (id, run_id, created_at, severity, subjects, body, tag, state, channel, attempt, updated_at)
            VALUES ('m2', 'r2', '{LATER}', 'WARNING', '[]', 'reading', '#2', 'accepted', 'sms', 1, '{LATER}');
         INSERT INTO attempts VALUES ('m2', 1, 'sms', '{LATER}', '{LATER}', 'accepted', NULL, NULL, NULL, 0);
         INSERT INTO claims VALUES ('goal:reading', '2026-11-20', 0, 'WARNING', 'm2', '{LATER}');
         INSERT INTO decisions (id, run_id, at, subject, severity, day, action, reason, evidence, notification_id)
            VALUES (1, 'r2', '{LATER}', 'goal:reading', 'WARNING', '2026-11-20', 'notify', 'first_of_day', '', 'm2');
         UPDATE silences SET deleted_at = '{LATER}', deleted_by = 'me' WHERE id = 's1';
         INSERT INTO broken_channels VALUES ('sms', '{LATER}', '{LATER}', '{LATER}', 0, NULL, 'no');
         INSERT INTO steps VALUES ('goal:reading', '2026-11-21', 'ahead', 'WARNING', 'm2', '{LATER}', NULL, NULL);
         INSERT INTO forewarned VALUES ('s1', 'goal:reading', '2026-11-25', '{LATER}', NULL, '{LATER}', 'm2');
         INSERT INTO entries VALUES ('reading', 'd1', '2026-11-20', '{LATER}', 1, 0, 0, NULL);
         INSERT INTO readings (goal, at, state, deadline, entered) VALUES ('reading', '{LATER}', 'active', 0, '');
         INSERT INTO derailments VALUES ('reading', '2026-11-20', '{LATER}', NULL, NULL, 'frozen');
         INSERT INTO entry_histories VALUES ('reading', 1, '{LATER}', '{LATER}');
         UPDATE budget SET used_micros = 2;
         INSERT INTO odometer_readings VALUES (1, 'groq', '{LATER}', '2026-11', 2, '');"
    );
    later.write(move |tx| tx.execute_batch(&since)).await.unwrap();
    (earlier, later, [folder, later_folder])
}

fn copy_of(store: &Store, folder: &TempDir, name: &str) -> Connection {
    let path = folder.path().join(name);
    store.copy_to(&path).unwrap();
    Connection::open(path).unwrap()
}

async fn carry_over(from: &Store, folder: &TempDir, to: &Store) -> Vec<Carried> {
    let later = copy_of(
        from,
        folder,
        &format!(
            "copy-{}",
            to.path().parent().unwrap().file_name().unwrap().display()
        ),
    );
    to.write(move |tx| carry(&later, tx)).await.unwrap()
}

fn table(store: &Store, table: &str) -> Vec<export::Row> {
    store.read(|connection| export::rows(connection, table)).unwrap()
}

#[tokio::test]
async fn what_happened_is_not_undone_and_figures_are() {
    let (earlier, later, [_folder, later_folder]) = earlier_and_later().await;
    let carried = carry_over(&later, &later_folder, &earlier).await;
    let carried: Vec<_> = carried
        .iter()
        .map(|carried| (carried.table, carried.rows))
        .collect();
    assert_eq!(
        carried,
        [
            ("runs", 1),
            ("silences", 1),
            ("notifications", 2),
            ("attempts", 2),
            ("claims", 1),
            ("steps", 1),
            ("forewarned", 1),
            ("broken_channels", 1),
            ("entries", 1),
            ("readings", 1),
            ("derailments", 1),
            ("entry_histories", 1),
            ("decisions", 1)
        ]
    );
    for name in [
        "runs",
        "silences",
        "notifications",
        "attempts",
        "claims",
        "steps",
        "forewarned",
        "broken_channels",
        "entries",
        "readings",
        "derailments",
        "entry_histories",
        "decisions",
    ] {
        assert_eq!(table(&earlier, name), table(&later, name), "{name}");
    }
    assert_eq!(table(&earlier, "budget")[0]["used_micros"], 1);
    assert_eq!(table(&earlier, "odometer_readings"), []);
}

#[tokio::test]
async fn a_second_time_changes_nothing_and_an_older_word_counts_less() {
    let (earlier, later, [folder, later_folder]) = earlier_and_later().await;
    let back = carry_over(&earlier, &folder, &later).await;
    assert_eq!(
        back.iter().map(|carried| carried.rows).sum::<usize>(),
        0,
        "{back:?}"
    );
    carry_over(&later, &later_folder, &earlier).await;
    std::fs::remove_dir_all(later_folder.path()).unwrap();
    std::fs::create_dir_all(later_folder.path()).unwrap();
    let again = carry_over(&later, &later_folder, &earlier).await;
    assert_eq!(
        again.iter().map(|carried| carried.rows).sum::<usize>(),
        0,
        "{again:?}"
    );
}

#[tokio::test]
async fn an_acknowledgement_alone_is_taken_over() {
    let (earlier, later, [_folder, later_folder]) = earlier_and_later().await;
    carry_over(&later, &later_folder, &earlier).await;
    later
        .write(|tx| {
            tx.execute(
                "UPDATE notifications SET acknowledged_at = ?1 WHERE id = 'm2'",
                [LATER],
            )
        })
        .await
        .unwrap();
    let (other, _) = (tempfile::tempdir().unwrap(), ());
    let carried = carry_over(&later, &other, &earlier).await;
    let rows: Vec<_> = carried
        .iter()
        .filter(|carried| carried.rows > 0)
        .map(|carried| (carried.table, carried.rows))
        .collect();
    assert_eq!(rows, [("notifications", 1)]);
    assert_eq!(table(&earlier, "notifications"), table(&later, "notifications"));
}

#[tokio::test]
async fn a_number_that_means_another_decision_loses_neither() {
    let (earlier, later, [_folder, later_folder]) = earlier_and_later().await;
    let own = format!(
        "INSERT INTO decisions (id, run_id, at, subject, severity, day, action, reason, evidence)
         VALUES (1, 'r1', '{NOON}', 'walk', 'WARNING', '2026-11-20', 'notify', 'first_of_day', '')"
    );
    earlier.write(move |tx| tx.execute_batch(&own)).await.unwrap();
    carry_over(&later, &later_folder, &earlier).await;
    let subjects: Vec<_> = table(&earlier, "decisions")
        .iter()
        .map(|row| (row["id"].clone(), row["subject"].clone()))
        .collect();
    assert_eq!(
        subjects,
        [(1.into(), "walk".into()), (2.into(), "goal:reading".into())]
    );
}

#[test]
fn every_table_is_carried_or_goes_back() {
    const GO_BACK: [&str; 14] = [
        "budget",
        "compatibility",
        "durable_writes",
        // The next reading renames what stands under the earlier names once more.
        "goal_names",
        "imports",
        "lineage",
        "odometer_readings",
        "reconciliations",
        "removals",
        "snapshots",
        "untold",
        "upstream_checks",
        "usage_sessions",
        "verified_generations",
    ];
    let connection = crate::store::in_memory().unwrap();
    let all: Vec<String> = connection
        .prepare(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
        )
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    let mut known: Vec<&str> = TABLES.iter().map(|(table, _)| *table).chain(GO_BACK).collect();
    known.sort_unstable();
    assert_eq!(
        all, known,
        "decide for a new table whether a return to an earlier state undoes it"
    );
}
