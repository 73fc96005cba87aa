//! A fake of the instance metadata service, version 2 only: a session token by PUT, then the role's temporary
//! credentials by GET, and the other data that an instance reads at its boot ([`Imds::describe`],
//! [`Imds::set_user_data`]).
//!
//! The credentials are valid at the [`S3`] fake that this fake was started for, until their `Expiration`. The
//! times are those of the machine's clock, because object_store compares `Expiration` with that clock.

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

/// A fault of every request, until the test takes it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status: 403 where the service is switched off, 500, 503.
    Status(u16),
    /// The instance has no role: 404 for credentials, tokens are given.
    NoRole,
    /// No answer, as for a container that is one network hop too far away.
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
    instance: serde_json::Value,
    user_data: Option<Vec<u8>>,
    user_data_asked: u64,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Imds {
    /// Starts the fake on a free port of 127.0.0.1. Its credentials live six hours, as those of a real
    /// instance.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn start(s3: &S3) -> io::Result<Self> {
        Self::start_at(s3, SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// Starts one at an address of the network that the calling thread is in; the real one is at
    /// 169.254.169.254:80.
    ///
    /// # Errors
    /// If the address is taken or does not belong to this network.
    pub fn start_at(s3: &S3, address: SocketAddr) -> io::Result<Self> {
        let inner = Inner {
            tokens: HashMap::new(),
            lifetime: SignedDuration::from_hours(6),
            current: None,
            issued: 0,
            asked: 0,
            fault: None,
            violations: Vec::new(),
            instance: serde_json::json!({}),
            user_data: None,
            user_data_asked: 0,
        };
        let shared = Shared {
            state: Arc::new(Mutex::new(inner)),
            bucket: s3.shared.clone(),
        };
        let api = Router::new()
            .route("/latest/api/token", put(routes::token))
            .route("/latest/meta-data/iam/security-credentials/", get(routes::role))
            .route(
                "/latest/meta-data/iam/security-credentials/{role}",
                get(routes::credentials),
            )
            .fallback(routes::described)
            .with_state(shared.clone());
        Ok(Self {
            server: Server::start_at(api, address)?,
            shared,
        })
    }

    /// The address of the socket.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// What an agent's environment needs beside [`S3::environment_without_key`].
    pub fn environment(&self) -> Vec<(String, String)> {
        vec![(
            "AWS_METADATA_ENDPOINT".to_owned(),
            format!("http://{}", self.address()),
        )]
    }

    /// The answers under `/meta-data/` and `/dynamic/`, as a tree: an object is a folder, a text is a leaf.
    pub fn describe(&self, instance: serde_json::Value) {
        self.shared.lock().instance = instance;
    }

    /// What cloud-init is given to run; 404 at the start.
    pub fn set_user_data(&self, user_data: impl Into<Vec<u8>>) {
        self.shared.lock().user_data = Some(user_data.into());
    }

    /// How often the user-data was asked for.
    pub fn user_data_asked(&self) -> u64 {
        self.shared.lock().user_data_asked
    }

    /// How long credentials live that are made from now on. Earlier credentials are not handed out any more.
    pub fn set_lifetime(&self, lifetime: SignedDuration) {
        let mut inner = self.shared.lock();
        inner.lifetime = lifetime;
        inner.current = None;
    }

    /// The next answer has new credentials. The old ones stay valid until their end.
    pub fn rotate(&self) {
        self.shared.lock().current = None;
    }

    /// All credentials handed out so far end now. The next answer has new ones.
    pub fn expire(&self) {
        self.shared.lock().current = None;
        self.shared.bucket.expire_temporary_credentials();
    }

    /// Every request fails with this fault; `None` ends that.
    pub fn fault_always(&self, fault: Option<Fault>) {
        self.shared.lock().fault = fault;
    }

    /// Connections are refused, or accepted again.
    pub fn outage(&self, on: bool) {
        self.server.refuse(on);
    }

    /// How often credentials were handed out.
    pub fn asked(&self) -> u64 {
        self.shared.lock().asked
    }

    /// How many different credentials were handed out.
    pub fn issued(&self) -> u64 {
        self.shared.lock().issued
    }

    /// Requests that a correct agent never makes. Must stay empty.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }
}

#[cfg(test)]
mod tests;
