//! The fakes' clock: the machine's clock plus an offset, so that it agrees with the agent's `--at`.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::{SignedDuration, Timestamp};

/// A clock that can be set and then runs on at the usual pace. Clones share the setting.
#[derive(Clone, Debug, Default)]
pub struct FakeClock(Arc<AtomicI64>);

impl FakeClock {
    /// Sets the present time to `at`.
    pub fn set(&self, at: Timestamp) {
        let offset = at.as_millisecond() - machine_time().as_millisecond();
        self.0.store(offset, Ordering::SeqCst);
    }

    /// The instant now.
    pub fn now(&self) -> Timestamp {
        machine_time() + SignedDuration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// The time of the machine's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place in the tests that reads the wall clock"
)]
pub fn machine_time() -> Timestamp {
    Timestamp::now()
}
