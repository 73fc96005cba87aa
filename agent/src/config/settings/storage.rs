//! Where state lives and where secrets come from: `[state]`, `[secrets]`.

use std::path::PathBuf;

use url::Url;

/// `[state]`.
#[derive(Clone, Debug)]
pub struct StateSettings {
    /// The SQLite file.
    pub path: PathBuf,
    /// Where copies go, if anywhere.
    pub remote: Option<Url>,
    /// How many days passes, decisions and finished messages are kept; see [`crate::store::tables::retention`].
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
