//! `PUT`, `GET` and `HEAD /bucket/key`.

use axum::{
    http::{HeaderValue, StatusCode},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use jiff::Timestamp;

use super::{Code, Object, Shared, error::error, objects::Conflict, request::Request};

pub(super) fn put(shared: &Shared, request: &Request, arrived: u64) -> Response {
    let now = shared.clock.now();
    let mut state = shared.lock();
    let state = &mut *state;
    let (key, body) = (request.key.as_str(), request.body.clone());
    let made = match request.header("if-none-match") {
        None => Ok(state.objects.put(key, body, now)),
        Some("*") => state.objects.create(key, body, now, arrived),
        Some(_) => return error(Code::NotImplemented, &[("Header", "If-None-Match")]),
    };
    match made {
        Ok(object) => {
            state.counts.created += 1;
            (StatusCode::OK, [("etag", object.etag.clone())]).into_response()
        }
        Err(Conflict::Taken) => {
            state.counts.conditional_conflicts += 1;
            error(Code::PreconditionFailed, &[("Condition", "If-None-Match")])
        }
        Err(Conflict::Concurrent) => {
            state.counts.concurrent_conflicts += 1;
            error(
                Code::ConditionalRequestConflict,
                &[("Condition", "If-None-Match"), ("Key", key)],
            )
        }
    }
}

pub(super) fn get(shared: &Shared, request: &Request) -> Response {
    let state = shared.lock();
    let Some(object) = state.objects.get(&request.key) else {
        return error(Code::NoSuchKey, &[("Key", &request.key)]);
    };
    if request.header("if-match").is_some_and(|etag| etag != object.etag) {
        return error(Code::PreconditionFailed, &[("Condition", "If-Match")]);
    }
    let length = object.bytes.len();
    match request.header("range").map(|range| span(range, length)) {
        None => whole(object, StatusCode::OK, object.bytes.clone()),
        Some(None) => error(Code::InvalidRange, &[("ActualObjectSize", &length.to_string())]),
        Some(Some((from, to))) => {
            let mut response = whole(object, StatusCode::PARTIAL_CONTENT, object.bytes.slice(from..to));
            let range = format!("bytes {from}-{}/{length}", to - 1);
            response
                .headers_mut()
                .extend(HeaderValue::try_from(range).map(|v| ("content-range".parse().ok(), v)));
            response
        }
    }
}

fn whole(object: &Object, status: StatusCode, bytes: Bytes) -> Response {
    let headers = [
        ("etag", object.etag.clone()),
        ("last-modified", http_date(object.last_modified)),
        ("accept-ranges", "bytes".to_owned()),
        ("content-type", "binary/octet-stream".to_owned()),
    ];
    (status, headers, bytes).into_response()
}

/// From and to (exclusive) of `bytes=0-4`, `bytes=5-` or `bytes=-5`.
fn span(range: &str, length: usize) -> Option<(usize, usize)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (from, to) = match (from, to) {
        ("", last) => (length.saturating_sub(last.parse().ok()?), length),
        (from, "") => (from.parse().ok()?, length),
        (from, to) => (
            from.parse().ok()?,
            to.parse::<usize>().ok()?.saturating_add(1).min(length),
        ),
    };
    (from < to && to <= length).then_some((from, to))
}

/// `Wed, 12 Oct 2009 17:50:00 GMT`.
fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
