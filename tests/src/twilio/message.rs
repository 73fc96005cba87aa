//! A message as the fake keeps it, and as Twilio shows it on its way.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

/// The way of a message after it was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The message arrives.
    Deliver,
    /// The carrier reports with this error code that the message did not arrive.
    Undelivered(i64),
    /// Twilio gives the message up, with this error code.
    Failed(i64),
    /// The message stays accepted.
    Stay,
}

/// A message that was accepted: a phone will show it.
#[derive(Clone, Debug)]
pub struct Message {
    /// `SM` and 32 hexadecimal digits.
    pub sid: String,
    /// The account that sent it.
    pub account_sid: String,
    /// The recipient.
    pub to: String,
    /// The sender, unless a messaging service chooses it.
    pub from: Option<String>,
    /// The messaging service.
    pub messaging_service_sid: Option<String>,
    /// The text.
    pub body: String,
    /// Every parameter of the request.
    pub form: Vec<(String, String)>,
    /// When the fake accepted it, by the fake's clock.
    pub accepted_at: Timestamp,
    /// When that was by a clock that never jumps.
    pub arrived: Instant,
    /// The way of the message.
    pub fate: Fate,
    pub(super) visible_from: Instant,
    pub(super) reads: u32,
}

impl Message {
    /// Moves the message one step on, whenever Twilio is asked about it and time has passed.
    pub(super) fn travel(&mut self) {
        self.reads = self.reads.saturating_add(1);
    }

    /// The status after the steps so far: queued or accepted, sent, then its end.
    pub fn status(&self) -> &'static str {
        let first = if self.messaging_service_sid.is_some() {
            "accepted"
        } else {
            "queued"
        };
        match (self.reads, self.fate) {
            (0, _) | (_, Fate::Stay) => first,
            (1, _) => "sent",
            (_, Fate::Deliver) => "delivered",
            (_, Fate::Undelivered(_)) => "undelivered",
            (_, Fate::Failed(_)) => "failed",
        }
    }

    /// When the message left, if it did. Before that a filter by sent date does not find the message.
    pub(super) fn date_sent(&self) -> Option<Timestamp> {
        (!matches!(self.status(), "accepted" | "queued")).then_some(self.accepted_at)
    }

    /// Whether a list already shows the message.
    pub(super) fn visible(&self) -> bool {
        Instant::now() >= self.visible_from
    }

    /// The resource as Twilio shows it.
    pub fn render(&self) -> Value {
        let status = self.status();
        let error_code = match (status, self.fate) {
            ("undelivered", Fate::Undelivered(code)) | ("failed", Fate::Failed(code)) => Some(code),
            _ => None,
        };
        let uri = format!("/2010-04-01/Accounts/{}/Messages/{}", self.account_sid, self.sid);
        json!({
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": rfc2822(self.accepted_at),
            "date_sent": self.date_sent().map(rfc2822),
            "date_updated": rfc2822(self.accepted_at),
            "direction": "outbound-api",
            "error_code": error_code,
            "error_message": error_code.map(|_| "Message delivery failed"),
            "from": self.from,
            "messaging_service_sid": self.messaging_service_sid,
            "num_media": "0",
            "num_segments": if status == "accepted" { "0".to_owned() } else { segments(&self.body).to_string() },
            "price": null,
            "price_unit": "USD",
            "sid": self.sid,
            "status": status,
            "subresource_uris": {"media": format!("{uri}/Media.json")},
            "to": self.to,
            "uri": format!("{uri}.json"),
        })
    }
}

/// How many segments a text takes: 160/153 characters each in the GSM alphabet, 70/67 if any character is
/// outside it.
pub fn segments(body: &str) -> usize {
    let (one, each) = if body.is_ascii() { (160, 153) } else { (70, 67) };
    let length = if body.is_ascii() {
        body.len()
    } else {
        body.encode_utf16().count()
    };
    if length <= one { 1 } else { length.div_ceil(each) }
}

/// `Thu, 24 Aug 2023 05:01:45 +0000`.
pub(super) fn rfc2822(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}
