use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;

use super::{
    tables::{decisions, silences, sql},
    *,
};
use crate::domain::Severity;

struct Place {
    _folder: TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    Place {
        path: folder.path().join("state").join("mecris.db"),
        _folder: folder,
    }
}

/// An empty state of its own, gone with the folder.
pub(crate) fn scratch() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("mecris.db")).unwrap();
    (folder, store)
}

fn count(store: &Store) -> i64 {
    store
        .read(|c| c.query_row("SELECT count(*) FROM snapshots", [], |row| row.get(0)))
        .unwrap()
}

const INSERT: &str =
    "INSERT INTO snapshots (arm, at, value) VALUES (?1, '2026-01-01T00:00:00.000000000Z', '{}')";

async fn add(store: &Store, arm: &'static str) -> Result<usize, StoreError> {
    store.write(move |tx| tx.execute(INSERT, [arm])).await
}

/// Opens the store as soon as the writer thread of the last one has let go of the lock.
async fn reopen(path: &Path) -> Store {
    tokio::time::timeout(std::time::Duration::from_secs(10), async {
        loop {
            match Store::open(path) {
                Err(StoreError::Locked { .. }) => tokio::task::yield_now().await,
                other => return other.unwrap(),
            }
        }
    })
    .await
    .expect("the lock is released when the last handle is dropped")
}

#[tokio::test]
async fn nobody_else_can_read_what_is_remembered() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = place();
    let store = Store::open(&place.path).unwrap();
    add(&store, "arm").await.unwrap();
    let copy = place.path.with_extension("backup");
    copies::write_new(&copy, &copies::read(&place.path).unwrap()).unwrap();
    for file in [
        place.path.clone(),
        crate::durable::beside(&place.path, "-wal"),
        copy,
    ] {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn files_beside_the_state_that_are_read_only_stop_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = place();
    let files = ["", "-wal", "-shm"].map(|log| crate::durable::beside(&place.path, log));
    std::fs::create_dir_all(place.path.parent().unwrap()).unwrap();
    for file in &files {
        std::fs::write(file, []).unwrap();
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o444)).unwrap();
    }
    let store = Store::open(&place.path).unwrap();
    add(&store, "arm").await.unwrap();
    for file in &files {
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn a_second_store_is_refused_with_a_sentence() {
    let place = place();
    let _first = Store::open(&place.path).unwrap();
    let error = Store::open(&place.path).unwrap_err();
    let start = format!(
        "{} is in use by another mecris-agent (process {}):",
        place.path.display(),
        std::process::id()
    );
    assert!(error.to_string().starts_with(&start), "{error}");
}

#[tokio::test]
async fn the_lock_is_held_until_the_last_handle_is_dropped() {
    let place = place();
    let first = Store::open(&place.path).unwrap();
    let second = first.clone();
    add(&first, "a").await.unwrap();
    drop(first);
    assert!(
        matches!(Store::open(&place.path), Err(StoreError::Locked { .. })),
        "a clone still holds it"
    );
    add(&second, "b").await.unwrap();
    drop(second);
    assert_eq!(
        count(&reopen(&place.path).await),
        2,
        "what was written is still there"
    );
}

#[tokio::test]
async fn work_in_the_queue_is_done_before_the_writer_ends() {
    let place = place();
    let store = Store::open(&place.path).unwrap();
    let write = store.write(|tx| tx.execute(INSERT, ["late"]));
    drop(tokio::time::timeout(std::time::Duration::ZERO, write).await);
    drop(store);
    assert_eq!(
        count(&reopen(&place.path).await),
        1,
        "the caller gave up waiting, the transaction counts"
    );
}

#[tokio::test]
async fn a_reader_sees_every_commit_beside_the_writer_and_cannot_write() {
    let place = place();
    let writer = Store::open(&place.path).unwrap();
    let reader = Store::open_read_only(&place.path).unwrap();
    assert_eq!(count(&reader), 0);
    add(&writer, "a").await.unwrap();
    assert_eq!(count(&reader), 1);
    assert!(matches!(add(&reader, "b").await, Err(StoreError::WriterGone)));
    let error = reader.read(|c| c.execute(INSERT, ["c"])).unwrap_err();
    assert!(error.to_string().contains("readonly"), "{error}");
    let error = writer.read(|c| c.execute(INSERT, ["d"])).unwrap_err();
    assert!(
        error.to_string().contains("readonly"),
        "the owner's reading connection too: {error}"
    );
}

#[tokio::test]
async fn reading_needs_a_database_and_makes_none() {
    let place = place();
    let error = Store::open_read_only(&place.path).unwrap_err();
    assert!(matches!(error, StoreError::Missing(_)));
    assert!(
        error
            .to_string()
            .ends_with("does not exist yet: `mecris-agent run` or `serve` makes it")
    );
    assert!(!place.path.exists());
}

#[tokio::test]
async fn a_newer_database_is_refused_and_left_alone() {
    let place = place();
    let store = Store::open(&place.path).unwrap();
    add(&store, "a").await.unwrap();
    drop(store);
    drop(reopen(&place.path).await);
    let raw = Connection::open(&place.path).unwrap();
    make_newer(&raw).unwrap();
    drop(raw);
    let error = Store::open_read_only(&place.path).unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::TooNew {
                found: 99,
                known: 12,
                ..
            }
        ),
        "{error}"
    );
    let error = loop {
        match Store::open(&place.path) {
            Err(StoreError::Locked { .. }) => tokio::task::yield_now().await,
            other => break other.unwrap_err(),
        }
    };
    assert!(
        error
            .to_string()
            .contains("schema version 99, this mecris-agent knows up to 12"),
        "{error}"
    );
    let raw = Connection::open(&place.path).unwrap();
    let version: i64 = raw
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, 99);
}

