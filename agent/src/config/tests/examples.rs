//! The files in `examples/` and the tables of `docs/CONFIGURATION.md` are true.

use std::path::{Path, PathBuf};

use super::environment;
use crate::config::{Fetched, Inputs, Loaded, SecretName, Source, budget, load, settings::DECLARED};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn example(name: &str) -> Loaded {
    let inputs = Inputs {
        file: Some(repository().join("examples").join(name)),
        fallback_file: PathBuf::from("/nonexistent/agent.toml"),
        variables: environment(&[
            ("TWILIO_TO_NUMBER", "+14155550100"),
            ("TWILIO_FROM_NUMBER", "+15005550006"),
        ]),
        dotenv: PathBuf::from("/nonexistent/.env"),
        fetched: Fetched::default(),
    };
    load(&inputs).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_example_is_valid() {
    for entry in std::fs::read_dir(repository().join("examples")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".toml") {
            example(&name);
        }
    }
    for name in ["minimal.toml", "full.toml", "development.toml"] {
        example(name);
    }
}

#[test]
fn the_development_example_needs_no_account_at_all() {
    let loaded = example("development.toml");
    assert_eq!(
        loaded.secrets.get().missing_for(&loaded.settings),
        Vec::<String>::new()
    );
}

#[test]
fn the_full_example_has_every_key() {
    let text = std::fs::read_to_string(repository().join("examples/full.toml")).unwrap();
    let loaded = example("full.toml");
    // The two providers have the same keys; one of them shows a period of each kind.
    let general = |key: &str| key.replace("anthropic", "*").replace("groq", "*");
    let set: Vec<String> = loaded
        .effective
        .iter()
        .filter(|row| matches!(row.source, Source::File(_)))
        .map(|row| general(&row.key))
        .collect();
    for key in DECLARED.keys() {
        // What excludes another key, or is not in this release yet, is a comment.
        let comment = format!("# {} = ", key.rsplit('.').next().unwrap());
        let shown = text.lines().any(|line| line.starts_with(&comment));
        assert!(
            set.contains(&general(key)) || shown,
            "{key} is not in examples/full.toml"
        );
    }
}

#[test]
fn the_full_example_shows_the_defaults() {
    let bare = super::loaded(super::VALID, &[]);
    let full = example("full.toml");
    let differ = ["time_zone", "environment", "notify.channels"];
    for row in bare
        .effective
        .iter()
        .filter(|row| row.source == Source::Default && !differ.contains(&row.key.as_str()))
    {
        let shown = full.effective.iter().find(|other| other.key == row.key).unwrap();
        assert_eq!(
            shown.value.trim_end_matches(".0"),
            row.value.trim_end_matches(".0"),
            "{}",
            row.key
        );
    }
}

#[test]
fn the_documentation_names_every_key_and_secret() {
    let text = std::fs::read_to_string(repository().join("docs/CONFIGURATION.md")).unwrap();
    let secrets = SecretName::ALL.into_iter().flat_map(SecretName::spellings);
    let lines = budget::price::TABLE.settings.iter().map(|setting| setting.key);
    for name in DECLARED.keys().chain(lines).chain(secrets) {
        // The two providers share one table.
        let general = name
            .replace("budget.anthropic.", "budget.*.")
            .replace("budget.groq.", "budget.*.");
        assert!(
            text.contains(&format!("`{general}`")),
            "{name} is not in docs/CONFIGURATION.md"
        );
    }
}
