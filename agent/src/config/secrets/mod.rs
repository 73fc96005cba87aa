//! Secrets: names, aliases, sources. Values are `SecretString`; no error, warning or `Debug` of this module
//! contains one.

mod credential;
mod env;
mod json;
mod live;
mod managed;
mod names;
mod needs;
mod tokens;

use std::{collections::BTreeMap, fmt};

use secrecy::SecretString;

pub use credential::CredentialSecrets;
pub use env::EnvSecrets;
pub use json::JsonFileSecrets;
pub use live::{Live, LiveSecrets, Refetch, Refetched};
pub use managed::ManagedSecrets;
pub use names::SecretName;
pub use tokens::TokensError;

/// The secrets that were found. `Debug` shows their names.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<SecretName, SecretString>);

/// What a source had.
#[derive(Debug, Default)]
pub struct FoundSecrets {
    /// The secrets.
    pub secrets: Secrets,
    /// Sentences for the log: a file that others can read, a name that nobody knows.
    pub warnings: Vec<String>,
}

/// Somewhere secrets can be read.
pub trait SecretSource: Send + Sync {
    /// Reads all of them.
    ///
    /// # Errors
    /// Everything that keeps secrets from being read. No text contains a value.
    fn load(&self) -> Result<FoundSecrets, SecretsError>;
}

/// Why secrets could not be read, all reasons at once.
#[derive(Debug)]
pub struct SecretsError(pub Vec<SecretProblem>);

impl std::error::Error for SecretsError {}

impl fmt::Display for SecretsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentences: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&sentences.join("; "))
    }
}

impl From<SecretProblem> for SecretsError {
    fn from(problem: SecretProblem) -> Self {
        Self(vec![problem])
    }
}

/// One reason. Never contains a value.
#[derive(Debug, thiserror::Error)]
pub enum SecretProblem {
    /// The file cannot be read.
    #[error("{file} cannot be read: {why}")]
    Unreadable {
        /// Its path.
        file: String,
        /// What the system said.
        why: std::io::Error,
    },
    /// The service manager gave no credentials to this process.
    #[error(
        "CREDENTIALS_DIRECTORY is not set: secrets.source = \"credential\" needs LoadCredential=secrets.json:/a/file in the unit"
    )]
    NoCredentials,
    /// There is nothing in the folder of credentials that is a secret of Mecris.
    #[error(
        "{folder} holds no secret: expected secrets.json, or a file named like a secret, for example TWILIO_AUTH_TOKEN"
    )]
    NoSecrets {
        /// `$CREDENTIALS_DIRECTORY`.
        folder: String,
    },
    /// Secrets Manager did not give it.
    #[error("{0}")]
    NotFetched(String),
    /// The file has the wrong shape.
    #[error("{file}, line {line}: expected {expected}")]
    Malformed {
        /// Its path.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is allowed there.
        expected: &'static str,
    },
    /// A value is no text.
    #[error("{file}: {name} is not a text: write it in quotes")]
    NotText {
        /// Its path.
        file: String,
        /// The secret.
        name: String,
    },
    /// Two names of one secret have different values.
    #[error("{place}: {name} and its other name {alias} are both set and differ: keep one")]
    Conflict {
        /// Where both are.
        place: String,
        /// The canonical name, or the first alias.
        name: &'static str,
        /// The other one.
        alias: &'static str,
    },
}

impl Secrets {
    /// One secret, if it is there.
    pub fn get(&self, name: SecretName) -> Option<&SecretString> {
        self.0.get(&name)
    }

    /// Adds one.
    pub fn insert(&mut self, name: SecretName, value: SecretString) {
        self.0.insert(name, value);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it was found.
    pub fn has(&self, name: SecretName) -> bool {
        self.0.contains_key(&name)
    }

    /// These, and of `others` those that are not here.
    #[must_use]
    pub fn or(mut self, others: Self) -> Self {
        for (name, value) in others.0 {
            self.0.entry(name).or_insert(value);
        }
        self
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests;
