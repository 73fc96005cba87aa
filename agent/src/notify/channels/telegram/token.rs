//! The secret `TELEGRAM_BOT_TOKEN`.

use secrecy::{ExposeSecret as _, SecretString};

use crate::config::secrets::{SecretName, Secrets};

/// A bot's token, `123456789:AAE…`. It becomes part of the path of every URL, so its form is checked first.
#[derive(Clone, Debug)]
pub struct BotToken(SecretString);

/// Why there is no token. Never contains a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The secret is not set.
    #[error("TELEGRAM_BOT_TOKEN is missing: @BotFather gives it")]
    Missing,
    /// The secret is not a bot's token.
    #[error(
        "TELEGRAM_BOT_TOKEN is not a bot's token: expected digits, a colon and at least 20 letters, digits, \"_\" or \"-\", as @BotFather shows it"
    )]
    Malformed,
}

impl BotToken {
    /// Reads `TELEGRAM_BOT_TOKEN` from the secrets.
    ///
    /// # Errors
    /// If the secret is missing or malformed.
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

    /// The part of the path that names the bot and proves its identity.
    pub(super) fn segment(&self) -> String {
        format!("bot{}", self.0.expose_secret())
    }

    /// Masks the token, and its secret half alone, in words that Telegram wrote.
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
