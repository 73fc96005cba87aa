use std::{collections::BTreeMap, path::Path};

use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;

use super::*;
use crate::config::Variables;

fn variables(pairs: &[(&str, &str)]) -> Variables {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn from_environment(pairs: &[(&str, &str)]) -> Result<Secrets, String> {
    EnvSecrets::new(&variables(pairs), None)
        .load()
        .map(|found| found.secrets)
        .map_err(|error| error.to_string())
}

fn file(content: &str) -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secrets");
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

fn from_dotenv(pairs: &[(&str, &str)], content: &str) -> Result<BTreeMap<SecretName, String>, String> {
    let (folder, path) = file(content);
    match EnvSecrets::new(&variables(pairs), Some(&path)).load() {
        Ok(found) => Ok(exposed(&found.secrets)),
        Err(error) => Err(error
            .to_string()
            .replace(&format!("{}/", folder.path().display()), "")),
    }
}

fn from_json(content: &str) -> Result<(BTreeMap<SecretName, String>, Vec<String>), String> {
    let (folder, path) = file(content);
    let short = |text: String| text.replace(&format!("{}/", folder.path().display()), "");
    match JsonFileSecrets::new(&path).load() {
        Ok(found) => Ok((
            exposed(&found.secrets),
            found.warnings.into_iter().map(short).collect(),
        )),
        Err(error) => Err(short(error.to_string())),
    }
}

fn exposed(secrets: &Secrets) -> BTreeMap<SecretName, String> {
    secrets
        .0
        .iter()
        .map(|(name, value)| (*name, value.expose_secret().to_owned()))
        .collect()
}

#[test]
fn an_alias_will_do_and_an_empty_value_is_none() {
    let secrets = from_environment(&[
        ("TWILIO_SID", "AC1"),
        ("TWILIO_AUTH_TOKEN", "  "),
        ("TWILIO_TOKEN", "t"),
    ])
    .unwrap();
    let found = exposed(&secrets);
    assert_eq!(found[&SecretName::TwilioAccountSid], "AC1");
    assert_eq!(found[&SecretName::TwilioAuthToken], "t");
    assert_eq!(found.len(), 2);
    assert!(
        from_environment(&[("BEEMINDER_AUTH_TOKEN", "")])
            .unwrap()
            .get(SecretName::BeeminderAuthToken)
            .is_none()
    );
}

#[test]
fn two_names_may_agree_but_not_differ() {
    assert!(from_environment(&[("FROM_NUMBER", "x"), ("TWILIO_FROM_NUMBER", "x")]).is_ok());
    let error = from_environment(&[
        ("FROM_NUMBER", "canary-1"),
        ("TWILIO_FROM_NUMBER", "canary-2"),
        ("TWILIO_SID", "canary-3"),
        ("TWILIO_ACCOUNT_SID", "canary-4"),
    ])
    .unwrap_err();
    assert_eq!(
        error,
        "environment: TWILIO_ACCOUNT_SID and its other name TWILIO_SID are both set and differ: keep one; \
         environment: TWILIO_FROM_NUMBER and its other name FROM_NUMBER are both set and differ: keep one"
    );
}

#[test]
fn the_environment_wins_over_dotenv_by_whichever_name() {
    let content = "# a comment\nTWILIO_ACCOUNT_SID=AC-dotenv\nexport BEEMINDER_AUTH_TOKEN='with $dollar'\n";
    let found = from_dotenv(&[("TWILIO_SID", "AC-environment")], content).unwrap();
    assert_eq!(found[&SecretName::TwilioAccountSid], "AC-environment");
    assert_eq!(found[&SecretName::BeeminderAuthToken], "with $dollar");
}

#[test]
fn a_malformed_dotenv_names_the_line_and_not_the_value() {
    for wrong in [
        "TWILIO_TOKEN='canary",
        "TWILIO_TOKEN=\"canary\"canary",
        "export TWILIO_TOKEN='canary' canary",
    ] {
        let error = from_dotenv(&[], &format!("TWILIO_SID=AC1\n\n{wrong}\n")).unwrap_err();
        assert!(
            error.starts_with("secrets, line 3: expected NAME=value"),
            "{error}"
        );
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn other_lines_of_a_dotenv_are_somebody_elses() {
    let content = "OBSIDIAN_VAULT_PATH=/Users/me/My Vault\nNOTE=it's fine\nGOOGLE_CREDS={\"a\": \"b c\"}\n\
                   BROKEN='a' b\nBEEMINDER_AUTH_TOKEN=ab$cd1234\nTWILIO_TOKEN=\"$2b$10\"\n";
    let found = from_dotenv(&[], content).unwrap();
    assert_eq!(found[&SecretName::BeeminderAuthToken], "ab$cd1234");
    assert_eq!(found[&SecretName::TwilioAuthToken], "$2b$10");
    assert_eq!(found.len(), 2);
}

fn warnings_of_dotenv(content: &[u8], mode: u32) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, path) = file("");
    std::fs::write(&path, content).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    let found = EnvSecrets::new(&Variables::new(), Some(&path)).load().unwrap();
    let short = |text: String| text.replace(&format!("{}/", folder.path().display()), "");
    found.warnings.into_iter().map(short).collect()
}

#[test]
fn a_dotenv_warns_of_what_may_surprise() {
    for (content, expected) in [
        (
            &b"BROKEN='a' b"[..],
            "secrets, line 1: expected NAME=value; the line is left out",
        ),
        (
            b"MECRIS__A\x02B=1",
            "secrets: \"MECRIS__A\\u{2}B\" has no effect, only secrets are read here: set it in the environment",
        ),
        (
            b"\nTWILIO_TOKEN=a${HOME}b",
            "secrets, line 2: TWILIO_TOKEN is taken as it is, no ${...} is replaced",
        ),
        (
            b"TWILIO_TOKEN=a\nTWILIO_TOKEN=b",
            "secrets, line 2: TWILIO_TOKEN is set a second time, the last value counts",
        ),
        (
            b"NAME=J\xf6rg\nTWILIO_TOKEN=a",
            "secrets is not UTF-8 text: what cannot be read is left out",
        ),
    ] {
        assert_eq!(warnings_of_dotenv(content, 0o600), [expected]);
    }
}

#[test]
fn a_dotenv_with_secrets_that_others_can_read_is_a_warning() {
    let warned = warnings_of_dotenv(b"TWILIO_TOKEN=a", 0o644);
    assert_eq!(
        warned,
        ["secrets can be read by others (mode 0644): chmod 600 secrets"]
    );
    for (content, mode) in [(&b"TWILIO_TOKEN=a"[..], 0o600), (b"NOTE=a", 0o644)] {
        assert!(warnings_of_dotenv(content, mode).is_empty());
    }
}

/// What one source makes of `TWILIO_TOKEN`, and its warnings.
type Read = (String, Vec<String>);

fn by_every_source(value: &str) -> [Read; 5] {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let object = serde_json::json!({ "TWILIO_TOKEN": value }).to_string();
    std::fs::write(at(".env"), format!("TWILIO_TOKEN='{value}'")).unwrap();
    std::fs::write(at("object"), &object).unwrap();
    std::fs::write(at("TWILIO_TOKEN"), value).unwrap();
    let sources: [Box<dyn SecretSource>; 5] = [
        Box::new(EnvSecrets::new(&variables(&[("TWILIO_TOKEN", value)]), None)),
        Box::new(EnvSecrets::new(&Variables::new(), Some(&at(".env")))),
        Box::new(JsonFileSecrets::new(&at("object"))),
        Box::new(CredentialSecrets::new(Some(folder.path()))),
        Box::new(ManagedSecrets::new("mecris/prod", Ok(&object))),
    ];
    sources.map(|source| {
        let found = source.load().unwrap();
        let value = found.secrets.get(SecretName::TwilioAuthToken).unwrap();
        let others = |warning: &String| !warning.contains("chmod");
        (
            value.expose_secret().to_owned(),
            found.warnings.into_iter().filter(others).collect(),
        )
    })
}

#[test]
fn every_source_leaves_out_what_came_along_with_a_secret() {
    for given in ["t\r\n", " t", "\u{feff}t", "t\u{200b}", "\t t \u{a0}"] {
        for (index, (value, warnings)) in by_every_source(given).into_iter().enumerate() {
            assert_eq!(value, "t", "{given:?} {index}");
            // The line break at the end of a credential's file is no accident.
            let expected = usize::from(!(given == "t\r\n" && index == 3));
            assert_eq!(warnings.len(), expected, "{given:?} {index}: {warnings:?}");
        }
    }
    assert!(
        by_every_source("t")
            .iter()
            .all(|(_, warnings)| warnings.is_empty())
    );
}

#[test]
fn a_secret_in_quotes_stays_and_is_named() {
    for (value, warnings) in by_every_source("\"t\"") {
        assert_eq!(value, "\"t\"");
        assert!(
            warnings[0].contains("TWILIO_TOKEN begins and ends with a quotation mark"),
            "{warnings:?}"
        );
    }
    let quoted = from_environment(&[("TWILIO_TOKEN", "'t'"), ("TWILIO_SID", "AC1")]).unwrap();
    let names = [SecretName::TwilioAccountSid, SecretName::TwilioAuthToken];
    assert_eq!(quoted.in_quotes(&names), Some(SecretName::TwilioAuthToken));
    assert_eq!(quoted.in_quotes(&names[..1]), None);
}

#[test]
fn a_dotenv_that_is_not_there_is_no_problem_but_one_that_cannot_be_read_is() {
    let missing = EnvSecrets::new(&Variables::new(), Some(Path::new("/nonexistent/.env")));
    assert!(missing.load().unwrap().secrets.0.is_empty());
    let folder = tempfile::tempdir().unwrap();
    let error = EnvSecrets::new(&Variables::new(), Some(folder.path()))
        .load()
        .unwrap_err()
        .to_string();
    assert!(error.contains("cannot be read"), "{error}");
}

#[test]
fn a_json_file_is_one_object_of_texts() {
    let (found, _) = from_json(r#"{"TWILIO_SID": "AC1", "SMTP_URL": null}"#).unwrap();
    assert_eq!(
        found,
        BTreeMap::from([(SecretName::TwilioAccountSid, "AC1".to_owned())])
    );
    for (content, expected) in [
        (
            "[\"canary\"]",
            "secrets, line 1: expected one JSON object, {\"NAME\": \"value\"}",
        ),
        (
            "{\n\"TWILIO_SID\": canary\n}",
            "secrets, line 2: expected one JSON object, {\"NAME\": \"value\"}",
        ),
        (
            "{\"TWILIO_SID\": 17}",
            "secrets: TWILIO_SID is not a text: write it in quotes",
        ),
    ] {
        assert_eq!(from_json(content).unwrap_err(), expected);
    }
}

#[test]
fn a_json_file_may_begin_with_a_mark_and_has_each_name_once() {
    let (found, _) = from_json("\u{feff}{\"TWILIO_SID\": \"AC1\"}").unwrap();
    assert_eq!(found[&SecretName::TwilioAccountSid], "AC1");
    let twice = "{\"TWILIO_SID\": \"canary-1\",\n\"TWILIO_SID\": \"canary-2\"}";
    assert_eq!(
        from_json(twice).unwrap_err(),
        "secrets, line 2: expected each name only once"
    );
}

#[cfg(unix)]
#[test]
fn a_json_file_that_others_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = file(r#"{"BEEMINDER_TOKEN": "canary"}"#);
    for (mode, warned) in [(0o644, true), (0o640, true), (0o600, false)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let warnings = JsonFileSecrets::new(&path).load().unwrap().warnings;
        assert_eq!(
            warnings.iter().any(|warning| warning.contains("chmod 600")),
            warned,
            "{warnings:?}"
        );
        assert!(
            warnings
                .iter()
                .any(|warning| warning.ends_with("did you mean BEEMINDER_API_TOKEN?")),
            "{warnings:?}"
        );
        assert!(!warnings.concat().contains("canary"));
    }
}

#[test]
fn debug_shows_names_only() {
    let secrets = from_environment(&[("TWILIO_SID", "canary"), ("SMTP_URL", "canary")]).unwrap();
    assert_eq!(format!("{secrets:?}"), "{TWILIO_ACCOUNT_SID, SMTP_URL}");
}

fn tokens(text: &str) -> Result<Vec<(String, String)>, TokensError> {
    let mut secrets = Secrets::default();
    secrets.insert(SecretName::MecrisApiTokens, SecretString::from(text));
    let tokens = secrets.api_tokens()?;
    Ok(tokens
        .into_iter()
        .map(|(name, token)| (name, token.expose_secret().to_owned()))
        .collect())
}

#[test]
fn api_tokens_have_names() {
    let found = tokens("laptop:0123456789abcdef, fedcba9876543210,").unwrap();
    let expected = [("laptop", "0123456789abcdef"), ("default", "fedcba9876543210")];
    assert_eq!(
        found,
        expected.map(|(name, token)| (name.to_owned(), token.to_owned()))
    );
    assert_eq!(Secrets::default().api_tokens().unwrap().len(), 0);
}

#[test]
fn api_tokens_that_cannot_be_used_are_refused_without_being_shown() {
    for (text, expected) in [
        ("laptop:canary", TokensError::TooShort { position: 1 }),
        ("0123456789abcdef,canary", TokensError::TooShort { position: 2 }),
        (
            "canary canary:0123456789abcdef",
            TokensError::BadName { position: 1 },
        ),
        ("a:canary canary canary", TokensError::BadToken { position: 1 }),
        (
            "a:canarycanarycanary,a:canarycanarycanary",
            TokensError::SameName { position: 2 },
        ),
    ] {
        let error = tokens(text).unwrap_err();
        assert!(!error.to_string().contains("canary"), "{error}");
        assert_eq!(error, expected);
    }
}

mod needs {
    use super::*;
    use crate::config::{Fetched, Inputs, Settings, load};

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        let mut variables = variables(pairs);
        variables.insert("MECRIS__TIME_ZONE".to_owned(), "UTC".to_owned());
        let missing = Path::new("/nonexistent").to_owned();
        load(&Inputs {
            file: None,
            fallback_file: missing.clone(),
            variables,
            dotenv: missing,
            fetched: Fetched::default(),
        })
        .unwrap()
        .settings
    }

    fn missing(secrets: &[(&str, &str)], settings: &Settings) -> Vec<String> {
        let found = from_environment(secrets).unwrap();
        let sentences = [found.missing_for(settings), found.missing_for_endpoints(settings)].concat();
        sentences
            .into_iter()
            .map(|text| text.split_whitespace().nth(2).unwrap().to_owned())
            .collect()
    }

    #[test]
    fn only_what_is_used_is_needed() {
        let quiet = settings(&[
            ("MECRIS__NOTIFY__CHANNELS", "[console]"),
            ("MECRIS__HTTP__AUTH", "none"),
            ("MECRIS__BEEMINDER__SOURCE", "file:goals.json"),
        ]);
        assert!(missing(&[], &quiet).is_empty());

        let all = settings(&[
            ("MECRIS__NOTIFY__SMS__TO", "+14155550100"),
            ("MECRIS__NOTIFY__SMS__FROM", "+15005550006"),
        ]);
        let names = [
            "BEEMINDER_AUTH_TOKEN",
            "TWILIO_ACCOUNT_SID",
            "TWILIO_AUTH_TOKEN",
            "MECRIS_API_TOKENS",
        ];
        assert_eq!(missing(&[], &all), names);

        let others = settings(&[
            ("MECRIS__NOTIFY__CHANNELS", "[telegram, slack, email]"),
            ("MECRIS__NOTIFY__TELEGRAM__CHAT_ID", "987654"),
            ("MECRIS__NOTIFY__EMAIL__FROM", "mecris@example.org"),
            ("MECRIS__NOTIFY__EMAIL__TO", "me@example.org"),
            ("MECRIS__HTTP__AUTH", "none"),
            ("MECRIS__BEEMINDER__SOURCE", "file:goals.json"),
        ]);
        assert_eq!(
            missing(&[], &others),
            ["TELEGRAM_BOT_TOKEN", "SLACK_WEBHOOK_URL", "SMTP_URL"]
        );
    }

    #[test]
    fn twilio_takes_a_whole_api_key_or_the_accounts_token() {
        let all = settings(&[
            ("MECRIS__NOTIFY__SMS__TO", "+14155550100"),
            ("MECRIS__NOTIFY__SMS__FROM", "+15005550006"),
        ]);
        let others = [
            ("BEEMINDER_AUTH_TOKEN", "x"),
            ("TWILIO_SID", "x"),
            ("MECRIS_API_TOKENS", "x"),
        ];
        let with = |more: &[(&str, &str)]| missing(&[&others, more].concat(), &all);
        let (sid, secret) = (("TWILIO_API_KEY_SID", "x"), ("TWILIO_API_KEY_SECRET", "x"));
        assert!(with(&[("TWILIO_TOKEN", "x")]).is_empty());
        assert!(with(&[sid, secret]).is_empty());
        assert_eq!(with(&[sid]), ["TWILIO_API_KEY_SECRET"]);
        assert_eq!(with(&[secret]), ["TWILIO_API_KEY_SID"]);
    }
}
