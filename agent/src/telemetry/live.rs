//! The daemon's current state, in memory. The scheduler and the arms write it; `/health` and the watchdog
//! read it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::store::tables::lineage::Saved;

/// The live status. Cheap to clone; clones share it. Every method is quick and holds no lock when it returns.
#[derive(Clone, Debug)]
pub struct LiveStatus(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Counts every change, so that a reader can tell without the lock whether its rendered answer is still
    /// valid.
    changes: AtomicU64,
    state: Mutex<Live>,
}

/// A [`LiveStatus`] at one time.
#[derive(Clone, Debug)]
pub struct Live {
    /// When the daemon started.
    pub started_at: Timestamp,
    /// Where it is in its life.
    pub phase: Phase,
    /// When the newest pass began.
    pub run_started_at: Option<Timestamp>,
    /// When a pass last ended, failed or not.
    pub run_finished_at: Option<Timestamp>,
    /// When a pass last read Beeminder. Kept through a restart by [`LiveStatus::remember_success`].
    pub run_succeeded_at: Option<Timestamp>,
    /// Whether the newest try to write the state worked.
    pub store_ok: bool,
    /// Whether each upstream answered the newest try.
    pub upstreams: BTreeMap<&'static str, bool>,
    /// The copy of the state that is known to be safe off the machine.
    pub copied: Option<Saved>,
    /// How long ago the window ended, if that is longer than its grace.
    pub over: Option<SignedDuration>,
    /// What does not work as it should: a short name, and why.
    pub degraded: BTreeMap<&'static str, String>,
    beat: Instant,
}

/// Where the daemon is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The state is restored and the secrets are loaded, but the daemon is not ready yet.
    Starting,
    /// It works normally.
    Ready,
    /// It finishes what is in flight.
    Stopping,
}

impl Live {
    /// How long ago the scheduler last called [`LiveStatus::beat`].
    pub fn heartbeat_age(&self) -> Duration {
        self.beat.elapsed()
    }
}

impl LiveStatus {
    /// The state at the start: not ready, no pass yet, a beat just now.
    pub fn new(started_at: Timestamp) -> Self {
        Self(Arc::new(Shared {
            changes: AtomicU64::new(0),
            state: Mutex::new(Live {
                started_at,
                phase: Phase::Starting,
                run_started_at: None,
                run_finished_at: None,
                run_succeeded_at: None,
                store_ok: true,
                upstreams: BTreeMap::new(),
                copied: None,
                over: None,
                degraded: BTreeMap::new(),
                beat: Instant::now(),
            }),
        }))
    }

    /// The whole state at this time.
    pub fn read(&self) -> Live {
        self.lock().clone()
    }

    /// A number that differs whenever anything but the heartbeat changed.
    pub fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }

    /// The scheduler's loop is running. Only that loop calls this: a triggered pass says nothing about the
    /// loop.
    pub fn beat(&self) {
        self.lock().beat = Instant::now();
    }

    /// How long ago [`LiveStatus::beat`] was called.
    pub fn heartbeat_age(&self) -> Duration {
        self.lock().heartbeat_age()
    }

    /// The daemon is ready, or it ends.
    pub fn enter(&self, phase: Phase) {
        self.change(|live| live.phase = phase);
    }

    /// Takes the time of the last successful pass from the store. Call this once at start.
    pub fn remember_success(&self, at: Option<Timestamp>) {
        self.change(|live| live.run_succeeded_at = at);
    }

    /// A pass begins.
    pub fn run_started(&self, at: Timestamp) {
        self.change(|live| {
            live.run_started_at = Some(at);
        });
    }

    /// A pass ended; `succeeded` only if Beeminder was read.
    pub fn run_finished(&self, at: Timestamp, succeeded: bool) {
        self.change(|live| {
            live.run_finished_at = Some(at);
            if succeeded {
                live.run_succeeded_at = Some(at);
            }
        });
    }

    /// Whether a write to the state just worked.
    pub fn store(&self, ok: bool) {
        self.change(|live| live.store_ok = ok);
    }

    /// Whether an upstream answered.
    pub fn upstream(&self, name: &'static str, ok: bool) {
        self.change(|live| {
            live.upstreams.insert(name, ok);
        });
    }

    /// Which copy of the state is safe.
    pub fn copied(&self, copied: Option<Saved>) {
        if self.lock().copied != copied {
            self.change(|live| live.copied = copied);
        }
    }

    /// How long ago the window ended, if that is longer than its grace.
    pub fn over(&self, over: Option<SignedDuration>) {
        if self.lock().over != over {
            self.change(|live| live.over = over);
        }
    }

    /// Something works only in part from now on. `/health` shows `what` alone, because it needs no token.
    pub fn degrade(&self, what: &'static str, why: impl Into<String>) {
        self.change(|live| {
            live.degraded.insert(what, why.into());
        });
    }

    /// It works again.
    pub fn recover(&self, what: &'static str) {
        self.change(|live| {
            live.degraded.remove(what);
        });
    }

    fn change(&self, edit: impl FnOnce(&mut Live)) {
        let mut live = self.lock();
        edit(&mut live);
        self.0.changes.fetch_add(1, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Live> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status() -> LiveStatus {
        LiveStatus::new("2026-11-21T13:00:00Z".parse().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn the_heart_ages_until_it_beats() {
        let status = status();
        tokio::time::advance(Duration::from_secs(40)).await;
        assert_eq!(status.heartbeat_age(), Duration::from_secs(40));
        status.beat();
        assert_eq!(status.heartbeat_age(), Duration::ZERO);
    }

    #[tokio::test]
    async fn an_unknown_pass_is_finished_but_no_success() {
        let status = status();
        let (first, second) = (
            "2026-11-21T13:15:00Z".parse().unwrap(),
            "2026-11-21T13:30:00Z".parse().unwrap(),
        );
        status.run_finished(first, true);
        status.run_finished(second, false);
        let live = status.read();
        assert_eq!(
            (live.run_finished_at, live.run_succeeded_at),
            (Some(second), Some(first))
        );
    }

    #[tokio::test]
    async fn a_reader_sees_that_something_changed() {
        let status = status();
        let before = status.changes();
        status.beat();
        assert_eq!(status.changes(), before);
        status.degrade("state_remote", "bucket unreachable");
        assert_ne!(status.changes(), before);
        assert_eq!(status.read().degraded["state_remote"], "bucket unreachable");
        status.recover("state_remote");
        assert!(status.read().degraded.is_empty());
    }
}
