//! A stateful fake of Telegram's Bot API: `sendMessage`, `getMe`, `getChat`, `sendChatAction`. The shapes are those of the
//! documentation of Bot API 10.1.
//!
//! The fake is strict where Telegram is lenient: it refuses a parameter that the agent has no reason to send
//! and records it as a violation. A message exists from the moment it is accepted, even if the reply is lost.

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
    /// The message's number in the chat.
    pub message_id: i64,
    /// The text.
    pub text: String,
    /// The number of the chat that it was sent to.
    pub chat_id: String,
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
    /// The number of the supergroup that the chat has become.
    moved_to: Option<i64>,
    faults_there: Faults,
    /// Whether the bot may no longer write to the chat.
    thrown_out: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Telegram {
    /// Starts the fake on a free port of 127.0.0.1.
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
            moved_to: None,
            faults_there: Faults::default(),
            thrown_out: false,
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

    /// The address of the socket.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The URL of this fake, for `notify.telegram.base_url`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The accepted messages, oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.shared.lock().messages.clone()
    }

    /// How many sends arrived with the right token.
    pub fn sends(&self) -> u64 {
        self.shared.lock().sends
    }

    /// How many probes (`getMe`, `getChat`, `sendChatAction`) arrived with the right token.
    pub fn questions(&self) -> u64 {
        self.shared.lock().questions
    }

    /// Requests that a correct agent never makes. Must stay empty.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }

    /// Plans faults for the next sends, one each.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.lock().faults.next.extend(faults);
    }

    /// As [`Telegram::fail_next`], for the sends to the number that the chat has moved to.
    pub fn fail_next_at_the_new_chat(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.lock().faults_there.next.extend(faults);
    }

    /// Lets every send fail with this fault, from now on. `None` ends that.
    pub fn fail_always(&self, fault: Option<Fault>) {
        self.shared.lock().faults.always = fault;
    }

    /// Makes the chat a supergroup with this number. The bot still knows the old chat, and may no longer write to
    /// it.
    pub fn move_chat(&self, to: i64) {
        self.shared.lock().moved_to = Some(to);
    }

    /// Throws the bot out of the chat: it still knows it.
    pub fn throw_out(&self) {
        self.shared.lock().thrown_out = true;
    }

    /// Replaces the token that the fake accepts.
    pub fn set_token(&self, token: &str) {
        token.clone_into(&mut self.shared.lock().token);
    }
}

#[cfg(test)]
mod tests;
