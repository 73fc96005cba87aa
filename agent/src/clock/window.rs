use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};

use super::{civil, local_day};
use crate::domain::Daystamp;

/// The hours in which the instance exists: a start on the local clock and a length in real (elapsed) time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Start on the local clock.
    pub start: Time,
    /// Length in elapsed time. A window of five hours lasts five hours, even on a day on which the clock
    /// changes.
    pub length: SignedDuration,
}

impl Window {
    /// The window that starts on a local day. If the clock skips the start, the window begins when the clock
    /// resumes. If the clock shows the start twice, the window begins the first time.
    pub fn on(self, day: Daystamp, zone: &TimeZone) -> (Timestamp, Timestamp) {
        let start = civil::reached(day.date().to_datetime(self.start), zone);
        (start, start.saturating_add(self.length).unwrap_or(Timestamp::MAX))
    }

    /// The end of the last window; `None` during a window.
    pub fn last_end(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let (start, _) = self.current_or_next(now, zone);
        if start <= now {
            return None;
        }
        let mut day = civil::next(local_day(now, zone).date());
        loop {
            let (_, end) = self.on(day.into(), zone);
            let before = civil::previous(day);
            if end <= now || before == day {
                return Some(end);
            }
            day = before;
        }
    }

    /// How long ago the last window ended. `None` during a window, for `grace` after it, and for `grace`
    /// before the next window.
    pub fn over(self, now: Timestamp, zone: &TimeZone, grace: SignedDuration) -> Option<SignedDuration> {
        let ended = self.last_end(now, zone)?;
        let (start, _) = self.current_or_next(now, zone);
        let over = now.duration_since(ended);
        (over > grace && start.duration_since(now) > grace).then_some(over)
    }

    /// The window that contains `now`, else the next window.
    pub fn current_or_next(self, now: Timestamp, zone: &TimeZone) -> (Timestamp, Timestamp) {
        let mut day = civil::previous(local_day(now, zone).date());
        // Windows end in the order of their days, so the first window that has not ended is the one we want.
        loop {
            let (start, end) = self.on(day.into(), zone);
            let next = civil::next(day);
            if now < end || next == day {
                return (start, end);
            }
            day = next;
        }
    }
}
