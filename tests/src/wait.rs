//! Waiting for a condition, with an end.

use std::time::Duration;

use tokio::time::Instant;

/// Asks `condition` every few milliseconds until it yields something; `None` when `within` has passed.
pub fn until<T>(within: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + within;
    loop {
        if let Some(found) = condition() {
            return Some(found);
        }
        if Instant::now() >= end {
            return None;
        }
        pause(Duration::from_millis(5));
    }
}

/// Lets time pass: between two looks of [`until`], or where the test is about *when* something happens (a
/// random kill).
#[expect(clippy::disallowed_methods, reason = "the one place in the tests that sleeps")]
pub fn pause(duration: Duration) {
    std::thread::sleep(duration);
}
