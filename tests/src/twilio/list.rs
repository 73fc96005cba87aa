//! `GET Messages.json` and `GET Messages/{Sid}.json`, which reconciliation and status polling read.

use std::{collections::HashMap, time::Duration};

use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};

use super::{
    Message, Shared,
    fault::{Fault, error, garbage, refusal, reply},
    page::{day_filter, page},
};
use crate::server;

const FILTERS: [&str; 8] = [
    "To",
    "From",
    "DateSent",
    "DateSent<",
    "DateSent>",
    "PageSize",
    "Page",
    "PageToken",
];

pub(super) async fn list(
    State(shared): State<Shared>,
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
    let Some(in_time) = day_filter(&query, "DateSent") else {
        return error(400, 20001, "Malformed date filter");
    };
    for message in &mut state.messages {
        message.travel();
    }
    let is = |name: &str, value: Option<&str>| {
        query
            .get(name)
            .is_none_or(|wanted| Some(wanted.as_str()) == value)
    };
    let found = state.messages.iter().rev().filter(|message| {
        message.account_sid == account
            && message.visible()
            && in_time(message.date_sent())
            && is("To", Some(&message.to))
            && is("From", message.from.as_deref())
    });
    let rows: Vec<_> = found.collect();
    let redacts = state.redacts;
    let render = |message: &Message| {
        let mut shown = message.render();
        if redacts {
            shown["body"] = "".into();
        }
        shown
    };
    reply(
        StatusCode::OK,
        &page(&account, "messages", &FILTERS, &query, &rows, render),
    )
}

pub(super) async fn fetch(
    State(shared): State<Shared>,
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
        .messages
        .iter_mut()
        .find(|m| m.sid == sid && m.account_sid == account)
    {
        Some(message) => {
            message.travel();
            reply(StatusCode::OK, &message.render())
        }
        None => refusal(20404),
    }
}

/// Applies the planned fault of a reading request. A delay is waited for here.
pub(super) async fn read_fault(shared: &Shared) -> Option<Response> {
    let fault = {
        let mut state = shared.lock();
        state
            .read_faults
            .pop_front()
            .or_else(|| state.read_always.clone())
    };
    match fault? {
        Fault::Delay(milliseconds) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            None
        }
        Fault::StatusBefore(status) | Fault::StatusAfterAccept(status) => {
            Some(error(status, 20500, "Internal Server Error"))
        }
        Fault::DropBefore | Fault::DropReplyAfterAccept => Some(server::hang_up()),
        Fault::Hang | Fault::HangAfterAccept => std::future::pending().await,
        Fault::Garbage2xx | Fault::GarbageAfterAccept => Some(garbage()),
        Fault::TooMany(_) => Some(refusal(20429)),
        Fault::Refuse(code) => Some(refusal(code)),
    }
}
