//! `X-Request-Id`: the caller's if it is sane, else one of ours.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};

/// The header.
pub(super) static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken over from a caller.
const LONGEST: usize = 64;

/// Makes ids: a random prefix for the process and a counter. They are for finding a log line, not for keeping
/// a secret.
pub(super) struct RequestIds {
    prefix: u32,
    next: AtomicU64,
}

impl RequestIds {
    pub(super) fn new() -> Self {
        Self {
            prefix: fastrand::u32(..),
            next: AtomicU64::new(1),
        }
    }

    /// The request's own id, or a fresh one.
    pub(super) fn of(&self, headers: &HeaderMap) -> HeaderValue {
        match headers.get(&X_REQUEST_ID) {
            Some(given) if sane(given.as_bytes()) => given.clone(),
            _ => self.fresh(),
        }
    }

    fn fresh(&self) -> HeaderValue {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        HeaderValue::try_from(format!("{:08x}-{number:x}", self.prefix))
            .expect("hexadecimal digits and a hyphen are a header value")
    }
}

/// Short, and nothing that could forge a log line or break out of a page.
fn sane(id: &[u8]) -> bool {
    (1..=LONGEST).contains(&id.len())
        && id
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'/' | b'+' | b'='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_for(given: &str) -> String {
        let headers = HeaderMap::from_iter([(X_REQUEST_ID.clone(), HeaderValue::from_str(given).unwrap())]);
        RequestIds::new().of(&headers).to_str().unwrap().to_owned()
    }

    #[test]
    fn a_sane_id_is_kept_and_others_are_replaced() {
        assert_eq!(id_for("deploy-42.7"), "deploy-42.7");
        for odd in ["", "a b", "<script>", &"x".repeat(65)] {
            assert_ne!(id_for(odd), odd);
        }
    }

    #[test]
    fn fresh_ids_differ() {
        let ids = RequestIds::new();
        assert_ne!(ids.fresh(), ids.fresh());
    }
}
