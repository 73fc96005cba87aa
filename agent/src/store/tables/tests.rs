//! How SQLite runs our statements: which index it uses, and how often it prepares a statement.

use std::{collections::BTreeSet, fs, path::Path};

use rusqlite::{Connection, StatementStatus};

use super::outbox::{ACKNOWLEDGED_BY, IN_DOUBT, MAY_HAVE_ARRIVED, NOBODY_TOLD, REFUSED_AT, STATE};
use crate::store::{Store, tests::scratch};

/// Tables that grow with every pass.
const LARGE: [&str; 5] = ["attempts", "claims", "decisions", "notifications", "runs"];

/// Statements that filter a large table and still read all of it, each with the reason why that is all right.
const READ_ALL: [(&str, &str); 4] = [
    (
        "SELECT channel, count(*) FROM attempts WHERE outcome IN",
        "counts what was ever accepted, for the metrics after a delivery",
    ),
    (
        "SELECT provider_id FROM attempts\n              WHERE channel = :channel",
        "looks around an attempt in doubt, which is rare",
    ),
    (
        "SELECT DISTINCT subject, day FROM claims WHERE notification_id",
        "names what an acknowledged message was about: once for each acknowledgement",
    ),
    (
        "DELETE FROM claims WHERE notification_id",
        "releases the claims of a message that is withdrawn or whose text is made anew, which is rare",
    ),
];

/// Every SQL text in the source of the tables, but for tests and `retention.rs`.
fn statements() -> Vec<String> {
    fn files(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, found);
            } else if !["tests.rs", "retention.rs", "later.rs"]
                .iter()
                .any(|name| path.ends_with(name))
            {
                let source = fs::read_to_string(&path).unwrap();
                found.push(source.split("#[cfg(test)]").next().unwrap().to_owned());
            }
        }
    }
    let mut sources = Vec::new();
    files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/tables"),
        &mut sources,
    );
    let sql = regex_lite::Regex::new(r#""((?:SELECT|UPDATE|DELETE|INSERT) [^"]*)""#).unwrap();
    sources
        .iter()
        .flat_map(|source| sql.captures_iter(source))
        .map(|found| {
            let sql = found[1].replace("{COLUMNS}", "*").replace("\\\n", " ");
            let parts = [
                ("{NOBODY_TOLD}", NOBODY_TOLD),
                ("{REFUSED_AT}", REFUSED_AT),
                ("{ACKNOWLEDGED_BY}", ACKNOWLEDGED_BY),
                ("{STATE}", STATE),
                ("{IN_DOUBT}", IN_DOUBT),
                ("{MAY_HAVE_ARRIVED}", MAY_HAVE_ARRIVED),
            ];
            parts
                .iter()
                .fold(sql, |sql, (name, part)| sql.replace(name, part))
        })
        .collect()
}

/// What `EXPLAIN QUERY PLAN` says about a statement, one line for each step.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let parameters = vec![rusqlite::types::Null; statement.parameter_count()];
    statement
        .query_map(rusqlite::params_from_iter(parameters), |row| row.get(3))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap()
}

#[test]
fn a_statement_that_filters_a_large_table_uses_an_index() {
    let (_folder, store) = scratch();
    let statements = statements();
    assert!(statements.len() > 40, "{}", statements.len());
    let mut scanning = BTreeSet::new();
    for sql in statements.iter().filter(|sql| sql.contains(" WHERE ")) {
        let steps = store.read(|connection| Ok(plan(connection, sql))).unwrap();
        let scans = |step: &&String| {
            LARGE.iter().any(|table| {
                let mut words = step.split(' ');
                words.next() == Some("SCAN") && words.next() == Some(*table) && !step.contains("INDEX")
            })
        };
        if steps.iter().any(|step| scans(&step)) && !READ_ALL.iter().any(|(known, _)| sql.starts_with(known))
        {
            scanning.insert(format!("{sql}: {steps:?}"));
        }
    }
    assert_eq!(scanning, BTreeSet::new());
}

#[test]
fn the_decisions_of_one_pass_are_found_by_their_index() {
    let (_folder, store) = scratch();
    let sql = statements()
        .into_iter()
        .find(|sql| sql.contains("FROM decisions WHERE run_id"))
        .unwrap();
    let steps = store.read(|connection| Ok(plan(connection, &sql))).unwrap();
    assert_eq!(
        steps,
        ["SEARCH decisions USING INDEX decisions_by_run (run_id=? AND rowid<?)"]
    );
}

/// Runs a statement five times, each time with another LIMIT, and returns how often SQLite prepared it again.
/// Without the planner's stability guarantee, SQLite makes a plan for the LIMIT that is bound, and prepares
/// the statement again when the LIMIT changes.
fn prepared_again(connection: &Connection) -> i32 {
    let mut statement = connection
        .prepare("SELECT id FROM runs ORDER BY started_at DESC LIMIT ?1")
        .unwrap();
    for limit in 1..=5 {
        assert!(!statement.exists([limit]).unwrap());
    }
    statement.get_status(StatementStatus::RePrepare)
}

#[test]
fn a_statement_is_prepared_once_whatever_its_parameters_are() {
    let (_folder, store) = scratch();
    assert_eq!(
        store.read(|connection| Ok(prepared_again(connection))).unwrap(),
        0
    );
    let unconfigured = Connection::open(store.path()).unwrap();
    assert!(
        prepared_again(&unconfigured) > 0,
        "SQLite prepares only once anyway, so this test shows nothing"
    );
}

#[tokio::test]
async fn one_read_sees_the_state_of_one_moment() {
    let (_folder, store) = scratch();
    let passes = |connection: &Connection| -> rusqlite::Result<u32> {
        connection.query_row("SELECT count(*) FROM snapshots", [], |row| row.get(0))
    };
    let (asks, asked) = std::sync::mpsc::channel();
    let (tells, told) = std::sync::mpsc::channel();
    let reader: Store = store.clone();
    let reading = tokio::task::spawn_blocking(move || {
        reader.read(|connection| {
            let before = passes(connection)?;
            asks.send(()).unwrap();
            told.recv().unwrap();
            Ok((before, passes(connection)?))
        })
    });
    tokio::task::spawn_blocking(move || asked.recv().unwrap())
        .await
        .unwrap();
    store
        .write(|tx| {
            tx.execute(
                "INSERT INTO snapshots (arm, at, value) VALUES ('a', '2026-11-21', '{}')",
                [],
            )
        })
        .await
        .unwrap();
    tells.send(()).unwrap();
    assert_eq!(reading.await.unwrap().unwrap(), (0, 0));
    assert_eq!(store.read(passes).unwrap(), 1);
}
