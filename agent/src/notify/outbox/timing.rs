//! How long the outbox waits. Every wait is computed from the age of a message or from its number of tries.
//! Both are in the database, so a restart changes no wait.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

const MINUTE: Duration = Duration::from_secs(60);

/// The age at which the outbox stops asking about a message.
pub(super) const GIVE_UP_ASKING: Duration = Duration::from_secs(48 * 60 * 60);

/// The age at which the outbox no longer expects a receipt from a carrier.
pub(super) const NO_RECEIPT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to wait before another attempt, if a provider could not deliver for a passing reason.
pub(super) const AFTER_UNDELIVERED: Duration = Duration::from_secs(5 * 60);

/// The settle time grows with the attempts up to this many times `notify.settle`.
const SETTLE_AT_MOST: u32 = 3;

/// How long a question to a provider may take, if the channel sets no shorter limit itself.
pub(super) const ASKING: Duration = MINUTE;

/// The settle time of an attempt: `base` for the first one, then longer. A provider that did not list one attempt
/// in this time may only be slow.
pub(super) fn settle(base: Duration, attempt: u32) -> Duration {
    base.saturating_mul(attempt.clamp(1, SETTLE_AT_MOST))
}

/// The longest settle time of an attempt, of `notify.settle`.
pub fn longest_settle(base: Duration) -> Duration {
    settle(base, u32::MAX)
}

/// The wait after `tries` refusals: 2 s, 4 s, 8 s, … 15 min, or longer if the provider said so.
pub(super) fn backoff(tries: u32, retry_after: Option<Duration>) -> Duration {
    let doubled = Duration::from_secs(1 << tries.clamp(1, 10)).min(15 * MINUTE);
    retry_after.map_or(doubled, |told| told.max(doubled))
}

/// The wait before a provider that did not answer is asked again. `age` is the time since the doubt began.
/// The wait is 5 s at first, later a quarter of the age, and at most 15 min.
pub(super) fn before_asking_again(age: Duration) -> Duration {
    (age / 4).clamp(Duration::from_secs(5), 15 * MINUTE)
}

/// The wait before the provider is asked again about a message that it accepted. `age` is the time since
/// then. The waits are 5 s, 15 s, 1 min, 5 min, and then always 15 min.
pub(super) fn before_polling(age: Duration) -> Duration {
    match age.as_secs() {
        0..5 => Duration::from_secs(5),
        5..20 => Duration::from_secs(15),
        20..80 => MINUTE,
        80..380 => 5 * MINUTE,
        _ => 15 * MINUTE,
    }
}

/// `wait` after `at`.
pub(super) fn after(at: Timestamp, wait: Duration) -> Timestamp {
    at.saturating_add(SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX))
        .unwrap_or(Timestamp::MAX)
}

/// The time from `earlier` to `later`; zero if `later` is before `earlier`.
pub(super) fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    later.duration_since(earlier).try_into().unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_tried_again_ever_later_and_never_before_the_provider_said() {
        let waits: Vec<u64> = [1, 2, 3, 9, 10, 11, u32::MAX]
            .map(|n| backoff(n, None).as_secs())
            .into();
        assert_eq!(waits, [2, 4, 8, 512, 900, 900, 900]);
        assert_eq!(backoff(1, Some(MINUTE)), MINUTE);
        assert_eq!(backoff(9, Some(MINUTE)).as_secs(), 512);
    }

    #[test]
    fn the_settle_time_grows_from_attempt_to_attempt_and_not_for_ever() {
        let times = [0, 1, 2, 3, 4, u32::MAX].map(|attempt| settle(MINUTE, attempt) / 60);
        assert_eq!(times.map(|time| time.as_secs()), [1, 1, 2, 3, 3, 3]);
        assert_eq!(longest_settle(MINUTE), 3 * MINUTE);
        assert_eq!(settle(Duration::MAX, 2), Duration::MAX);
    }

    #[test]
    fn an_accepted_message_is_polled_at_growing_intervals() {
        let mut age = Duration::ZERO;
        let mut waits = Vec::new();
        for _ in 0..6 {
            waits.push(before_polling(age).as_secs());
            age += before_polling(age);
        }
        assert_eq!(waits, [5, 15, 60, 300, 900, 900]);
    }

    #[test]
    fn what_lies_ahead_has_no_age() {
        let now: Timestamp = "2026-11-21T18:00:00Z".parse().unwrap();
        assert_eq!(between(after(now, MINUTE), now), Duration::ZERO);
        assert_eq!(between(now, after(now, MINUTE)), MINUTE);
        assert_eq!(after(Timestamp::MAX, MINUTE), Timestamp::MAX);
    }
}
