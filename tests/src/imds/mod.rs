//! A fake of the instance metadata service, version 2 only: a session token by PUT, then the role's temporary credentials by GET.
//!
//! What it hands out is good at the [`S3`] fake that it was started for, and no longer than it says. Times are the machine's,
//! because object_store compares `Expiration` with that and not with a clock of ours.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, put},
};
use jiff::SignedDuration;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    clock::machine_time,
    s3::{Credential, S3, Shared as Bucket},
    server::{self, Server},
};

/// The role of the instance.
pub const ROLE: &str = "mecris-agent-of-the-tests";

/// What goes wrong with every request until it is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status: 403 where the service is switched off, 500, 503.
    Status(u16),
    /// The instance has no role: 404 for credentials, tokens are given.
    NoRole,
    /// No answer, as in a container that is a hop too far away.
    Hang,
    /// The connection closes without an answer.
    Drop,
}

/// A running fake; stops when dropped.
#[derive(Debug)]
pub struct Imds {
    server: Server,
    shared: Shared,
}

#[derive(Clone, Debug)]
struct Shared {
    state: Arc<Mutex<Inner>>,
    bucket: Bucket,
}

#[derive(Debug)]
struct Inner {
    tokens: HashMap<String, Instant>,
    lifetime: SignedDuration,
    current: Option<Credential>,
    issued: u64,
    asked: u64,
    fault: Option<Fault>,
    violations: Vec<String>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Imds {
    /// Starts one on a free port; its credentials live six hours, as the real ones.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn start(s3: &S3) -> io::Result<Self> {
        let inner = Inner {
            tokens: HashMap::new(),
            lifetime: SignedDuration::from_hours(6),
            current: None,
            issued: 0,
            asked: 0,
            fault: None,
            violations: Vec::new(),
        };
        let shared = Shared { state: Arc::new(Mutex::new(inner)), bucket: s3.shared.clone() };
        let api = Router::new()
            .route("/latest/api/token", put(token))
            .route("/latest/meta-data/iam/security-credentials/", get(role))
            .route("/latest/meta-data/iam/security-credentials/{role}", get(credentials))
            .with_state(shared.clone());
        Ok(Self { server: Server::start(api, 0)?, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// What an agent's environment needs beside [`S3::environment_without_key`].
    pub fn environment(&self) -> Vec<(String, String)> {
        vec![("AWS_METADATA_ENDPOINT".to_owned(), format!("http://{}", self.address()))]
    }

    /// How long credentials live that are made from now on; those of before are not handed out any more.
    pub fn set_lifetime(&self, lifetime: SignedDuration) {
        let mut inner = self.shared.lock();
        inner.lifetime = lifetime;
        inner.current = None;
    }

    /// The next answer has new credentials; the old ones stay good until their end.
    pub fn rotate(&self) {
        self.shared.lock().current = None;
    }

    /// All credentials handed out so far end now; the next answer has new ones.
    pub fn expire(&self) {
        self.shared.lock().current = None;
        self.shared.bucket.expire_temporary_credentials();
    }

    /// Every request goes wrong like this; `None`: no longer.
    pub fn fault_always(&self, fault: Option<Fault>) {
        self.shared.lock().fault = fault;
    }

    /// Connections are refused, or that ends.
    pub fn outage(&self, on: bool) {
        self.server.refuse(on);
    }

    /// How often credentials were handed out.
    pub fn asked(&self) -> u64 {
        self.shared.lock().asked
    }

    /// How many different ones there were.
    pub fn issued(&self) -> u64 {
        self.shared.lock().issued
    }

    /// Requests that no agent of ours should make. Must stay empty.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }
}

/// What the fault does instead of an answer.
async fn misbehave(shared: &Shared, of_role: bool) -> Option<Response> {
    let fault = shared.lock().fault;
    match fault? {
        Fault::Status(status) => {
            Some(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response())
        }
        Fault::NoRole => of_role.then(|| StatusCode::NOT_FOUND.into_response()),
        Fault::Hang => std::future::pending().await,
        Fault::Drop => Some(server::hang_up()),
    }
}

async fn token(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    if let Some(instead) = misbehave(&shared, false).await {
        return instead;
    }
    let given = headers.get("x-aws-ec2-metadata-token-ttl-seconds").and_then(|value| value.to_str().ok()?.parse().ok());
    let mut inner = shared.lock();
    let Some(seconds @ 1..=21_600) = given else {
        inner.violations.push("a token without a time to live between 1 and 21600 s".to_owned());
        return StatusCode::BAD_REQUEST.into_response();
    };
    let token = format!("AQAEAOfTheTests{:016x}==", fastrand::u64(..));
    inner.tokens.insert(token.clone(), Instant::now() + Duration::from_secs(seconds));
    token.into_response()
}

async fn role(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    match admit(&shared, &headers).await {
        Some(refusal) => refusal,
        None => ROLE.into_response(),
    }
}

async fn credentials(State(shared): State<Shared>, Path(role): Path<String>, headers: HeaderMap) -> Response {
    if let Some(refusal) = admit(&shared, &headers).await {
        return refusal;
    }
    if role != ROLE {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut inner = shared.lock();
    inner.asked += 1;
    let kept = inner.current.take().filter(|c| !c.expired());
    let credential = match kept {
        Some(credential) => credential,
        None => issue(&mut inner, &shared.bucket),
    };
    let body = json!({
        "Code": "Success",
        "LastUpdated": machine_time().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "Type": "AWS-HMAC",
        "AccessKeyId": credential.access_key_id,
        "SecretAccessKey": credential.secret_access_key,
        "Token": credential.session_token,
        "Expiration": credential.expires_at.map(|end| end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
    });
    inner.current = Some(credential);
    ([("content-type", "text/plain")], body.to_string()).into_response()
}

fn issue(inner: &mut Inner, bucket: &Bucket) -> Credential {
    inner.issued += 1;
    let credential = Credential {
        access_key_id: format!("ASIAOFTHETESTS{:06}", inner.issued),
        secret_access_key: format!("temporary-secret-of-the-tests-{:016x}", fastrand::u64(..)),
        session_token: Some(format!("session-token-of-the-tests-{:016x}", fastrand::u64(..))),
        expires_at: Some(machine_time() + inner.lifetime),
    };
    bucket.add_credential(credential.clone());
    credential
}

/// 401 without a token that is good, as where version 1 is switched off.
async fn admit(shared: &Shared, headers: &HeaderMap) -> Option<Response> {
    if let Some(instead) = misbehave(shared, true).await {
        return Some(instead);
    }
    let mut inner = shared.lock();
    let given = headers.get("x-aws-ec2-metadata-token").and_then(|value| value.to_str().ok());
    if given.is_none() {
        inner.violations.push("asked without a token, as in version 1".to_owned());
    }
    let good = given.and_then(|token| inner.tokens.get(token)).is_some_and(|end| Instant::now() < *end);
    (!good).then(|| StatusCode::UNAUTHORIZED.into_response())
}

#[cfg(test)]
mod tests;
