//! The mail that a message becomes.

use std::time::SystemTime;

use jiff::Timestamp;
use lettre::{
    Address, Message,
    message::header::{ContentType, HeaderName, HeaderValue},
};
use sha2::{Digest as _, Sha256};

use crate::{config::EmailSettings, notify::channels::Outgoing};

/// A mail as it goes over the wire.
pub(super) struct Letter {
    /// Its Message-ID without angle brackets, `mecris-k7q2x9-1a2b3c4d@example.org`.
    pub(super) id: String,
    pub(super) from: Address,
    pub(super) to: Address,
    /// Headers and body, as ASCII bytes.
    pub(super) content: Vec<u8>,
}

impl Letter {
    /// The mail for a message. The same message always has the same Message-ID, because many mail programs
    /// then show a repeated mail once.
    ///
    /// # Errors
    /// If no mail can be made from the settings, as a sentence.
    pub(super) fn new(
        settings: &EmailSettings,
        message: &Outgoing<'_>,
        now: Timestamp,
    ) -> Result<Self, String> {
        let id = message_id(settings.from.email.domain(), message);
        let date = SystemTime::try_from(now)
            .map_err(|error| format!("{now} cannot be the date of a mail: {error}"))?;
        let mut mail = Message::builder()
            .from(settings.from.clone())
            .to(settings.to.clone())
            .subject(&settings.subject)
            .message_id(Some(format!("<{id}>")))
            .date(date)
            .header(ContentType::TEXT_PLAIN)
            .body(message.text.to_owned())
            .map_err(|error| format!("no mail can be made of notify.email: {error}"))?;
        // RFC 3834: holiday notices do not answer such a mail.
        let generated = HeaderName::new_from_ascii_str("Auto-Submitted");
        mail.headers_mut()
            .insert_raw(HeaderValue::new(generated, "auto-generated".to_owned()));
        let (from, to) = (settings.from.email.clone(), settings.to.email.clone());
        Ok(Self {
            id,
            from,
            to,
            content: mail.formatted(),
        })
    }
}

/// The Message-ID is made of tag and text. A tag alone may come back after years, and a mail program would
/// then hide the newer message.
fn message_id(domain: &str, message: &Outgoing<'_>) -> String {
    let digest = Sha256::digest(message.text);
    let text = hex::encode(&digest[..4]);
    format!("mecris-{}-{text}@{domain}", message.tag.trim_start_matches('#'))
}
