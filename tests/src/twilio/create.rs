//! `POST Messages.json`.

use std::{collections::HashMap, time::Duration};

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use bytes::Bytes;
use tokio::time::Instant;

use super::{
    Message, Shared, Way,
    fault::{Fault, error, garbage, refusal, reply},
    validate, whatsapp,
};
use crate::server;

/// Every form parameter of CreateMessage in Twilio's OpenAPI document.
pub const PARAMETERS: [&str; 25] = [
    "To",
    "StatusCallback",
    "ApplicationSid",
    "MaxPrice",
    "ProvideFeedback",
    "Attempt",
    "ValidityPeriod",
    "ForceDelivery",
    "ContentRetention",
    "AddressRetention",
    "SmartEncoded",
    "PersistentAction",
    "TrafficType",
    "ShortenUrls",
    "ScheduleType",
    "SendAt",
    "SendAsMms",
    "ContentVariables",
    "RiskCheck",
    "From",
    "FallbackFrom",
    "MessagingServiceSid",
    "Body",
    "MediaUrl",
    "ContentSid",
];

pub(super) async fn create(
    State(shared): State<Shared>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(code) = shared.authorize(&account, &headers) {
        return refusal(code);
    }
    let form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let is_whatsapp = form
        .iter()
        .any(|(name, value)| name == "To" && value.starts_with("whatsapp:"));
    let way = if is_whatsapp { Way::WhatsApp } else { Way::Sms };
    let text = text(&form);
    misbehave(&shared, way, &text, || accept(&shared, &account, form)).await
}

/// What a request says, with the tag.
pub(super) fn text(form: &[(String, String)]) -> String {
    let says = |name: &str| matches!(name, "Body" | "ContentVariables" | "Twiml");
    form.iter()
        .filter(|(name, _)| says(name))
        .map(|(_, value)| value.as_str())
        .collect()
}

/// Handles an attempt to send this text, with the next planned fault.
pub(super) async fn misbehave(
    shared: &Shared,
    way: Way,
    text: &str,
    accept: impl FnOnce() -> Response,
) -> Response {
    let fault = {
        let mut state = shared.lock();
        state.creates += 1;
        let fault = state.next_fault(way, text);
        state.delayed += u64::from(matches!(fault, Some(Fault::Delay(_))));
        fault
    };
    match fault {
        None => accept(),
        Some(Fault::Delay(milliseconds)) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            let response = accept();
            shared.lock().delayed -= 1;
            response
        }
        Some(Fault::DropReplyAfterAccept) => after(accept(), server::hang_up()),
        Some(Fault::StatusAfterAccept(status)) => {
            after(accept(), error(status, 20500, "Internal Server Error"))
        }
        Some(Fault::GarbageAfterAccept) => after(accept(), garbage()),
        Some(Fault::HangAfterAccept) => {
            accept();
            std::future::pending().await
        }
        Some(Fault::StatusBefore(status)) => error(status, 20500, "Internal Server Error"),
        Some(Fault::DropBefore) => server::hang_up(),
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Garbage2xx) => garbage(),
        Some(Fault::TooMany(seconds)) => {
            let mut response = refusal(20429);
            response.headers_mut().insert("retry-after", seconds.into());
            response
        }
        Some(Fault::Refuse(code)) => refusal(code),
    }
}

/// `instead` in place of a good reply. A refusal stays as it is.
fn after(right: Response, instead: Response) -> Response {
    if right.status().is_success() {
        instead
    } else {
        right
    }
}

pub(super) fn accept(shared: &Shared, account: &str, form: Vec<(String, String)>) -> Response {
    let accepted_at = shared.clock.now();
    let mut state = shared.lock();
    if let Err((code, why)) = validate::message(&form) {
        state.violations.push(format!("{code} {why}: {form:?}"));
        return refusal(code);
    }
    let mut fields: HashMap<String, String> = form.iter().cloned().collect();
    let to = fields.remove("To").unwrap_or_default();
    if state.opted_out.contains(&to) {
        return refusal(21610);
    }
    let body = match whatsapp::content(&state, &fields) {
        Ok(body) => body,
        Err(code) => return refusal(code),
    };
    let fate = state.fates.pop_front().unwrap_or(state.fate);
    let fate = whatsapp::fate(&state, &to, &fields).unwrap_or(fate);
    let hidden = Duration::from_millis(state.hidden_for());
    let message = Message {
        sid: format!("SM{:032x}", state.rng.u128(..)),
        account_sid: account.to_owned(),
        to,
        from: fields.remove("From"),
        messaging_service_sid: fields.remove("MessagingServiceSid"),
        body,
        form,
        accepted_at,
        arrived: Instant::now(),
        fate,
        visible_from: Instant::now() + hidden,
        reads: 0,
    };
    let body = message.render();
    state.messages.push(message);
    reply(StatusCode::CREATED, &body)
}
