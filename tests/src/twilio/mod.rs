//! A stateful fake of Twilio's Messages (text messages and WhatsApp) and Calls: accepts, remembers, lists,
//! and misbehaves on request.
//!
//! The fake is strict where Twilio is lenient: an unknown parameter or filter is refused and recorded as a
//! violation, so that a mistake of the agent is seen. A message exists from the moment it is accepted, even
//! if the reply is lost. [`Twilio::accepted`] is what the person's phone shows, [`Twilio::calls`] how often
//! it rang.

mod call;
mod calls;
mod control;
mod create;
mod fault;
mod list;
mod message;
mod page;
mod validate;
mod whatsapp;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    http::HeaderMap,
    routing::{get, post},
};

pub use call::{Call, Ending};
pub use calls::PARAMETERS as CALL_PARAMETERS;
pub use create::PARAMETERS;
pub use fault::{Chaos, Fault};
pub use message::{Fate, Message, segments};

use crate::{clock::FakeClock, server::Server};

/// The account that the fake knows.
pub const ACCOUNT_SID: &str = "AC0123456789abcdef0123456789abcdef";
/// The account's token.
pub const AUTH_TOKEN: &str = "twilio-token-of-the-tests";
/// An API key of the account.
pub const API_KEY_SID: &str = "SK0123456789abcdef0123456789abcdef";
/// The secret of the API key.
pub const API_KEY_SECRET: &str = "twilio-key-secret-of-the-tests";
/// A messaging service of the account.
pub const MESSAGING_SERVICE_SID: &str = "MG0123456789abcdef0123456789abcdef";

/// A WhatsApp template of the account, with the variable `{{1}}`.
pub const CONTENT_SID: &str = "HX0123456789abcdef0123456789abcdef";

/// The ways in which Twilio reaches the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// A text message.
    Sms,
    /// A WhatsApp message.
    WhatsApp,
    /// A call.
    Voice,
}

/// A running fake; stops when dropped.
#[derive(Debug)]
pub struct Twilio {
    server: Server,
    shared: Shared,
}

/// The state that handlers and controls share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    state: Arc<Mutex<State>>,
    clock: FakeClock,
}

#[derive(Debug)]
struct State {
    credentials: Vec<(String, String)>,
    messages: Vec<Message>,
    calls: Vec<Call>,
    templates: HashMap<String, String>,
    sessions: HashSet<String>,
    opted_out: HashSet<String>,
    faults: VecDeque<Fault>,
    always: Option<Fault>,
    always_by: HashMap<Way, Fault>,
    read_faults: VecDeque<Fault>,
    read_always: Option<Fault>,
    chaos: Chaos,
    rng: fastrand::Rng,
    fate: Fate,
    fates: VecDeque<Fate>,
    ending: Ending,
    endings: VecDeque<Ending>,
    hide_ms: u64,
    redacts: bool,
    loses_once: bool,
    lost: HashSet<String>,
    creates: u64,
    lists: u64,
    /// How many attempts wait for their delay to end.
    delayed: u64,
    strangers: u64,
    violations: Vec<String>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The error code if credentials or account are bad.
    fn authorize(&self, account: &str, headers: &HeaderMap) -> Result<(), i64> {
        let given = headers
            .get("authorization")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let known = self
            .lock()
            .credentials
            .iter()
            .any(|(user, secret)| given == basic(user, secret));
        match (known, account == ACCOUNT_SID) {
            (false, _) => {
                self.lock().strangers += 1;
                Err(20003)
            }
            (true, false) => Err(20404),
            (true, true) => Ok(()),
        }
    }
}

impl State {
    /// The fault of an attempt to send this text.
    fn next_fault(&mut self, way: Way, text: &str) -> Option<Fault> {
        let chaos = self.chaos;
        let always = || self.always_by.get(&way).or(self.always.as_ref()).cloned();
        let fault = self
            .faults
            .pop_front()
            .or_else(always)
            .or_else(|| chaos.roll(&mut self.rng))?;
        // The tag stays the same when a message is told anew. A call says none.
        let tag = text.rfind('#').map(|at| text[at..].chars().take(7).collect());
        let message: String = tag.unwrap_or_else(|| text.to_owned());
        let first = !fault.loses_the_request() || self.lost.insert(message);
        (first || !self.loses_once).then_some(fault)
    }

