//! A stateful fake of S3 with one bucket. It has conditional creates, lists in pages, checks signatures, and
//! fails in the way that a test asks for. It offers, in path style, the operations that `object_store` needs
//! for a checkpoint of the state. It has no multipart uploads, versions or ACLs.
//!
//! An operation that has begun is carried out even if the client is killed or gives up, as in the real S3:
//! see [`Fault::Delay`] and [`Fault::HangAfter`].
//!
//! The agent keeps the generations of its state in a folder `state`. Such keys are guarded. It is a violation
//! to put one without `If-None-Match: *`, and to delete the last key of such a folder. Both would break the
//! rule by which two instances find out about each other (the fence of `store/replica/checkpoint.rs`).

mod auth;
mod control;
mod counts;
mod delete;
mod error;
mod fault;
mod list;
mod object;
mod objects;
mod perform;
mod request;
mod sigv4;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{Router, extract::DefaultBodyLimit};
use bytes::Bytes;

pub use auth::Credential;
pub use counts::Counts;
pub use error::Code;
pub use fault::{Chaos, Fault, Operation};
pub use objects::Object;

use crate::{
    clock::{FakeClock, machine_time},
    server::Server,
};

/// The name of the bucket.
pub const BUCKET: &str = "mecris-state";
/// The region of [`S3::environment`].
pub const REGION: &str = "eu-west-1";
/// The access key that is valid from the start and never expires.
pub const ACCESS_KEY_ID: &str = "AKIAOFTHETESTS000000";
/// The secret of that access key.
pub const SECRET_ACCESS_KEY: &str = "s3-secret-access-key-of-the-tests";

/// A running fake; stops when dropped.
#[derive(Debug)]
pub struct S3 {
    server: Server,
    pub(crate) shared: Shared,
}

/// The state that handlers and controls share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    state: Arc<Mutex<State>>,
    clock: FakeClock,
}

#[derive(Debug)]
struct State {
    credentials: Vec<Credential>,
    objects: objects::Objects,
    page_size: usize,
    faults: fault::Faults,
    counts: Counts,
    violations: Vec<String>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts these credentials from now on.
    pub(crate) fn add_credential(&self, credential: Credential) {
        self.lock().credentials.push(credential);
    }

    /// Lets all credentials with a session token expire now.
    pub(crate) fn expire_temporary_credentials(&self) {
        let now = machine_time();
        let mut state = self.lock();
        state
            .credentials
            .iter_mut()
            .filter(|c| c.session_token.is_some())
            .for_each(|c| c.expires_at = Some(now));
    }
}

impl S3 {
    /// Starts the fake on a free port of 127.0.0.1, with an empty bucket.
    ///
    /// # Errors
    /// If no port is free.
    pub fn start(clock: &FakeClock) -> io::Result<Self> {
        Self::start_on(clock, 0)
    }

    /// Starts the fake on this port of 127.0.0.1.
    ///
    /// # Errors
    /// If the port is taken.
    pub fn start_on(clock: &FakeClock, port: u16) -> io::Result<Self> {
        Self::start_at(clock, SocketAddr::from(([127, 0, 0, 1], port)))
    }

