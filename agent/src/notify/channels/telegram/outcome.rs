//! What Telegram's answers mean. The HTTP status, `ok`, `error_code` and `parameters` decide, never the description.
//! What is neither the id of a message nor a refusal (4xx, except 408) is unknown.

use std::time::Duration;

use http::StatusCode;
use serde::de::DeserializeOwned;

use super::{
    BotToken,
    wire::{Answered, Chat, Message, Parameters, User},
};
use crate::{
    notify::{
        channels::{AskError, Outcome, Scope},
        message::plain,
    },
    outbound::Reply,
};

/// The most characters of Telegram's own words that are shown.
const WORDS: usize = 120;

/// The answer to a send.
pub(super) fn sent(reply: &Reply, token: &BotToken) -> Outcome {
    let status = reply.status;
    if status.is_success() && own_refusal(reply).is_none() {
        return match read::<Message>(reply) {
            Some(Answered {
                ok: true,
                result: Some(message),
                ..
            }) => Outcome::Accepted(message.message_id.to_string()),
            _ => Outcome::Unknown {
                why: format!("Telegram answered {status} without the id of a message"),
            },
        };
    }
    let is_an_answer = status.is_success() || status.is_client_error();
    if !is_an_answer || status == StatusCode::REQUEST_TIMEOUT {
        return Outcome::Unknown {
            why: format!("Telegram answered {status}"),
        };
    }
    let refused = refused(reply, token);
    let permanent = matches!(refused.code, Some(400 | 401 | 403 | 404));
    let code = refused.code.map(|code| code.to_string());
    // Mecris sends short plain text, so even a 400 concerns the bot or its chat.
    let scope = if permanent { Scope::Channel } else { Scope::Message };
    Outcome::Rejected {
        permanent,
        scope,
        retry_after: refused.retry_after,
        code,
        why: refused.why,
    }
}

/// The chat to send to instead, if the reply says that the group became a supergroup, which has another id.
pub(super) fn moved_to(reply: &Reply) -> Option<i64> {
    own_refusal(reply)?.parameters?.migrate_to_chat_id
}

/// The outcome of a send to the chat that the configured group has become.
pub(super) fn sent_to_moved(chat: i64, outcome: Outcome) -> Outcome {
    let advice = moved(chat);
    match outcome {
        Outcome::Accepted(id) => Outcome::AcceptedElsewhere {
            id,
            why: format!("sent to the chat's new id: {advice}"),
        },
        Outcome::Rejected {
            permanent,
            scope,
            retry_after,
            code,
            why,
        } => Outcome::Rejected {
            permanent,
            scope,
            retry_after,
            code,
            why: format!("{advice}. That chat did not take the message either: {why}"),
        },
        other => other,
    }
}

/// The answer to `getMe`: the bot's name.
pub(super) fn bot(reply: &Reply, token: &BotToken) -> Result<String, AskError> {
    let user: User = result(reply, token)?;
    Ok(user.username.map_or_else(
        || "a bot without a name".to_owned(),
        |name| format!("@{}", short(&name)),
    ))
}

/// The answer to `getChat`: what kind of chat it is.
pub(super) fn chat(reply: &Reply, token: &BotToken) -> Result<String, AskError> {
    result::<Chat>(reply, token).map(|chat| short(&chat.kind))
}

/// The answer to `sendChatAction`.
pub(super) fn typing(reply: &Reply, token: &BotToken) -> Result<(), AskError> {
    result::<bool>(reply, token).map(drop)
}

fn result<T: DeserializeOwned>(reply: &Reply, token: &BotToken) -> Result<T, AskError> {
    if !reply.status.is_success() {
        return Err(AskError::Refused(refused(reply, token).why));
    }
    match read(reply) {
        Some(Answered {
            ok: true,
            result: Some(result),
            ..
        }) => Ok(result),
        _ => Err(AskError::Unreadable(
            "Telegram's answer is not what its documentation says".to_owned(),
        )),
    }
}

fn read<T: DeserializeOwned>(reply: &Reply) -> Option<Answered<T>> {
    serde_json::from_slice(&reply.body).ok()
}

/// A refusal, explained for a person.
struct Refused {
    /// Telegram's error code; `None` if the answer may come from a proxy.
    code: Option<u16>,
    retry_after: Option<Duration>,
    why: String,
}

/// A refusal that is certainly Telegram's.
fn own_refusal(reply: &Reply) -> Option<Answered<serde_json::Value>> {
    read(reply).filter(|answer: &Answered<serde_json::Value>| !answer.ok && answer.error_code.is_some())
}

fn refused(reply: &Reply, token: &BotToken) -> Refused {
    let Some(Answered {
        error_code: Some(code),
        description,
        parameters,
        ..
    }) = own_refusal(reply)
    else {
        let why = format!("Telegram answered {} and gave no reason", reply.status);
        return Refused {
            code: None,
            retry_after: reply.retry_after,
            why,
        };
    };
    let parameters = parameters.unwrap_or_default();
    let retry_after = parameters
        .retry_after
        .map(Duration::from_secs)
        .or(reply.retry_after);
    let words = description
        .map(|words| format!(" (Telegram: {})", short(&token.mask(&words))))
        .unwrap_or_default();
    let why = format!("Telegram error {code}: {}{words}", sentence(code, &parameters));
    Refused {
        code: Some(code),
        retry_after,
        why,
    }
}

/// What happened and what to do.
fn sentence(code: u16, parameters: &Parameters) -> String {
    if let Some(chat) = parameters.migrate_to_chat_id {
        return moved(chat);
    }
    let sentence = match code {
        400 => {
            "Telegram does not know the chat or cannot use the message; check notify.telegram.chat_id, and write to the bot once so that it may answer"
        }
        401 => "Telegram refused the token; check TELEGRAM_BOT_TOKEN, which @BotFather shows",
        403 => "the bot may not write to this chat; open it, press Start, or let the bot in again",
        404 => {
            "Telegram does not know this bot or path; check TELEGRAM_BOT_TOKEN and notify.telegram.base_url"
        }
        429 => "too many requests at once; this one was not processed",
        _ => "Telegram refused the request",
    };
    sentence.to_owned()
}

fn moved(chat: i64) -> String {
    format!("the group has become a supergroup; set notify.telegram.chat_id to \"{chat}\"")
}

/// Telegram's words as they may be kept: short, on one line.
fn short(words: &str) -> String {
    plain(words).chars().take(WORDS).collect()
}
