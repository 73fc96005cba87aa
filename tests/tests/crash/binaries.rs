//! Every failpoint is in the binary for tests, and no failpoint is in any other binary.

use std::{collections::BTreeSet, path::Path};

use mecris_agent::failpoint;
use mecris_tests::{
    agent::{binary, failpoints_binary},
    cases::Case,
};

pub(crate) const CASES: &[Case] = &[
    (
        "binaries::the_ordinary_binary_contains_no_failpoint",
        the_ordinary_binary_contains_no_failpoint,
    ),
    (
        "binaries::the_binary_for_tests_contains_them_all",
        the_binary_for_tests_contains_them_all,
    ),
];

/// The names of failpoints in a file, and the variable that chooses among them.
fn found(binary: &Path) -> Vec<&'static str> {
    let bytes = std::fs::read(binary).expect("the binary can be read");
    let names = failpoint::ALL
        .iter()
        .chain(failpoint::HANGS)
        .copied()
        .chain(["MECRIS_FAILPOINT"]);
    let mut found = BTreeSet::new();
    for name in names {
        let (first, rest) = name.as_bytes().split_at(1);
        let starts = bytes.iter().enumerate().filter(|(_, byte)| **byte == first[0]);
        if starts
            .into_iter()
            .any(|(at, _)| bytes[at + 1..].starts_with(rest))
        {
            found.insert(name);
        }
    }
    found.into_iter().collect()
}

fn the_ordinary_binary_contains_no_failpoint() {
    assert_eq!(found(binary()), Vec::<&str>::new());
}

fn the_binary_for_tests_contains_them_all() {
    assert_eq!(
        found(failpoints_binary()).len(),
        failpoint::ALL.len() + failpoint::HANGS.len() + 1
    );
}
