use secrecy::{ExposeSecret as _, SecretString};

use crate::config::secrets::{SecretName, Secrets};

/// A bot's token, `123456789:AAE…`. It is in the path of every URL, so it is looked at before it is used.
#[derive(Clone, Debug)]
pub struct BotToken(SecretString);

/// Why there is no token. Never contains a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Nobody gave one.
    #[error("TELEGRAM_BOT_TOKEN is missing: @BotFather gives it")]
    Missing,
    /// It is something else.
    #[error(
        "TELEGRAM_BOT_TOKEN is not a bot's token: expected digits, a colon and at least 20 letters, digits, \"_\" or \"-\", as @BotFather shows it"
    )]
    Malformed,
}

impl BotToken {
    /// Takes it from the secrets.
    ///
    /// # Errors
    /// If it is missing, or nothing that could be in a path.
    pub fn from_secrets(secrets: &Secrets) -> Result<Self, TokenError> {
        let token = secrets
            .get(SecretName::TelegramBotToken)
            .ok_or(TokenError::Missing)?;
        if is_token(token.expose_secret()) {
            Ok(Self(token.clone()))
        } else {
            Err(TokenError::Malformed)
        }
    }

    /// The part of the path that says who asks.
    pub(super) fn segment(&self) -> String {
        format!("bot{}", self.0.expose_secret())
    }

    /// What must be masked in words that others wrote: the token, and the half of it that proves anything.
    pub(super) fn mask(&self, words: &str) -> String {
        let proof = self
            .0
            .expose_secret()
            .split_once(':')
            .map_or("", |(_, proof)| proof);
        crate::outbound::redact::text(words, &[&self.0, &SecretString::from(proof)])
    }
}

fn is_token(text: &str) -> bool {
    text.split_once(':').is_some_and(|(id, proof)| {
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        let is_proof = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        is_id && proof.len() >= 20 && proof.bytes().all(is_proof)
    })
}
