//! The one HTTP client: deadlines, retry with full jitter on idempotent calls, `retry-after`, a circuit breaker for each upstream,
//! redaction, no redirects. Nothing else in Mecris opens a connection.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

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
    #[error("{upstream} failed {failures} times in a row, next try in {retry_in:?}")]
    CircuitOpen {
        /// Which upstream.
        upstream: &'static str,
        /// Failures in a row.
        failures: u32,
        /// When it may be probed.
        retry_in: Duration,
    },
    /// No connection was made: nothing was sent.
    #[error("cannot connect to {upstream}: {why}")]
    Connect {
        /// Which upstream.
        upstream: &'static str,
        /// Redacted.
        why: String,
    },
    /// The deadline passed; the request may have been processed.
    #[error("{upstream} did not answer within {after:?}")]
    Timeout {
        /// Which upstream.
        upstream: &'static str,
        /// The deadline.
        after: Duration,
    },
    /// The connection broke or the reply was no HTTP; the request may have been processed.
    #[error("{upstream} broke off: {why}")]
    Broken {
        /// Which upstream.
        upstream: &'static str,
        /// Redacted.
        why: String,
    },
}

impl CallError {
    /// Whether the request cannot have reached the upstream.
    pub fn nothing_was_sent(&self) -> bool {
        matches!(self, Self::CircuitOpen { .. } | Self::Connect { .. })
    }
}

/// What to ask.
#[derive(Clone, Debug)]
pub struct Call {
    /// Method.
    pub method: http::Method,
    /// Full URL with its query. May carry a token: never log it, use [`Outbound`]'s redaction.
    pub url: url::Url,
    /// HTTP Basic credentials.
    pub basic: Option<(String, secrecy::SecretString)>,
    /// `application/x-www-form-urlencoded` body.
    pub form: Option<Vec<(&'static str, String)>>,
    /// For one try. The whole call, with its retries, ends within [`Call::total`].
    pub timeout: Duration,
    /// For all tries together.
    pub total: Duration,
    /// Whether it may be repeated: only then is it retried.
    pub idempotent: bool,
}

/// The client of one upstream. Cheap to clone; clones share the circuit breaker and the connections.
#[derive(Clone)]
pub struct Outbound {
    _todo: (),
}

impl Outbound {
    /// A client for one upstream. `upstream` is its name in errors and metrics (`beeminder`, `twilio`). Opens nothing and loads no certificates yet.
    pub fn new(_upstream: &'static str, _clock: crate::clock::Clock) -> Self {
        todo!()
    }

    /// Makes the call. Transport failures, timeouts, 5xx and 429 are retried if the call is idempotent, honouring `retry-after`
    /// within the total deadline; any status that remains is `Ok`.
    pub async fn call(&self, _call: Call) -> Result<Reply, CallError> {
        todo!()
    }
}
