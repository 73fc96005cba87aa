//! `[notify.sms]`, `[notify.voice]`, and what the channels of Twilio have in common: a person, a sender, an
//! address of the API.

use secrecy::ExposeSecret as _;
use url::Url;

use crate::{
    config::{
        ConfigProblem, SecretName, Secrets, Source,
        reader::Reader,
        setting::{Form, Kind, Setting, Table},
        urls,
    },
    domain::PhoneNumber,
};

pub(in crate::config) const SMS: Table = Table {
    name: "notify.sms",
    doc: "Text messages by Twilio.",
    form: Form::Always,
    settings: &[
        Setting::new(
            "notify.sms.base_url",
            Kind::Other("URL"),
            "as `beeminder.base_url`",
        )
        .default("\"https://api.twilio.com\""),
        Setting::new(
            "notify.sms.to",
            Kind::Other("phone number"),
            "E.164; required for sms",
        )
        .without("secret `TWILIO_TO_NUMBER`")
        .example("\"+14155550100\"")
        .private(),
        Setting::new(
            "notify.sms.messaging_service_sid",
            Kind::Text,
            "`MG` and 32 hexadecimal digits",
        )
        .example("\"MG00000000000000000000000000000000\"")
        .private(),
        Setting::new(
            "notify.sms.from",
            Kind::Other("phone number"),
            "E.164, not `notify.sms.to`. Either this or `notify.sms.messaging_service_sid` is required for sms",
        )
        .without("secret `TWILIO_FROM_NUMBER`")
        .comment("\"+15005550006\"")
        .private(),
    ],
};

pub(in crate::config) const VOICE: Table = Table {
    name: "notify.voice",
    doc: "Calls by Twilio. Nothing but Mecris should call you from this number: a call in doubt is \
     recognized by its two numbers and its time.",
    form: Form::Always,
    settings: &[
        Setting::new(
            "notify.voice.base_url",
            Kind::Other("URL"),
            "as `beeminder.base_url`",
        )
        .default("\"https://api.twilio.com\""),
        Setting::new(
            "notify.voice.to",
            Kind::Other("phone number"),
            "E.164; required for voice",
        )
        .without("secret `TWILIO_TO_NUMBER`")
        .example("\"+14155550100\"")
        .private(),
        Setting::new(
            "notify.voice.from",
            Kind::Other("phone number"),
            "E.164, a number of the account, not `notify.voice.to`; required for voice",
        )
        .without("secret `TWILIO_FROM_NUMBER`")
        .example("\"+15005550006\"")
        .private(),
        Setting::new("notify.voice.voice", Kind::Text, "a voice of Twilio's `<Say>`")
            .default("\"Polly.Joanna\""),
        Setting::new(
            "notify.voice.language",
            Kind::Text,
            "a language tag that the voice speaks",
        )
        .default("\"en-US\""),
    ],
};

/// `[notify.sms]`.
#[derive(Clone, Debug)]
pub struct SmsSettings {
    /// `https://api.twilio.com`.
    pub base_url: Url,
    /// The person (`notify.sms.to` or `TWILIO_TO_NUMBER`).
    pub to: PhoneNumber,
    /// Who it comes from.
    pub sender: Sender,
}

/// `[notify.voice]`.
#[derive(Clone, Debug)]
pub struct VoiceSettings {
    /// `https://api.twilio.com`.
    pub base_url: Url,
    /// The person (`notify.voice.to` or `TWILIO_TO_NUMBER`).
    pub to: PhoneNumber,
    /// The number that calls (`notify.voice.from` or `TWILIO_FROM_NUMBER`).
    pub from: PhoneNumber,
    /// Twilio's name of a voice.
    pub voice: String,
    /// A BCP 47 language tag.
    pub language: String,
}

/// Who a message comes from.
#[derive(Clone, Debug)]
pub enum Sender {
    /// `MG…`.
    MessagingService(String),
    /// `from`, or `TWILIO_FROM_NUMBER` for text messages.
    Number(PhoneNumber),
}

const NUMBER: &str = "a telephone number in E.164 form such as \"+14155550100\"";

pub(super) fn sms(
    reader: &mut Reader,
    secrets: Option<&Secrets>,
    wanted: bool,
) -> Option<Option<SmsSettings>> {
    let base_url = urls::base_url(reader, "notify.sms.base_url");
    // Without the channel, the secret is not checked: PHONE_NUMBER is a common name, and its value may be
    // anything.
    let secrets = secrets.filter(|_| wanted);
    let to = to(reader, secrets, "sms", wanted);
    let sender = sender(reader, secrets, "sms", Some(SecretName::TwilioFromNumber));
    if !wanted {
        return Some(None);
    }
    if matches!(sender, Ok(None)) {
        reader.refuse(
            "notify.sms.messaging_service_sid",
            "the sms channel needs a sender: set this, or notify.sms.from, or the secret TWILIO_FROM_NUMBER",
        );
    }
    apart(reader, "sms", &to, &sender)?;
    Some(Some(SmsSettings {
        base_url: base_url?,
        to: to.ok()??,
        sender: sender.ok()??,
    }))
}

