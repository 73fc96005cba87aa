//! What the daemon knows of itself right now, in memory: the scheduler and the arms write it, `/health` and
//! the watchdog read it.

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
    /// Counts every change, so that a reader can tell without the lock whether what it rendered is still
    /// true.
    changes: AtomicU64,
    state: Mutex<Live>,
}

/// [`LiveStatus`] at one instant.
#[derive(Clone, Debug)]
pub struct Live {
    /// When the daemon started.
    pub started_at: Timestamp,
    /// Where it is in its life.
    pub phase: Phase,
    /// When the newest pass began.
    pub run_started_at: Option<Timestamp>,
    /// When a pass last ended, however it ended.
    pub run_finished_at: Option<Timestamp>,
    /// When a pass last read Beeminder; survives a restart, see [`LiveStatus::remember_success`].
    pub run_succeeded_at: Option<Timestamp>,
    /// Whether the newest try to write the state worked.
    pub store_ok: bool,
    /// Whether each upstream answered the newest try.
    pub upstreams: BTreeMap<&'static str, bool>,
    /// The copy of the state that is known to be safe off the machine.
    pub copied: Option<Saved>,
    /// How long the window is over, if longer than its grace.
    pub over: Option<SignedDuration>,
    /// What does not work as it should, by a short name, with why.
    pub degraded: BTreeMap<&'static str, String>,
    beat: Instant,
}

/// Where the daemon is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// State is restored, secrets are loaded.
    Starting,
    /// It does its work.
    Ready,
    /// It finishes what is in flight.
    Stopping,
}

impl Live {
    /// How long ago the scheduler last showed that it turns.
    pub fn heartbeat_age(&self) -> Duration {
        self.beat.elapsed()
    }
}

impl LiveStatus {
    /// At the start: not ready, no pass yet, the heart just beat.
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

    /// Everything at this instant.
    pub fn read(&self) -> Live {
        self.lock().clone()
    }

    /// A number that differs whenever anything but the heartbeat changed.
    pub fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }

    /// The scheduler turns. Called by its own loop only: a triggered pass proves nothing about it.
    pub fn beat(&self) {
        self.lock().beat = Instant::now();
    }

    /// How long ago [`LiveStatus::beat`] was called.
    pub fn heartbeat_age(&self) -> Duration {
        self.lock().heartbeat_age()
    }

    /// State is restored and secrets are loaded, or it is time to go.
    pub fn enter(&self, phase: Phase) {
        self.change(|live| live.phase = phase);
    }

    /// What the store remembers of the last success, said once at start.
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

    /// How long the window is over, if longer than its grace.
    pub fn over(&self, over: Option<SignedDuration>) {
        if self.lock().over != over {
            self.change(|live| live.over = over);
        }
    }

    /// Something works only in part from now on. `why` is for the log and for callers with a token.
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
