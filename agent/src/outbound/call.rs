//! A call, its reply, and why there may be no reply.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::StatusCode;
use secrecy::SecretString;
use url::Url;

use super::{LeaseCheck, LeaseOver, redact};

/// A request to an upstream, with its time limits.
///
/// `Debug` shows the URL redacted and without its path, which holds a token for Telegram and Slack. It shows
/// the names of the form's fields without their values.
#[derive(Clone)]
pub struct Call {
    /// Method.
    pub method: http::Method,
    /// Full URL with its query. May carry a token in its path and query: never log it.
    pub url: Url,
    /// HTTP Basic credentials.
    pub basic: Option<(String, SecretString)>,
    /// A bearer token. A call has at most one of the two credentials.
    pub bearer: Option<SecretString>,
    /// `application/x-www-form-urlencoded` body.
    pub form: Option<Vec<(&'static str, String)>>,
    /// `application/json` body. A call has at most one of the two bodies.
    pub json: Option<serde_json::Value>,
    /// For a message: the check that is made when the connection is open, right before the bytes leave.
    /// `None` for a question, which may be asked at any time.
    pub lease: Option<LeaseCheck>,
    /// The time for one try.
    pub timeout: Duration,
    /// The time for all tries together.
    pub total: Duration,
    /// Whether the call may be repeated. Only then is it retried.
    pub idempotent: bool,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Option<Vec<_>> = self
            .form
            .as_ref()
            .map(|form| form.iter().map(|(name, _)| *name).collect());
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("url", &redact::url(&without_path(&self.url)))
            .field("basic", &self.basic.is_some())
            .field("bearer", &self.bearer.is_some())
            .field("form", &fields)
            .field("json", &self.json.is_some())
            .field("lease", &self.lease.is_some())
            .field("timeout", &self.timeout)
            .field("total", &self.total)
            .field("idempotent", &self.idempotent)
            .finish()
    }
}

fn without_path(url: &Url) -> Url {
    let mut shown = url.clone();
    shown.set_path("/...");
    shown
}

/// A reply of an upstream, whatever its status.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status it sent.
    pub status: StatusCode,
    /// The body, bounded in size.
    pub body: Bytes,
    /// `retry-after`, if it was sent and parses.
    pub retry_after: Option<Duration>,
}

/// Why there is no reply. No text contains a secret.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// The circuit is open: the last calls failed, the next probe is due later.
    #[error("{why} ({failures} failures in a row, next try in {} s)", retry_in.as_secs_f64().ceil())]
    CircuitOpen {
        /// Why the last try failed. It names the upstream.
        why: String,
        /// Failures in a row.
        failures: u32,
        /// How long until the next probe.
        retry_in: Duration,
    },
    /// No connection was made, so nothing was sent.
    #[error("cannot connect to {upstream}: {why}")]
    Connect {
        /// Which upstream.
        upstream: &'static str,
        /// Redacted.
        why: String,
    },
    /// The deadline passed. The request may have been processed.
    #[error("{upstream} did not answer within {} s", (after.as_secs_f64() * 10.0).round() / 10.0)]
    Timeout {
        /// Which upstream.
        upstream: &'static str,
        /// The deadline.
        after: Duration,
    },
    /// The lease was over when the connection was ready. The body, and with it the message, was not sent; the
    /// request's head may have been.
    #[error("{upstream}: {over}")]
    LeaseOver {
        /// Which upstream.
        upstream: &'static str,
        /// What the check said.
        over: LeaseOver,
    },
    /// The connection broke, or the reply was not HTTP. The request may have been processed.
    #[error("{upstream} broke off: {why}")]
    Broken {
        /// Which upstream.
        upstream: &'static str,
        /// Redacted.
        why: String,
    },
}

impl CallError {
    /// Whether the request certainly did not reach the upstream.
    pub fn nothing_was_sent(&self) -> bool {
        matches!(self, Self::CircuitOpen { .. } | Self::Connect { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let call = Call {
            method: http::Method::GET,
            url: Url::parse("https://user:canary@example.test/canary/a.json?auth_token=canary&count=3")
                .unwrap(),
            basic: Some(("SK1".into(), "canary".to_owned().into())),
            bearer: Some("canary".to_owned().into()),
            form: Some(vec![("To", "canary".into())]),
            json: Some(serde_json::json!({"text": "canary"})),
            lease: None,
            timeout: Duration::from_secs(1),
            total: Duration::from_secs(2),
            idempotent: true,
        };
        let shown = format!("{call:?}");
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("count=3") && shown.contains("\"To\""), "{shown}");
    }
}
