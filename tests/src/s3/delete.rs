//! `DELETE /bucket/key` and `POST /bucket?delete`. Deleting a missing key succeeds.

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

use super::{
    Code, Shared, State,
    error::{error, escape, unescape, xml},
    folder_under_guard,
    request::Request,
};

/// The most keys in a request.
const MOST: usize = 1000;

pub(super) fn one(shared: &Shared, request: &Request) -> Response {
    remove(&mut shared.lock(), &request.key);
    StatusCode::NO_CONTENT.into_response()
}

pub(super) fn many(shared: &Shared, request: &Request) -> Response {
    if request.header("content-md5").is_none() && request.header("x-amz-checksum-sha256").is_none() {
        return error(Code::InvalidRequest, &[]);
    }
    let keys = keys(request);
    if keys.is_empty() || keys.len() > MOST {
        return error(Code::MalformedXML, &[]);
    }
    let mut state = shared.lock();
    let mut body = String::from("<DeleteResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for key in keys {
        remove(&mut state, &key);
        body.push_str(&format!("<Deleted><Key>{}</Key></Deleted>", escape(&key)));
    }
    body.push_str("</DeleteResult>");
    xml(StatusCode::OK, &body)
}

/// The answer to a bulk delete without permission.
pub(super) fn denied(request: &Request) -> Response {
    let mut body = String::from("<DeleteResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for key in keys(request) {
        body.push_str(&format!(
            "<Error><Key>{}</Key><Code>AccessDenied</Code><Message>{}</Message></Error>",
            escape(&key),
            Code::AccessDenied.message()
        ));
    }
    body.push_str("</DeleteResult>");
    xml(StatusCode::OK, &body)
}

fn remove(state: &mut State, key: &str) {
    state.counts.deleted_keys += 1;
    if let Some(folder) = folder_under_guard(key) {
        let prefix = format!("{folder}/");
        let last = state
            .objects
            .list(&prefix, "")
            .last()
            .map(|object| object.key.as_str());
        if last == Some(key) {
            state
                .violations
                .push(format!("deleted the last generation: {key}"));
        }
    }
    state.objects.delete(key);
}

/// The text of every `<Key>`.
fn keys(request: &Request) -> Vec<String> {
    let body = String::from_utf8_lossy(&request.body);
    body.split("<Key>")
        .skip(1)
        .filter_map(|rest| rest.split_once("</Key>").map(|(key, _)| unescape(key)))
        .collect()
}
