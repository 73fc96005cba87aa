//! The examples that need no account run as the README says.

use std::{path::Path, process::Command};

use mecris_tests::agent::binary;

#[test]
fn without_an_account_goals_come_from_a_file_and_messages_go_to_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(binary())
        .args(["--config", "examples/development.toml", "run"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .env_clear()
        .envs(mecris_tests::agent::instrumentation())
        .env("MECRIS__STATE__PATH", folder.path().join("mecris.db"))
        .output()
        .expect("it starts");
    let [report, messages] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert_eq!(output.status.code(), Some(0), "{report}{messages}");
    assert!(
        messages.contains("=== message === Mecris: reading derails today"),
        "{report}{messages}"
    );
}
