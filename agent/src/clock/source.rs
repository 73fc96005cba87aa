use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use rustix::time::{ClockId, clock_gettime};

/// Where the time comes from. Cheap to clone; clones of a manual clock move together.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    System,
    /// This clock showed `at` when the machine had been up for `origin`.
    Shifted {
        at: Timestamp,
        origin: Duration,
    },
    Manual(Mutex<Hands>),
}

/// What a manual clock shows.
#[derive(Clone, Copy, Debug)]
struct Hands {
    now: Timestamp,
    boottime: Duration,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Arc::new(Source::System))
    }

    /// A clock that shows `at` now and runs on from there at the usual pace (`run --at`).
    pub fn starting_at(at: Timestamp) -> Self {
        Self(Arc::new(Source::Shifted {
            at,
            origin: machine_boottime(),
        }))
    }

    /// A clock that stands still until it is told to move, for tests.
    pub fn manual(at: Timestamp) -> Self {
        Self(Arc::new(Source::Manual(Mutex::new(Hands {
            now: at,
            boottime: Duration::ZERO,
        }))))
    }

    /// Moves a manual clock, and does nothing to other clocks. A step back moves only the wall clock, because
    /// time since boot never goes back.
    pub fn advance(&self, by: SignedDuration) {
        if let Source::Manual(hands) = &*self.0 {
            let mut hands = hands.lock().unwrap_or_else(PoisonError::into_inner);
            hands.now = later(hands.now, by);
            hands.boottime = hands
                .boottime
                .saturating_add(Duration::try_from(by).unwrap_or(Duration::ZERO));
        }
    }

    /// The instant now.
    pub fn now(&self) -> Timestamp {
        match &*self.0 {
            Source::System => machine_now(),
            Source::Shifted { at, origin } => {
                let elapsed = machine_boottime().saturating_sub(*origin);
                later(
                    *at,
                    SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::MAX),
                )
            }
            Source::Manual(hands) => hands.lock().unwrap_or_else(PoisonError::into_inner).now,
        }
    }

    /// Time since boot, including suspension (CLOCK_BOOTTIME). Leases are measured with it, because the wall
    /// clock may jump.
    pub fn boottime(&self) -> Duration {
        match &*self.0 {
            Source::System | Source::Shifted { .. } => machine_boottime(),
            Source::Manual(hands) => hands.lock().unwrap_or_else(PoisonError::into_inner).boottime,
        }
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    let limit = if by.is_negative() {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    at.checked_add(by).unwrap_or(limit)
}

#[allow(
    clippy::disallowed_methods,
    reason = "the one place that reads the wall clock; all other code takes a Clock"
)]
fn machine_now() -> Timestamp {
    let now = Timestamp::now();
    #[cfg(feature = "failpoints")]
    let now = later(now, crate::failpoint::clock_error());
    now
}

fn machine_boottime() -> Duration {
    #[cfg(target_os = "linux")]
    let id = ClockId::Boottime;
    // Systems other than Linux are for development only. On macOS this clock includes sleep, too.
    #[cfg(not(target_os = "linux"))]
    let id = ClockId::Monotonic;
    Duration::try_from(clock_gettime(id)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_manual_clock_moves_only_when_told_and_all_its_clones_with_it() {
        let clock = Clock::manual(noon());
        let other = clock.clone();
        assert_eq!((other.now(), other.boottime()), (noon(), Duration::ZERO));
        clock.advance(SignedDuration::from_mins(15));
        assert_eq!(other.now(), noon() + SignedDuration::from_mins(15));
        assert_eq!(other.boottime(), Duration::from_secs(900));
    }

    #[test]
    fn setting_a_clock_back_does_not_set_back_the_time_since_boot() {
        let clock = Clock::manual(noon());
        clock.advance(SignedDuration::from_secs(60));
        clock.advance(SignedDuration::from_hours(-1));
        assert_eq!(clock.now(), noon() - SignedDuration::from_mins(59));
        assert_eq!(clock.boottime(), Duration::from_secs(60));
    }

    #[test]
    fn a_clock_moved_beyond_all_time_stops_there() {
        let clock = Clock::manual(noon());
        clock.advance(SignedDuration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
        clock.advance(SignedDuration::MIN);
        assert_eq!(clock.now(), Timestamp::MIN);
    }

    #[test]
    fn a_clock_that_starts_elsewhere_runs_on_at_the_usual_pace() {
        let begun = machine_boottime();
        let clock = Clock::starting_at(noon());
        let first = clock.now();
        assert!(first >= noon());
        while clock.now() == first {}
        let shown = clock.now().duration_since(noon());
        let real = SignedDuration::try_from(machine_boottime() - begun).unwrap();
        assert!(SignedDuration::ZERO < shown && shown <= real);
    }

    #[test]
    fn only_a_manual_clock_can_be_moved() {
        let clock = Clock::starting_at(noon());
        clock.advance(SignedDuration::from_hours(24));
        assert!(clock.now() < noon() + SignedDuration::from_hours(24));
    }

    #[test]
    fn the_system_clock_tells_the_machines_time() {
        let clock = Clock::system();
        let (now, booted) = (clock.now(), clock.boottime());
        assert!(now > "2025-01-01T00:00:00Z".parse().unwrap());
        assert!(booted > Duration::ZERO && clock.boottime() >= booted);
    }
}
