//! `POST Calls.json`, `GET Calls.json` and `GET Calls/{Sid}.json`.

use std::{collections::HashMap, time::Duration};

use axum::{
    extract::{Path, Query, State as Extracted},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use super::{
    Call, Shared, State, Way,
    create::{misbehave, text},
    fault::{error, refusal, reply},
    list::read_fault,
    page::{day_filter, page},
    validate,
};

/// Every form parameter of CreateCall in Twilio's OpenAPI document.
pub const PARAMETERS: [&str; 36] = [
    "To",
    "From",
    "Method",
    "FallbackUrl",
    "FallbackMethod",
    "StatusCallback",
    "StatusCallbackEvent",
    "StatusCallbackMethod",
    "SendDigits",
    "Timeout",
    "Record",
    "RecordingChannels",
    "RecordingStatusCallback",
    "RecordingStatusCallbackMethod",
    "SipAuthUsername",
    "SipAuthPassword",
    "MachineDetection",
    "MachineDetectionTimeout",
    "RecordingStatusCallbackEvent",
    "Trim",
    "CallerId",
    "MachineDetectionSpeechThreshold",
    "MachineDetectionSpeechEndThreshold",
    "MachineDetectionSilenceTimeout",
    "AsyncAmd",
    "AsyncAmdStatusCallback",
    "AsyncAmdStatusCallbackMethod",
    "Byoc",
    "CallReason",
    "CallToken",
    "RecordingTrack",
    "TimeLimit",
    "ClientNotificationUrl",
    "Url",
    "Twiml",
    "ApplicationSid",
];

/// Every filter of ListCall in Twilio's OpenAPI document.
pub(super) const FILTERS: [&str; 13] = [
    "To",
    "From",
    "ParentCallSid",
    "Status",
    "StartTime",
    "StartTime<",
    "StartTime>",
    "EndTime",
    "EndTime<",
    "EndTime>",
    "PageSize",
    "Page",
    "PageToken",
];

pub(super) async fn create(
    Extracted(shared): Extracted<Shared>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(code) = shared.authorize(&account, &headers) {
        return refusal(code);
    }
    let form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let text = text(&form);
    misbehave(&shared, Way::Voice, &text, || accept(&shared, &account, form)).await
}

fn accept(shared: &Shared, account: &str, form: Vec<(String, String)>) -> Response {
    let now = shared.clock.now();
    let mut state = shared.lock();
    match validate::call(&form) {
        Ok(said) => reply(StatusCode::CREATED, &make(&mut state, now, account, form, said)),
        Err((code, why)) => {
            state.violations.push(format!("{code} {why}: {form:?}"));
            refusal(code)
        }
    }
}

/// Makes a call and answers with it as Twilio does.
pub(super) fn make(
    state: &mut State,
    accepted_at: Timestamp,
    account: &str,
    form: Vec<(String, String)>,
    said: Vec<String>,
) -> Value {
    let field = |name: &str| {
        form.iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.clone())
            .unwrap_or_default()
    };
    let hidden = Duration::from_millis(state.hidden_for());
    let call = Call {
        sid: format!("CA{:032x}", state.rng.u128(..)),
        account_sid: account.to_owned(),
        to: field("To"),
        from: field("From"),
        said,
        form,
        accepted_at,
        ending: state.endings.pop_front().unwrap_or(state.ending),
        visible_from: Instant::now() + hidden,
        reads: 0,
    };
    let shown = call.render();
    state.calls.push(call);
    shown
}

pub(super) async fn list(
    Extracted(shared): Extracted<Shared>,
    Path(account): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if let Err(code) = shared.authorize(&account, &headers) {
        return refusal(code);
    }
    if let Some(instead) = read_fault(&shared).await {
        return instead;
    }
    let mut state = shared.lock();
    state.lists += 1;
    if let Some(unknown) = query.keys().find(|name| !FILTERS.contains(&name.as_str())) {
        state.violations.push(format!("unknown filter {unknown}"));
        return error(400, 20001, "Unknown filter");
    }
    let Some(in_time) = day_filter(&query, "StartTime") else {
        return error(400, 20001, "Malformed date filter");
    };
    for call in &mut state.calls {
        call.travel();
    }
    let is = |name: &str, value: &str| query.get(name).is_none_or(|wanted| wanted == value);
    let found = state.calls.iter().rev().filter(|call| {
        call.account_sid == account
            && call.visible()
            && in_time(call.start_time())
            && is("To", &call.to)
            && is("From", &call.from)
            && is("Status", call.status())
    });
    reply(
        StatusCode::OK,
        &page(
            &account,
            "calls",
            &FILTERS,
            &query,
            &found.collect::<Vec<_>>(),
            Call::render,
        ),
    )
}

pub(super) async fn fetch(
    Extracted(shared): Extracted<Shared>,
    Path((account, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Err(code) = shared.authorize(&account, &headers) {
        return refusal(code);
    }
    if let Some(instead) = read_fault(&shared).await {
        return instead;
    }
    let mut state = shared.lock();
    let sid = file.strip_suffix(".json").unwrap_or(&file);
    match state
        .calls
        .iter_mut()
        .find(|call| call.sid == sid && call.account_sid == account)
    {
        Some(call) => {
            call.travel();
            reply(StatusCode::OK, &call.render())
        }
        None => refusal(20404),
    }
}
