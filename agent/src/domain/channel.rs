//! The ways to reach the person, and what a person wants done where a provider cannot be asked.

use super::word::word;

word! {
    /// A way to reach the person.
    #[derive(PartialOrd, Ord, Hash)]
    pub enum ChannelKind: "a channel" in "lowercase" {
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
}

impl ChannelKind {
    /// Whether anybody ever says what became of a message that the provider accepted.
    pub fn has_receipts(self) -> bool {
        match self {
            Self::Console | Self::Sms | Self::WhatsApp | Self::Voice => true,
            Self::Telegram | Self::Slack | Self::Email => false,
        }
    }

    /// The channel's name in the list of what is degraded, while the channel is broken.
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

/// What is done about a message in doubt if the provider cannot be asked about it. Either choice may be
/// wrong, so a person chooses in the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDoubt {
    /// Send it again with the same tag: at least once, perhaps twice.
    #[default]
    Resend,
    /// Send nothing more, on this channel or on another: at most once, perhaps never.
    GiveUp,
}
