use std::collections::BTreeMap;

use tempfile::TempDir;

use super::*;
use crate::store::{Store, file::connection, tables::export};

/// A row in every table of each released version.
const ROWS: [&str; 11] = [
    include_str!("rows_0001.sql"),
    include_str!("rows_0002.sql"),
    include_str!("rows_0003.sql"),
    include_str!("rows_0004.sql"),
    include_str!("rows_0005.sql"),
    include_str!("rows_0006.sql"),
    include_str!("rows_0007.sql"),
    include_str!("rows_0008.sql"),
    include_str!("rows_0009.sql"),
    include_str!("rows_0010.sql"),
    include_str!("rows_0011.sql"),
];

/// A file as that release left it.
fn released(version: usize) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mecris.db");
    let connection = Connection::open(&path).unwrap();
    connection::configure_writer(&connection).unwrap();
    for (migration, rows) in MIGRATIONS.iter().zip(ROWS).take(version) {
        connection.execute_batch(migration).unwrap();
        connection.execute_batch(rows).unwrap();
    }
    connection
        .pragma_update(None, "user_version", i64::try_from(version).unwrap())
        .unwrap();
    (folder, path)
}

/// What the name of the copy that is made before a migration to the newest version ends in, and `more`.
fn before_newest(more: &str) -> String {
    format!(".before-v{}{more}", known())
}

type Content = BTreeMap<String, Vec<export::Row>>;

fn content(connection: &Connection) -> Content {
    let tables = export::tables(connection).unwrap();
    tables
        .into_iter()
        .map(|table| (table.clone(), export::rows(connection, &table).unwrap()))
        .collect()
}

fn of_file(path: &Path) -> (i64, Content) {
    let connection = copies::open(path).unwrap();
    (version(&connection).unwrap(), content(&connection))
}

/// Every cell of the older rows that the newer tables still have a column for, by the name of the table and
/// column.
fn assert_nothing_lost(before: &Content, after: &Content) {
    for (table, rows) in before {
        assert_eq!(rows.len(), after[table].len(), "rows of {table}");
        for (row, newer) in rows.iter().zip(&after[table]) {
            let kept: export::Row = newer
                .iter()
                .filter(|(name, _)| row.contains_key(*name))
                .map(|(n, v)| (n.clone(), v.clone()))
                .collect();
            assert_eq!(row, &kept, "a row of {table}");
        }
    }
}

#[test]
fn every_released_version_walks_up_and_loses_nothing() {
    assert_eq!(
        ROWS.len() + 1,
        MIGRATIONS.len(),
        "a released version has rows to walk up with"
    );
    for version in 1..MIGRATIONS.len() {
        let (_folder, path) = released(version);
        let before = of_file(&path).1;
        for (table, rows) in &before {
            assert!(!rows.is_empty(), "{table} of version {version} has a row to lose");
        }
        let migrated = Store::migrate(&path).unwrap().unwrap();
        let from = i64::try_from(version).unwrap();
        assert_eq!((migrated.from, migrated.to), (from, known()));
        let (reached, after) = of_file(&path);
        assert_eq!(reached, known());
        assert_nothing_lost(&before, &after);
        assert_eq!(
            of_file(&migrated.backup),
            (from, before),
            "the older file is beside it"
        );
        assert_eq!(
            Store::migrate(&path).unwrap(),
            None,
            "a second time there is nothing to do"
        );
        let store = Store::open(&path).unwrap();
        assert!(store.read(super::verify::orphan).unwrap().is_none());
    }
}

