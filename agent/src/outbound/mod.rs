//! The HTTP client for Beeminder and the message providers: deadlines, retries with full jitter for
//! idempotent calls, `retry-after`, a circuit breaker for each upstream, redaction, no redirects. AWS is
//! asked by other clients (`cloud`, `journal`, `store::replica::remote`).
//!
//! The caller decides what a reply means: every status that remains after the retries is returned.

mod breaker;
mod call;
mod clients;
mod lease;
pub mod redact;
mod retry;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http::{StatusCode, header::RETRY_AFTER};
use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout};

use self::{
    breaker::{Breaker, Permit, Refusal},
    clients::Clients,
};
use crate::{clock::Clock, domain::innermost};

pub use call::{Call, CallError, Reply};
pub use clients::install_tls;
pub use lease::{LeaseCheck, LeaseOver};

/// Limits and pauses of an [`Outbound`]. The defaults suit an upstream that is asked about twenty times a
/// day.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// Further tries after the first one, 2.
    pub retries: usize,
    /// The longest pause before the second try, doubled for each further one, 250 ms.
    pub first_delay: Duration,
    /// The longest pause between two tries, 5 s. A longer `retry-after` is still honoured.
    pub longest_delay: Duration,
    /// The time for DNS, TCP and TLS together, 3 s. If it is exceeded, certainly nothing was sent.
    pub connect_timeout: Duration,
    /// A larger body is [`CallError::Broken`], 8 MiB.
    pub largest_body: usize,
    /// Failed tries in a row that open the circuit, 3.
    pub failures_to_open: u32,
    /// How long the circuit stays open at first, 5 s. A second call of the same pass is refused, and the next
    /// pass probes.
    pub first_pause: Duration,
    /// How long the circuit stays open at most, 60 s. This is well below the interval between two passes, so
    /// that no pass is lost to a pause.
    pub longest_pause: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            retries: 2,
            first_delay: Duration::from_millis(250),
            longest_delay: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(3),
            largest_body: 8 << 20,
            failures_to_open: 3,
            first_pause: Duration::from_secs(5),
            longest_pause: Duration::from_secs(60),
        }
    }
}

/// The client of one upstream. Cheap to clone; clones share the circuit breaker and the connections.
#[derive(Clone)]
pub struct Outbound {
    upstream: &'static str,
    tuning: Tuning,
    clock: Clock,
    clients: Arc<Clients>,
    breaker: Arc<Breaker>,
    refusals: Arc<AtomicU64>,
}

impl Outbound {
    /// A client for one upstream. `upstream` is its name in errors and metrics (`beeminder`, `twilio`). Opens
    /// nothing and loads no certificates yet.
    pub fn new(upstream: &'static str, clock: Clock) -> Self {
        Self::with_tuning(upstream, clock, Tuning::default())
    }

    /// As [`Outbound::new`], with other numbers.
    pub fn with_tuning(upstream: &'static str, clock: Clock, tuning: Tuning) -> Self {
        let (clients, breaker) = (Arc::new(Clients::new(tuning)), Breaker::new(tuning));
        Self {
            upstream,
            tuning,
            clock,
            clients,
            breaker,
            refusals: Arc::default(),
        }
    }

