//! What Telegram's answers mean, by `error_code` and `parameters` alone. Only a definite yes is a yes, only a
//! definite no is a no.

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

/// So much of Telegram's own words is shown.
const WORDS: usize = 120;

/// The answer to a send.
pub(super) fn sent(reply: &Reply, token: &BotToken) -> Outcome {
    let status = reply.status;
    if status.is_success() {
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
    if !status.is_client_error() || status == StatusCode::REQUEST_TIMEOUT {
        return Outcome::Unknown {
            why: format!("Telegram answered {status}"),
        };
    }
    let refused = refused(reply, token);
    let permanent = matches!(refused.code, Some(400 | 401 | 403 | 404));
    let code = refused.code.map(|code| code.to_string());
    // The text is short and plain, so that even a 400 speaks of the bot or its chat.
    let scope = if permanent { Scope::Channel } else { Scope::Message };
    Outcome::Rejected {
        permanent,
        scope,
        retry_after: refused.retry_after,
        code,
        why: refused.why,
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

fn result<T: DeserializeOwned>(reply: &Reply, token: &BotToken) -> Result<T, AskError> {
    if !reply.status.is_success() {
        return Err(AskError(refused(reply, token).why));
    }
    match read(reply) {
        Some(Answered {
            ok: true,
            result: Some(result),
            ..
        }) => Ok(result),
        _ => Err(AskError(
            "Telegram's answer is not what its documentation says".to_owned(),
        )),
    }
}

fn read<T: DeserializeOwned>(reply: &Reply) -> Option<Answered<T>> {
    serde_json::from_slice(&reply.body).ok()
}

/// A refusal in a person's words.
struct Refused {
    /// Telegram's own; `None` if the answer may be a proxy's.
    code: Option<u16>,
    retry_after: Option<Duration>,
    why: String,
}

fn refused(reply: &Reply, token: &BotToken) -> Refused {
    let own = read::<serde_json::Value>(reply).filter(|answer| !answer.ok);
    let Some(Answered {
        error_code: Some(code),
        description,
        parameters,
        ..
    }) = own
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
        return format!("the group has become a supergroup; set notify.telegram.chat_id to \"{chat}\"");
    }
    let sentence = match code {
        400 => {
            "it does not know the chat or cannot use the message; check notify.telegram.chat_id, and write to the bot once so that it may answer"
        }
        401 => "it refused the token; check TELEGRAM_BOT_TOKEN, @BotFather shows it",
        403 => "the bot may not write to this chat; open it, press Start, or let the bot in again",
        404 => "it does not know this bot or path; check TELEGRAM_BOT_TOKEN and notify.telegram.base_url",
        429 => "too many requests at once; this one was not processed and is tried again",
        _ => "it refused the request",
    };
    sentence.to_owned()
}

/// Others' words as they may be kept: on one line, not long.
fn short(words: &str) -> String {
    plain(words).chars().take(WORDS).collect()
}
