//! `POST Messages.json`: refuses what Twilio refuses, and what Mecris has no business sending.

use std::{collections::HashMap, time::Duration};

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use bytes::Bytes;
use tokio::time::Instant;

use super::{
    Message, Shared,
    fault::{Fault, error, garbage, refusal, reply},
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
    let fault = {
        let mut state = shared.lock();
        state.creates += 1;
        state.next_fault()
    };
    match fault {
        None => accept(&shared, &account, form),
        Some(Fault::Delay(milliseconds)) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            accept(&shared, &account, form)
        }
        Some(Fault::DropReplyAfterAccept) => after(accept(&shared, &account, form), server::hang_up()),
        Some(Fault::StatusAfterAccept(status)) => {
            after(accept(&shared, &account, form), error(status, 20500, "Internal Server Error"))
        }
        Some(Fault::GarbageAfterAccept) => after(accept(&shared, &account, form), garbage()),
        Some(Fault::HangAfterAccept) => {
            accept(&shared, &account, form);
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

/// `instead` of the reply, unless the request was refused anyway.
fn after(right: Response, instead: Response) -> Response {
    if right.status().is_success() { instead } else { right }
}

fn accept(shared: &Shared, account: &str, form: Vec<(String, String)>) -> Response {
    let accepted_at = shared.clock.now();
    let mut state = shared.lock();
    if let Err((code, why)) = validate(&form) {
        state.violations.push(format!("{code} {why}: {form:?}"));
        return refusal(code);
    }
    let mut fields: HashMap<String, String> = form.iter().cloned().collect();
    let to = fields.remove("To").unwrap_or_default();
    if state.opted_out.contains(&to) {
        return refusal(21610);
    }
    let hidden = Duration::from_millis(state.hidden_for());
    let message = Message {
        sid: format!("SM{:032x}", state.rng.u128(..)),
        account_sid: account.to_owned(),
        to,
        from: fields.remove("From"),
        messaging_service_sid: fields.remove("MessagingServiceSid"),
        body: fields.remove("Body").unwrap_or_default(),
        form,
        accepted_at,
        fate: state.fates.pop_front().unwrap_or(state.fate),
        visible_from: Instant::now() + hidden,
        reads: 0,
    };
    let body = message.render();
    state.messages.push(message);
    reply(StatusCode::CREATED, &body)
}

/// What Twilio refuses, and what the fake refuses so that a mistake is loud; with why, for the test that failed.
fn validate(form: &[(String, String)]) -> Result<(), (i64, String)> {
    let refuse = |code: i64, why: &str| Err((code, why.to_owned()));
    let field = |name: &str| form.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty());
    if let Some((name, _)) = form.iter().find(|(name, _)| !PARAMETERS.contains(&name.as_str())) {
        return refuse(20001, &format!("unknown parameter {name}"));
    }
    if let Some(twice) = PARAMETERS.iter().find(|p| form.iter().filter(|(n, _)| n == *p).count() > 1) {
        return refuse(20001, &format!("{twice} given twice"));
    }
    let Some(to) = field("To") else { return refuse(21604, "no To") };
    if !is_e164(to) {
        return refuse(21211, "To is not E.164");
    }
    match (field("From"), field("MessagingServiceSid")) {
        (None, None) => return refuse(21603, "neither From nor MessagingServiceSid"),
        (_, Some(sid)) if !is_sid("MG", sid) => return refuse(21701, "malformed MessagingServiceSid"),
        (Some(from), _) if !is_e164(from) => return refuse(21212, "From is not E.164"),
        _ => {}
    }
    let Some(body) = field("Body") else { return refuse(21602, "no Body") };
    if body.chars().count() > 1600 {
        return refuse(21617, "Body over 1600 characters");
    }
    if let Some(validity) = field("ValidityPeriod")
        && !validity.parse::<u32>().is_ok_and(|seconds| (1..=36_000).contains(&seconds))
    {
        return refuse(21621, "ValidityPeriod outside 1..=36000");
    }
    Ok(())
}

fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|d| (7..=15).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_digit()))
}

fn is_sid(prefix: &str, sid: &str) -> bool {
    sid.strip_prefix(prefix).is_some_and(|d| d.len() == 32 && d.bytes().all(|b| b.is_ascii_hexdigit()))
}
