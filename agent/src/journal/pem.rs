//! Masks private keys in PEM form, of which journald makes an entry for each line.

use std::{collections::HashMap, sync::LazyLock};

use regex_lite::Regex;

const MASK: &str = "***";

/// A key of 16,384 bits has fewer lines.
const MOST_LINES: u32 = 300;

/// Far more senders than write a key at the same time.
const MOST_SENDERS: usize = 1000;

/// A word of so many characters of base64 at the end of a line is part of a key.
const SHORTEST_BODY: usize = 40;

static BEGIN: LazyLock<Regex> = LazyLock::new(|| pattern("-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----"));
static END: LazyLock<Regex> = LazyLock::new(|| pattern("-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the patterns are constants, and tests use them all")
}

/// The senders whose next line may belong to a private key, each with the number of lines that it may still have.
#[derive(Debug, Default)]
pub(super) struct OpenKeys(HashMap<String, u32>);

impl OpenKeys {
    /// The message of a sender with the lines of private keys masked. A key without an end is masked to the first
    /// line that cannot be part of it, which may come in a later message.
    ///
    /// Nearly no message has to do with a key, so `sender` is asked for only where one has begun or is open.
    pub(super) fn mask(&mut self, sender: impl FnOnce() -> String, message: &str) -> String {
        let begins = BEGIN.is_match(message);
        if !begins && self.0.is_empty() {
            return message.to_owned();
        }
        let sender = sender();
        let mut left = self.0.remove(&sender);
        if left.is_none() && !begins {
            return message.to_owned();
        }
        let lines: Vec<String> = message.split('\n').map(|line| masked(line, &mut left)).collect();
        if let Some(left) = left {
            if self.0.len() >= MOST_SENDERS {
                self.0.clear();
            }
            self.0.insert(sender, left);
        }
        lines.join("\n")
    }
}

/// A line with what belongs to a private key masked. `left` is the number of lines that the key may still have, if
/// it has begun.
fn masked(line: &str, left: &mut Option<u32>) -> String {
    let mut shown = String::new();
    let mut rest = line;
    if let Some(lines) = left.take() {
        if let Some(end) = END.find(rest) {
            shown.push_str(MASK);
            rest = &rest[end.end()..];
        } else if lines > 0 && is_body(rest) {
            *left = Some(lines - 1);
            return MASK.to_owned();
        }
    }
    while let Some(begin) = BEGIN.find(rest) {
        shown.push_str(&rest[..begin.start()]);
        shown.push_str(MASK);
        rest = &rest[begin.end()..];
        let Some(end) = END.find(rest) else {
            *left = Some(MOST_LINES);
            return shown;
        };
        rest = &rest[end.end()..];
    }
    shown + rest
}

/// Whether a line may stand inside of a private key: base64, perhaps behind a time and a name, or a header.
fn is_body(line: &str) -> bool {
    let is_base64 = |word: &str| {
        word.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
    };
    let line = line.trim();
    let last = line.rsplit(' ').next().unwrap_or_default();
    let headers = ["Proc-Type:", "DEK-Info:", "Version:", "Comment:"];
    is_base64(line)
        || (last.len() >= SHORTEST_BODY && is_base64(last))
        || headers.iter().any(|header| line.starts_with(header))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN_KEY: &str = "-----BEGIN EC PRIVATE KEY-----";
    const END_KEY: &str = "-----END EC PRIVATE KEY-----";

    fn canary() -> String {
        "canary".repeat(10) + "AbCd"
    }

    /// Each message as it is shown, all of one sender.
    fn shown(messages: &[&str]) -> Vec<String> {
        let mut keys = OpenKeys::default();
        messages
            .iter()
            .map(|message| keys.mask(|| "a".to_owned(), message))
            .collect()
    }

    #[test]
    fn a_key_is_masked_in_one_message_and_line_by_line() {
        let canary = canary();
        let whole = format!("key:\n{BEGIN_KEY}\n{canary}\nAw==\n{END_KEY}\nused");
        assert_eq!(shown(&[&whole]), ["key:\n***\n***\n***\n***\nused"]);
        assert_eq!(
            shown(&["key:", BEGIN_KEY, &canary, "Aw==", END_KEY, "used"]),
            ["key:", "***", "***", "***", "***", "used"]
        );
        let escaped = format!(r#"{{"key":"{BEGIN_KEY}\n{canary}\n{END_KEY}\n","x":1}}"#);
        assert_eq!(shown(&[&escaped]), [r#"{"key":"***\n","x":1}"#]);
    }

    #[test]
    fn every_kind_of_private_key_is_one_and_nothing_else_is() {
        for kind in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", "DSA "] {
            let said =
                format!("-----BEGIN {kind}PRIVATE KEY-----\ncanary=\n-----END {kind}PRIVATE KEY----- x");
            assert_eq!(shown(&[&said]), ["***\n***\n*** x"], "{kind}");
        }
        let pgp = "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\ncanary\n-----END PGP PRIVATE KEY BLOCK-----";
        assert!(!shown(&[pgp])[0].contains("canary"));
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
        assert_eq!(shown(&[certificate, "MIIB"]), [certificate, "MIIB"]);
    }

    #[test]
    fn lines_of_a_key_are_found_behind_what_a_program_puts_before_each() {
        let canary = canary();
        let line = |text: &str| format!("2026-11-21 13:00 [info] {text}");
        let found = shown(&[&line(BEGIN_KEY), &line(&canary), &line(END_KEY), &line("done")]);
        assert_eq!(
            found,
            [line("***"), "***".to_owned(), "***".to_owned(), line("done")]
        );
    }

    #[test]
    fn a_key_that_never_ends_does_not_hide_the_log() {
        assert_eq!(
            shown(&[BEGIN_KEY, "canary", "could not be read: no such file", "canary"]),
            ["***", "***", "could not be read: no such file", "canary"]
        );
        let mut keys = OpenKeys::default();
        keys.mask(|| "a".to_owned(), BEGIN_KEY);
        for _ in 0..MOST_LINES {
            assert_eq!(keys.mask(|| "a".to_owned(), "word"), "***");
        }
        assert_eq!(keys.mask(|| "a".to_owned(), "word"), "word");
    }

    #[test]
    fn the_lines_of_two_senders_are_told_apart_and_the_senders_are_bounded() {
        let mut keys = OpenKeys::default();
        keys.mask(|| "a".to_owned(), BEGIN_KEY);
        assert_eq!(keys.mask(|| "b".to_owned(), "word"), "word");
        assert_eq!(keys.mask(|| "a".to_owned(), "canary"), "***");
        for sender in 0..MOST_SENDERS * 2 {
            keys.mask(|| sender.to_string(), BEGIN_KEY);
        }
        assert!(keys.0.len() <= MOST_SENDERS);
    }
}
