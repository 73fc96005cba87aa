//! Bytes as a TOML file, which is also what its parameter holds if it names one.
//!
//! * No secret, and no number that is private, is in a problem, in a warning, or in what `check` shows.
//! * Each of these is one line.
//! * A configuration that loads has a journal that loads, and wants nothing more of AWS.

#![no_main]

use std::{fs, path::Path};

use libfuzzer_sys::fuzz_target;
use mecris_agent::config::{
    ConfigError, Fetched, Inputs, Loaded, SecretName, Variables, load, load_given, load_here, load_journal,
    wanted,
};
use mecris_fuzz::{CANARY, assert_one_line, file};
use secrecy::SecretString;

/// What the secrets say beside the canary.
const NUMBER: &str = "+14155550137";

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    // A file may name other files. A device would be read for ever.
    if ["/dev/", "/proc/", "/sys/"]
        .iter()
        .any(|folder| text.contains(folder))
    {
        return;
    }
    let path = file("agent.toml");
    fs::write(&path, bytes).expect("the folder of this process is writable");
    let mut inputs = inputs(&path);
    if let Ok(journal) = load_journal(&inputs) {
        assert!(!format!("{journal:?}").is_empty());
    }
    if let Err(error) = load_given(Some(&path), Vec::new(), &[]) {
        assert_shown(&text, &error);
    }
    match load_here(&inputs) {
        Ok(here) => assert!(here.is_some() || wanted(&inputs).is_some()),
        Err(error) => assert_shown(&text, &error),
    }
    // A parameter, then the secret that it names.
    for _ in 0..2 {
        if let Some(want) = wanted(&inputs) {
            inputs.fetched.add(want, Ok(SecretString::from(&*text)));
        }
    }
    match load(&inputs) {
        Ok(loaded) => is_shown(&text, &inputs, &loaded),
        Err(error) => assert_shown(&text, &error),
    }
});

fn inputs(path: &Path) -> Inputs {
    let secrets = SecretName::ALL.into_iter().map(|name| {
        let value = match name {
            SecretName::TwilioFromNumber | SecretName::TwilioToNumber => NUMBER.to_owned(),
            SecretName::SlackWebhookUrl => format!("https://hooks.slack.com/services/{CANARY}"),
            SecretName::SmtpUrl => format!("smtps://me:{CANARY}@smtp.example.org"),
            _ => CANARY.repeat(2),
        };
        (name.to_string(), value)
    });
    Inputs {
        file: Some(path.to_owned()),
        fallback_file: file("no file"),
        variables: secrets.collect::<Variables>(),
        dotenv: file("no file"),
        fetched: Fetched::default(),
    }
}

fn is_shown(text: &str, inputs: &Inputs, loaded: &Loaded) {
    for warning in &loaded.warnings {
        assert_one_line(warning);
        assert_no_secret(text, warning);
    }
    for row in &loaded.effective {
        assert_one_line(&row.key);
        assert_one_line(&row.value);
        assert_no_secret(text, &row.value);
    }
    let keys = loaded.effective.iter().map(|row| &row.key);
    assert!(keys.is_sorted_by(|a, b| a < b), "{:?}", loaded.effective);
    assert!(load_journal(inputs).is_ok(), "[journal] alone does not load");
    assert_eq!(wanted(inputs), None);
}

fn assert_shown(text: &str, error: &ConfigError) {
    assert!(!error.0.is_empty(), "refused for no reason");
    for problem in &error.0 {
        let sentence = problem.to_string();
        assert_one_line(&sentence);
        assert_no_secret(text, &sentence);
    }
}

/// What the file says itself may be shown, unless it stands where only private things do.
fn assert_no_secret(text: &str, shown: &str) {
    for secret in [CANARY, &NUMBER[1..]] {
        assert!(text.contains(secret) || !shown.contains(secret), "{shown}");
    }
}
