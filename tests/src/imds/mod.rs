//! A fake of the instance metadata service, version 2 only: a session token by PUT, then the role's temporary credentials by GET.
//!
//! What it hands out is good at the [`S3`] fake that it was started for, and no longer than it says. Times are the machine's,
//! because object_store compares `Expiration` with that and not with a clock of ours.

mod routes;

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    routing::{get, put},
};
use jiff::SignedDuration;
use tokio::time::Instant;

use crate::{
    s3::{Credential, S3, Shared as Bucket},
    server::Server,
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
            .route("/latest/api/token", put(routes::token))
            .route("/latest/meta-data/iam/security-credentials/", get(routes::role))
            .route("/latest/meta-data/iam/security-credentials/{role}", get(routes::credentials))
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

#[cfg(test)]
mod tests;
