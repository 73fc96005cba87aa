//! Secrets: names, aliases, sources. Values are `SecretString` and never printed.

use std::collections::BTreeMap;

use secrecy::SecretString;

/// A secret's canonical name, `BEEMINDER_AUTH_TOKEN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretName {
    /// Beeminder's personal token.
    BeeminderAuthToken,
    /// `AC…`, also in the path of every call. Alias `TWILIO_SID`.
    TwilioAccountSid,
    /// The account token. Alias `TWILIO_TOKEN`.
    TwilioAuthToken,
    /// `SK…`, preferred over the account token.
    TwilioApiKeySid,
    /// The API key's secret.
    TwilioApiKeySecret,
    /// Sender. Alias `FROM_NUMBER`.
    TwilioFromNumber,
    /// Recipient.
    TwilioToNumber,
    /// `name:token` pairs separated by commas; a bare token is named `default`.
    MecrisApiTokens,
}

/// The secrets that were found.
#[derive(Clone, Debug, Default)]
pub struct Secrets(BTreeMap<SecretName, SecretString>);

/// Why secrets could not be read. Never contains a value.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The source cannot be read or parsed.
    #[error("secrets: {0}")]
    Source(String),
}

/// Somewhere secrets can be read.
pub trait SecretSource: Send + Sync {
    /// Reads all of them.
    fn load(&self) -> Result<Secrets, SecretsError>;
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
}
