//! After every clean end the database file alone is the whole state: whoever copies one file has everything.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use mecris_tests::{agent::Setup, beeminder::GoalSpec, clock::machine_time, python::PythonSystem};
use rusqlite::{Connection, OpenFlags};

use crate::stage::Stage;

/// Every row of every table, as text.
fn rows(database: &Path) -> Vec<String> {
    let connection = Connection::open(database).expect("the copy can be opened");
    let tables: Vec<String> = connection
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
        )
        .and_then(|mut query| query.query_map([], |row| row.get(0))?.collect())
        .expect("the copy has a schema");
    let mut all = Vec::new();
    for table in tables {
        let mut query = connection
            .prepare(&format!("SELECT * FROM {table}"))
            .expect("the table can be read");
        let columns = query.column_count();
        let mut found = query.query([]).expect("the table can be read");
        while let Some(row) = found.next().expect("the row can be read") {
            let values: Vec<String> = (0..columns)
                .map(|at| format!("{:?}", row.get_ref(at).expect("the column is there")))
                .collect();
            all.push(format!("{table}: {}", values.join(", ")));
        }
    }
    all
}

/// Copies the files with these endings into a folder of their own, and returns the database there.
fn copied(setup: &Setup, to: &Path, endings: &[&str]) -> PathBuf {
    fs::create_dir_all(to).expect("a folder");
    let database = setup.database();
    for ending in endings {
        let name = format!("mecris_usage.db{ending}");
        let from = database.with_file_name(&name);
        if from.exists() {
            fs::copy(from, to.join(name)).expect("the file can be copied");
        }
    }
    to.join("mecris_usage.db")
}

/// Fails unless the database file alone has every row that it has together with SQLite's files beside it.
/// Returns how many there are.
#[track_caller]
fn the_main_file_has_everything(setup: &Setup, what: &str) -> usize {
    let folder = tempfile::tempdir().expect("a folder");
    let alone = rows(&copied(setup, &folder.path().join("alone"), &[""]));
    let whole = rows(&copied(
        setup,
        &folder.path().join("whole"),
        &["", "-wal", "-shm"],
    ));
    assert_eq!(alone, whole, "{what}");
    let log = setup.database().with_file_name("mecris_usage.db-wal");
    let left = fs::metadata(log).map_or(0, |found| found.len());
    assert_eq!(left, 0, "{what} left a log");
    alone.len()
}

#[test]
fn every_clean_end_leaves_everything_in_the_main_file() {
    let stage = Stage::of_the_daemon();
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    let setup = &stage.setup;
    let mut before = 0;
    let mut more = |what: &str| {
        let now = the_main_file_has_everything(setup, what);
        assert!(now > before, "{what} wrote nothing");
        before = now;
    };
    let pass = setup.agent(&["run"]);
    assert_eq!(pass.code, 0, "{}", pass.everything());
    more("run");
    let mut daemon = setup.serve();
    let asked = daemon.post("/silences?subject=goal:writing&for=2h", None);
    assert_eq!(asked.status, 201, "{}", asked.body);
    let end = daemon
        .terminate(Duration::from_secs(30))
        .expect("the daemon ends");
    assert!(end.success(), "{end}: {}", daemon.logs());
    more("serve");
    let folder = setup.folder().join("python");
    fs::create_dir(&folder).expect("a folder for the old files");
    let old = PythonSystem::install(&folder, "America/New_York").expect("its files");
    old.record_odometer(1.25, machine_time()).expect("a reading");
    let [usage, budget] = old.paths();
    for arguments in [
        &["silence", "walk", "--for", "3h"][..],
        &["send-alert", "--subject", "unit:test", "--text", "a test"],
        &["ack", "--last"],
        &["vacation", "--for", "3d"],
        &["notify", "test"],
        &["state", "import", usage, budget, "--zone", "America/New_York"],
    ] {
        let output = setup.agent(arguments);
        assert_eq!(output.code, 0, "{arguments:?}: {}", output.everything());
        more(&arguments.join(" "));
    }
    for arguments in [
        &["state", "backup", "copy.db"][..],
        &["state", "migrate"],
        &["state", "verify"],
        &["state", "restore", "copy.db"],
        &["status"],
        &["check", "--offline"],
    ] {
        setup.agent(arguments);
        let what = arguments.join(" ");
        let now = the_main_file_has_everything(setup, &what);
        assert!(now >= before, "{what}: {now} rows, before {before}");
    }
}

#[test]
fn the_log_of_a_daemon_stays_small() {
    let stage = Stage::of_the_daemon();
    let daemon = stage.setup.serve();
    let database = stage.setup.database();
    let log = database.with_file_name("mecris_usage.db-wal");
    for number in 0..120 {
        let asked = daemon.post(&format!("/silences?subject=goal:g{number}&for=2h"), None);
        assert_eq!(asked.status, 201, "{}", asked.body);
        let length = fs::metadata(&log).map_or(0, |found| found.len());
        assert!(length <= 1024 * 1024, "{length} bytes after {number} writes");
    }
    let alone = copied(&stage.setup, &stage.setup.folder().join("alone"), &[""]);
    let main = Connection::open_with_flags(alone, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let known: i64 = main
        .and_then(|main| main.query_row("SELECT count(*) FROM silences", [], |row| row.get(0)))
        .expect("the copy can be read");
    assert!(known > 0, "nothing was moved into the main file in 120 writes");
}

#[test]
fn nobody_else_can_open_what_the_agent_makes() {
    let mut stage = Stage::of_the_daemon();
    let copies = stage.setup.copy_to_a_folder();
    let agent = stage.setup.command(&["run"]);
    let mut careless = std::process::Command::new("sh");
    careless
        .args(["-c", "umask 000; exec \"$@\"", "sh"])
        .arg(agent.get_program())
        .args(agent.get_args())
        .env_clear()
        .envs(agent.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(stage.setup.folder());
    let output = careless.output().expect("the agent starts");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut seen = Vec::new();
    let mut folders = vec![copies];
    while let Some(folder) = folders.pop() {
        seen.push(folder.clone());
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                seen.push(entry.path());
            }
        }
    }
    assert!(seen.len() > 2, "no copy was made: {seen:?}");
    seen.push(stage.setup.database());
    seen.push(stage.setup.database().with_file_name("mecris_usage.db.lock"));
    for path in seen {
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
    }
}