    fn hidden_for(&mut self) -> u64 {
        self.hide_ms + self.rng.u64(0..=self.chaos.hide_max_ms)
    }

    fn set_chaos(&mut self, chaos: Chaos) {
        self.rng = fastrand::Rng::with_seed(chaos.seed);
        self.chaos = chaos;
    }
}

impl Twilio {
    /// Starts the fake on a free port of 127.0.0.1.
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
        let state = State {
            credentials: vec![pair(ACCOUNT_SID, AUTH_TOKEN), pair(API_KEY_SID, API_KEY_SECRET)],
            messages: Vec::new(),
            calls: Vec::new(),
            templates: HashMap::from([(CONTENT_SID.to_owned(), "Mecris says: {{1}}".to_owned())]),
            sessions: HashSet::new(),
            opted_out: HashSet::new(),
            faults: VecDeque::new(),
            always: None,
            always_by: HashMap::new(),
            read_faults: VecDeque::new(),
            read_always: None,
            chaos: Chaos::default(),
            rng: fastrand::Rng::with_seed(1),
            fate: Fate::Deliver,
            fates: VecDeque::new(),
            ending: Ending::Completed,
            endings: VecDeque::new(),
            hide_ms: 0,
            redacts: false,
            loses_once: false,
            lost: HashSet::new(),
            creates: 0,
            lists: 0,
            delayed: 0,
            strangers: 0,
            violations: Vec::new(),
        };
        let shared = Shared {
            state: Arc::new(Mutex::new(state)),
            clock: clock.clone(),
        };
        let api = Router::new()
            .route(
                "/2010-04-01/Accounts/{account}/Messages.json",
                post(create::create).get(list::list),
            )
            .route(
                "/2010-04-01/Accounts/{account}/Messages/{message}",
                get(list::fetch),
            )
            .route(
                "/2010-04-01/Accounts/{account}/Calls.json",
                post(calls::create).get(calls::list),
            )
            .route("/2010-04-01/Accounts/{account}/Calls/{call}", get(calls::fetch))
            .fallback(async || fault::refusal(20404))
            .nest("/_control", control::router())
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

    /// For `notify.sms.base_url`, `notify.whatsapp.base_url` and `notify.voice.base_url`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Every message that was accepted, oldest first.
    pub fn accepted(&self) -> Vec<Message> {
        self.shared.lock().messages.clone()
    }

