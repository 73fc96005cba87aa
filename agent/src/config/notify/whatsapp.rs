//! `[notify.whatsapp]`.

use std::collections::BTreeMap;

use url::Url;

use super::twilio::{Recorded, Sender, apart, sender, sid, to};
use crate::{
    config::{
        Secrets,
        reader::Reader,
        setting::{Form, Kind, Setting, Table},
        urls,
    },
    domain::PhoneNumber,
};

pub(in crate::config) const TABLE: Table = Table {
    name: "notify.whatsapp",
    doc: "Without a template WhatsApp takes a text only within 24 hours of your last message to the sender.",
    form: Form::Always,
    settings: &[
        Setting::new(
            "notify.whatsapp.base_url",
            Kind::Other("URL"),
            "as `beeminder.base_url`",
        )
        .default("\"https://api.twilio.com\""),
        Setting::new(
            "notify.whatsapp.to",
            Kind::Other("phone number"),
            "E.164, without `whatsapp:`; required for whatsapp",
        )
        .without("secret `TWILIO_TO_NUMBER`")
        .example("\"+14155550100\"")
        .private(),
        Setting::new(
            "notify.whatsapp.from",
            Kind::Other("phone number"),
            "E.164, a WhatsApp sender of the account, not `notify.whatsapp.to`, without `whatsapp:`",
        )
        .example("\"+15005550006\"")
        .private(),
        Setting::new(
            "notify.whatsapp.messaging_service_sid",
            Kind::Text,
            "`MG` and 32 hexadecimal digits. Either this or `notify.whatsapp.from` is required for whatsapp",
        )
        .comment("\"MG00000000000000000000000000000000\"")
        .private(),
        Setting::new(
            CONTENT_SID,
            Kind::Text,
            "an approved template: `HX` and 32 hexadecimal digits",
        )
        .example("\"HX00000000000000000000000000000000\"")
        .private(),
        Setting::new(
            VARIABLES,
            Kind::Other("table of texts"),
            "what fills the template: `{text}` stands for the message, `{tag}` for its tag, and each has to \
             be in some variable. Only with `notify.whatsapp.content_sid`",
        )
        .without("`{ \"1\" = \"{text} {tag}\" }`")
        .example("{ \"1\" = \"{text} {tag}\" }"),
    ],
};

/// `[notify.whatsapp]`.
#[derive(Clone, Debug)]
pub struct WhatsAppSettings {
    /// `https://api.twilio.com`.
    pub base_url: Url,
    /// The person (`notify.whatsapp.to` or `TWILIO_TO_NUMBER`).
    pub to: PhoneNumber,
    /// Who it comes from.
    pub sender: Sender,
    /// What WhatsApp asks of a message that begins a conversation. Without it only answers within 24 hours
    /// arrive.
    pub template: Option<ContentTemplate>,
}

/// An approved template and how it is filled.
#[derive(Clone, Debug)]
pub struct ContentTemplate {
    /// `HX…`.
    pub content_sid: String,
    /// By name: a text in which `{text}` stands for the message and `{tag}` for its tag.
    pub variables: BTreeMap<String, String>,
}

const CONTENT_SID: &str = "notify.whatsapp.content_sid";
const VARIABLES: &str = "notify.whatsapp.variables";

pub(super) fn read(
    reader: &mut Reader,
    secrets: Option<&Secrets>,
    wanted: bool,
) -> Option<Option<WhatsAppSettings>> {
    let base_url = urls::base_url(reader, "notify.whatsapp.base_url");
    let secrets = secrets.filter(|_| wanted);
    let to = to(reader, secrets, "whatsapp", wanted);
    // The number for text messages is seldom a WhatsApp sender, so its secret does not stand in.
    let sender = sender(reader, secrets, "whatsapp", None);
    let template = template(reader);
    if !wanted {
        return Some(None);
    }
    if matches!(sender, Ok(None)) {
        reader.refuse(
            "notify.whatsapp.from",
            "the whatsapp channel needs a sender: set this or notify.whatsapp.messaging_service_sid",
        );
    }
    apart(reader, "whatsapp", &to, &sender)?;
    Some(Some(WhatsAppSettings {
        base_url: base_url?,
        to: to.ok()??,
        sender: sender.ok()??,
        template: template.ok()?,
    }))
}

fn template(reader: &mut Reader) -> Result<Option<ContentTemplate>, Recorded> {
    if !reader.has(CONTENT_SID) {
        if reader.has(VARIABLES) {
            reader.refuse(
                VARIABLES,
                format!("fills the template {CONTENT_SID}, which is not set"),
            );
            return Err(Recorded);
        }
        return Ok(None);
    }
    let content_sid = reader
        .parsed(CONTENT_SID, "\"HX\" and 32 hexadecimal digits", |text| {
            sid("HX", text)
        })
        .ok_or(Recorded);
    let variables = variables(reader).ok_or(Recorded);
    Ok(Some(ContentTemplate {
        content_sid: content_sid?,
        variables: variables?,
    }))
}

/// Every variable has a name and a text. The message has to be in one of them, and the tag too: without it a
/// message in doubt cannot be found again.
fn variables(reader: &mut Reader) -> Option<BTreeMap<String, String>> {
    const EXPECTED: &str = "a table of texts such as { \"1\" = \"{text} {tag}\" }";
    if !reader.has(VARIABLES) {
        return Some(BTreeMap::from([("1".to_owned(), "{text} {tag}".to_owned())]));
    }
    let variables = reader.texts(VARIABLES, EXPECTED)?;
    // WhatsApp refuses an empty variable, and Twilio one without a name.
    if variables
        .iter()
        .any(|(name, text)| name.trim().is_empty() || text.trim().is_empty())
    {
        return reader.expected(VARIABLES, "names and texts that are not empty");
    }
    let somewhere = |placeholder: &str| variables.values().any(|text| text.contains(placeholder));
    if !somewhere("{text}") {
        return reader.expected(
            VARIABLES,
            "{text} in one of the variables: it stands for the message",
        );
    }
    if !somewhere("{tag}") {
        let why = "{tag} in one of the variables: by the tag a message in doubt is found again";
        return reader.expected(VARIABLES, why);
    }
    Some(variables)
}
