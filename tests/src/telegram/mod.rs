//! A stateful fake of Telegram's Bot API: `sendMessage`, `getMe`, `getChat`, with the shapes of its
//! documentation (10.1).
//!
//! Strict where Telegram is lenient: a parameter that the agent has no business sending is refused and
//! recorded as a violation. A message exists from the moment it is accepted, whatever happens to the reply.

mod api;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{Router, routing::post};

use crate::{
    fault::{Fault, Faults},
    server::Server,
};

/// The bot's token.
pub const TOKEN: &str = "123456789:AA-token-of-the-tests_0123456789abcd";
/// The chat that the bot knows.
pub const CHAT_ID: &str = "987654321";

/// A running fake; stops when dropped.
#[derive(Debug)]
pub struct Telegram {
    server: Server,
    shared: Shared,
}

/// A message that the person sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number in the chat.
    pub message_id: i64,
    /// The text.
    pub text: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    token: String,
    messages: Vec<Message>,
    faults: Faults,
    sends: u64,
    questions: u64,
    violations: Vec<String>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Telegram {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// If no port is free.
    pub fn start() -> io::Result<Self> {
        let shared = Shared(Arc::new(Mutex::new(State {
            token: TOKEN.to_owned(),
            messages: Vec::new(),
            faults: Faults::default(),
            sends: 0,
            questions: 0,
            violations: Vec::new(),
        })));
        let api = Router::new()
            .route("/{bot}/{method}", post(api::call).get(api::call))
            .fallback(async || api::refusal(404, None))
            .with_state(shared.clone());
        Ok(Self {
            server: Server::start(api, 0)?,
            shared,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// For `notify.telegram.base_url`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// What the person sees, oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.shared.lock().messages.clone()
    }

    /// How many sends arrived with the right token.
    pub fn sends(&self) -> u64 {
        self.shared.lock().sends
    }

    /// How many questions (`getMe`, `getChat`) arrived with the right token.
    pub fn questions(&self) -> u64 {
        self.shared.lock().questions
    }

    /// Requests that no agent of ours should make. Must stay empty.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }

    /// The next sends go wrong like this, one after the other.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.lock().faults.next.extend(faults);
    }

    /// Every send goes wrong like this; `None`: no longer.
    pub fn fail_always(&self, fault: Option<Fault>) {
        self.shared.lock().faults.always = fault;
    }

    /// Replaces the token.
    pub fn set_token(&self, token: &str) {
        token.clone_into(&mut self.shared.lock().token);
    }
}

#[cfg(test)]
mod tests;
