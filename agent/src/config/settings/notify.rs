//! `[notify]` and its channels.

use std::time::Duration;

use url::Url;

use crate::domain::PhoneNumber;

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
}

/// A way to reach the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
    /// Standard output; development only.
    Console,
    /// A text message by Twilio.
    Sms,
}

impl ChannelKind {
    /// Every channel there is.
    pub const ALL: [Self; 2] = [Self::Console, Self::Sms];

    /// The word in configuration, JSON, metrics and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Sms => "sms",
        }
    }
}

/// `[notify.sms]`.
#[derive(Clone, Debug)]
pub struct SmsSettings {
    /// `https://api.twilio.com`.
    pub base_url: Url,
    /// The person (`notify.sms.to` or `TWILIO_TO_NUMBER`).
    pub to: PhoneNumber,
    /// Who it comes from.
    pub sender: SmsSender,
}

/// Who a text message comes from.
#[derive(Clone, Debug)]
pub enum SmsSender {
    /// `MG…`.
    MessagingService(String),
    /// `notify.sms.from` or `TWILIO_FROM_NUMBER`.
    Number(PhoneNumber),
}
