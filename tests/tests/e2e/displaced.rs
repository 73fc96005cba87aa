//! Somebody removes, moves or replaces the state under a running daemon: it ends, and nothing is sent twice.

use std::{fs, path::Path, time::Duration};

use mecris_tests::beeminder::GoalSpec;

use crate::stage::Stage;

/// Long enough for a machine that does other things as well.
const SOON: Duration = Duration::from_secs(30);

fn state_and_lock(database: &Path) -> Vec<std::path::PathBuf> {
    ["", "-wal", "-shm", ".lock"]
        .iter()
        .map(|ending| database.with_file_name(format!("mecris_usage.db{ending}")))
        .filter(|file| file.exists())
        .collect()
}

fn moved(files: &[std::path::PathBuf], to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for file in files {
        let name = file.file_name().expect("a name");
        fs::rename(file, to.join(name)).expect("the file can be moved");
    }
}

#[track_caller]
fn ends_without_a_word_after(what: &str, displace: impl FnOnce(&Stage)) {
    let stage = Stage::of_the_daemon();
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    let mut daemon = stage.setup.serve();
    let told = daemon.post("/intelligent-reminder/trigger", None);
    assert_eq!(told.status, 200, "{what}: {}", told.body);
    assert_eq!(stage.texts().len(), 1, "{what}");
    displace(&stage);
    let sent_before = stage.texts().len();
    stage
        .beeminder
        .set_goals([GoalSpec::new("reading", 0), GoalSpec::new("writing", 0)]);
    let end = daemon.wait_for_end(SOON);
    let end = end.unwrap_or_else(|error| panic!("{what}: {error}: {}", daemon.logs()));
    assert_eq!(end.code(), Some(1), "{what}: {}", daemon.logs());
    let logs = daemon.logs();
    assert!(
        logs.contains("was removed, moved, emptied or replaced"),
        "{what}: {logs}"
    );
    assert_eq!(stage.texts().len(), sent_before, "{what}: {logs}");
}

#[test]
fn a_daemon_whose_state_is_taken_away_ends() {
    ends_without_a_word_after("removed", |stage| {
        for file in state_and_lock(&stage.setup.database()) {
            fs::remove_file(file).expect("the file can be removed");
        }
    });
    ends_without_a_word_after("moved", |stage| {
        let files = state_and_lock(&stage.setup.database());
        moved(&files, &stage.setup.folder().join("elsewhere"));
    });
    ends_without_a_word_after("without its lock", |stage| {
        fs::remove_file(stage.setup.database().with_file_name("mecris_usage.db.lock")).expect("a lock");
    });
    ends_without_a_word_after("without its log", |stage| {
        fs::remove_file(stage.setup.database().with_file_name("mecris_usage.db-wal")).expect("a log");
    });
    ends_without_a_word_after("cut to nothing", |stage| {
        fs::File::create(stage.setup.database()).expect("the file can be cut");
    });
    ends_without_a_word_after("replaced by its own copy", |stage| {
        let database = stage.setup.database();
        let copy = stage.setup.folder().join("copy.db");
        fs::copy(&database, &copy).expect("a copy");
        fs::rename(copy, database).expect("the file can be replaced");
    });
}

#[test]
fn a_second_agent_that_finds_the_state_elsewhere_does_not_repeat_the_first() {
    let mut stage = Stage::of_the_daemon();
    stage.setup.copy_to_a_folder();
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    let mut daemon = stage.setup.serve();
    let told = daemon.post("/intelligent-reminder/trigger", None);
    assert_eq!(told.status, 200, "{}", told.body);
    moved(
        &state_and_lock(&stage.setup.database()),
        &stage.setup.folder().join("elsewhere"),
    );
    let pass = stage.setup.agent(&["run"]);
    assert_eq!(pass.code, 0, "{}", pass.everything());
    let end = daemon.wait_for_end(SOON).expect("the daemon ends");
    assert_eq!(end.code(), Some(1), "{}", daemon.logs());
    assert_eq!(stage.texts().len(), 1, "{:?}", stage.texts());
}
