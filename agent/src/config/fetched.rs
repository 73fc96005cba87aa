//! What loading needs from AWS, and what was fetched of it. Loading itself opens no connection: it says what
//! it wants, and its caller fetches that.

use std::{collections::BTreeMap, fmt};

use secrecy::{ExposeSecret as _, SecretString};

/// Something that only AWS has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Want {
    /// The text of an SSM parameter, by its name or ARN.
    Parameter(String),
    /// The text of a secret in Secrets Manager, by its name or ARN.
    Secret(String),
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => write!(f, "the SSM parameter {name}"),
            Self::Secret(id) => write!(f, "the secret {id}"),
        }
    }
}

/// What was fetched so far: the text, or a sentence that says why the fetch failed. `Debug` shows no text.
#[derive(Clone, Debug, Default)]
pub struct Fetched(BTreeMap<Want, Result<SecretString, String>>);

impl Fetched {
    /// Whether a fetch was tried.
    pub fn has(&self, want: &Want) -> bool {
        self.0.contains_key(want)
    }

    /// Adds the result of a fetch.
    pub fn add(&mut self, want: Want, came: Result<SecretString, String>) {
        self.0.insert(want, came);
    }

    /// The text, or why the fetch failed.
    pub(super) fn get(&self, want: &Want) -> Result<&str, String> {
        match self.0.get(want) {
            Some(Ok(text)) => Ok(text.expose_secret()),
            Some(Err(why)) => Err(why.clone()),
            None => Err("was not asked for".to_owned()),
        }
    }
}