#[test]
fn the_names_of_goals_are_those_of_the_last_reading_before() {
    for (reading, expected) in [
        (
            r#"{"goals": [{"id": "1", "slug": "a"}, {"id": null, "slug": "b"}, {"slug": "c"}]}"#,
            vec!["1 a"],
        ),
        (
            r#"{"goals": [{"id": "1", "slug": "a"}, {"id": "1", "slug": "b"}]}"#,
            vec!["1 a"],
        ),
        (r#"{"goals": ["a", 5, null]}"#, vec![]),
        (r#"{"goals": 5}"#, vec![]),
        ("{}", vec![]),
        ("no JSON", vec![]),
    ] {
        let (_folder, path) = released(5);
        let connection = Connection::open(&path).unwrap();
        connection
            .execute(
                "INSERT OR REPLACE INTO snapshots VALUES ('beeminder', '2026-11-21T18:00:00.000000000Z', ?1)",
                [reading],
            )
            .unwrap();
        drop(connection);
        Store::migrate(&path).unwrap().unwrap();
        let names = &of_file(&path).1["goal_names"];
        let names: Vec<String> = names
            .iter()
            .map(|row| {
                format!(
                    "{} {}",
                    row["goal"].as_str().unwrap(),
                    row["slug"].as_str().unwrap()
                )
            })
            .collect();
        assert_eq!(names, expected, "{reading}");
    }
}

#[test]
fn a_migration_that_fails_half_way_leaves_the_file_as_it_was() {
    for broken in [
        "CREATE TABLE half (a TEXT); INSERT INTO half VALUES ('x'); DROP TABLE claims; SELECT nonsense FROM nowhere;",
        // It runs to its end, and what it makes contradicts itself.
        "PRAGMA defer_foreign_keys = ON; DELETE FROM notifications;",
    ] {
        let (_folder, path) = released(1);
        let before = of_file(&path);
        let mut connection = Connection::open(&path).unwrap();
        connection::configure_writer(&connection).unwrap();
        let error = migrate_by(&[MIGRATIONS[0], broken], &mut connection, &path).unwrap_err();
        println!("{error}");
        assert_eq!(
            (version(&connection).unwrap(), content(&connection)),
            before,
            "the same connection"
        );
        drop(connection);
        assert_eq!(of_file(&path), before);
        assert_eq!(
            of_file(&beside(&path, ".before-v2")),
            before,
            "the copy was made first"
        );
        // And nothing of the failure is in the way of the right one.
        Store::migrate(&path).unwrap().unwrap();
        assert_nothing_lost(&before.1, &of_file(&path).1);
    }
}

#[test]
fn what_a_kill_left_is_in_nobodys_way() {
    let (_folder, path) = released(1);
    let before = of_file(&path);
    // Killed while the copy was written, and another time behind it.
    std::fs::write(beside(&path, &before_newest(".part")), b"half a file").unwrap();
    std::fs::write(beside(&path, &before_newest("")), b"not even a database").unwrap();
    Store::migrate(&path).unwrap().unwrap();
    assert_eq!(of_file(&beside(&path, &before_newest(""))), before);
    assert!(!beside(&path, &before_newest(".part")).exists());
}

#[test]
fn without_a_sound_copy_nothing_is_migrated() {
    let (_folder, path) = released(1);
    let before = of_file(&path);
    // Nobody can put a file in the place of a folder.
    std::fs::create_dir_all(beside(&path, &before_newest("/x"))).unwrap();
    let error = Store::migrate(&path).unwrap_err();
    assert!(error.to_string().contains(&before_newest("")), "{error}");
    assert_eq!(of_file(&path), before);
    std::fs::remove_dir_all(beside(&path, &before_newest(""))).unwrap();

    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM notifications;")
        .unwrap();
    drop(connection);
    let error = Store::migrate(&path).unwrap_err();
    assert!(error.to_string().contains("is damaged: row "), "{error}");
    assert_eq!(of_file(&path).0, 1);
    assert!(!beside(&path, &before_newest("")).exists());
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mecris_usage.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE usage_sessions (a); INSERT INTO usage_sessions VALUES (1)")
        .unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(Store::open(&path).unwrap_err(), StoreError::NotOurs(_)));
    assert!(matches!(
        Store::open_read_only(&path).unwrap_err(),
        StoreError::NotOurs(_)
    ));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

/// What the release after this one might add.
const NEXT: &str = "CREATE TABLE moods (day TEXT PRIMARY KEY, mood TEXT NOT NULL) STRICT;
    ALTER TABLE entries ADD COLUMN mood TEXT;
    INSERT INTO moods VALUES ('2026-11-20', 'good');";

/// A file that the release after this one migrated, with this said about who can use it.
fn of_the_next_release(min_reader: i64) -> (TempDir, PathBuf) {
    let (folder, path) = released(2);
    let mut connection = Connection::open(&path).unwrap();
    connection::configure_writer(&connection).unwrap();
    let migrations: Vec<&str> = MIGRATIONS.into_iter().chain([NEXT]).collect();
    migrate_by(&migrations, &mut connection, &path).unwrap().unwrap();
    connection
        .execute("UPDATE compatibility SET min_reader = ?1", [min_reader])
        .unwrap();
    (folder, path)
}

#[tokio::test]
async fn a_file_of_the_next_release_is_used_and_what_it_added_stays() {
    let (_folder, path) = of_the_next_release(known());
    let before = of_file(&path);
    assert_eq!(before.0, known() + 1);
    assert_eq!(Store::migrate(&path).unwrap(), None);
    let reader = Store::open_read_only(&path).unwrap();
    assert_eq!(
        reader.read(|connection| Ok(content(connection))).unwrap(),
        before.1
    );
    let store = Store::open(&path).unwrap();
    store
        .write(|tx| tx.execute("INSERT INTO imports VALUES ('a', 'b', 'c', 'd')", []))
        .await
        .unwrap();
    drop(store);
    let (version, after) = of_file(&path);
    assert_eq!(version, known() + 1, "the newer release goes on where it was");
    assert_eq!(after["moods"], before.1["moods"]);
    assert_eq!(after["imports"].len(), before.1["imports"].len() + 1);

    let mut connection = Connection::open(&path).unwrap();
    let mut copy = image::load(image::take(&mut connection).unwrap()).unwrap();
    migrate_in_memory(&mut copy, &path).unwrap();
    assert_eq!((super::version(&copy).unwrap(), content(&copy)), (version, after));
}

#[test]
fn a_file_of_a_release_that_took_something_away_is_refused() {
    let (_folder, path) = of_the_next_release(known() + 1);
    let before = of_file(&path);
    for refused in [
        Store::open(&path).unwrap_err(),
        Store::open_read_only(&path).unwrap_err(),
        Store::migrate(&path).unwrap_err(),
    ] {
        assert!(matches!(refused, StoreError::TooNew { .. }), "{refused}");
    }
    assert_eq!(of_file(&path), before);
}
