//! `GET Messages.json` and `GET Messages/{Sid}.json`: what reconciliation and status polling read.

use std::{collections::HashMap, time::Duration};

use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use jiff::civil::Date;
use serde_json::json;

use super::{
    Message, Shared,
    fault::{Fault, error, garbage, refusal, reply},
};
use crate::server;

const FILTERS: [&str; 8] = ["To", "From", "DateSent", "DateSent<", "DateSent>", "PageSize", "Page", "PageToken"];

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
    let size: usize = query.get("PageSize").and_then(|v| v.parse().ok()).unwrap_or(50).clamp(1, 1000);
    let page: usize = query.get("Page").and_then(|v| v.parse().ok()).unwrap_or(0);
    let Some(fits) = filter(&query) else { return error(400, 20001, "Malformed date filter") };
    for message in &mut state.messages {
        message.travel();
    }
    let found: Vec<&Message> =
        state.messages.iter().rev().filter(|m| m.account_sid == account && m.visible() && fits(m)).collect();
    let start = page.saturating_mul(size);
    let shown: Vec<_> = found.iter().skip(start).take(size).map(|m| m.render()).collect();
    let uri = |page: usize| {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        for name in FILTERS.into_iter().filter(|n| !matches!(*n, "Page" | "PageSize" | "PageToken")) {
            query.get(name).inspect(|value| {
                pairs.append_pair(name, value);
            });
        }
        pairs.append_pair("PageSize", &size.to_string()).append_pair("Page", &page.to_string());
        if page > 0 {
            pairs.append_pair("PageToken", &format!("PA{page:034x}"));
        }
        format!("/2010-04-01/Accounts/{account}/Messages.json?{}", pairs.finish())
    };
    let body = json!({
        "first_page_uri": uri(0),
        "next_page_uri": (found.len() > start + size).then(|| uri(page + 1)),
        "previous_page_uri": (page > 0).then(|| uri(page - 1)),
        "uri": uri(page),
        "page": page,
        "page_size": size,
        "start": start,
        "end": (start + shown.len()).saturating_sub(1),
        "messages": shown,
    });
    reply(StatusCode::OK, &body)
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
    match state.messages.iter_mut().find(|m| m.sid == sid && m.account_sid == account) {
        Some(message) => {
            message.travel();
            reply(StatusCode::OK, &message.render())
        }
        None => refusal(20404),
    }
}

/// The planned fault of a reading request, applied; a delay is waited for here.
async fn read_fault(shared: &Shared) -> Option<Response> {
    let fault = shared.lock().read_faults.pop_front();
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

type Filter = Box<dyn Fn(&Message) -> bool + Send>;

/// The filters together; `None` if a date is none. A message that was not sent yet has no sent date and passes no date filter.
fn filter(query: &HashMap<String, String>) -> Option<Filter> {
    let date = |name: &str| match query.get(name) {
        None => Some(None),
        Some(text) => text.get(..10).and_then(|day| day.parse::<Date>().ok()).map(Some),
    };
    let (on, before, after) = (date("DateSent")?, date("DateSent<")?, date("DateSent>")?);
    let (to, from) = (query.get("To").cloned(), query.get("From").cloned());
    Some(Box::new(move |message| {
        let sent = message.date_sent().map(|at| jiff::tz::TimeZone::UTC.to_datetime(at).date());
        let in_time = match sent {
            None => on.is_none() && before.is_none() && after.is_none(),
            Some(day) => {
                on.is_none_or(|d| day == d) && before.is_none_or(|d| day <= d) && after.is_none_or(|d| day >= d)
            }
        };
        in_time
            && to.as_ref().is_none_or(|to| *to == message.to)
            && from.as_ref().is_none_or(|f| message.from.as_ref() == Some(f))
    }))
}
