//! A stateful fake of Beeminder: recorded shapes relative to a settable time, faults on request, and a count
//! of all requests.
//!
//! Every request but a GET is counted as a write and refused. Mecris is read-only there, and tests assert
//! that the count stays 0.

mod fault;
mod goal;
mod point;
mod routes;

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{Timestamp, tz::TimeZone};
use tokio::time::Instant;

pub use fault::{Fault, Planned};
pub use goal::GoalSpec;
pub use point::PointSpec;

use crate::{clock::FakeClock, server::Server};

/// The token that the fake knows.
pub const TOKEN: &str = "beeminder-token-of-the-tests";

/// A running fake; stops when dropped.
#[derive(Debug)]
pub struct Beeminder {
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
    token: String,
    zone: TimeZone,
    zone_name: String,
    deadbeat: bool,
    goals: Vec<GoalSpec>,
    faults: VecDeque<Planned>,
    requests: u64,
    writes: u64,
    losedates: Vec<Shown>,
}

/// A goal was shown with a losedate for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The goal.
    pub slug: String,
    /// The last second before it derails.
    pub losedate: Timestamp,
    /// When that was, by a clock that never jumps.
    pub since: Instant,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Beeminder {
    /// Starts the fake on a free port of 127.0.0.1, without goals, in America/New_York.
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
            losedates: Vec::new(),
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

    /// The address of the socket.
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

    /// The next `requests` requests fail this way, after the faults that are already planned.
    pub fn fail_next(&self, requests: u32, fault: Fault) {
        self.shared.lock().faults.push_back(Planned {
            fault,
            requests: Some(requests),
            only: None,
        });
    }

    /// The next request whose path ends like this (`goals.json`) fails this way.
    pub fn fail_path(&self, only: &str, fault: Fault) {
        self.shared.lock().faults.push_back(Planned {
            fault,
            requests: Some(1),
            only: Some(only.to_owned()),
        });
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// Each losedate that a list of goals showed, once for each goal, in the order in which it was first shown.
    pub fn losedates(&self) -> Vec<Shown> {
        self.shared.lock().losedates.clone()
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
    /// Remembers the losedates that are shown now.
    fn note_losedates(&mut self, now: Timestamp) {
        let shown = self
            .goals
            .iter()
            .map(|goal| (&goal.slug, goal.losedate(now, &self.zone)));
        for (slug, losedate) in shown {
            let is_known = |known: &Shown| known.slug == *slug && known.losedate == losedate;
            if !self.losedates.iter().rev().any(is_known) {
                self.losedates.push(Shown {
                    slug: slug.clone(),
                    losedate,
                    since: Instant::now(),
                });
            }
        }
    }

    /// Takes the next fault for `path`, if one is planned.
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
