//! `[notify]` and its channels.

mod twilio;

use std::time::Duration;

use lettre::message::Mailbox;
pub use twilio::{ContentTemplate, Sender, SmsSettings, VoiceSettings, WhatsAppSettings};
use url::Url;

/// `[notify]`.
#[derive(Clone, Debug)]
pub struct NotifySettings {
    /// The order in which channels are tried.
    pub channels: Vec<ChannelKind>,
    /// How long one attempt owns its message.
    pub lease: Duration,
    /// How long after doubt the provider is given to list what it accepted.
    pub settle: Duration,
    /// `[notify.sms]`, present if `sms` is a channel.
    pub sms: Option<SmsSettings>,
    /// `[notify.whatsapp]`, present if `whatsapp` is a channel.
    pub whatsapp: Option<WhatsAppSettings>,
    /// `[notify.voice]`, present if `voice` is a channel.
    pub voice: Option<VoiceSettings>,
    /// `[notify.telegram]`, present if `telegram` is a channel.
    pub telegram: Option<TelegramSettings>,
    /// `[notify.slack]`, present if `slack` is a channel.
    pub slack: Option<SlackSettings>,
    /// `[notify.email]`, present if `email` is a channel.
    pub email: Option<EmailSettings>,
}

/// A way to reach the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
    /// Standard output; development only.
    Console,
    /// A text message by Twilio.
    Sms,
    /// A WhatsApp message by Twilio.
    WhatsApp,
    /// A telephone call by Twilio, which says the text.
    Voice,
    /// A message of a Telegram bot.
    Telegram,
    /// A message in a Slack channel, by an incoming webhook.
    Slack,
    /// A mail by SMTP.
    Email,
}

impl ChannelKind {
    /// Every channel there is.
    #[rustfmt::skip]
    pub const ALL: [Self; 7] = [
        Self::Console,
        Self::Sms,
        Self::WhatsApp,
        Self::Voice,
        Self::Telegram,
        Self::Slack,
        Self::Email,
    ];

    /// Whether somebody ever says what became of a message that was taken.
    pub fn has_receipts(self) -> bool {
        !matches!(self, Self::Telegram | Self::Slack | Self::Email)
    }

    /// The word in configuration, JSON, metrics and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Sms => "sms",
            Self::WhatsApp => "whatsapp",
            Self::Voice => "voice",
            Self::Telegram => "telegram",
            Self::Slack => "slack",
            Self::Email => "email",
        }
    }

    /// Its name among what is degraded while it is broken.
    pub fn degraded_name(self) -> &'static str {
        match self {
            Self::Console => "channel_console",
            Self::Sms => "channel_sms",
            Self::WhatsApp => "channel_whatsapp",
            Self::Voice => "channel_voice",
            Self::Telegram => "channel_telegram",
            Self::Slack => "channel_slack",
            Self::Email => "channel_email",
        }
    }
}

/// What is done about a message in doubt where the provider cannot be asked about it. Either way may be
/// wrong; a person says which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDoubt {
    /// Send it again with the same tag: at least once, perhaps twice.
    #[default]
    Resend,
    /// Send nothing more, here or elsewhere: at most once, perhaps never.
    GiveUp,
}

/// `[notify.telegram]`.
#[derive(Clone, Debug)]
pub struct TelegramSettings {
    /// `https://api.telegram.org`.
    pub base_url: Url,
    /// The person.
    pub chat: TelegramChat,
    /// After doubt.
    pub on_doubt: OnDoubt,
}

/// Where a bot writes to: a number, or the name of a channel or group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelegramChat(String);

impl TelegramChat {
    /// `987654`, `-1001234567890` (52 bits, says Telegram) or `@name` (5 to 32 letters, digits, underscores);
    /// `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = |name: &str| {
            (5..=32).contains(&name.len())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let fits = match text.strip_prefix('@') {
            Some(name) => is_name(name),
            None => text
                .parse::<i64>()
                .is_ok_and(|id| id != 0 && id.unsigned_abs() < 1 << 52),
        };
        fits.then(|| Self(text.to_owned()))
    }

    /// As Telegram takes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `[notify.slack]`. Where to is the secret `SLACK_WEBHOOK_URL`.
#[derive(Clone, Debug)]
pub struct SlackSettings {
    /// After doubt.
    pub on_doubt: OnDoubt,
}

/// `[notify.email]`. By which server is the secret `SMTP_URL`.
#[derive(Clone, Debug)]
pub struct EmailSettings {
    /// The sender.
    pub from: Mailbox,
    /// The person.
    pub to: Mailbox,
    /// The subject; the text is in the body.
    pub subject: String,
    /// After doubt.
    pub on_doubt: OnDoubt,
}
