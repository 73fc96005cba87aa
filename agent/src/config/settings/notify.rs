//! `[notify]` and its channels.

mod twilio;

use std::time::Duration;

use lettre::message::Mailbox;
pub use twilio::{ContentTemplate, Sender, SmsSettings, VoiceSettings, WhatsAppSettings};
use url::Url;

use crate::domain::{ChannelKind, OnDoubt};

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
