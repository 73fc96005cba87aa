//! The old files: read while they are written to, never changed, and refused with a sentence if they are
//! something else.

use std::{collections::BTreeMap, fs};

use sha2::{Digest as _, Sha256};

use super::*;
use crate::{
    durable::beside,
    store::{Store, StoreError},
};

/// Every file of a folder, by its hash.
fn hashes(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let hash = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, format!("{:?}", Sha256::digest(fs::read(&path).unwrap())))
    };
    entries.map(hash).collect()
}

fn sentence(path: &Path) -> String {
    Source::read(path).unwrap_err().to_string()
}

#[test]
fn an_old_file_is_not_touched_and_nothing_appears_beside_it() {
    for journal in ["DELETE", "WAL"] {
        let (old, mut state) = (Old::live(), state());
        let mode: String = old
            .usage
            .pragma_update_and_check(None, "journal_mode", journal, |row| row.get(0))
            .unwrap();
        assert!(mode.eq_ignore_ascii_case(journal));
        // Another process's connection stays open: with WAL the newest row is in the log only.
        old.session("2025-09-14T10:00:00", (3, 4), 0.5);
        let before = hashes(old.folder.path());
        let report = take_all(&mut state, &old);
        assert_eq!(counts(&report, "usage_sessions"), (3, 3, 0, 0, 0), "{journal}");
        assert_eq!(hashes(old.folder.path()), before, "{journal}");
    }
}

#[test]
fn a_closed_file_in_wal_mode_is_read_without_making_its_log() {
    let old = Old::live();
    old.usage.pragma_update(None, "journal_mode", "WAL").unwrap();
    let [path, _] = old.paths();
    let Old { folder, usage, .. } = old;
    usage.close().unwrap();
    let before = hashes(folder.path());
    assert_eq!(
        Source::read(&path)
            .unwrap()
            .table("usage_sessions")
            .unwrap()
            .len(),
        2
    );
    assert_eq!(hashes(folder.path()), before);
}

#[test]
fn an_unfinished_transaction_of_the_old_system_is_not_seen() {
    let old = Old::live();
    // So small a cache that the unfinished rows are in the file, with the journal to take them back.
    old.usage
        .execute_batch("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE")
        .unwrap();
    for minute in 0..400 {
        old.session(
            &format!("2025-09-01T10:{:02}:{:02}", minute / 60, minute % 60),
            (1, 1),
            0.1,
        );
    }
    let [path, _] = old.paths();
    assert!(
        path.with_extension("db-journal").exists(),
        "it is in the middle of it"
    );
    let before = hashes(old.folder.path());
    assert_eq!(
        Source::read(&path)
            .unwrap()
            .table("usage_sessions")
            .unwrap()
            .len(),
        2
    );
    assert_eq!(hashes(old.folder.path()), before);
    old.usage.execute_batch("COMMIT").unwrap();
    assert_eq!(
        Source::read(&path)
            .unwrap()
            .table("usage_sessions")
            .unwrap()
            .len(),
        402
    );
}

#[test]
fn what_is_no_file_of_the_python_system_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let shown = |name: &str| path(name).display().to_string();

    assert!(sentence(&path("absent.db")).starts_with(&shown("absent.db")));
    fs::write(path("empty.db"), b"").unwrap();
    assert_eq!(
        sentence(&path("empty.db")),
        format!(
            "{} is empty: it is not a database of the Python system",
            shown("empty.db")
        )
    );
    fs::write(
        path("text.db"),
        b"SQLite format 3 is what this text pretends to be; it goes on for a while".repeat(30),
    )
    .unwrap();
    assert_eq!(
        sentence(&path("text.db")),
        format!("{} is not an SQLite database", shown("text.db"))
    );
    Connection::open(path("other.db"))
        .unwrap()
        .execute_batch("CREATE TABLE recipes (x)")
        .unwrap();
    assert!(sentence(&path("other.db")).contains("has none of the Python system's tables"));
    drop(Store::open(&path("ours.db")).unwrap());
    assert!(
        sentence(&path("ours.db")).contains("is mecris-agent's own state"),
        "{}",
        sentence(&path("ours.db"))
    );
    assert!(!sentence(folder.path()).is_empty(), "a folder");
}

/// A copy of the old file with these bytes overwritten is refused as damaged.
fn assert_damaged(old: &Old, overwritten: std::ops::Range<usize>) {
    let [path, _] = old.paths();
    let mut bytes = fs::read(path).unwrap();
    bytes[overwritten].fill(0x5a);
    let damaged = old.folder.path().join("damaged.db");
    fs::write(&damaged, bytes).unwrap();
    let refused = sentence(&damaged);
    assert!(refused.contains("is damaged:"), "{refused}");
}

#[test]
fn a_damaged_file_is_refused_as_a_whole() {
    let old = Old::live();
    let [path, _] = old.paths();
    for index in 0..200 {
        old.session("2025-09-01T10:00:00", (index, 1), 0.1);
    }
    let length = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
    assert_damaged(&old, 4096..length);
}

#[test]
fn a_damaged_table_that_is_not_taken_is_damage_and_not_an_empty_table() {
    let old = Old::live();
    old.usage
        .execute_batch("CREATE TABLE notes (x); INSERT INTO notes VALUES (1)")
        .unwrap();
    let root_page: u32 = old
        .usage
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'notes'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let end = usize::try_from(root_page).unwrap() * 4096;
    assert_damaged(&old, end - 4096..end);
}

