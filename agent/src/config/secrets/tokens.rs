//! The bearer tokens of the HTTP endpoints.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret as _, SecretString};

use super::{SecretName, Secrets};

/// A shorter token could be guessed.
const SHORTEST: usize = 16;

/// Why `MECRIS_API_TOKENS` cannot be used. Tokens are counted, not named: what looks like a name may be half
/// of a token.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokensError {
    /// A token can be guessed.
    #[error("MECRIS_API_TOKENS: token {position} has fewer than {SHORTEST} characters")]
    TooShort {
        /// From 1.
        position: usize,
    },
    /// A name has other characters than it may.
    #[error(
        "MECRIS_API_TOKENS: the name of token {position} is not 1 to 32 letters, digits, '-' or '_': expected name:token pairs separated by commas"
    )]
    BadName {
        /// From 1.
        position: usize,
    },
    /// A token has characters that no `Authorization` header can carry.
    #[error("MECRIS_API_TOKENS: token {position} has characters other than printable ASCII without spaces")]
    BadToken {
        /// From 1.
        position: usize,
    },
    /// Two tokens have one name.
    #[error("MECRIS_API_TOKENS: token {position} has the name of an earlier one")]
    SameName {
        /// From 1.
        position: usize,
    },
}

impl Secrets {
    /// The tokens of `MECRIS_API_TOKENS` with their names, in order; none if the secret is missing.
    ///
    /// # Errors
    /// [`TokensError`] for the first token that cannot be used.
    pub fn api_tokens(&self) -> Result<Vec<(String, SecretString)>, TokensError> {
        let Some(secret) = self.get(SecretName::MecrisApiTokens) else {
            return Ok(Vec::new());
        };
        let mut names = BTreeSet::new();
        let entries = secret
            .expose_secret()
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty());
        entries
            .enumerate()
            .map(|(index, entry)| {
                let (name, token) = parse(index + 1, entry)?;
                if names.insert(name.clone()) {
                    Ok((name, token))
                } else {
                    Err(TokensError::SameName { position: index + 1 })
                }
            })
            .collect()
    }
}

fn parse(position: usize, entry: &str) -> Result<(String, SecretString), TokensError> {
    let (name, token) = entry.split_once(':').unwrap_or(("default", entry));
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 32 || !name.chars().all(is_name) {
        return Err(TokensError::BadName { position });
    }
    if token.chars().count() < SHORTEST {
        return Err(TokensError::TooShort { position });
    }
    if !token.chars().all(|c| c.is_ascii_graphic()) {
        return Err(TokensError::BadToken { position });
    }
    Ok((name.to_owned(), SecretString::from(token)))
}
