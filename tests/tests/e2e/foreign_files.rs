//! A pipe that nobody writes to, a device without end, a folder and a file that is far too large, in every place where
//! a person names a file: each ends in a sentence, at once.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use mecris_tests::wait::until;

use crate::stage::Stage;

/// What stands at the place, and what the sentence says of it.
fn odd_files(folder: &Path) -> Vec<(PathBuf, &'static str)> {
    let pipe = folder.join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(
        made.is_ok_and(|status| status.success()),
        "mkfifo belongs to coreutils"
    );
    let large = folder.join("large");
    let file = File::create(&large).expect("the folder is ours");
    file.set_len(1 << 40).expect("a sparse file takes no room");
    vec![
        (pipe, "it is a pipe, not an ordinary file"),
        (PathBuf::from("/dev/zero"), "it is a device, not an ordinary file"),
        (folder.to_owned(), "it is a folder, not an ordinary file"),
        (large, "MiB"),
    ]
}

/// What the agent prints, and its exit code. Fails if it does not end.
fn ended(stage: &Stage, arguments: &[&str]) -> (Option<i32>, String) {
    let output = stage.setup.folder().join("output");
    let to = || {
        Stdio::from(
            File::options()
                .create(true)
                .append(true)
                .open(&output)
                .expect("the folder is ours"),
        )
    };
    drop(std::fs::remove_file(&output));
    let mut agent = stage
        .setup
        .command(arguments)
        .stdout(to())
        .stderr(to())
        .spawn()
        .expect("the agent starts");
    let status = until(Duration::from_secs(60), || {
        agent.try_wait().expect("it can be asked")
    });
    if status.is_none() {
        agent.kill().expect("it can be ended");
    }
    let said = std::fs::read_to_string(&output).expect("it printed something");
    (status.expect("it ends").code(), said)
}

#[test]
fn what_is_no_ordinary_file_ends_in_a_sentence() {
    let stage = Stage::new();
    let odd = odd_files(stage.setup.folder());
    for (file, sentence) in &odd {
        let file = file.to_str().expect("UTF-8");
        for arguments in [
            &["simulate", "--people", file][..],
            &["simulate", "--goals", file],
            &["check", "--offline", "--config", file],
        ] {
            let (code, said) = ended(&stage, arguments);
            assert_eq!(code, Some(78), "{arguments:?}: {said}");
            assert!(said.contains(sentence), "{arguments:?}: {said}");
        }
    }
}

#[test]
fn secrets_in_what_is_no_ordinary_file_are_a_problem_of_the_check() {
    let mut stage = Stage::new();
    let odd = odd_files(stage.setup.folder());
    for (file, sentence) in &odd {
        stage
            .setup
            .config
            .set("secrets.source", format!("file:{}", file.display()));
        let (code, said) = ended(&stage, &["check", "--offline"]);
        assert_eq!(code, Some(78), "{}: {said}", file.display());
        assert!(said.contains(sentence), "{}: {said}", file.display());
    }
}
