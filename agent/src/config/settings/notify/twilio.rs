//! The three ways of Twilio to reach the person.

use std::collections::BTreeMap;

use url::Url;

use crate::domain::PhoneNumber;

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
