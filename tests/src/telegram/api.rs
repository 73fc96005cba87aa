//! The four methods.

use std::collections::BTreeMap;

use axum::{
    extract::{self, Path, RawQuery},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{CHAT_ID, Message, Shared, State};
use crate::fault;

/// The longest text, in characters.
const LONGEST: usize = 4096;

pub(super) async fn call(
    extract::State(shared): extract::State<Shared>,
    Path((bot, method)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    if query.is_some() {
        shared
            .lock()
            .violations
            .push(format!("{method}: a query, where logs see it"));
    }
    let token = shared.lock().token.clone();
    match bot.strip_prefix("bot") {
        Some(given) if given == token => {}
        // Telegram answers 404 if the token does not even have the shape of a token.
        Some(given) if given.contains(':') => return refusal(401, None),
        _ => return refusal(404, None),
    }
    let form: BTreeMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    match method.as_str() {
        "sendMessage" => {
            let fault = {
                let mut state = shared.lock();
                state.sends += 1;
                if is_of_the_old_chat(&form) {
                    state.faults.take()
                } else {
                    state.faults_there.take()
                }
            };
            fault::answer(fault, || send(&shared, &form), refusal).await
        }
        "getMe" => {
            shared.lock().questions += 1;
            result(
                &json!({"id": 123_456_789, "is_bot": true, "first_name": "Mecris", "username": "mecris_bot"}),
            )
        }
        "sendChatAction" => {
            let mut state = shared.lock();
            state.questions += 1;
            let known =
                form.get("action").is_some_and(|action| action == "typing") && known_chat(&state, &form);
            match no_entry(&state, &form) {
                Some(refusal) => refusal,
                None if known => result(&json!(true)),
                None => refusal(400, None),
            }
        }
        "getChat" => {
            shared.lock().questions += 1;
            let known = known_chat(&shared.lock(), &form);
            match known {
                true => result(
                    &json!({"id": 987_654_321, "first_name": "A", "type": "private", "accent_color_id": 0,
                    "max_reaction_count": 11, "accepted_gift_types": {}}),
                ),
                false => refusal(400, None),
            }
        }
        _ => refusal(404, None),
    }
}

fn send(shared: &Shared, form: &BTreeMap<String, String>) -> Response {
    let mut state = shared.lock();
    if let Some(name) = form
        .keys()
        .find(|name| !matches!(name.as_str(), "chat_id" | "text"))
    {
        state.violations.push(format!("sendMessage with {name}"));
        return refusal(400, None);
    }
    if let Some(refusal) = no_entry(&state, form) {
        return refusal;
    }
    let text = form.get("text").cloned().unwrap_or_default();
    if !known_chat(&state, form) || text.is_empty() || text.chars().count() > LONGEST {
        state
            .violations
            .push(format!("sendMessage to another chat or without a text: {form:?}"));
        return refusal(400, None);
    }
    let message_id = 42 + i64::try_from(state.messages.len()).unwrap_or(0);
    let body = json!({
        "message_id": message_id,
        "from": {"id": 123_456_789, "is_bot": true, "first_name": "Mecris", "username": "mecris_bot"},
        "chat": {"id": 987_654_321, "first_name": "A", "type": "private"},
        "date": 1_795_219_200,
        "text": text,
    });
    let chat_id = form.get("chat_id").cloned().unwrap_or_default();
    state.messages.push(Message {
        message_id,
        text,
        chat_id,
    });
    result(&body)
}

fn known_chat(state: &State, form: &BTreeMap<String, String>) -> bool {
    let moved_to = state.moved_to.map(|chat| chat.to_string());
    form.get("chat_id")
        .is_some_and(|chat| chat == CHAT_ID || Some(chat) == moved_to.as_ref())
}

fn is_of_the_old_chat(form: &BTreeMap<String, String>) -> bool {
    form.get("chat_id").is_some_and(|chat| chat == CHAT_ID)
}

/// Why the bot may not write to a chat that it knows.
fn no_entry(state: &State, form: &BTreeMap<String, String>) -> Option<Response> {
    if state.thrown_out {
        return Some(refusal(403, None));
    }
    let moved_to = state.moved_to.filter(|_| is_of_the_old_chat(form))?;
    let body = json!({"ok": false, "error_code": 400,
        "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": {"migrate_to_chat_id": moved_to}});
    Some((StatusCode::BAD_REQUEST, axum::Json(body)).into_response())
}

fn result(result: &Value) -> Response {
    (StatusCode::OK, axum::Json(json!({"ok": true, "result": result}))).into_response()
}

/// A refusal in Telegram's words. The code is also the status.
pub(super) fn refusal(code: u16, retry_after: Option<u64>) -> Response {
    let description = match code {
        400 => "Bad Request: chat not found".to_owned(),
        401 => "Unauthorized".to_owned(),
        403 => "Forbidden: bot was blocked by the user".to_owned(),
        404 => "Not Found".to_owned(),
        429 => format!("Too Many Requests: retry after {}", retry_after.unwrap_or(1)),
        _ => "Internal Server Error".to_owned(),
    };
    let mut body = json!({"ok": false, "error_code": code, "description": description});
    if let Some(seconds) = retry_after {
        body["parameters"] = json!({"retry_after": seconds});
    }
    (
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        axum::Json(body),
    )
        .into_response()
}
