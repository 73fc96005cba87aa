//! A request as it arrived, and its S3 operation.

use axum::http::{HeaderMap, Method, Uri};
use bytes::Bytes;

use super::Operation;

pub(super) struct Request {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The first segment of the path.
    pub(super) bucket: String,
    /// The rest of the path, decoded.
    pub(super) key: String,
    pub(super) query: Vec<(String, String)>,
}

impl Request {
    pub(super) fn new(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Self {
        let path = uri.path().trim_start_matches('/');
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let (bucket, key) = (decode(bucket), decode(key));
        let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
        Self {
            method,
            uri,
            headers,
            body,
            bucket,
            key,
            query,
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// The operation; `None` for an operation that the fake does not have and the agent does not need.
    pub(super) fn operation(&self) -> Option<Operation> {
        const LIST: [&str; 6] = [
            "list-type",
            "prefix",
            "start-after",
            "continuation-token",
            "max-keys",
            "delimiter",
        ];
        const NOT_FOR_PUT: [&str; 2] = ["if-match", "x-amz-copy-source"];
        let plain = self.query.is_empty();
        match (&self.method, self.key.is_empty()) {
            (&Method::PUT, false) if plain && !NOT_FOR_PUT.iter().any(|h| self.headers.contains_key(*h)) => {
                Some(Operation::Put)
            }
            (&Method::GET, false) if plain => Some(Operation::Get),
            (&Method::HEAD, false) if plain => Some(Operation::Head),
            (&Method::DELETE, false) if plain => Some(Operation::Delete),
            (&Method::POST, true) if self.uri.query() == Some("delete") => Some(Operation::Delete),
            (&Method::GET, true) if self.parameter("list-type") == Some("2") => self
                .query
                .iter()
                .all(|(name, _)| LIST.contains(&name.as_str()))
                .then_some(Operation::List),
            _ => None,
        }
    }
}

/// Decodes `%XX`. Bytes that are not UTF-8 are replaced.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let byte = (*first == b'%').then(|| text_of(tail.get(..2)?)).flatten();
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn text_of(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
