//! `secrets.source = "secretsmanager:mecris/prod"`: the text of a secret in AWS Secrets Manager. The caller
//! fetches it.

use secrecy::{ExposeSecret as _, SecretString};

use super::{FoundSecrets, SecretProblem, SecretSource, SecretsError, json};

/// A fetched secret, `{"BEEMINDER_AUTH_TOKEN": "…"}`, or why the fetch failed, for a person.
#[derive(Debug)]
pub struct ManagedSecrets {
    id: String,
    text: Result<SecretString, String>,
}

impl ManagedSecrets {
    /// The secret `id`, and the result of fetching it.
    pub fn new(id: &str, text: Result<&str, String>) -> Self {
        Self {
            id: id.to_owned(),
            text: text.map(SecretString::from),
        }
    }
}

impl SecretSource for ManagedSecrets {
    fn load(&self) -> Result<FoundSecrets, SecretsError> {
        match &self.text {
            Ok(text) => json::parse(&format!("the secret {}", self.id), text.expose_secret()),
            Err(why) => Err(SecretProblem::NotFetched(why.clone()).into()),
        }
    }
}
