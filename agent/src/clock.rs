//! Time: the only place that reads the wall clock, and the only place that knows what a "day" is.
//!
//! Three kinds of day exist and none is midnight UTC: the local day of the configured zone, Beeminder's day of a goal (the
//! user's zone shifted by the goal's `deadline`), and the daily window in which the instance exists.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};

use crate::domain::Daystamp;

/// Where the time comes from. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(std::sync::Arc<Source>);

#[derive(Debug)]
enum Source {
    System,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(std::sync::Arc::new(Source::System))
    }

    /// A clock that reads `at` now and runs on from there at the usual pace (`run --at`).
    pub fn starting_at(_at: Timestamp) -> Self {
        todo!()
    }

    /// A clock that stands still until it is told to move, for tests.
    pub fn manual(_at: Timestamp) -> Self {
        todo!()
    }

    /// Moves a manual clock; does nothing to others.
    pub fn advance(&self, _by: SignedDuration) {
        todo!()
    }

    /// The instant now.
    pub fn now(&self) -> Timestamp {
        todo!()
    }

    /// Time since boot, counting suspension (CLOCK_BOOTTIME): what a lease is measured with, because the wall clock may jump.
    pub fn boottime(&self) -> Duration {
        todo!()
    }
}

/// Beeminder's `deadline` of a goal: seconds from midnight, -17 h to +6 h; negative is before midnight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DeadlineOffset(i32);

impl DeadlineOffset {
    /// From Beeminder's number; `None` outside -61200..=21600.
    pub fn from_seconds(_seconds: i64) -> Option<Self> {
        todo!()
    }

    /// Seconds from midnight.
    pub fn seconds(self) -> i32 {
        self.0
    }
}

/// The Beeminder day that `now` belongs to, for a goal of a user in `zone`.
pub fn beeminder_day(_now: Timestamp, _zone: &TimeZone, _deadline: DeadlineOffset) -> Daystamp {
    todo!()
}

/// First instant of a Beeminder day and the first instant after it.
pub fn beeminder_day_bounds(_day: Daystamp, _zone: &TimeZone, _deadline: DeadlineOffset) -> (Timestamp, Timestamp) {
    todo!()
}

/// The calendar day in `zone`.
pub fn local_day(_now: Timestamp, _zone: &TimeZone) -> Daystamp {
    todo!()
}

/// First instant of a local day and the first instant after it.
pub fn local_day_bounds(_day: Daystamp, _zone: &TimeZone) -> (Timestamp, Timestamp) {
    todo!()
}

/// A range of the local clock, such as quiet hours or the walk's hours. May cross midnight; `from == until` is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DailyRange {
    from: Time,
    until: Time,
}

impl DailyRange {
    /// `None` if both ends are the same.
    pub fn new(_from: Time, _until: Time) -> Option<Self> {
        todo!()
    }

    /// The start on the local clock.
    pub fn from(self) -> Time {
        self.from
    }

    /// The end on the local clock, exclusive.
    pub fn until(self) -> Time {
        self.until
    }

    /// Whether `now` is inside, in `zone`.
    pub fn contains(self, _now: Timestamp, _zone: &TimeZone) -> bool {
        todo!()
    }

    /// The next instant at which the range ends: this occurrence's end when inside, else the next one's.
    pub fn next_end(self, _now: Timestamp, _zone: &TimeZone) -> Timestamp {
        todo!()
    }
}

/// The hours in which the instance exists: a start on the local clock and a length in real (elapsed) time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Start on the local clock.
    pub start: Time,
    /// How long it lasts, in elapsed time: five hours are five hours on a day with a DST change too.
    pub length: SignedDuration,
}

impl Window {
    /// The window that starts on a local day. A start that the clock skips begins when the clock resumes; one that it shows twice begins the first time.
    pub fn on(self, _day: Daystamp, _zone: &TimeZone) -> (Timestamp, Timestamp) {
        todo!()
    }

    /// The window that contains `now`, else the next one.
    pub fn current_or_next(self, _now: Timestamp, _zone: &TimeZone) -> (Timestamp, Timestamp) {
        todo!()
    }
}
