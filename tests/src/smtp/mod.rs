//! A small SMTP server on a socket, without TLS: greets, logs in, takes mail, remembers it, and misbehaves on
//! request.
//!
//! The fake is strict where servers are lenient: it refuses commands out of order, bytes that are not ASCII,
//! lines that are too long and mail without the usual headers, and records each as a violation. A mail exists
//! from the moment it is accepted, even if the reply is lost.

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

/// The user that may send.
pub const USER: &str = "mecris@example.org";
/// The user's password.
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
    /// The value of a header; empty if there is none.
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
    /// Every line of a client, without contents.
    heard: Vec<String>,
    violations: Vec<String>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Smtp {
    /// Starts the fake on a free port of 127.0.0.1. It takes mail from [`USER`] with [`PASSWORD`].
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

    /// The address of the socket.
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

    /// The accepted mails, oldest first.
    pub fn letters(&self) -> Vec<Letter> {
        self.shared.lock().letters.clone()
    }

    /// How many connections were made.
    pub fn connections(&self) -> u64 {
        self.shared.lock().connections
    }

    /// How many times a client sent content up to its final dot, accepted or not.
    pub fn contents(&self) -> u64 {
        self.shared.lock().contents
    }

    /// How many lines of content arrived, of complete and of incomplete mails.
    pub fn content_lines(&self) -> u64 {
        self.shared.lock().content_lines
    }

    /// Every line of a client, without contents.
    pub fn heard(&self) -> Vec<String> {
        self.shared.lock().heard.clone()
    }

    /// Mistakes that a correct agent never makes. Must stay empty.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }

    /// Plans faults for this place of the next conversations, one each.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.lock().faults.next.extend(faults);
    }

    /// Every conversation fails at this place with this fault; `None` ends that.
    pub fn fail_always(&self, fault: Option<Fault>) {
        self.shared.lock().faults.always = fault;
    }

    /// The login that may send; `None`: every client, without a login.
    pub fn set_login(&self, login: Option<(&str, &str)>) {
        self.shared.lock().login = login.map(|(user, password)| (user.to_owned(), password.to_owned()));
    }

    /// Hides the login from the answer to EHLO.
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