pub(super) fn voice(
    reader: &mut Reader,
    secrets: Option<&Secrets>,
    wanted: bool,
) -> Option<Option<VoiceSettings>> {
    let base_url = urls::base_url(reader, "notify.voice.base_url");
    let voice = reader.parsed(
        "notify.voice.voice",
        "a voice of Twilio such as \"Polly.Joanna\" or \"woman\"",
        name,
    );
    let language = reader.parsed("notify.voice.language", "a language tag such as \"en-US\"", name);
    let secrets = secrets.filter(|_| wanted);
    let to = to(reader, secrets, "voice", wanted);
    let from = number(
        reader,
        secrets,
        "notify.voice.from",
        Some(SecretName::TwilioFromNumber),
    );
    if !wanted {
        return Some(None);
    }
    if from == Ok(None) {
        reader.refuse(
            "notify.voice.from",
            format!(
                "the voice channel needs a number that calls: set this or the secret TWILIO_FROM_NUMBER to {NUMBER}"
            ),
        );
    }
    let sender = from.as_ref().ok().cloned().flatten().map(Sender::Number);
    apart(reader, "voice", &to, &Ok(sender))?;
    Some(Some(VoiceSettings {
        base_url: base_url?,
        to: to.ok()??,
        from: from.ok()??,
        voice: voice?,
        language: language?,
    }))
}

/// Letters, digits, `.`, `-` and `_`, as in all of Twilio's names of voices and languages.
fn name(text: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    ((1..=60).contains(&text.len()) && text.chars().all(fits)).then(|| text.to_owned())
}

/// The value is unknown, because the secrets cannot be read, or its problem is recorded already.
#[derive(Debug, PartialEq)]
pub(super) struct Recorded;

/// The person.
pub(super) fn to(
    reader: &mut Reader,
    secrets: Option<&Secrets>,
    channel: &str,
    wanted: bool,
) -> Result<Option<PhoneNumber>, Recorded> {
    let key = format!("notify.{channel}.to");
    let to = number(reader, secrets, &key, Some(SecretName::TwilioToNumber));
    if wanted && to == Ok(None) {
        let message = format!(
            "is required for the {channel} channel: set it or the secret TWILIO_TO_NUMBER to {NUMBER}"
        );
        reader.refuse(&key, message);
    }
    to
}

/// Who it comes from.
pub(super) fn sender(
    reader: &mut Reader,
    secrets: Option<&Secrets>,
    channel: &str,
    stand_in: Option<SecretName>,
) -> Result<Option<Sender>, Recorded> {
    let (service, from) = (
        format!("notify.{channel}.messaging_service_sid"),
        format!("notify.{channel}.from"),
    );
    if !reader.has(&service) {
        return Ok(number(reader, secrets, &from, stand_in)?.map(Sender::Number));
    }
    if reader.has(&from) {
        reader.refuse(&from, format!("expected either this or {service}, not both"));
        return Err(Recorded);
    }
    let sid = reader.parsed(&service, "\"MG\" and 32 hexadecimal digits", |text| {
        self::sid("MG", text)
    });
    sid.map(|sid| Some(Sender::MessagingService(sid))).ok_or(Recorded)
}

/// Refuses the person's own number as the sender: Twilio answers every message with error 21266 (WhatsApp: 63031).
pub(super) fn apart(
    reader: &mut Reader,
    channel: &str,
    to: &Result<Option<PhoneNumber>, Recorded>,
    sender: &Result<Option<Sender>, Recorded>,
) -> Option<()> {
    match (to, sender) {
        (Ok(Some(to)), Ok(Some(Sender::Number(from)))) if to == from => {
            let message = format!(
                "is the number that notify.{channel}.to names, too, and Twilio sends nothing from a number to \
                 itself: expected a number of the Twilio account"
            );
            let key = format!("notify.{channel}.from");
            if reader.has(&key) {
                reader.refuse(&key, message);
            } else {
                let source = Some(Source::Secret(SecretName::TwilioFromNumber.as_str()));
                reader.report(ConfigProblem {
                    key,
                    value: None,
                    source,
                    message,
                });
            }
            None
        }
        _ => Some(()),
    }
}

/// Twilio: a prefix and 32 hexadecimal digits.
pub(super) fn sid(prefix: &str, text: &str) -> Option<String> {
    let digits = text.strip_prefix(prefix)?;
    let fits = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| text.to_owned())
}

/// A number from its setting, else from the secret that stands in for it. `Err` if that secret is needed and
/// the secrets cannot be read.
fn number(
    reader: &mut Reader,
    secrets: Option<&Secrets>,
    key: &str,
    stand_in: Option<SecretName>,
) -> Result<Option<PhoneNumber>, Recorded> {
    if reader.has(key) {
        return reader
            .parsed(key, NUMBER, |text| text.parse().ok())
            .map(Some)
            .ok_or(Recorded);
    }
    let Some(stand_in) = stand_in else { return Ok(None) };
    let Some(secret) = secrets.ok_or(Recorded)?.get(stand_in) else {
        return Ok(None);
    };
    secret.expose_secret().parse().map(Some).map_err(|_| {
        let source = Some(Source::Secret(stand_in.as_str()));
        let message = format!("expected {NUMBER}");
        reader.report(ConfigProblem {
            key: key.to_owned(),
            value: None,
            source,
            message,
        });
        Recorded
    })
}
