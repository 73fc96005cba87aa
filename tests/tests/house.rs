//! Rules about the text of the repository that no compiler and no linter checks.

use std::{
    collections::HashMap,
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

/// A file that no `mod` names is not compiled, and its tests do not run.
#[test]
fn every_source_file_is_a_module() {
    let files: HashMap<PathBuf, String> = tracked()
        .into_iter()
        .filter(|(path, _)| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    assert!(files.len() > 100, "git lists {} source files", files.len());
    let is_named = |path: &Path| {
        let folder = path.parent().expect("a file is in a folder");
        let stem = |path: &Path| path.file_stem().and_then(|name| name.to_str()).map(str::to_owned);
        // `a/mod.rs` is the module `a` of the folder above.
        let (module, folder) = if path.ends_with("mod.rs") {
            (stem(folder), folder.parent().expect("a module is in a folder"))
        } else {
            (stem(path), folder)
        };
        let module = module.expect("a name");
        let declarations = [format!("mod {module};"), format!("mod r#{module};")];
        let parents = ["mod.rs", "lib.rs", "main.rs"].map(|name| folder.join(name));
        let parents = parents.into_iter().chain([folder.with_extension("rs")]);
        let mut texts = parents.filter_map(|parent| files.get(&parent));
        texts.any(|text| {
            let mut lines = text.lines().map(str::trim);
            lines.any(|line| declarations.iter().any(|declaration| line.ends_with(declaration)))
        })
    };
    // Cargo finds these by themselves, or Cargo.toml names them.
    let is_root = |path: &Path| {
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
        let by_place = ["bin", "examples", "benches", "fuzz_targets"]
            .iter()
            .any(|name| folder == *name);
        let is_test = path.ends_with("build.rs")
            || ["agent/tests", "tests/tests"]
                .iter()
                .any(|name| path.parent() == Some(Path::new(name)));
        by_place || is_test || path.ends_with("main.rs") || path.ends_with("lib.rs")
    };
    let mut places: Vec<String> = files
        .keys()
        .filter(|path| !is_root(path) && !is_named(path))
        .map(|path| path.display().to_string())
        .collect();
    places.sort();
    assert_none("no module names this file, so it is not compiled", &places);
}

/// To look up a name, the C library of the static binary binds a UDP socket to port 0. A unit that denies that reaches
/// nobody; a container whose systemd lacks BPF would not show it.
#[test]
fn no_unit_keeps_the_agent_from_looking_up_names() {
    let files = tracked();
    let units = files.iter().filter(|(path, _)| path.starts_with("systemd"));
    let mut places = Vec::new();
    let mut found = 0;
    for (path, text) in units {
        for (number, line) in text.lines().enumerate() {
            let Some(rule) = line.strip_prefix("SocketBindDeny=") else {
                continue;
            };
            found += 1;
            if !rule.split(':').any(|part| part == "tcp") {
                places.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    assert!(found >= 2, "the units of the journal and of alerts never listen");
    assert_none("denies more than TCP", &places);
}
