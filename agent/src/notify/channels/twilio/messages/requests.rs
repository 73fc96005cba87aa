//! The calls about messages, for one account and one recipient.

use std::{collections::BTreeMap, time::Duration};

use jiff::civil::Date;
use url::Url;

use crate::{
    config::{ContentTemplate, Sender, SmsSettings, WhatsAppSettings},
    domain::PhoneNumber,
    notify::channels::{
        ChannelKind, Outgoing,
        twilio::{Credentials, api::Api},
    },
    outbound::Call,
};

const RESOURCE: &str = "Messages.json";

/// The longest validity that Twilio accepts.
const LONGEST_VALIDITY: Duration = Duration::from_secs(36_000);

/// Builds the calls of one account and one recipient.
#[derive(Clone)]
pub(in super::super) struct Requests {
    pub(in super::super) api: Api,
    /// The person's address in the form of this channel: `+14155550100`, or `whatsapp:+14155550100`.
    to: String,
    /// Name and value of the parameter that names the sender.
    sender: (&'static str, String),
    template: Option<ContentTemplate>,
}

impl Requests {
    pub(in super::super) fn sms(settings: &SmsSettings, credentials: Credentials) -> Self {
        Self {
            api: Api::new(ChannelKind::Sms, settings.base_url.clone(), credentials),
            to: settings.to.as_str().to_owned(),
            sender: sender(&settings.sender, |number| number.as_str().to_owned()),
            template: None,
        }
    }

    pub(in super::super) fn whatsapp(settings: &WhatsAppSettings, credentials: Credentials) -> Self {
        let address = |number: &PhoneNumber| format!("whatsapp:{}", number.as_str());
        Self {
            api: Api::new(ChannelKind::WhatsApp, settings.base_url.clone(), credentials),
            to: address(&settings.to),
            sender: sender(&settings.sender, address),
            template: settings.template.clone(),
        }
    }

    /// The parameter that names the sender, and its value.
    pub(super) fn sender(&self) -> (&str, &str) {
        (self.sender.0, &self.sender.1)
    }

    /// Sends a message, as long as its lease holds. Not to be repeated.
    pub(in super::super) fn create(&self, message: &Outgoing<'_>, within: Duration) -> Call {
        let mut form = vec![("To", self.to.clone()), self.sender.clone()];
        match (&self.template, self.api.channel) {
            (Some(template), _) => form.extend([
                ("ContentSid", template.content_sid.clone()),
                ("ContentVariables", filled(&template.variables, message)),
            ]),
            (None, ChannelKind::Sms) => form.extend([
                ("Body", message.text.to_owned()),
                // The text is GSM-7 already. If it ever were not, Twilio would replace the characters that
                // double the price.
                ("SmartEncoded", "true".to_owned()),
            ]),
            (None, _) => form.push(("Body", message.text.to_owned())),
        }
        if let Some(validity) = message.validity {
            let seconds = validity.clamp(Duration::from_secs(1), LONGEST_VALIDITY).as_secs();
            form.push(("ValidityPeriod", seconds.to_string()));
        }
        self.api
            .post(self.api.url(&[RESOURCE]), form, &message.lease, within)
    }

    /// The listing of the person's newest messages, or of those sent since the beginning of a day (UTC).
    pub(super) fn list(&self, sent_since: Option<Date>) -> Url {
        let day = sent_since.map(|day| day.to_string());
        let filters = day.iter().map(|day| ("DateSent>", day.as_str()));
        let filters: Vec<(&str, &str)> = std::iter::once(("To", self.to.as_str())).chain(filters).collect();
        self.api.listing(RESOURCE, &filters)
    }

    /// Asks for one message.
    pub(in super::super) fn fetch(&self, sid: &str) -> Call {
        self.api.get(self.api.url(&["Messages", &format!("{sid}.json")]))
    }

    /// Opens the connection.
    pub(super) fn warm_up(&self) -> Call {
        self.api.warm_up(RESOURCE, &self.to)
    }
}

fn sender(sender: &Sender, address: impl Fn(&PhoneNumber) -> String) -> (&'static str, String) {
    match sender {
        Sender::MessagingService(sid) => ("MessagingServiceSid", sid.clone()),
        Sender::Number(number) => ("From", address(number)),
    }
}

/// A template's variables for one message, as JSON.
fn filled(variables: &BTreeMap<String, String>, message: &Outgoing<'_>) -> String {
    // The text is filled in last, because a phrase in it may look like a placeholder.
    let fill = |value: &str| {
        value
            .replace("{tag}", message.tag)
            .replace("{text}", message.without_tag())
    };
    let filled: serde_json::Map<String, serde_json::Value> = variables
        .iter()
        .map(|(name, value)| (name.clone(), fill(value).into()))
        .collect();
    serde_json::Value::Object(filled).to_string()
}
