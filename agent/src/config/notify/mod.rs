//! `[notify]`: the channels and their order. A file for each channel; the plain ones of Twilio share one.
//!
//! The reader of a channel returns two `Option`s: the outer `None` is a problem, the inner one says that
//! `notify.channels` lacks the channel. What is set is checked in any case.

pub(super) mod email;
pub(super) mod slack;
pub(super) mod telegram;
pub(super) mod twilio;
pub(super) mod whatsapp;

use std::time::Duration;

pub use email::EmailSettings;
pub use slack::SlackSettings;
pub use telegram::{TelegramChat, TelegramSettings};
pub use twilio::{Sender, SmsSettings, VoiceSettings};
pub use whatsapp::{ContentTemplate, WhatsAppSettings};

use super::{
    Secrets,
    general::Environment,
    reader::Reader,
    setting::{Form, Kind, Setting, Table},
};
use crate::domain::{ChannelKind, OnDoubt};

pub(super) const TABLE: Table = Table {
    name: "notify",
    doc: "The channels, and how long an attempt may take.",
    form: Form::Always,
    settings: &[
        Setting::new(
            "notify.channels",
            Kind::Other("list"),
            "`\"sms\"`, `\"whatsapp\"`, `\"voice\"`, `\"telegram\"`, `\"slack\"`, `\"email\"`, `\"console\"` \
             (development), each once, in the order in which they are tried",
        )
        .default("[\"sms\"]")
        .example("[\"sms\", \"whatsapp\", \"voice\", \"telegram\", \"slack\", \"email\"]"),
        Setting::new(
            "notify.lease",
            Kind::Duration,
            "how long one attempt owns its message: 1s to 5m, from 50ms in development",
        )
        .default("\"15s\""),
        Setting::new(
            "notify.settle",
            Kind::Duration,
            "how long after the lease a provider may take to list a message whose answer was lost: 1s to 1h, \
             from 0s in development",
        )
        .default("\"20s\""),
    ],
};

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

#[rustfmt::skip]
const CHANNELS: &[(&str, ChannelKind)] = &[
    ("sms", ChannelKind::Sms),
    ("whatsapp", ChannelKind::WhatsApp),
    ("voice", ChannelKind::Voice),
    ("telegram", ChannelKind::Telegram),
    ("slack", ChannelKind::Slack),
    ("email", ChannelKind::Email),
    ("console", ChannelKind::Console),
];
const ON_DOUBT: &[(&str, OnDoubt)] = &[("resend", OnDoubt::Resend), ("give_up", OnDoubt::GiveUp)];

pub(super) fn read(
    reader: &mut Reader,
    environment: Environment,
    secrets: Option<&Secrets>,
) -> Option<NotifySettings> {
    let channels = channels(reader, environment);
    // Tests lose replies on purpose and should not wait long.
    let (least_lease, least_settle) = match environment {
        Environment::Development => (Duration::from_millis(50), Duration::ZERO),
        Environment::Production => (Duration::from_secs(1), Duration::from_secs(1)),
    };
    let lease = reader.duration("notify.lease", least_lease..=Duration::from_mins(5));
    let settle = reader.duration("notify.settle", least_settle..=Duration::from_hours(1));
    let wanted = |kind| channels.as_ref().is_some_and(|channels| channels.contains(&kind));
    let sms = twilio::sms(reader, secrets, wanted(ChannelKind::Sms));
    let whatsapp = whatsapp::read(reader, secrets, wanted(ChannelKind::WhatsApp));
    let voice = twilio::voice(reader, secrets, wanted(ChannelKind::Voice));
    let telegram = telegram::read(reader, wanted(ChannelKind::Telegram));
    let slack = slack::read(reader, wanted(ChannelKind::Slack));
    let email = email::read(reader, wanted(ChannelKind::Email));
    Some(NotifySettings {
        channels: channels?,
        lease: lease?,
        settle: settle?,
        sms: sms?,
        whatsapp: whatsapp?,
        voice: voice?,
        telegram: telegram?,
        slack: slack?,
        email: email?,
    })
}

fn channels(reader: &mut Reader, environment: Environment) -> Option<Vec<ChannelKind>> {
    const KEY: &str = "notify.channels";
    let channels = reader.choices(KEY, CHANNELS)?;
    if channels.is_empty() {
        return reader.expected(KEY, "at least one channel: without one nobody is told anything");
    }
    if (1..channels.len()).any(|index| channels[..index].contains(&channels[index])) {
        return reader.expected(KEY, "each channel once");
    }
    if environment == Environment::Production && channels.contains(&ChannelKind::Console) {
        return reader.expected(KEY, "no \"console\" in production: nobody reads it");
    }
    Some(channels)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_channel_can_be_configured_by_its_name() {
        let names: BTreeSet<&str> = CHANNELS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ChannelKind::ALL.map(ChannelKind::as_str).into());
        for (name, channel) in CHANNELS {
            assert_eq!(*name, channel.as_str());
        }
    }
}
