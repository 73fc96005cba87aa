//! A call as the fake keeps it, and as Twilio shows it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::message::rfc2822;

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// A person or their voice mail heard it.
    Completed,
    /// The line was busy.
    Busy,
    /// The call was not picked up.
    NoAnswer,
    /// The call could not be made.
    Failed,
    /// The call was canceled.
    Canceled,
    /// The call keeps ringing.
    Ring,
}

/// A call that was made: the person's phone rang.
#[derive(Clone, Debug)]
pub struct Call {
    /// `CA` and 32 hexadecimal digits.
    pub sid: String,
    /// The account that made it.
    pub account_sid: String,
    /// The number that is called.
    pub to: String,
    /// The number that calls.
    pub from: String,
    /// The texts to be read out, one for each `<Say>`.
    pub said: Vec<String>,
    /// Every parameter of the request.
    pub form: Vec<(String, String)>,
    /// When the fake accepted it, by the fake's clock.
    pub accepted_at: Timestamp,
    /// The end of the call.
    pub ending: Ending,
    pub(super) visible_from: Instant,
    pub(super) reads: u32,
}

impl Call {
    /// Moves the call one step on, whenever Twilio is asked about it and time has passed.
    pub(super) fn travel(&mut self) {
        self.reads = self.reads.saturating_add(1);
    }

    /// The status after the steps so far: queued, ringing, perhaps in-progress, then its end.
    pub fn status(&self) -> &'static str {
        match (self.reads, self.ending) {
            (0, _) => "queued",
            (1, _) | (_, Ending::Ring) => "ringing",
            (2, Ending::Completed) => "in-progress",
            (_, Ending::Completed) => "completed",
            (_, Ending::Busy) => "busy",
            (_, Ending::NoAnswer) => "no-answer",
            (_, Ending::Failed) => "failed",
            (_, Ending::Canceled) => "canceled",
        }
    }

    /// When the call was dialed, if it was. Before that a filter by start time does not find the call.
    pub(super) fn start_time(&self) -> Option<Timestamp> {
        (self.reads > 0).then_some(self.accepted_at)
    }

    /// Whether a list already shows the call.
    pub(super) fn visible(&self) -> bool {
        Instant::now() >= self.visible_from
    }

    /// The resource as Twilio shows it. It holds nothing of the text that is read out.
    pub fn render(&self) -> Value {
        let uri = format!("/2010-04-01/Accounts/{}/Calls/{}", self.account_sid, self.sid);
        let completed = self.status() == "completed";
        let end = self.accepted_at + SignedDuration::from_secs(20);
        let subresources = [
            ("notifications", "Notifications"),
            ("recordings", "Recordings"),
            ("payments", "Payments"),
            ("events", "Events"),
            ("siprec", "Siprec"),
            ("streams", "Streams"),
            ("transcriptions", "Transcriptions"),
        ]
        .map(|(name, path)| (name.to_owned(), Value::from(format!("{uri}/{path}.json"))));
        json!({
            "account_sid": self.account_sid,
            "answered_by": null,
            "api_version": "2010-04-01",
            "caller_name": null,
            "date_created": rfc2822(self.accepted_at),
            "date_updated": rfc2822(self.accepted_at),
            "direction": "outbound-api",
            "duration": completed.then_some("20"),
            "end_time": completed.then(|| rfc2822(end)),
            "forwarded_from": null,
            "from": self.from,
            "from_formatted": self.from,
            "group_sid": null,
            "parent_call_sid": null,
            "phone_number_sid": null,
            "price": null,
            "price_unit": "USD",
            "queue_time": "0",
            "sid": self.sid,
            "start_time": self.start_time().map(rfc2822),
            "status": self.status(),
            "subresource_uris": serde_json::Map::from_iter(subresources),
            "to": self.to,
            "to_formatted": self.to,
            "trunk_sid": null,
            "uri": format!("{uri}.json"),
        })
    }
}
