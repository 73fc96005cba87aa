//! The names of secrets, and how a secret with several names is picked.

use std::fmt;

use secrecy::SecretString;

use super::{SecretProblem, Secrets};

/// A secret's canonical name, `BEEMINDER_AUTH_TOKEN`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretName {
    /// Beeminder's personal token. Alias `BEEMINDER_API_TOKEN`.
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
    /// Recipient. Alias `PHONE_NUMBER`.
    TwilioToNumber,
    /// Anthropic's Admin API.
    AnthropicAdminKey,
    /// A LiteLLM proxy.
    LitellmApiKey,
    /// A Telegram bot.
    TelegramBotToken,
    /// A Slack incoming webhook; the URL is the secret.
    SlackWebhookUrl,
    /// A mail server with user and password.
    SmtpUrl,
    /// `name:token` pairs separated by commas; a bare token is named `default`.
    MecrisApiTokens,
}

impl SecretName {
    /// Every name.
    pub const ALL: [Self; 13] = [
        Self::BeeminderAuthToken,
        Self::TwilioAccountSid,
        Self::TwilioAuthToken,
        Self::TwilioApiKeySid,
        Self::TwilioApiKeySecret,
        Self::TwilioFromNumber,
        Self::TwilioToNumber,
        Self::AnthropicAdminKey,
        Self::LitellmApiKey,
        Self::TelegramBotToken,
        Self::SlackWebhookUrl,
        Self::SmtpUrl,
        Self::MecrisApiTokens,
    ];

    /// The canonical name.
    pub const fn as_str(self) -> &'static str {
        self.spellings()[0]
    }

    /// The canonical name, then the names of earlier systems.
    pub(in crate::config) const fn spellings(self) -> &'static [&'static str] {
        match self {
            Self::BeeminderAuthToken => &["BEEMINDER_AUTH_TOKEN", "BEEMINDER_API_TOKEN"],
            Self::TwilioAccountSid => &["TWILIO_ACCOUNT_SID", "TWILIO_SID"],
            Self::TwilioAuthToken => &["TWILIO_AUTH_TOKEN", "TWILIO_TOKEN"],
            Self::TwilioApiKeySid => &["TWILIO_API_KEY_SID"],
            Self::TwilioApiKeySecret => &["TWILIO_API_KEY_SECRET"],
            Self::TwilioFromNumber => &["TWILIO_FROM_NUMBER", "FROM_NUMBER"],
            Self::TwilioToNumber => &["TWILIO_TO_NUMBER", "PHONE_NUMBER"],
            Self::AnthropicAdminKey => &["ANTHROPIC_ADMIN_KEY"],
            Self::LitellmApiKey => &["LITELLM_API_KEY"],
            Self::TelegramBotToken => &["TELEGRAM_BOT_TOKEN"],
            Self::SlackWebhookUrl => &["SLACK_WEBHOOK_URL"],
            Self::SmtpUrl => &["SMTP_URL"],
            Self::MecrisApiTokens => &["MECRIS_API_TOKENS"],
        }
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Picks the secrets of one place. An empty value counts as missing; two spellings must not contradict each
/// other.
pub(super) fn pick<'a>(
    place: &str,
    get: impl Fn(&str) -> Option<&'a str>,
    problems: &mut Vec<SecretProblem>,
) -> Secrets {
    let mut secrets = Secrets::default();
    for name in SecretName::ALL {
        let mut found: Option<(&'static str, &str)> = None;
        for &spelling in name.spellings() {
            let Some(value) = get(spelling).filter(|value| !value.trim().is_empty()) else {
                continue;
            };
            match found {
                None => found = Some((spelling, value)),
                Some((first, other)) if other != value => {
                    problems.push(SecretProblem::Conflict {
                        place: place.to_owned(),
                        name: first,
                        alias: spelling,
                    });
                }
                Some(_) => {}
            }
        }
        if let Some((_, value)) = found {
            secrets.insert(name, SecretString::from(value));
        }
    }
    secrets
}
