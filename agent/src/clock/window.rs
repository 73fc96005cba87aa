use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};

use super::{civil, local_day};
use crate::domain::Daystamp;

/// The hours in which the instance exists: a start on the local clock, a length in real (elapsed) time, and the
/// days on which a window starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Start on the local clock.
    pub start: Time,
    /// Length in elapsed time. A window of five hours lasts five hours, even on a day on which the clock
    /// changes.
    pub length: SignedDuration,
    /// The local days on which a window starts.
    pub days: Weekdays,
}

/// The days of the week from Monday on, as settings spell them.
pub const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MON", Weekday::Monday),
    ("TUE", Weekday::Tuesday),
    ("WED", Weekday::Wednesday),
    ("THU", Weekday::Thursday),
    ("FRI", Weekday::Friday),
    ("SAT", Weekday::Saturday),
    ("SUN", Weekday::Sunday),
];

/// The weekday with a name such as `mon` or `MON`.
pub fn weekday(name: &str) -> Option<Weekday> {
    let named = WEEKDAYS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    named.map(|(_, day)| *day)
}

/// One or more days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weekdays(u8);

impl Weekdays {
    /// Every day.
    pub const ALL: Self = Self(0b111_1111);

    /// `None` for no day at all.
    pub fn new(days: impl IntoIterator<Item = Weekday>) -> Option<Self> {
        let bits = days.into_iter().fold(0, |bits, day| bits | Self::bit(day));
        (bits != 0).then_some(Self(bits))
    }

    /// Whether `day` is one of them.
    pub fn contains(self, day: Date) -> bool {
        self.0 & Self::bit(day.weekday()) != 0
    }

    /// As settings spell them, from Monday on: `MON`.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let ours = WEEKDAYS
            .iter()
            .filter(move |(_, day)| self.0 & Self::bit(*day) != 0);
        ours.map(|(name, _)| *name)
    }

    /// `mon-fri`, `mon,wed` or `sat`; `None`: no such text, or no day.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((from, until)) = text.split_once('-') {
            let position = |name: &str| Some(weekday(name)?.to_monday_zero_offset());
            let (from, until) = (position(from)?, position(until)?);
            let between = |day: &Weekday| (from..=until).contains(&day.to_monday_zero_offset());
            return Self::new(WEEKDAYS.into_iter().map(|(_, day)| day).filter(between));
        }
        let days: Vec<Weekday> = text
            .split(',')
            .map(str::trim)
            .map(weekday)
            .collect::<Option<_>>()?;
        Self::new(days)
    }

    /// Whether some day is one of both.
    pub fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn bit(day: Weekday) -> u8 {
        1 << day.to_monday_zero_offset()
    }
}

/// How long before the end of a window the daemon makes its last pass there.
const BEFORE_THE_END: SignedDuration = SignedDuration::from_mins(5);

/// The last pass of a window from `start` to `end`.
pub(super) fn last_pass_in(start: Timestamp, end: Timestamp) -> Option<Timestamp> {
    Some(end.checked_sub(BEFORE_THE_END).ok()?.max(start))
}

/// The most days between the starts of two windows, with days to spare for one that the zone skips.
const LONGEST_PAUSE: usize = 9;

impl Window {
    /// The window that starts on a local day, whether or not it is one of [`Window::days`]. If the clock skips
    /// the start, the window begins when the clock resumes. If the clock shows the start twice, the window
    /// begins the first time.
    pub fn on(self, day: Daystamp, zone: &TimeZone) -> (Timestamp, Timestamp) {
        let start = civil::reached(day.date().to_datetime(self.start), zone);
        (start, start.saturating_add(self.length).unwrap_or(Timestamp::MAX))
    }

    /// The daemon's last pass of the window that is open at `now`, else of the next window: five minutes before
    /// the end, in a shorter window at the start. `None` if there is no such window.
    pub fn last_pass(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let (start, end) = self.current_or_next(now, zone);
        last_pass_in(start, end).filter(|_| start < Timestamp::MAX)
    }

    /// The end of the last window; `None` during a window.
    pub fn last_end(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let (start, _) = self.current_or_next(now, zone);
        if start <= now {
            return None;
        }
        let tomorrow = civil::next(local_day(now, zone).date());
        let days = std::iter::successors(Some(tomorrow), |&day| {
            let before = civil::previous(day);
            (before != day).then_some(before)
        });
        days.filter(|&day| self.days.contains(day))
            .map(|day| self.on(day.into(), zone).1)
            .find(|&end| end <= now)
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
        let yesterday = civil::previous(local_day(now, zone).date());
        // Windows end in the order of their days, so the first window that has not ended is the one we want.
        std::iter::successors(Some(yesterday), |&day| Some(civil::next(day)))
            .take(LONGEST_PAUSE + 1)
            .filter(|&day| self.days.contains(day))
            .map(|day| self.on(day.into(), zone))
            .find(|&(_, end)| now < end)
            .unwrap_or((Timestamp::MAX, Timestamp::MAX))
    }
}
