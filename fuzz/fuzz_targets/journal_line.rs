//! Bytes as lines of `journalctl --output=json`. A control character, which JSON does not have, stands for a long text.
//!
//! * No event has a secret in it, neither in its text nor in what its JSON says.
//! * Each event is one JSON object on one line with the cursor of its entry, and fits into CloudWatch Logs.
//! * Each batch keeps to the limits of PutLogEvents.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mecris_agent::{
    config::{SecretName, Secrets},
    fuzzing::journal::{Event, batches},
};
use mecris_fuzz::CANARY;
use secrecy::SecretString;
use serde_json::Value;

/// A secret with characters that JSON and URLs write in another way.
const ODD: &str = "qX\"cana/ry\u{e9} \\Z8";

/// What stands in the other secrets, as it may not be shown.
const PASSWORD: &str = "pw%20canaryZ9";
const WEBHOOK: &str = "/services/T0qX/B0qX/canaryZ10";

/// Some regions allow 256 KiB for an event.
const LONGEST_EVENT: usize = 256 << 10;
const LONGEST_BATCH: usize = 1 << 20;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

static SECRETS: LazyLock<Secrets> = LazyLock::new(|| {
    let mut secrets = Secrets::default();
    secrets.insert(SecretName::BeeminderAuthToken, SecretString::from(CANARY));
    secrets.insert(SecretName::TwilioAuthToken, SecretString::from(ODD));
    let smtp = format!("smtps://me:{PASSWORD}@smtp.example.org");
    secrets.insert(SecretName::SmtpUrl, SecretString::from(smtp));
    let slack = format!("https://hooks.slack.com{WEBHOOK}");
    secrets.insert(SecretName::SlackWebhookUrl, SecretString::from(slack));
    secrets
});

/// So long that three of them are longer than what is shipped of a field. Longer texts would slow the fuzzer down.
const LONG: usize = 500;
const MOST_LONG: usize = 8;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let text = text.replacen('\u{1}', &"y".repeat(LONG), MOST_LONG);
    let lines = || text.split('\n').filter(|line| !line.is_empty());
    for batch in batches(lines(), &SECRETS) {
        assert!(batch.iter().map(|event| event.cost).sum::<usize>() <= LONGEST_BATCH);
        assert!(batch.is_sorted_by_key(|event| event.at), "{batch:?}");
        if let (Some(first), Some(last)) = (batch.first(), batch.last()) {
            assert!(last.at - first.at < DAY_MS, "{batch:?}");
        }
        batch.iter().for_each(check);
    }
});

fn check(event: &Event) {
    assert!(event.cost <= LONGEST_EVENT, "{} bytes", event.cost);
    assert!(!event.text.contains(|c| c < ' '), "{:?}", event.text);
    let said: Value = serde_json::from_str(&event.text).expect("an event is JSON");
    let fields = said.as_object().expect("an event is an object");
    assert_eq!(fields.get("cursor").and_then(Value::as_str), Some(&*event.cursor));
    // journald makes the cursor, which is shipped as it is.
    for (name, value) in fields.iter().filter(|(name, _)| *name != "cursor") {
        assert_masked(name);
        each_text(value, &mut |text| assert_masked(text));
    }
}

fn assert_masked(text: &str) {
    for secret in [CANARY, ODD, PASSWORD, WEBHOOK] {
        assert!(!text.contains(secret), "{text:?}");
    }
}

fn each_text(value: &Value, see: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => see(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, see)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            see(name);
            each_text(value, see);
        }),
        _ => {}
    }
}
