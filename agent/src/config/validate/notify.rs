//! `[notify]` and its channels.

mod email;
mod telegram;
mod twilio;
mod whatsapp;

use std::time::Duration;

use crate::{
    config::{
        Secrets,
        reader::Reader,
        settings::{Environment, NotifySettings, SlackSettings},
    },
    domain::{ChannelKind, OnDoubt},
};

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

pub(super) fn notify(
    reader: &mut Reader,
    environment: Environment,
    secrets: Option<&Secrets>,
) -> Option<NotifySettings> {
    let channels = channels(reader, environment);
    // Tests lose replies on purpose and should not wait for it.
    let (least_lease, least_settle) = match environment {
        Environment::Development => (Duration::from_millis(50), Duration::ZERO),
        Environment::Production => (Duration::from_secs(1), Duration::from_secs(1)),
    };
    let lease = reader.duration("notify.lease", least_lease..=Duration::from_mins(5));
    let settle = reader.duration("notify.settle", least_settle..=Duration::from_hours(1));
    let wanted = |kind| channels.as_ref().is_some_and(|channels| channels.contains(&kind));
    let sms = twilio::sms(reader, secrets, wanted(ChannelKind::Sms));
    let whatsapp = whatsapp::whatsapp(reader, secrets, wanted(ChannelKind::WhatsApp));
    let voice = twilio::voice(reader, secrets, wanted(ChannelKind::Voice));
    let telegram = telegram::telegram(reader, wanted(ChannelKind::Telegram));
    let slack = slack(reader, wanted(ChannelKind::Slack));
    let email = email::email(reader, wanted(ChannelKind::Email));
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

/// Where to is a secret, so there is little to say here. As of the others, so is the meaning of the two
/// `Option`s.
fn slack(reader: &mut Reader, wanted: bool) -> Option<Option<SlackSettings>> {
    let on_doubt = reader.choice("notify.slack.on_doubt", ON_DOUBT)?;
    Some(wanted.then_some(SlackSettings { on_doubt }))
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
