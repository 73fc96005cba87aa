//! Where the state lives and where secrets and more settings come from: `[state]`, `[secrets]`, `[config]`.

use std::{ops::RangeInclusive, path::PathBuf};

use url::Url;

use super::{
    names::{is_parameter_name, is_secret_id},
    reader::Reader,
    setting::{Form, Kind, Setting, Table},
};

pub(super) const STATE: Table = Table {
    name: "state",
    doc: "Where the state lives.",
    form: Form::Always,
    settings: &[
        Setting::new("state.path", Kind::Other("path"), "the SQLite file")
            .default("\"/var/lib/mecris/mecris_usage.db\""),
        Setting::new(
            "state.remote",
            Kind::Text,
            "where copies of the state go, to survive the loss of this machine: `\"s3://bucket/prefix\"`, \
             `\"file:///an/absolute/folder\"` or `\"none\"`",
        )
        .default("\"none\""),
        Setting::new(
            "state.retention_days",
            Kind::Integer(RETENTION),
            "how long passes, decisions and finished messages are kept. After 7 days, decisions that only \
             repeat another decision of their day are deleted. The newest seven days with a message are \
             always kept",
        )
        .default("90"),
    ],
};

pub(super) const SECRETS: Table = Table {
    name: "secrets",
    doc: "Where secrets come from. Secrets are not settings.",
    form: Form::Always,
    settings: &[Setting::new(
        "secrets.source",
        Kind::Text,
        "`\"env\"`: the environment, then `.env` in the working directory; `\"file:secrets.json\"`: one JSON \
         object, mode 600; `\"credential\"`: systemd's; `\"secretsmanager:NAME-OR-ARN\"`",
    )
    .default("\"env\"")],
};

pub(super) const CONFIG: Table = Table {
    name: "config",
    doc: "Where more settings come from.",
    form: Form::Always,
    settings: &[Setting::new(
        "config.ssm_parameter",
        Kind::Text,
        "the name or ARN of an SSM parameter (`String` or `SecureString`) that holds settings in TOML, which \
         win over the file. Set it in the file or as `MECRIS__CONFIG__SSM_PARAMETER`, not in a parameter",
    )
    .comment("\"/mecris/prod/agent.toml\"")],
};

/// `[state]`.
#[derive(Clone, Debug)]
pub struct StateSettings {
    /// The SQLite file.
    pub path: PathBuf,
    /// Where copies go, if anywhere.
    pub remote: Option<Url>,
    /// How many days passes, decisions and finished messages are kept; see
    /// [`crate::store::tables::retention`].
    pub retention_days: u32,
}

/// `[secrets]`.
#[derive(Clone, Debug)]
pub enum SecretsSettings {
    /// The environment, then a `.env` file in the working directory.
    Env,
    /// One JSON object `{NAME: value}` in a file.
    File(PathBuf),
    /// What systemd's `LoadCredential=` put into `$CREDENTIALS_DIRECTORY`: `secrets.json`, or one file for
    /// each name.
    Credential,
    /// One JSON object `{NAME: value}` in AWS Secrets Manager, by the secret's name or ARN.
    SecretsManager(String),
}

/// A person may want to look back a week; nobody looks back ten years.
const RETENTION: RangeInclusive<u32> = 7..=3650;

/// `[secrets]`: read before all else, because other settings may lean on a secret.
pub(super) fn secrets(reader: &mut Reader) -> Option<SecretsSettings> {
    const KEY: &str = "secrets.source";
    const EXPECTED: &str = "\"env\", \"file:\" and a path, \"credential\", or \"secretsmanager:\" and the name or ARN of a secret";
    let text = reader.text(KEY, EXPECTED)?;
    match text.split_once(':') {
        None if text == "env" => Some(SecretsSettings::Env),
        None if text == "credential" => Some(SecretsSettings::Credential),
        Some(("file", path)) if !path.is_empty() => Some(SecretsSettings::File(PathBuf::from(path))),
        Some(("secretsmanager", id)) if is_secret_id(id) => {
            Some(SecretsSettings::SecretsManager(id.to_owned()))
        }
        _ => reader.expected(KEY, EXPECTED),
    }
}

/// The most links in a row that a path may go through, as in Linux.
const MOST_LINKS: usize = 40;

/// The file that a symbolic link leads to. SQLite keeps its log beside that file, and our lock must lie there
/// too: two names of one state would otherwise have two locks.
fn without_link(mut path: PathBuf) -> PathBuf {
    for _ in 0..MOST_LINKS {
        let Ok(target) = std::fs::read_link(&path) else {
            break;
        };
        path = path
            .parent()
            .map_or_else(|| target.clone(), |folder| folder.join(&target));
    }
    path
}

pub(super) fn state(reader: &mut Reader) -> Option<StateSettings> {
    let path = reader.parsed("state.path", "the path of the SQLite file, and no URL", |text| {
        let is_special = text.is_empty() || text == ":memory:" || text.starts_with("file:");
        (!is_special).then(|| without_link(PathBuf::from(text)))
    });
    let remote = remote(reader);
    let retention_days = reader.count("state.retention_days");
    Some(StateSettings {
        path: path?,
        remote: remote?,
        retention_days: retention_days?,
    })
}

/// The inner `None`: state stays on this machine.
fn remote(reader: &mut Reader) -> Option<Option<Url>> {
    const KEY: &str = "state.remote";
    const EXPECTED: &str = "\"s3://bucket/prefix\", \"file:///an/absolute/folder\" or \"none\"";
    let text = reader.text(KEY, EXPECTED)?;
    if text == "none" {
        return Some(None);
    }
    let Ok(url) = Url::parse(&text) else {
        return reader.expected(KEY, EXPECTED);
    };
    let bare = url.username().is_empty() && url.password().is_none() && url.port().is_none();
    if !bare || url.query().is_some() || url.fragment().is_some() {
        return reader.expected(
            KEY,
            "a URL without user, password, port, '?' and '#': S3 credentials come from the environment or \
             the instance",
        );
    }
    let fits = match url.scheme() {
        "s3" => url.host_str().is_some_and(|bucket| !bucket.is_empty()),
        "file" => {
            text.starts_with("file:///")
                && url
                    .to_file_path()
                    .is_ok_and(|folder| folder.file_name().is_some())
        }
        _ => false,
    };
    if fits {
        Some(Some(url))
    } else {
        reader.expected(KEY, EXPECTED)
    }
}

/// `config.ssm_parameter`. Its parameter is merged before validation; here only the name is checked.
pub(super) fn parameter(reader: &mut Reader) {
    const KEY: &str = "config.ssm_parameter";
    const EXPECTED: &str =
        "the name or ARN of an SSM parameter that holds TOML, for example \"/mecris/prod/agent.toml\"";
    if reader.has(KEY) {
        reader.parsed(KEY, EXPECTED, |text| is_parameter_name(text).then_some(()));
    }
}
