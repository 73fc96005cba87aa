//! What Twilio's answers mean. Only a definite yes is a yes, only a definite no is a no.

use http::StatusCode;

use super::{
    errors::{Explained, explain},
    wire::{Message, Refusal},
};
pub(super) use crate::notify::channels::unanswered::not_answered;
use crate::{
    notify::channels::{AskError, Outcome, Status},
    outbound::Reply,
};

/// The answer to a create.
pub(super) fn created(reply: &Reply) -> Outcome {
    let status = reply.status;
    if status.is_success() {
        let message: Option<Message> = serde_json::from_slice(&reply.body).ok();
        return match message.as_ref().and_then(Message::id) {
            Some(id) => Outcome::Accepted(id.to_owned()),
            None => Outcome::Unknown { why: format!("Twilio answered {status} without the id of a message") },
        };
    }
    if !status.is_client_error() || status == StatusCode::REQUEST_TIMEOUT {
        return Outcome::Unknown { why: format!("Twilio answered {status}") };
    }
    let refusal = refusal(reply);
    let Explained { may_pass, why } = refusal.explained;
    let permanent = match status {
        // "429 responses are never processed and always safe to retry."
        StatusCode::TOO_MANY_REQUESTS => false,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => true,
        // Without Twilio's own words it may have been a proxy on the way.
        _ => refusal.is_twilios && !may_pass,
    };
    Outcome::Rejected { permanent, retry_after: reply.retry_after, code: refusal.code, why }
}

/// The answer to a fetch.
pub(super) fn status(reply: &Reply) -> Result<Status, AskError> {
    let message: Message = read(reply)?;
    match message.status.as_deref() {
        Some("accepted" | "scheduled" | "queued" | "sending") => Ok(Status::Pending),
        Some("sent") => Ok(Status::Sent),
        Some("delivered" | "read" | "partially_delivered") => Ok(Status::Delivered),
        Some("canceled") => {
            Ok(Status::Failed { may_pass: false, code: None, why: "it was canceled at Twilio".to_owned() })
        }
        Some("undelivered" | "failed") => {
            let code = message.error_code.and_then(|code| code.number());
            let Explained { may_pass, why } = explain(code, message.error_message.as_deref());
            Ok(Status::Failed { may_pass, code: code.map(|c| c.to_string()), why })
        }
        other => Err(AskError(format!("Twilio calls the message {other:?}, which Mecris does not know"))),
    }
}

/// The answer to a glance: whether the credentials may ask.
pub(super) fn access(reply: &Reply) -> Result<(), AskError> {
    read::<serde_json::Value>(reply).map(drop)
}

/// The body of an answer to a question, or why it is none.
pub(super) fn read<T: serde::de::DeserializeOwned>(reply: &Reply) -> Result<T, AskError> {
    if !reply.status.is_success() {
        return Err(AskError(format!("{} (HTTP {})", refusal(reply).explained.why, reply.status.as_u16())));
    }
    // serde's words can quote the body, which holds a telephone number.
    serde_json::from_slice(&reply.body).map_err(|e| {
        AskError(format!(
            "Twilio's answer is not what its documentation says (line {}, column {})",
            e.line(),
            e.column()
        ))
    })
}

/// A refusal in a person's words.
struct Refused {
    /// Whether it has the shape of Twilio's refusals.
    is_twilios: bool,
    code: Option<String>,
    explained: Explained,
}

fn refusal(reply: &Reply) -> Refused {
    let refusal: Option<Refusal> = serde_json::from_slice(&reply.body).ok();
    let code = refusal.as_ref().and_then(|refusal| refusal.code.number());
    let words = refusal.as_ref().and_then(|refusal| refusal.message.as_deref());
    let explained = match (code, reply.status) {
        (Some(code), _) => explain(Some(code), words),
        (None, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => explain(Some(20003), None),
        (None, StatusCode::TOO_MANY_REQUESTS) => explain(Some(20429), None),
        (None, status) => Explained { may_pass: true, why: format!("Twilio answered {status} and gave no reason") },
    };
    Refused { is_twilios: code.is_some(), code: code.map(|c| c.to_string()), explained }
}
