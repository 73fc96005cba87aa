//! Where things come from and go: `[secrets]`, `[state]`, `[config]`.

use std::path::PathBuf;

use url::Url;

use super::NOT_YET;
use crate::config::{
    reader::Reader,
    settings::{SecretsSettings, StateSettings},
};

/// `[secrets]`: read before all else, because other settings may lean on a secret.
pub(in crate::config) fn secrets(reader: &mut Reader) -> Option<SecretsSettings> {
    const KEY: &str = "secrets.source";
    const EXPECTED: &str = "\"env\" or \"file:\" and a path, for example \"file:secrets.json\"";
    let text = reader.text(KEY, EXPECTED)?;
    if text == "credential" || text.starts_with("secretsmanager:") {
        reader.refuse(KEY, format!("{NOT_YET}: expected {EXPECTED}"));
        return None;
    }
    match text.strip_prefix("file:") {
        Some(path) if !path.is_empty() => Some(SecretsSettings::File(PathBuf::from(path))),
        None if text == "env" => Some(SecretsSettings::Env),
        _ => reader.expected(KEY, EXPECTED),
    }
}

pub(super) fn state(reader: &mut Reader) -> Option<StateSettings> {
    let path = reader.parsed("state.path", "the path of the SQLite file", |text| {
        (!text.is_empty() && text != ":memory:").then(|| PathBuf::from(text))
    });
    let local = remote(reader);
    local.and(path).map(|path| StateSettings { path, remote: None })
}

/// `Some` if state stays on this machine.
fn remote(reader: &mut Reader) -> Option<()> {
    const KEY: &str = "state.remote";
    let text = reader.text(KEY, "\"none\"")?;
    match Url::parse(&text) {
        _ if text == "none" => Some(()),
        Ok(url) if matches!(url.scheme(), "s3" | "file") => {
            reader.refuse(KEY, format!("a remote copy of the state {NOT_YET}: expected \"none\""));
            None
        }
        _ => reader.expected(KEY, "\"none\""),
    }
}

/// `config.ssm_parameter`: its layer is not there yet, and ignoring it would run with the wrong settings.
pub(super) fn parameter(reader: &mut Reader) {
    const KEY: &str = "config.ssm_parameter";
    if reader.has(KEY) {
        reader.refuse(KEY, format!("reading settings from an SSM parameter {NOT_YET}: remove it"));
    }
}
