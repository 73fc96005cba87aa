//! Bytes as a `.env` file.
//!
//! * A secret of the file is in no warning and in no error, and each of these is one line.
//! * A statement that is written down again is read as the same statement.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use mecris_agent::{
    config::{SecretSource as _, Variables, secrets::EnvSecrets},
    fuzzing::dotenv::statements,
};
use mecris_fuzz::{CANARY, assert_one_line, file};

fuzz_target!(|bytes: &[u8]| {
    sentences_show_no_secret(bytes);
    is_read_again(&String::from_utf8_lossy(bytes));
});

fn sentences_show_no_secret(bytes: &[u8]) {
    let path = file(".env");
    let planted = [bytes, b"\nTWILIO_AUTH_TOKEN=", CANARY.as_bytes()].concat();
    fs::write(&path, planted).expect("the folder of this process is writable");
    let source = EnvSecrets::new(&Variables::new(), Some(&path));
    let said: Vec<String> = match source.load() {
        Ok(found) => found.warnings,
        Err(error) => error.0.iter().map(ToString::to_string).collect(),
    };
    for sentence in said {
        assert_one_line(&sentence);
        assert!(!sentence.contains(CANARY), "{sentence}");
    }
}

fn is_read_again(text: &str) {
    let found = statements(text);
    let lines = text.matches('\n').count() + 1;
    assert!(found.is_sorted_by_key(|(line, ..)| *line), "{found:?}");
    assert!(
        found.iter().all(|(line, ..)| (1..=lines).contains(line)),
        "{found:?}"
    );
    for (_, name, value) in found {
        let Some(value) = value.filter(|_| !name.contains('\'')) else {
            continue;
        };
        let escaped = value.replace('\\', r"\\").replace('"', r#"\""#);
        let written = format!("'{name}'=\"{escaped}\" # written again");
        assert_eq!(statements(&written), [(1, name, Some(value))], "{written:?}");
    }
}
