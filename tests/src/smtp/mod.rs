//! A small SMTP server on a socket, without TLS: greets, logs in, takes mail, remembers it, and misbehaves on
//! request.
//!
//! Strict where servers are lenient: commands out of order, bytes that are not ASCII, lines that are too long
//! and mail without the headers that mail has are refused and recorded as violations. A mail exists from the
//! moment it is accepted, whatever happens to the reply.

mod conversation;
mod fault;

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use tokio::sync::oneshot;

pub use fault::{Act, Fault, Stage};

/// Who may send.
pub const USER: &str = "mecris@example.org";
/// With which password.
pub const PASSWORD: &str = "smtp-password-of-the-tests";

/// A running fake; stops when dropped.
#[derive(Debug)]
pub struct Smtp {
    address: SocketAddr,
    shared: Shared,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

/// A mail that was accepted: the person has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipient.
    pub to: String,
    /// Header lines, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body without its last line break.
    pub body: String,
}

impl Letter {
    /// One header; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
            .unwrap_or_default()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    login: Option<(String, String)>,
    offers_login: bool,
    letters: Vec<Letter>,
    faults: fault::Faults,
    connections: u64,
    contents: u64,
    content_lines: u64,
    /// Every line that a client wrote before the content.
    heard: Vec<String>,
    violations: Vec<String>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Smtp {
    /// Starts one on a free port, that takes mail from [`USER`] with [`PASSWORD`].
    ///
    /// # Errors
    /// If no port is free.
    pub fn start() -> io::Result<Self> {
        let shared = Shared(Arc::new(Mutex::new(State {
            login: Some((USER.to_owned(), PASSWORD.to_owned())),
            offers_login: true,
            letters: Vec::new(),
            faults: fault::Faults::default(),
            connections: 0,
            contents: 0,
            content_lines: 0,
            heard: Vec::new(),
            violations: Vec::new(),
        })));
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let accepting = conversation::accept(listener, shared.clone());
        let thread = std::thread::spawn(move || {
            runtime.block_on(async move {
                tokio::select! {
                    _ = accepting => {}
                    _ = stopped => {}
                }
            });
        });
        Ok(Self {
            address,
            shared,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// For `SMTP_URL`, with user and password.
    pub fn url(&self) -> String {
        let state = self.shared.lock();
        let login = state
            .login
            .as_ref()
            .map(|(user, password)| format!("{}:{password}@", user.replace('@', "%40")));
        format!("smtp://{}{}", login.unwrap_or_default(), self.address)
    }

    /// What the person has, oldest first.
    pub fn letters(&self) -> Vec<Letter> {
        self.shared.lock().letters.clone()
    }

    /// How many connections were made.
    pub fn connections(&self) -> u64 {
        self.shared.lock().connections
    }

    /// How many times content came up to its final dot, accepted or not.
    pub fn contents(&self) -> u64 {
        self.shared.lock().contents
    }

    /// How many lines of content came, of mails that came up to their final dot and of others.
    pub fn content_lines(&self) -> u64 {
        self.shared.lock().content_lines
    }

    /// Every line that a client wrote, without contents.
    pub fn heard(&self) -> Vec<String> {
        self.shared.lock().heard.clone()
    }

    /// What no agent of ours should do. Must stay empty.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }

    /// The next time a conversation comes that far it goes wrong like this, one after the other.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.lock().faults.next.extend(faults);
    }

    /// Whenever a conversation comes that far it goes wrong like this; `None`: no longer.
    pub fn fail_always(&self, fault: Option<Fault>) {
        self.shared.lock().faults.always = fault;
    }

    /// Who may send; `None`: everybody, without a login.
    pub fn set_login(&self, login: Option<(&str, &str)>) {
        self.shared.lock().login = login.map(|(user, password)| (user.to_owned(), password.to_owned()));
    }

    /// Does not say that one can log in.
    pub fn hide_login(&self) {
        self.shared.lock().offers_login = false;
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
