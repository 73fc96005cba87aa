//! A stateful fake of Beeminder: recorded shapes relative to a settable now, faults on request, and a count
//! of everything asked.
//!
//! Anything but a GET is counted as a write and refused: Mecris is read-only there, and tests assert that the
//! count stays 0.

mod fault;
mod goal;
mod routes;

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::tz::TimeZone;

pub use fault::{Fault, Planned};
pub use goal::GoalSpec;

use crate::{clock::FakeClock, server::Server};

/// The token that the fake knows.
pub const TOKEN: &str = "beeminder-token-of-the-tests";

/// A running fake; stops when dropped.
#[derive(Debug)]
pub struct Beeminder {
    server: Server,
    shared: Shared,
}

/// What the handlers and the controls share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    state: Arc<Mutex<State>>,
    clock: FakeClock,
}

#[derive(Debug)]
struct State {
    token: String,
    zone: TimeZone,
    zone_name: String,
    deadbeat: bool,
    goals: Vec<GoalSpec>,
    faults: VecDeque<Planned>,
    requests: u64,
    writes: u64,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Beeminder {
    /// Starts one on a free port, without goals, in America/New_York.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn start(clock: &FakeClock) -> io::Result<Self> {
        Self::start_on(clock, 0)
    }

    /// Starts one on this port.
    ///
    /// # Errors
    /// If the port is taken.
    pub fn start_on(clock: &FakeClock, port: u16) -> io::Result<Self> {
        Self::start_at(clock, SocketAddr::from(([127, 0, 0, 1], port)))
    }

    /// Starts one at an address of the network that the calling thread is in.
    ///
    /// # Errors
    /// If the address is taken, or none of this network's.
    pub fn start_at(clock: &FakeClock, address: SocketAddr) -> io::Result<Self> {
        let zone_name = "America/New_York".to_owned();
        let state = State {
            token: TOKEN.to_owned(),
            zone: TimeZone::get(&zone_name).map_err(io::Error::other)?,
            zone_name,
            deadbeat: false,
            goals: Vec::new(),
            faults: VecDeque::new(),
            requests: 0,
            writes: 0,
        };
        let shared = Shared {
            state: Arc::new(Mutex::new(state)),
            clock: clock.clone(),
        };
        Ok(Self {
            server: Server::start_at(routes::router(shared.clone()), address)?,
            shared,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// For `beeminder.base_url`.
    pub fn base_url(&self) -> String {
        format!("http://{}/api/v1/", self.address())
    }

    /// Replaces all goals.
    pub fn set_goals(&self, goals: impl IntoIterator<Item = GoalSpec>) {
        self.shared.lock().goals = goals.into_iter().collect();
    }

    /// The account is in this time zone from now on.
    ///
    /// # Panics
    /// If there is no such zone.
    pub fn set_zone(&self, name: &str) {
        let zone = TimeZone::get(name).expect("a time zone");
        let mut state = self.shared.lock();
        (state.zone, state.zone_name) = (zone, name.to_owned());
    }

    /// Replaces the token that is accepted.
    pub fn set_token(&self, token: &str) {
        token.clone_into(&mut self.shared.lock().token);
    }

    /// Every request fails this way until [`Beeminder::clear_faults`].
    pub fn fail(&self, fault: Fault) {
        self.shared.lock().faults.push_back(Planned {
            fault,
            requests: None,
            only: None,
        });
    }

    /// The next `requests` requests fail this way, after those that were planned before.
    pub fn fail_next(&self, requests: u32, fault: Fault) {
        self.shared.lock().faults.push_back(Planned {
            fault,
            requests: Some(requests),
            only: None,
        });
    }

    /// The next request whose path ends like this, `goals.json`, fails this way.
    pub fn fail_path(&self, only: &str, fault: Fault) {
        self.shared.lock().faults.push_back(Planned {
            fault,
            requests: Some(1),
            only: Some(only.to_owned()),
        });
    }

    /// Back to health.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// How many requests arrived.
    pub fn requests(&self) -> u64 {
        self.shared.lock().requests
    }

    /// How many of them tried to change something. Must stay 0.
    pub fn writes(&self) -> u64 {
        self.shared.lock().writes
    }
}

impl State {
    /// The fault of a request for `path`, if one is planned; counts it off.
    fn next_fault(&mut self, path: &str) -> Option<Fault> {
        let meant = |planned: &Planned| planned.only.as_ref().is_none_or(|end| path.ends_with(end));
        let place = self.faults.iter().position(meant)?;
        let planned = self.faults.get_mut(place)?;
        let fault = planned.fault.clone();
        if let Some(left) = &mut planned.requests {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.faults.remove(place);
            }
        }
        Some(fault)
    }
}

#[cfg(test)]
mod tests;
