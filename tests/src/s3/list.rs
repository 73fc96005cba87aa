//! `GET /bucket?list-type=2`: sorted, in pages, with an opaque token.

use axum::{http::StatusCode, response::Response};

use super::{
    Code, Object, Shared,
    error::{error, escape, xml},
    request::Request,
};

/// An entry of a list.
enum Entry<'a> {
    Object(&'a Object),
    Folder(String),
}

pub(super) fn list(shared: &Shared, request: &Request) -> Response {
    let state = shared.lock();
    let asked = match request.parameter("max-keys").map(str::parse) {
        None => 1000,
        Some(Ok(number)) => number,
        Some(Err(_)) => return error(Code::InvalidArgument, &[("ArgumentName", "max-keys")]),
    };
    let size = state.page_size.min(asked);
    let (prefix, delimiter) = (
        request.parameter("prefix").unwrap_or_default(),
        request.parameter("delimiter"),
    );
    let after = match request.parameter("continuation-token").map(last_of) {
        None => request.parameter("start-after").unwrap_or_default().to_owned(),
        Some(Some(key)) => key,
        Some(None) => return error(Code::InvalidArgument, &[("ArgumentName", "continuation-token")]),
    };
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut last = String::new();
    let mut truncated = false;
    for object in state.objects.list(prefix, &after) {
        let folder = delimiter.and_then(|d| {
            Some(object.key[..prefix.len() + object.key[prefix.len()..].find(d)? + d.len()].to_owned())
        });
        let known = matches!((&folder, entries.last()), (Some(f), Some(Entry::Folder(seen))) if f == seen);
        if !known && entries.len() == size {
            truncated = true;
            break;
        }
        last.clone_from(&object.key);
        match folder {
            Some(_) if known => {}
            Some(folder) => entries.push(Entry::Folder(folder)),
            None => entries.push(Entry::Object(object)),
        }
    }
    let token = (truncated && size > 0).then(|| token_of(&last));
    render(request, &entries, token)
}

/// An empty list.
pub(super) fn empty(request: &Request) -> Response {
    render(request, &[], None)
}

fn render(request: &Request, entries: &[Entry<'_>], token: Option<String>) -> Response {
    let mut body = String::from("<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    let mut add = |name: &str, value: &str| body.push_str(&format!("<{name}>{}</{name}>", escape(value)));
    add("Name", &request.bucket);
    add("Prefix", request.parameter("prefix").unwrap_or_default());
    add("KeyCount", &entries.len().to_string());
    add("MaxKeys", request.parameter("max-keys").unwrap_or("1000"));
    add("IsTruncated", if token.is_some() { "true" } else { "false" });
    for name in ["start-after", "continuation-token"] {
        let element = if name == "start-after" {
            "StartAfter"
        } else {
            "ContinuationToken"
        };
        request.parameter(name).inspect(|value| add(element, value));
    }
    token.inspect(|token| add("NextContinuationToken", token));
    for entry in entries {
        body.push_str(&match entry {
            Entry::Object(object) => format!(
                "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>{}</ETag><Size>{}</Size>\
                 <StorageClass>STANDARD</StorageClass></Contents>",
                escape(&object.key),
                object.last_modified.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                escape(&object.etag),
                object.bytes.len()
            ),
            Entry::Folder(folder) => format!(
                "<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>",
                escape(folder)
            ),
        });
    }
    body.push_str("</ListBucketResult>");
    xml(StatusCode::OK, &body)
}

/// The last key of a page, made unreadable so that no client builds a token itself.
fn token_of(key: &str) -> String {
    format!("1{}", hex::encode(key.as_bytes()))
}

fn last_of(token: &str) -> Option<String> {
    let digits = token.strip_prefix('1')?.as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    String::from_utf8(digits.chunks(2).map(byte).collect::<Option<Vec<u8>>>()?).ok()
}
