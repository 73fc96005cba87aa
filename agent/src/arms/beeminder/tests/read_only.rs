//! The read-only guarantee, checked in the source. No line of code names an endpoint that can only charge or
//! change something. The other endpoints read or write by their method, so the arms make one kind of request,
//! with GET.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Beeminder's endpoints that never only read: they charge, derail, change a pledge or a line, write data, or
/// start a computation.
const FORBIDDEN: [&str; 9] = [
    "shortcircuit",
    "uncleme",
    "ratchet.json",
    "\"ratchet\"",
    "stepdown.json",
    "charges.json",
    "\"charges\"",
    "create_all",
    "refresh_graph",
];

/// The lines of every source file below `folder`, without comment lines, each with its file. This file is
/// left out, because it names the endpoints.
fn lines(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(lines(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("tests/read_only.rs")
        {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            found.extend(code.map(|line| (path.clone(), line.to_owned())));
        }
    }
    found
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn no_code_names_an_endpoint_that_charges_derails_or_writes() {
    for (path, line) in lines(&source()) {
        for endpoint in FORBIDDEN {
            assert!(
                !line.contains(endpoint),
                "{endpoint} in {}: {line}",
                path.display()
            );
        }
    }
}

#[test]
fn the_arm_makes_requests_in_one_place_and_only_gets() {
    let arm: Vec<_> = lines(&source().join("arms"))
        .into_iter()
        .filter(|(_, line)| line.contains("Method::"))
        .collect();
    let [(path, line)] = &arm[..] else {
        panic!("expected exactly one line with `Method::` in the arms, found {arm:?}")
    };
    assert!(
        path.ends_with("arms/beeminder/api.rs") && line.trim() == "method: http::Method::GET,",
        "{line}"
    );
    let calls = lines(&source().join("arms"))
        .into_iter()
        .filter(|(_, line)| line.contains("Call {"))
        .count();
    assert_eq!(calls, 1);
}