/// Makes a file one of a release that this build cannot follow.
pub(crate) fn make_newer(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "user_version", 99)?;
    connection.execute("UPDATE compatibility SET min_reader = 99", [])?;
    Ok(())
}

/// A file as the first release left it, with one decision.
fn first_release(path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let raw = Connection::open(path).unwrap();
    raw.execute_batch(include_str!("file/schema/0001_initial.sql"))
        .unwrap();
    raw.execute_batch(
        "INSERT INTO decisions (id, at, subject, severity, day, action, reason, evidence)
         VALUES (7, '2026-11-21T18:00:00.000000000Z', 'walk', 'WARNING', '2026-11-21', 'suppress', 'quiet_hours', 'no walk');
         PRAGMA user_version = 1;",
    )
    .unwrap();
}

#[tokio::test]
async fn the_decisions_of_an_older_file_are_kept_and_those_of_a_person_can_join_them() {
    let place = place();
    first_release(&place.path);
    let store = Store::open(&place.path).unwrap();
    store
        .write(|tx| {
            tx.execute_batch(
                "INSERT INTO decisions (at, subject, day, action, reason, evidence, author)
                 VALUES ('2026-11-21T18:01:00.000000000Z', 'goal:*', '2026-11-21', 'silence', 'asked_for', '', 'laptop')",
            )
        })
        .await
        .unwrap();
    let decisions = store.read(|c| decisions::list(c, 10, None)).unwrap();
    let told: Vec<_> = decisions
        .iter()
        .map(|d| (d.id, d.action.as_str(), d.severity.map(Severity::as_str)))
        .collect();
    assert_eq!(told, [(8, "silence", None), (7, "suppress", Some("WARNING"))]);
    assert_eq!(decisions[1].evidence, "no walk");
}

#[test]
fn an_older_file_is_read_as_it_will_be_and_left_as_it_is() {
    let place = place();
    first_release(&place.path);
    let reader = Store::open_read_only(&place.path).unwrap();
    assert_eq!(reader.read(|c| decisions::list(c, 10, None)).unwrap().len(), 1);
    assert_eq!(
        reader
            .read(|c| silences::active(c, "2026-11-21T18:00:00Z".parse().unwrap()))
            .unwrap(),
        []
    );
    assert!(
        reader
            .read(|c| c.execute(INSERT, ["a"]))
            .unwrap_err()
            .to_string()
            .contains("readonly")
    );
    let raw = Connection::open(&place.path).unwrap();
    let version: i64 = raw
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, 1);
}

#[tokio::test]
async fn a_write_whose_closure_fails_leaves_nothing() {
    let place = place();
    let store = Store::open(&place.path).unwrap();
    let failed: Result<(), _> = store
        .write(|tx| {
            tx.execute(INSERT, ["a"])?;
            Err(rusqlite::Error::QueryReturnedNoRows)
        })
        .await;
    assert!(matches!(
        failed,
        Err(StoreError::Sql(rusqlite::Error::QueryReturnedNoRows))
    ));
    assert_eq!(count(&store), 0);
    add(&store, "b").await.unwrap();
    assert_eq!(count(&store), 1, "the writer goes on");
}

#[tokio::test]
async fn writes_are_durable_strict_and_keep_references() {
    let place = place();
    let store = Store::open(&place.path).unwrap();
    let pragma = |name: &'static str| {
        store.write(move |tx| tx.pragma_query_value(None, name, |row| row.get::<_, i64>(0)))
    };
    assert_eq!(pragma("synchronous").await.unwrap(), 2, "FULL");
    assert_eq!(pragma("foreign_keys").await.unwrap(), 1);
    let mode: String = store
        .read(|c| c.pragma_query_value(None, "journal_mode", |row| row.get(0)))
        .unwrap();
    assert_eq!(mode, "wal");
    let loose: Vec<String> = store
        .read(|c| {
            c.prepare(
                "SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
            )?
            .query_map([], |row| row.get(0))?
            .collect()
        })
        .unwrap();
    assert_eq!(loose, Vec::<String>::new(), "every table is STRICT");
    let wrong_type = store.write(|tx| {
        tx.execute(
            "INSERT INTO odometer_readings (provider, at, month, value_micros) VALUES ('groq', 'x', 'y', 'ten')",
            [],
        )
    });
    assert!(
        wrong_type
            .await
            .unwrap_err()
            .to_string()
            .contains("cannot store TEXT value in INTEGER column")
    );
    let orphan = store.write(|tx| {
        tx.execute(
            "INSERT INTO attempts (notification_id, number, channel, started_at) VALUES ('nobody', 1, 'sms', 'x')",
            [],
        )
    });
    assert!(orphan.await.unwrap_err().to_string().contains("FOREIGN KEY"));
}

#[test]
fn text_order_of_times_is_time_order() {
    let times = [
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.000000001Z",
        "2026-01-01T00:00:00.5Z",
        "2026-01-01T00:00:01Z",
    ];
    let written: Vec<String> = times
        .iter()
        .map(|t| sql::time(t.parse().unwrap()).to_string())
        .collect();
    assert!(written.is_sorted(), "{written:?}");
}

#[test]
fn a_folder_and_a_device_are_no_state_and_stay_as_they_are() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
    for path in [folder.path(), Path::new("/dev/null")] {
        let before = mode(path);
        for error in [Store::open(path).err(), Store::open_read_only(path).err()] {
            let text = error.unwrap().to_string();
            assert!(
                text.ends_with("is no ordinary file: name a file in state.path"),
                "{text}"
            );
        }
        assert_eq!(mode(path), before);
    }
}
