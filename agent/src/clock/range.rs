use jiff::{Timestamp, civil::Time, tz::TimeZone};

use super::civil;
use crate::domain::Daystamp;

/// A range of the local clock, such as quiet hours or the walk's hours. It may cross midnight;
/// `from == until` is refused.
///
/// A range occurs once a day, in one piece. An end that the clock skips is the instant at which the clock
/// resumes. Of an end that the clock shows twice the first counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DailyRange {
    from: Time,
    until: Time,
}

impl DailyRange {
    /// `None` if both ends are the same.
    pub fn new(from: Time, until: Time) -> Option<Self> {
        (from != until).then_some(Self { from, until })
    }

    /// The start on the local clock.
    pub fn from(self) -> Time {
        self.from
    }

    /// The end on the local clock, exclusive.
    pub fn until(self) -> Time {
        self.until
    }

    /// First instant of the range that starts on a local day, and the first instant after it. Both are the
    /// same if the clock skips the whole range.
    pub fn on(self, day: Daystamp, zone: &TimeZone) -> (Timestamp, Timestamp) {
        let first = day.date();
        let last = if self.from < self.until {
            first
        } else {
            civil::next(first)
        };
        (
            civil::reached(first.to_datetime(self.from), zone),
            civil::reached(last.to_datetime(self.until), zone),
        )
    }

    /// Whether `now` is inside, in `zone`.
    pub fn contains(self, now: Timestamp, zone: &TimeZone) -> bool {
        self.around(now, zone)
            .any(|(start, end)| start <= now && now < end)
    }

    /// The next instant at which the range ends: the end of this occurrence if `now` is inside it, else of
    /// the next occurrence.
    pub fn next_end(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        self.around(now, zone)
            .find(|&(start, end)| start < end && now < end)
            .map_or(Timestamp::MAX, |(_, end)| end)
    }

    /// The occurrences that may contain `now`, and the next ones, in order.
    fn around(self, now: Timestamp, zone: &TimeZone) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let today = zone.to_datetime(now).date();
        let first = civil::previous(today);
        std::iter::successors(Some(first), |&day| Some(civil::next(day)))
            .take(5)
            .map(move |day| self.on(day.into(), zone))
    }
}
