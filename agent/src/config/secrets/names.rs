//! The names of secrets, and how a secret with several names is picked.

use std::{fmt, iter};

use secrecy::SecretString;
use strum::VariantArray as _;

use super::{Notes, SecretProblem, Secrets, value};

/// A secret's canonical name, `BEEMINDER_AUTH_TOKEN`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
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
    /// Every name, in the order of declaration.
    pub const ALL: [Self; Self::VARIANTS.len()] =
        *Self::VARIANTS.first_chunk().expect("as many as there are");

    /// The canonical name.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The canonical name, then the name that an earlier system used.
    pub(in crate::config) fn spellings(self) -> impl Iterator<Item = &'static str> {
        let alias = match self {
            Self::BeeminderAuthToken => Some("BEEMINDER_API_TOKEN"),
            Self::TwilioAccountSid => Some("TWILIO_SID"),
            Self::TwilioAuthToken => Some("TWILIO_TOKEN"),
            Self::TwilioFromNumber => Some("FROM_NUMBER"),
            Self::TwilioToNumber => Some("PHONE_NUMBER"),
            _ => None,
        };
        iter::once(self.as_str()).chain(alias)
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
pub(super) fn pick<'a>(place: &str, get: impl Fn(&str) -> Option<&'a str>, notes: &mut Notes) -> Secrets {
    let mut secrets = Secrets::default();
    for name in SecretName::ALL {
        let mut found: Option<(&'static str, &str)> = None;
        for spelling in name.spellings() {
            let Some(given) = get(spelling) else {
                continue;
            };
            let value = value::trimmed(given);
            if value.is_empty() {
                continue;
            }
            notes.warnings.extend(accidents(place, spelling, given, value));
            match found {
                None => found = Some((spelling, value)),
                Some((first, other)) if other != value => {
                    notes.problems.push(SecretProblem::Conflict {
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

/// Sentences about what came along with a value by accident.
fn accidents(place: &str, name: &str, given: &str, value: &str) -> impl Iterator<Item = String> {
    let trimmed = (given != value).then(|| {
        format!("{place}: {name} had white space or invisible characters at its ends, which were left out")
    });
    let in_quotes = value::is_in_quotes(value).then(|| format!("{place}: {name} {}", value::IN_QUOTES));
    trimmed.into_iter().chain(in_quotes)
}
