//! Rules about the text of the repository that no compiler and no linter checks.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate is in a workspace")
}

/// Every file that git tracks and that is text, with its path below the root.
fn tracked() -> Vec<(PathBuf, String)> {
    let output = Command::new("git")
        // The owner of the clone may be another user, for example in a container.
        .args(["-c", "safe.directory=*", "ls-files", "-z"])
        .current_dir(root())
        .output()
        .expect("git starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let names = String::from_utf8(output.stdout).expect("names are UTF-8");
    let files = names.split_terminator('\0').map(PathBuf::from);
    // A file that was deleted and is not committed yet is still in the list.
    let texts = files.filter_map(|path| {
        std::fs::read_to_string(root().join(&path))
            .ok()
            .map(|text| (path, text))
    });
    texts.collect()
}

/// Fails with the places that break a rule, as `path:line: text`.
fn assert_none(rule: &str, places: &[String]) {
    assert!(places.is_empty(), "{rule}:\n{}", places.join("\n"));
}

/// Documents of the workshop, which a clone does not have.
const ELSEWHERE: [&str; 6] = [
    "../shared",
    "DESIGN.md",
    "HOUSE.md",
    "JUDGEMENT.md",
    "contracts/apis",
    "contracts/budget",
];

#[test]
fn no_file_points_to_a_document_that_a_clone_does_not_have() {
    let files = tracked();
    assert!(files.len() > 100, "git lists {} files", files.len());
    let mut places = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| !path.ends_with("house.rs")) {
        for (number, line) in text.lines().enumerate() {
            if ELSEWHERE.iter().any(|name| line.contains(name)) {
                places.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    assert_none("points to a document that is not in the repository", &places);
}