    /// The number of replies so far with status 401 or 403. If it changes during a call, the credentials were
    /// refused, and the secret may have been replaced.
    pub fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }

    /// Makes the call. If it is idempotent, transport failures, timeouts, 5xx and 429 are retried, honouring
    /// `retry-after` within the total deadline. Any status that remains is `Ok`. After the last try, the
    /// outcome of that try is returned.
    ///
    /// The circuit breaker is asked once for each call and told about each try. Dropping the future abandons
    /// the call.
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::nothing_was_sent`] tells whether the upstream may have the request.
    pub async fn call(&self, call: Call) -> Result<Reply, CallError> {
        let deadline = Instant::now() + call.total;
        let permit = self
            .breaker
            .admit(deadline)
            .await
            .map_err(|refusal| self.circuit_open(refusal))?;
        let mut pauses = retry::pauses(self.tuning, call.idempotent);
        loop {
            let outcome = self.one_try(&call, deadline, &permit).await;
            let pause = if retry::worth_retrying(&outcome) {
                pauses.next()
            } else {
                None
            };
            let Some(wait) = pause.map(|pause| retry::wait(&outcome, pause)) else {
                return outcome;
            };
            if wait >= deadline - Instant::now() {
                return outcome;
            }
            tracing::debug!(upstream = self.upstream, ?wait, "trying again");
            tokio::time::sleep(wait).await;
        }
    }

    /// One try, within its own deadline and the call's. The breaker is told how the try went.
    async fn one_try(&self, call: &Call, deadline: Instant, permit: &Permit) -> Result<Reply, CallError> {
        let after = call.timeout.min(deadline - Instant::now());
        let outcome = match timeout(after, self.exchange(call)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(CallError::Timeout {
                upstream: self.upstream,
                after,
            }),
        };
        // The URL is not logged: its query may hold a token, its path an account.
        match &outcome {
            Ok(reply) => tracing::debug!(
                upstream = self.upstream, method = %call.method, status = reply.status.as_u16(), bytes = reply.body.len(), "answered"
            ),
            Err(error) => {
                tracing::debug!(upstream = self.upstream, method = %call.method, %error, "not answered");
            }
        }
        if retry::upstream_failed(&outcome) {
            permit.failed(&retry::why(self.upstream, &outcome));
        } else {
            permit.answered();
        }
        outcome
    }

    async fn exchange(&self, call: &Call) -> Result<Reply, CallError> {
        let upstream = self.upstream;
        let client = self
            .clients
            .get(call.url.scheme())
            .await
            .map_err(|why| CallError::Connect { upstream, why })?;
        let mut request = client.request(call.method.clone(), call.url.clone());
        if let Some((user, password)) = &call.basic {
            request = request.basic_auth(user, Some(password.expose_secret()));
        }
        if let Some(token) = &call.bearer {
            request = request.bearer_auth(token.expose_secret());
        }
        if let Some(form) = &call.form {
            request = request.form(form);
        }
        if let Some(json) = &call.json {
            request = request.json(json);
        }
        let mut request = request.build().map_err(|error| self.failed(&error))?;
        if let Some(check) = &call.lease {
            lease::guard(&mut request, check).map_err(|over| CallError::LeaseOver { upstream, over })?;
        }
        let response = client
            .execute(request)
            .await
            .map_err(|error| self.failed(&error))?;
        let (status, headers) = (response.status(), response.headers());
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            self.refusals.fetch_add(1, Ordering::Relaxed);
        }
        let retry_after = headers
            .get(RETRY_AFTER)
            .and_then(|value| retry::parse_retry_after(value, || self.clock.now()));
        let mut body = self.read(response).await?;
        if let Some((user, password)) = call.basic.as_ref().filter(|_| !status.is_success()) {
            // A proxy that explains a failure may repeat the header that it got.
            let said = String::from_utf8_lossy(&body);
            body = redact::text(&said, &[&redact::basic(user, password), password]).into();
        }
        if let Some(token) = call.bearer.as_ref().filter(|_| !status.is_success()) {
            body = redact::text(&String::from_utf8_lossy(&body), &[token]).into();
        }
        Ok(Reply {
            status,
            retry_after,
            body,
        })
    }

    /// Reads the body, up to the limit. The bytes are counted as they come in, because `content-length` may
    /// be absent or wrong.
    async fn read(&self, mut response: reqwest::Response) -> Result<Bytes, CallError> {
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(&error))? {
            if body.len() + chunk.len() > self.tuning.largest_body {
                let why = format!("the reply is larger than {} bytes", self.tuning.largest_body);
                return Err(CallError::Broken {
                    upstream: self.upstream,
                    why,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    /// The [`CallError`] for an error of reqwest. If the request could not be built, or no connection was
    /// made, nothing was sent. Otherwise it is unknown whether the upstream has the request.
    fn failed(&self, error: &reqwest::Error) -> CallError {
        let upstream = self.upstream;
        if let Some(over) = innermost(error).downcast_ref::<LeaseOver>() {
            return CallError::LeaseOver {
                upstream,
                over: *over,
            };
        }
        let why = clients::describe(error);
        if error.is_connect() || error.is_builder() {
            CallError::Connect { upstream, why }
        } else {
            CallError::Broken { upstream, why }
        }
    }

    fn circuit_open(&self, refusal: Refusal) -> CallError {
        let Refusal {
            failures,
            why,
            retry_in,
        } = refusal;
        CallError::CircuitOpen {
            why,
            failures,
            retry_in,
        }
    }
}
