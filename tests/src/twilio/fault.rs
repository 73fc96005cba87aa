//! How the fake misbehaves, once, always, or at random with a seed.

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A fault of one request. "After accept" means that the message exists and reaches its recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Accepted, then the connection closes without an answer.
    DropReplyAfterAccept,
    /// Accepted, then this status.
    StatusAfterAccept(u16),
    /// Accepted, then no answer while the connection stays open.
    HangAfterAccept,
    /// Accepted, then 200 with a web page.
    GarbageAfterAccept,
    /// Not accepted, this status.
    StatusBefore(u16),
    /// Not accepted, the connection closes without an answer.
    DropBefore,
    /// Not accepted, no answer.
    Hang,
    /// Not accepted, and still 200 with a web page.
    Garbage2xx,
    /// Handled without a fault, this many milliseconds late.
    Delay(u64),
    /// 429 with code 20429 and this `retry-after` in seconds. The message is not accepted.
    TooMany(u64),
    /// Refused with this error code.
    Refuse(i64),
}

impl Fault {
    /// Whether the request gets lost, and its sender cannot know.
    pub(super) fn loses_the_request(&self) -> bool {
        matches!(
            self,
            Self::StatusBefore(_) | Self::DropBefore | Self::Hang | Self::Garbage2xx
        )
    }
}

/// Faults at random: probabilities between 0 and 1, taken in this order.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chaos {
    /// The seed; the same seed and the same order of requests give the same faults.
    pub seed: u64,
    /// Of [`Fault::DropReplyAfterAccept`].
    pub drop_after_accept: f64,
    /// Of [`Fault::StatusAfterAccept`] with 500, 502, 503 or 504.
    pub status_after_accept: f64,
    /// Of [`Fault::StatusBefore`] with 503.
    pub status_before: f64,
    /// Of [`Fault::DropBefore`].
    pub drop_before: f64,
    /// Of [`Fault::TooMany`].
    pub too_many: f64,
    /// Of a reply that is up to [`Self::delay_max_ms`] late.
    pub delay: f64,
    /// The longest delay of a late reply, in milliseconds.
    pub delay_max_ms: u64,
    /// Each message is hidden from lists for a random time up to this.
    pub hide_max_ms: u64,
}

impl Chaos {
    /// The fault of one request.
    pub(super) fn roll(&self, rng: &mut fastrand::Rng) -> Option<Fault> {
        let mut dice = rng.f64();
        let mut hit = |probability: f64| {
            dice -= probability;
            dice < 0.0
        };
        if hit(self.drop_after_accept) {
            Some(Fault::DropReplyAfterAccept)
        } else if hit(self.status_after_accept) {
            Some(Fault::StatusAfterAccept(
                *rng.choice(&[500, 502, 503, 504]).unwrap_or(&500),
            ))
        } else if hit(self.status_before) {
            Some(Fault::StatusBefore(503))
        } else if hit(self.drop_before) {
            Some(Fault::DropBefore)
        } else if hit(self.too_many) {
            Some(Fault::TooMany(1))
        } else if hit(self.delay) {
            Some(Fault::Delay(rng.u64(0..=self.delay_max_ms)))
        } else {
            None
        }
    }
}

/// An error in Twilio's words. The code determines the HTTP status and the message.
pub(super) fn refusal(code: i64) -> Response {
    let (status, message) = match code {
        20003 => (401, "Authenticate"),
        20404 => (404, "The requested resource was not found"),
        20429 => (429, "Too Many Requests"),
        21211 => (400, "The 'To' number is not a valid phone number."),
        21212 => (
            400,
            "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID.",
        ),
        21408 => (
            400,
            "Permission to send an SMS has not been enabled for the region indicated by the 'To' number.",
        ),
        21602 => (400, "A text message body or media urls must be specified."),
        21603 => (400, "A 'From' phone number is required."),
        21604 => (400, "A 'To' phone number is required."),
        21606 => (
            400,
            "The 'From' phone number provided is not a valid, message-capable Twilio phone number.",
        ),
        21608 => (
            400,
            "The number is unverified. Trial accounts cannot send messages to unverified numbers.",
        ),
        21610 => (400, "Attempt to send to unsubscribed recipient"),
        21611 => (
            429,
            "This 'From' number has exceeded the maximum number of queued messages",
        ),
        21612 => (
            400,
            "The 'To' phone number is not currently reachable via SMS or MMS.",
        ),
        21614 => (400, "'To' number is not a valid mobile number"),
        21617 => (
            400,
            "The concatenated message body exceeds the 1600 character limit",
        ),
        21215 => (
            400,
            "Account not authorized to call that number. Perhaps you need to enable some international permissions",
        ),
        21216 => (400, "Account not allowed to call that number."),
        21217 => (400, "Phone number does not appear to be valid"),
        21655 => (400, "The ContentSid is Invalid"),
        21656 => (400, "The Content Variables Parameter is invalid"),
        21701 => (400, "The Messaging Service does not exist"),
        21910 => (
            400,
            "Invalid 'From' and 'To' pair. 'From' and 'To' should be of the same channel",
        ),
        30532 => (400, "Personal use cases are not supported"),
        _ => (400, "The request was refused"),
    };
    error(status, code, message)
}

/// The documented error body.
pub(super) fn error(status: u16, code: i64, message: &str) -> Response {
    let mut body = json!({
        "code": code,
        "message": message,
        "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
        "status": status,
    });
    if code == 20003 {
        body["detail"] = json!("");
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    reply(status, &body)
}

/// JSON as Twilio sends it.
pub(super) fn reply(status: StatusCode, body: &Value) -> Response {
    (
        status,
        [("content-type", "application/json;charset=utf-8")],
        body.to_string(),
    )
        .into_response()
}

/// A web page with a good status.
pub(super) fn garbage() -> Response {
    (
        StatusCode::OK,
        [("content-type", "text/html")],
        "<html><body>Welcome to the hotel Wi-Fi</body></html>",
    )
        .into_response()
}