    /// Starts the fake at an address of the calling thread's network namespace.
    ///
    /// # Errors
    /// If the address is taken or does not belong to this network.
    pub fn start_at(clock: &FakeClock, address: SocketAddr) -> io::Result<Self> {
        let forever = Credential {
            access_key_id: ACCESS_KEY_ID.to_owned(),
            secret_access_key: SECRET_ACCESS_KEY.to_owned(),
            session_token: None,
            expires_at: None,
        };
        let state = State {
            credentials: vec![forever],
            objects: objects::Objects::default(),
            page_size: 1000,
            faults: fault::Faults::default(),
            counts: Counts::default(),
            violations: Vec::new(),
        };
        let shared = Shared {
            state: Arc::new(Mutex::new(state)),
            clock: clock.clone(),
        };
        let api = Router::new()
            .nest("/_control", control::router())
            .fallback(perform::serve)
            .layer(DefaultBodyLimit::disable())
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

    /// The URL of the bucket and a prefix in it, for `state.remote`.
    pub fn url(&self, prefix: &str) -> String {
        format!("s3://{BUCKET}/{prefix}")
    }

    /// The environment that an agent needs to use this fake, with the key that never expires.
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut all = self.environment_without_key();
        all.push(("AWS_ACCESS_KEY_ID".to_owned(), ACCESS_KEY_ID.to_owned()));
        all.push(("AWS_SECRET_ACCESS_KEY".to_owned(), SECRET_ACCESS_KEY.to_owned()));
        all
    }

    /// The same environment without a key. The agent then asks the instance metadata ([`crate::imds`]) for
    /// credentials.
    pub fn environment_without_key(&self) -> Vec<(String, String)> {
        let endpoint = format!("http://{}", self.address());
        [
            ("AWS_REGION", REGION),
            ("AWS_ENDPOINT_URL", &endpoint),
            ("AWS_ALLOW_HTTP", "true"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// Every object, by key.
    pub fn objects(&self) -> Vec<Object> {
        self.shared.lock().objects.list("", "").cloned().collect()
    }

    /// The content of an object.
    pub fn object(&self, key: &str) -> Option<Object> {
        self.shared.lock().objects.get(key).cloned()
    }

    /// Puts an object without a request, and replaces an earlier one.
    pub fn put_raw(&self, key: &str, bytes: impl Into<Bytes>) {
        let now = self.shared.clock.now();
        self.shared.lock().objects.put(key, bytes.into(), now);
    }

    /// Removes an object without a request. Returns whether there was one.
    pub fn remove(&self, key: &str) -> bool {
        self.shared.lock().objects.delete(key)
    }

    /// Sets how many entries a page of a list has at most; 1000 at the start.
    pub fn set_page_size(&self, entries: usize) {
        self.shared.lock().page_size = entries.max(1);
    }

    /// Plans faults for the next requests of this kind, one each. [`Fault::Delay`] of 0 lets a request pass.
    pub fn fault_next(&self, operation: Operation, faults: impl IntoIterator<Item = Fault>) {
        let mut state = self.shared.lock();
        faults
            .into_iter()
            .for_each(|fault| state.faults.add_next(operation, fault));
    }

    /// Lets every request of this kind fail with this fault, unless [`S3::fault_next`] has planned another
    /// fault. `None` ends that.
    pub fn fault_always(&self, operation: Operation, fault: Option<Fault>) {
        self.shared.lock().faults.set_always(operation, fault);
    }

    /// Clears planned and random faults. Requests that hang go on hanging.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// Lets requests fail at random from now on; [`Chaos::default`] ends that.
    pub fn set_chaos(&self, chaos: Chaos) {
        self.shared.lock().faults.set_chaos(chaos);
    }

    /// Refuses connections and closes open ones, or accepts them again. Operations that have begun are
    /// carried out nevertheless.
    pub fn outage(&self, on: bool) {
        self.server.refuse(on);
    }

    /// Replaces all credentials.
    pub fn set_credentials(&self, credentials: Vec<Credential>) {
        self.shared.lock().credentials = credentials;
    }

    /// How many requests of each kind arrived since the start.
    pub fn counts(&self) -> Counts {
        self.shared.lock().counts
    }

    /// Requests that a correct agent never makes. Must stay empty.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }
}

/// The folder of a key that is one of the agent's generations: the key is directly in a folder `state`.
/// `None` for any other key.
fn folder_under_guard(key: &str) -> Option<&str> {
    let (folder, _) = key.rsplit_once('/')?;
    (folder == "state" || folder.ends_with("/state")).then_some(folder)
}

#[cfg(test)]
mod tests;
