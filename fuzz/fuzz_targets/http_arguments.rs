//! Bytes as the arguments of a request: the first byte says which arguments, the second where they stand, the rest
//! is the query or the body.
//!
//! * What is refused, is refused with a 4xx and one line.
//! * What is taken has only names that the OpenAPI document lists, and stands in one place.
//! * A silence that is granted is what the document promises.

#![no_main]

use std::{borrow::Cow, sync::LazyLock};

use axum::{body::Body, extract::Request};
use http::header::CONTENT_TYPE;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use libfuzzer_sys::fuzz_target;
use mecris_agent::{
    fuzzing::http::read,
    silences::request::{LONGEST, SilenceRequest, plan},
};
use mecris_fuzz::assert_one_line;
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use serde_json::{Map, Value};
use tokio::runtime::{Builder, Runtime};

/// What the type of a query cannot hold as it is.
const NOT_IN_A_QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'`');

/// Seconds since 1970: a Saturday, a day before the clocks of New York are set back.
const NOW: i64 = 1_793_455_200;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime without sockets")
});
static ZONE: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("America/New_York").expect("a bundled zone"));

fuzz_target!(|bytes: &[u8]| {
    let [kind, place, rest @ ..] = bytes else {
        return;
    };
    let (query, content_type, body) = match place % 4 {
        0 => (rest, None, &b""[..]),
        1 => (&b""[..], Some("application/json"), rest),
        2 => {
            let (query, body) = halves(rest);
            (query, Some("application/json"), body)
        }
        _ => {
            let (content_type, body) = halves(rest);
            (&b""[..], std::str::from_utf8(content_type).ok(), body)
        }
    };
    are_read(
        *kind,
        &percent_encode(query, NOT_IN_A_QUERY).into(),
        content_type,
        body,
    );
    is_silenced(rest);
});

/// What stands before the first line break, and behind it.
fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    let at = bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(bytes.len());
    (&bytes[..at], bytes.get(at + 1..).unwrap_or_default())
}

fn are_read(kind: u8, query: &Cow<'_, str>, content_type: Option<&str>, body: &[u8]) {
    let mut request = Request::builder().uri(format!("/?{query}"));
    if let Some(content_type) = content_type {
        request = request.header(CONTENT_TYPE, content_type);
    }
    let Ok(request) = request.body(Body::from(body.to_owned())) else {
        return;
    };
    let known = match RUNTIME.block_on(read(kind, request)) {
        Ok(known) => known,
        Err((status, detail)) => {
            assert!(status.is_client_error(), "{status}: {detail}");
            assert!(!detail.is_empty() && detail.chars().count() <= 1000, "{detail}");
            assert_one_line(&detail);
            return;
        }
    };
    assert!(
        query.is_empty() || body.is_empty() || body == "\u{feff}".as_bytes(),
        "two places"
    );
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    let names: Vec<String> = if body.is_empty() {
        form_urlencoded::parse(query.as_bytes())
            .map(|(name, _)| name.into_owned())
            .collect()
    } else {
        let object: Map<String, Value> = serde_json::from_slice(body).expect("only objects are taken");
        object.into_iter().map(|(name, _)| name).collect()
    };
    let unknown = names.iter().find(|name| !known.contains(name));
    assert_eq!(unknown, None, "{known:?}");
}

fn is_silenced(bytes: &[u8]) {
    let Ok(request) = serde_json::from_slice::<SilenceRequest>(bytes) else {
        return;
    };
    let now = Timestamp::from_second(NOW).expect("a time of this century");
    match plan(request, "id".to_owned(), now, &ZONE) {
        Ok(silence) => {
            assert!(
                now <= silence.starts_at && silence.starts_at < silence.ends_at,
                "{silence:?}"
            );
            let hour = SignedDuration::from_hours(1);
            assert!(
                silence.ends_at.duration_since(now) <= LONGEST + hour,
                "{silence:?}"
            );
            assert_one_line(&silence.author);
            assert_one_line(&silence.comment);
            assert!(silence.author.chars().count() <= 80 && silence.comment.chars().count() <= 500);
            let pattern = silence.pattern.to_string();
            assert_one_line(&pattern);
            assert_eq!(pattern.parse().ok().as_ref(), Some(&silence.pattern));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
