//! What Twilio's answers mean. Everything that is neither a definite yes nor a definite no is unknown.

use http::StatusCode;
use serde::Deserialize;

use super::errors::{Explained, explain};
pub(super) use crate::notify::channels::no_reply::no_reply;
use crate::{
    notify::channels::{AskError, ChannelKind, Outcome, Scope},
    outbound::Reply,
};

/// The outcome of a POST that creates a message or a call. The id of what was created begins with one of
/// `prefixes`.
pub(super) fn created(channel: ChannelKind, prefixes: &[&str], reply: &Reply) -> Outcome {
    let status = reply.status;
    if status.is_success() {
        let created: Option<Created> = serde_json::from_slice(&reply.body).ok();
        return match created.filter(|created| is_id(prefixes, &created.sid)) {
            Some(created) => Outcome::Accepted(created.sid),
            None => Outcome::Unknown {
                why: format!("Twilio answered {status} without the id of a message or call"),
            },
        };
    }
    if !status.is_client_error() || status == StatusCode::REQUEST_TIMEOUT {
        return Outcome::Unknown {
            why: format!("Twilio answered {status}"),
        };
    }
    let refusal = refusal(channel, reply);
    let Explained { may_pass, scope, why } = refusal.explained;
    let permanent = match status {
        // "429 responses are never processed and always safe to retry."
        StatusCode::TOO_MANY_REQUESTS => false,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => true,
        // Without Twilio's own words the answer may come from a proxy.
        _ => refusal.is_from_twilio && !may_pass,
    };
    let scope = if permanent { scope } else { Scope::Message };
    Outcome::Rejected {
        permanent,
        scope,
        retry_after: reply.retry_after,
        code: refusal.code,
        why,
    }
}

/// Reads the answer to the call that opens the connection.
///
/// # Errors
/// If the credentials are refused.
pub(super) fn access(channel: ChannelKind, reply: &Reply) -> Result<(), AskError> {
    read::<serde_json::Value>(channel, reply).map(drop)
}

/// Reads the body of an answer to a question.
///
/// # Errors
/// If Twilio refused the question, or the body is not what its documentation says.
pub(super) fn read<T: serde::de::DeserializeOwned>(
    channel: ChannelKind,
    reply: &Reply,
) -> Result<T, AskError> {
    if !reply.status.is_success() {
        return Err(AskError::Refused(format!(
            "{} (HTTP {})",
            refusal(channel, reply).explained.why,
            reply.status.as_u16()
        )));
    }
    // serde's error text may quote the body, which holds a telephone number.
    serde_json::from_slice(&reply.body).map_err(|e| {
        AskError::Unreadable(format!(
            "Twilio's answer is not what its documentation says (line {}, column {})",
            e.line(),
            e.column()
        ))
    })
}

/// Whether `sid` is an id of Twilio: one of `prefixes` and 32 hexadecimal digits.
pub(super) fn is_id(prefixes: &[&str], sid: &str) -> bool {
    let digits = prefixes.iter().find_map(|prefix| sid.strip_prefix(prefix));
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A created message or call. Its other fields do not matter here.
#[derive(Deserialize)]
struct Created {
    sid: String,
}

/// The body of a refusal.
#[derive(Deserialize)]
struct Refusal {
    code: Code,
    message: Option<String>,
}

/// An error code: a number, in some resources as text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Code {
    Number(u32),
    Text(String),
}

impl Code {
    pub(super) fn number(&self) -> Option<u32> {
        match self {
            Self::Number(code) => Some(*code),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

/// A refusal in a person's words.
struct Refused {
    /// Whether it has the form of Twilio's refusals.
    is_from_twilio: bool,
    code: Option<String>,
    explained: Explained,
}

fn refusal(channel: ChannelKind, reply: &Reply) -> Refused {
    let refusal: Option<Refusal> = serde_json::from_slice(&reply.body).ok();
    let code = refusal.as_ref().and_then(|refusal| refusal.code.number());
    let words = refusal.as_ref().and_then(|refusal| refusal.message.as_deref());
    let explained = match (code, reply.status) {
        (Some(code), _) => explain(channel, Some(code), words),
        (None, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => explain(channel, Some(20003), None),
        (None, StatusCode::TOO_MANY_REQUESTS) => explain(channel, Some(20429), None),
        (None, status) => Explained {
            may_pass: true,
            scope: Scope::Message,
            why: format!("Twilio answered {status} and gave no reason"),
        },
    };
    Refused {
        is_from_twilio: code.is_some(),
        code: code.map(|c| c.to_string()),
        explained,
    }
}
