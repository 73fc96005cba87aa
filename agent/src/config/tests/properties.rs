//! Whatever the file and the environment hold, loading ends with settings or with sentences.

use proptest::prelude::*;

use super::Case;
use crate::config::{SecretSource as _, secrets::JsonFileSecrets, settings::DECLARED};

/// A value of any TOML type, or something that is none.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|n| n.to_string()),
        any::<bool>().prop_map(|b| b.to_string()),
        "[0-9]{1,6}(ms|s|m|h|d)".prop_map(|text| format!("{text:?}")),
        ".{0,12}".prop_map(|text| format!("{text:?}")),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just("[{}, 1, \"x\"]".to_owned()),
        Just("2026-11-01T00:00:00Z".to_owned()),
        Just("{ starts = 2026-11-01, ends = 1979-01-01, rolls = 1 }".to_owned()),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(DECLARED.keys().collect::<Vec<_>>()).prop_map(str::to_owned),
        1 => "[a-z_]{1,8}(\\.[a-z_]{1,8}){0,2}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_toml_is_settings_or_sentences(lines in prop::collection::btree_map(key(), value(), 0..12)) {
        let toml: String = lines.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        let _ = Case::new(&toml, &[]).load();
    }

    #[test]
    fn any_text_is_settings_or_sentences(text in "[\\[\\]{}=.\"'#\n a-z0-9é_-]{0,80}") {
        let _ = Case::new(&text, &[]).load();
    }

    #[test]
    fn any_environment_is_settings_or_sentences(
        variables in prop::collection::btree_map(key(), "[\\[\\]{}=,\"' a-z0-9:.+é_-]{0,24}", 0..12),
        tokens in ".{0,40}",
    ) {
        let mut variables: Vec<(String, String)> = variables
            .into_iter()
            .map(|(key, value)| (format!("MECRIS__{}", key.replace('.', "__").to_uppercase()), value))
            .collect();
        variables.push(("MECRIS_API_TOKENS".to_owned(), tokens));
        let borrowed: Vec<(&str, &str)> = variables.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        if let Ok(loaded) = Case::new(super::VALID, &borrowed).load() {
            let _ = loaded.secrets.get().api_tokens();
        }
    }

    #[test]
    fn any_secret_file_is_secrets_or_sentences_without_its_content(text in "[\\[\\]{}:,\"'\n A-Z0-9=#$\\\\_-]{0,60}") {
        let case = Case::new(super::VALID, &[]);
        let marked = format!("{text}\nCANARY CANARY=\"canary");
        std::fs::write(&case.inputs.dotenv, &marked).unwrap();
        // A quote in the text can make the last line whole again.
        let shown = format!("{:?}\n{:?}", case.load(), JsonFileSecrets::new(&case.inputs.dotenv).load());
        prop_assert!(!shown.contains("canary"), "{}", shown);
    }
}
