//! Secrets: names, aliases, sources. Values are `SecretString`; no error, warning or `Debug` of this module
//! contains a value.

mod credential;
mod dotenv;
mod env;
#[cfg(fuzzing)]
pub mod fuzzing;
mod json;
mod managed;
mod names;
mod needs;
mod permissions;
mod renewable;
mod tokens;
mod value;

use std::{collections::BTreeMap, fmt};

use secrecy::{ExposeSecret as _, SecretString};

pub use credential::CredentialSecrets;
pub use env::EnvSecrets;
pub use json::JsonFileSecrets;
pub use managed::ManagedSecrets;
pub use names::SecretName;
pub use renewable::{Edition, Renew, RenewError, Renewable, RenewableSecrets, Renewal};
pub use tokens::TokensError;
pub use value::{IN_QUOTES, is_in_quotes};

/// The secrets that were found. `Debug` shows their names.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<SecretName, SecretString>);

/// What a source has.
#[derive(Debug, Default)]
pub struct FoundSecrets {
    /// The secrets.
    pub secrets: Secrets,
    /// Sentences for the log: a file that others can read, an unknown name.
    pub warnings: Vec<String>,
}

/// What was noticed while secrets were read.
#[derive(Debug, Default)]
struct Notes {
    problems: Vec<SecretProblem>,
    warnings: Vec<String>,
}

impl Notes {
    /// The secrets with the warnings, if there is no problem.
    fn found(self, secrets: Secrets) -> Result<FoundSecrets, SecretsError> {
        if !self.problems.is_empty() {
            return Err(SecretsError(self.problems));
        }
        Ok(FoundSecrets {
            secrets,
            warnings: self.warnings,
        })
    }
}

/// A place that secrets are read from.
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
    /// The folder of credentials holds no secret of Mecris.
    #[error(
        "{folder} holds no secret: expected secrets.json, or a file named like a secret, for example TWILIO_AUTH_TOKEN"
    )]
    NoSecrets {
        /// `$CREDENTIALS_DIRECTORY`.
        folder: String,
    },
    /// The secret could not be fetched from Secrets Manager: what happened and what to do, for a person.
    /// Whoever fetched it has decided before whether to try again.
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
    /// A value is not a text.
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
    /// The value of a secret, if it was found.
    pub fn get(&self, name: SecretName) -> Option<&SecretString> {
        self.0.get(&name)
    }

    /// The first of these secrets whose value is in quotes, see [`is_in_quotes`].
    pub fn in_quotes(&self, names: &[SecretName]) -> Option<SecretName> {
        let is_quoted =
            |name: &SecretName| self.get(*name).is_some_and(|it| is_in_quotes(it.expose_secret()));
        names.iter().copied().find(is_quoted)
    }

    /// Adds a secret.
    pub fn insert(&mut self, name: SecretName, value: SecretString) {
        self.0.insert(name, value);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the secret was found.
    pub fn has(&self, name: SecretName) -> bool {
        self.0.contains_key(&name)
    }

    /// These secrets, and those of `others` that are missing here.
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