    /// Every call that was made, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.lock().calls.clone()
    }

    /// How many messages were accepted.
    pub fn accepted_count(&self) -> usize {
        self.shared.lock().messages.len()
    }

    /// How many attempts to send arrived with good credentials.
    pub fn creates(&self) -> u64 {
        self.shared.lock().creates
    }

    /// How many lists were requested.
    pub fn lists(&self) -> u64 {
        self.shared.lock().lists
    }

    /// Requests that a correct agent never makes. Must stay empty.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }

    /// Plans faults for the next attempts to send, one each.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.lock().faults.extend(faults);
    }

    /// Every attempt to send fails with this fault; `None` ends that.
    pub fn fail_always(&self, fault: Option<Fault>) {
        self.shared.lock().always = fault;
    }

    /// Every attempt by this way fails with this fault; `None` ends that.
    pub fn fail_always_by(&self, way: Way, fault: Option<Fault>) {
        let mut state = self.shared.lock();
        match fault {
            Some(fault) => state.always_by.insert(way, fault),
            None => state.always_by.remove(&way),
        };
    }

    /// Plans faults for the next requests that read (lists and fetches).
    pub fn fail_next_reads(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.lock().read_faults.extend(faults);
    }

    /// Every request that reads fails with this fault; `None` ends that.
    pub fn fail_reads(&self, fault: Option<Fault>) {
        self.shared.lock().read_always = fault;
    }

    /// Clears planned and random faults.
    pub fn clear_faults(&self) {
        let mut state = self.shared.lock();
        state.faults.clear();
        state.read_faults.clear();
        (state.always, state.read_always) = (None, None);
        state.chaos = Chaos::default();
    }

    /// Faults at random from now on; [`Chaos::default`] ends them.
    pub fn set_chaos(&self, chaos: Chaos) {
        self.shared.lock().set_chaos(chaos);
    }

    /// Lists show no text of any message from now on, as those of an account that redacts its messages.
    pub fn redact_lists(&self) {
        self.shared.lock().redacts = true;
    }

    /// A fault loses a request, without accepting it, at most once for a message.
    pub fn lose_each_once(&self) {
        self.shared.lock().loses_once = true;
    }

    /// Hides messages accepted from now on from lists, for this long.
    pub fn hide_from_lists(&self, milliseconds: u64) {
        self.shared.lock().hide_ms = milliseconds;
    }

    /// The way of messages accepted from now on.
    pub fn set_fate(&self, fate: Fate) {
        self.shared.lock().fate = fate;
    }

    /// Plans the ways of the next messages, one each.
    pub fn set_next_fates(&self, fates: impl IntoIterator<Item = Fate>) {
        self.shared.lock().fates.extend(fates);
    }

    /// The end of calls made from now on.
    pub fn set_ending(&self, ending: Ending) {
        self.shared.lock().ending = ending;
    }

    /// Plans the ends of the next calls, one each.
    pub fn set_next_endings(&self, endings: impl IntoIterator<Item = Ending>) {
        self.shared.lock().endings.extend(endings);
    }

    /// A foreign call between two numbers, which the account made a moment ago.
    pub fn call_of_somebody_else(&self, to: &str, from: &str) {
        let now = self.shared.clock.now();
        let mut state = self.shared.lock();
        let form = [("To", to), ("From", from), ("Url", "https://example.com/twiml")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        calls::make(&mut state, now, ACCOUNT_SID, form.into(), Vec::new());
    }

    /// Another program of the account sends the person a text message.
    pub fn text_of_another_program(&self, to: &str, body: &str) {
        let form = [("To", to), ("From", "+15005550006"), ("Body", body)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        create::accept(&self.shared, ACCOUNT_SID, form.into());
    }

    /// The person writes to the WhatsApp sender, which may then write freely for a day.
    pub fn open_session(&self, number: &str) {
        self.shared.lock().sessions.insert(format!("whatsapp:{number}"));
    }

    /// WhatsApp deletes a template.
    pub fn delete_template(&self, content_sid: &str) {
        self.shared.lock().templates.remove(content_sid);
    }

    /// The recipient texts STOP.
    pub fn opt_out(&self, number: &str) {
        self.shared.lock().opted_out.insert(number.to_owned());
    }

    /// Replaces all credentials.
    pub fn set_credentials(&self, credentials: &[(&str, &str)]) {
        self.shared.lock().credentials = credentials
            .iter()
            .map(|(user, secret)| pair(user, secret))
            .collect();
    }

    /// How many attempts the fake has read but answers later: it accepts them when their delay ends, even if
    /// their sender is gone by then.
    pub fn delayed(&self) -> u64 {
        self.shared.lock().delayed
    }

    /// How many requests had bad credentials.
    pub fn strangers(&self) -> u64 {
        self.shared.lock().strangers
    }

    /// All credentials are bad from now on.
    pub fn revoke(&self) {
        self.set_credentials(&[]);
    }
}

fn pair(user: &str, secret: &str) -> (String, String) {
    (user.to_owned(), secret.to_owned())
}

/// `Basic …` of RFC 7617.
pub fn basic(user: &str, secret: &str) -> String {
    format!("Basic {}", crate::base64::encode(&format!("{user}:{secret}")))
}

#[cfg(test)]
mod tests;
