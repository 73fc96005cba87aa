//! `[notify]` and its channels.

mod email;
mod telegram;

use std::time::Duration;

use secrecy::ExposeSecret as _;

use crate::{
    config::{
        ConfigProblem, SecretName, Secrets, Source,
        reader::Reader,
        settings::{ChannelKind, Environment, NotifySettings, OnDoubt, SlackSettings, SmsSender, SmsSettings},
    },
    domain::PhoneNumber,
};

#[rustfmt::skip]
const CHANNELS: &[(&str, ChannelKind)] = &[
    ("sms", ChannelKind::Sms),
    ("telegram", ChannelKind::Telegram),
    ("slack", ChannelKind::Slack),
    ("email", ChannelKind::Email),
    ("console", ChannelKind::Console),
];
const ON_DOUBT: &[(&str, OnDoubt)] = &[("resend", OnDoubt::Resend), ("give_up", OnDoubt::GiveUp)];
const NUMBER: &str = "a telephone number in E.164 form such as \"+14155550100\"";

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
    let wants = |kind| channels.as_ref().is_some_and(|channels| channels.contains(&kind));
    let sms = sms(reader, secrets, wants(ChannelKind::Sms));
    let telegram = telegram::telegram(reader, wants(ChannelKind::Telegram));
    let slack = slack(reader, wants(ChannelKind::Slack));
    let email = email::email(reader, wants(ChannelKind::Email));
    Some(NotifySettings {
        lease: lease?,
        settle: settle?,
        sms: sms?,
        telegram: telegram?,
        slack: slack?,
        email: email?,
        channels: channels?,
    })
}

/// Where to is a secret, so there is little to say here. As [`sms`], so is the meaning of the two `Option`s.
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

/// The outer `None` is a problem; the inner one means that `sms` is no channel. What is set is checked in any case.
fn sms(reader: &mut Reader, secrets: Option<&Secrets>, wanted: bool) -> Option<Option<SmsSettings>> {
    let base_url = super::url::base_url(reader, "notify.sms.base_url");
    // A number that nobody uses may be anything: PHONE_NUMBER is a common name.
    let secrets = secrets.filter(|_| wanted);
    let to = number(reader, secrets, "notify.sms.to", SecretName::TwilioToNumber);
    let sender = sender(reader, secrets);
    if !wanted {
        return Some(None);
    }
    if to == Ok(None) {
        reader.refuse(
            "notify.sms.to",
            format!("is required for the sms channel: set it or the secret TWILIO_TO_NUMBER to {NUMBER}"),
        );
    }
    if matches!(sender, Ok(None)) {
        reader.refuse(
            "notify.sms.messaging_service_sid",
            "the sms channel needs a sender: set this, or notify.sms.from, or the secret TWILIO_FROM_NUMBER",
        );
    }
    Some(Some(SmsSettings { base_url: base_url?, to: to.ok()??, sender: sender.ok()?? }))
}

/// There is no telling, or a problem that was recorded already.
#[derive(Debug, PartialEq)]
struct Recorded;

fn sender(reader: &mut Reader, secrets: Option<&Secrets>) -> Result<Option<SmsSender>, Recorded> {
    const SERVICE: &str = "notify.sms.messaging_service_sid";
    if !reader.has(SERVICE) {
        let number = number(reader, secrets, "notify.sms.from", SecretName::TwilioFromNumber)?;
        return Ok(number.map(SmsSender::Number));
    }
    if reader.has("notify.sms.from") {
        reader.refuse("notify.sms.from", format!("expected either this or {SERVICE}, not both"));
        return Err(Recorded);
    }
    let service = reader.parsed(SERVICE, "\"MG\" and 32 hexadecimal digits", messaging_service);
    service.map(|sid| Some(SmsSender::MessagingService(sid))).ok_or(Recorded)
}

/// Twilio: `^MG[0-9a-fA-F]{32}$`.
fn messaging_service(text: &str) -> Option<String> {
    let digits = text.strip_prefix("MG")?;
    let fits = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| text.to_owned())
}

/// A number from its setting, else from the secret that stands in for it. Without secrets nothing can be said about the latter.
fn number(
    reader: &mut Reader,
    secrets: Option<&Secrets>,
    key: &str,
    stand_in: SecretName,
) -> Result<Option<PhoneNumber>, Recorded> {
    if reader.has(key) {
        return reader.parsed(key, NUMBER, |text| text.parse().ok()).map(Some).ok_or(Recorded);
    }
    let Some(secret) = secrets.ok_or(Recorded)?.get(stand_in) else { return Ok(None) };
    secret.expose_secret().parse().map(Some).map_err(|_| {
        let source = Some(Source::Secret(stand_in.as_str()));
        let message = format!("expected {NUMBER}");
        reader.report(ConfigProblem { key: key.to_owned(), value: None, source, message });
        Recorded
    })
}
