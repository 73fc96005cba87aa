//! Waits for a condition, for a limited time.

use std::time::Duration;

use tokio::time::Instant;

/// Calls `condition` every few milliseconds until it returns `Some`; `None` if `within` has passed.
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

/// Lets time pass between two calls of [`until`], or in a test about *when* something happens, such as a
/// random kill.
#[expect(clippy::disallowed_methods, reason = "the one place in the tests that sleeps")]
pub fn pause(duration: Duration) {
    std::thread::sleep(duration);
}
