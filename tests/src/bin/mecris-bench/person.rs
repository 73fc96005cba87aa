//! Random data as a person would send it to the agent.

use jiff::{SignedDuration, Timestamp, civil::Date};
use mecris_agent::{
    domain::{Money, Month, Provider, Used},
    store::tables::{odometer::Reading, sessions::Session},
};

/// A session at a random time within three years.
pub(crate) fn session(rng: &mut fastrand::Rng) -> Session {
    let at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(rng.i64(1_700_000_000..1_800_000_000));
    session_at(rng, at)
}

/// A session.
pub(crate) fn session_at(rng: &mut fastrand::Rng, at: Timestamp) -> Session {
    let used = Used {
        input: rng.i64(0..100_000),
        output: rng.i64(0..10_000),
        ..Used::default()
    };
    let cost = Money::from_micros(rng.i64(0..1_000_000));
    Session::new(at, Provider::Anthropic, "claude-sonnet-5", used, cost)
}

/// The figure that the console shows on a day of the month.
pub(crate) fn reading(rng: &mut fastrand::Rng, at: Timestamp, day: Date) -> Reading {
    let value = Money::from_micros(i64::from(day.day()) * 500_000 + rng.i64(0..100_000));
    Reading {
        at,
        month: Month::of(day),
        value,
        notes: String::new(),
    }
}
