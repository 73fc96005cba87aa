//! The Message resource.

use serde::Deserialize;

use crate::{
    notify::channels::{
        AskError, ChannelKind, Scope, SentMessage, Status,
        twilio::{
            errors::{Explained, explain},
            listing::Listed,
            outcome::{self, Code, is_id},
        },
    },
    outbound::Reply,
};

/// The prefixes of a message's id.
pub(in super::super) const PREFIXES: &[&str] = &["SM", "MM"];

/// A Message resource: the answer to a fetch, and a row of a listing. Only fields that are used are read.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    sid: String,
    status: Option<String>,
    pub(super) body: Option<String>,
    from: Option<String>,
    messaging_service_sid: Option<String>,
    direction: Option<String>,
    error_code: Option<Code>,
    error_message: Option<String>,
    date_created: Option<String>,
}

impl Message {
    /// The id, if it has the form of one.
    pub(super) fn id(&self) -> Option<&str> {
        is_id(PREFIXES, &self.sid).then_some(self.sid.as_str())
    }

    /// Whether our program may have sent it: nothing in it names another sender than `sender`, a parameter of
    /// the request and its value.
    pub(super) fn may_be_from(&self, (parameter, value): (&str, &str)) -> bool {
        let shown = match parameter {
            "From" => self.from.as_deref(),
            _ => self.messaging_service_sid.as_deref(),
        };
        self.is_by_a_program() && shown.is_none_or(|shown| shown == value)
    }

    /// Whether a program may have sent it: it is neither an answer that Twilio gave by itself nor what the person
    /// wrote.
    pub(super) fn is_by_a_program(&self) -> bool {
        self.direction
            .as_deref()
            .is_none_or(|direction| direction == "outbound-api")
    }

    /// The message as a row of a list.
    pub(super) fn into_sent(self) -> SentMessage {
        let at = self.created();
        // A text that is redacted is empty, or all asterisks.
        let text = self.body.filter(|body| body.chars().any(char::is_alphanumeric));
        SentMessage {
            id: self.sid,
            at,
            text,
        }
    }
}

impl Listed for Message {
    fn date_created(&self) -> Option<&str> {
        self.date_created.as_deref()
    }
}

/// Where a message stands, from the answer to a fetch.
pub(in super::super) fn status(channel: ChannelKind, reply: &Reply) -> Result<Status, AskError> {
    let message: Message = outcome::read(channel, reply)?;
    match message.status.as_deref() {
        Some("accepted" | "scheduled" | "queued" | "sending") => Ok(Status::Pending),
        Some("sent") => Ok(Status::Sent),
        Some("delivered" | "read" | "partially_delivered") => Ok(Status::Delivered),
        Some("canceled") => Ok(Status::Failed {
            may_pass: false,
            scope: Scope::Message,
            code: None,
            why: "the message was canceled at Twilio".to_owned(),
        }),
        Some("undelivered" | "failed") => {
            let code = message.error_code.and_then(|code| code.number());
            let Explained { may_pass, scope, why } = explain(channel, code, message.error_message.as_deref());
            Ok(Status::Failed {
                may_pass,
                scope,
                code: code.map(|c| c.to_string()),
                why,
            })
        }
        other => Err(AskError::Unreadable(format!(
            "Twilio's status of the message is {other:?}, which Mecris does not know"
        ))),
    }
}