#[test]
fn a_virtual_table_of_an_unknown_module_counts_as_empty() {
    let old = Old::live();
    let [path, _] = old.paths();
    old.usage
        .execute_batch(
            "PRAGMA writable_schema = ON;
             INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql)
             VALUES ('table', 'notes', 'notes', 0, 'CREATE VIRTUAL TABLE notes USING no_such_module(x)');",
        )
        .unwrap();
    let source = Source::read(&path).unwrap();
    assert!(source.others().contains(&("notes".to_owned(), 0)));
}

#[test]
fn an_empty_file_is_refused_even_with_a_log_beside_it() {
    let old = Old::live();
    let [path, _] = old.paths();
    old.usage.pragma_update(None, "journal_mode", "WAL").unwrap();
    old.session("2025-09-14T10:00:00", (3, 4), 0.5);
    let empty = old.folder.path().join("empty.db");
    fs::write(&empty, b"").unwrap();
    fs::copy(beside(&path, "-wal"), beside(&empty, "-wal")).unwrap();
    assert!(sentence(&empty).contains(" is empty:"), "{}", sentence(&empty));
}

#[test]
fn older_files_without_some_tables_and_columns_are_read() {
    let (old, mut state) = (Old::new(), state());
    old.usage
        .execute_batch("DROP TABLE alert_log; DROP TABLE budget_reconciliation; DROP TABLE goals")
        .unwrap();
    old.budget
        .execute_batch(
            "ALTER TABLE provider_usage DROP COLUMN reconciled; ALTER TABLE provider_usage DROP COLUMN actual_cost;
             ALTER TABLE provider_usage DROP COLUMN session_type;
             ALTER TABLE groq_odometer_readings DROP COLUMN created_at;",
        )
        .unwrap();
    old.session("2025-09-01T10:00:00", (1, 1), 0.1);
    old.provider_session("groq", "2025-09-01T10:00:00", (1, 1), 0.1);
    old.budget
        .execute_batch(
            "INSERT INTO groq_odometer_readings (timestamp, month, cumulative_value) VALUES ('2025-09-02T10:00:00', '2025-09', 2.0)",
        )
        .unwrap();
    let report = take_all(&mut state, &old);
    for table in ["usage_sessions", "provider_usage", "groq_odometer_readings"] {
        assert_eq!(counts(&report, table), (1, 1, 0, 0, 0), "{table}");
    }
    assert!(report.tables.iter().all(|table| table.table != "alert_log"));

    old.usage
        .execute_batch("ALTER TABLE usage_sessions DROP COLUMN model")
        .unwrap();
    old.usage
        .execute_batch("UPDATE usage_sessions SET id = 7")
        .unwrap();
    let report = take_all(&mut state, &old);
    assert_eq!(
        reasons(&report, "usage_sessions"),
        ["id 7 x1 model: the table has no such column"]
    );
}

#[test]
fn the_python_systems_file_is_not_taken_for_our_state() {
    let old = Old::live();
    let [path, _] = old.paths();
    let before = hashes(old.folder.path());
    for error in [
        Store::open(&path).unwrap_err(),
        Store::open_read_only(&path).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::NotOurs(_)), "{error}");
        assert!(error.to_string().contains("mecris-agent state import"), "{error}");
    }
    let mut after = hashes(old.folder.path());
    after.remove("mecris_usage.db.lock");
    assert_eq!(after, before, "not even its journal mode was changed");
}

#[test]
fn whatever_instant_of_a_running_system_is_read_it_is_one() {
    for journal in ["DELETE", "WAL"] {
        let old = Old::new();
        let [path, _] = old.paths();
        old.usage.pragma_update(None, "journal_mode", journal).unwrap();
        old.usage.pragma_update(None, "synchronous", "OFF").unwrap();
        let mut connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        let python = std::thread::spawn(move || {
            for _ in 0..300 {
                // Two rows at once, over many pages: an odd number of rows was never true.
                let tx = connection.transaction().unwrap();
                let insert = "INSERT INTO usage_sessions (timestamp, model, input_tokens, output_tokens, estimated_cost, session_type, notes)
                              VALUES ('2025-09-01T10:00:00', 'm', 1, 1, 0.1, 's', hex(randomblob(3000)))";
                tx.execute(insert, []).unwrap();
                tx.execute(insert, []).unwrap();
                tx.commit().unwrap();
            }
        });
        let mut read = 0;
        while !python.is_finished() {
            match Source::read(&path) {
                Ok(source) => {
                    let rows = source.table("usage_sessions").unwrap().len();
                    assert!(
                        rows.is_multiple_of(2) && rows >= read,
                        "{journal}: {rows} rows after {read}"
                    );
                    read = rows;
                }
                Err(error) => assert!(matches!(error, SourceError::Busy(_)), "{journal}: {error}"),
            }
        }
        python.join().unwrap();
        assert_eq!(
            Source::read(&path)
                .unwrap()
                .table("usage_sessions")
                .unwrap()
                .len(),
            600,
            "{journal}"
        );
    }
}
