//! When a person usually enters a goal. Pure.
//!
//! Clock times are counted from the start of the goal's own day, which is its deadline: with a deadline of
//! 03:00, 22:30 and 00:30 are neighbours.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};

use crate::{
    arms::beeminder::{DataSource, Goal},
    clock::{DeadlineOffset, beeminder_day, local_instant},
    domain::Daystamp,
    store::tables::entries::Entry,
};

/// How far back entries count. "Lately" means this time.
pub const LATELY: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Fewer entries are no habit.
const LEAST: usize = 5;

/// A person is late this long after the clock time before which three quarters of the entries lie.
const GRACE: SignedDuration = SignedDuration::from_mins(30);

/// If the middle half of the entries is wider than this, the day has two peaks or none.
const WIDEST: SignedDuration = SignedDuration::from_hours(4);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The clock time by which a person has usually entered a goal. Three quarters of the entries of the last 14
/// days were made at least half an hour before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsualTime {
    /// How long after the start of the goal's day; less than 24 hours.
    since_day_began: SignedDuration,
    deadline: DeadlineOffset,
    /// How many entries this time was derived from.
    pub entries: usize,
}

/// Why there is no usual time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoHabit {
    /// A service enters the data. The times of its datapoints say when Beeminder fetched them, not when
    /// anything was done.
    #[error("a service enters its data")]
    Autodata,
    /// Nobody knows whether a person or a service makes the entries.
    #[error("it is not known who enters its data")]
    SourceUnknown,
    /// There are fewer than five entries: this many.
    #[error("it was entered {0} times in the last 14 days, fewer than 5")]
    TooFew(usize),
    /// The middle half of the entries lies further apart than four hours.
    #[error("the times of its entries lie too far apart")]
    Scattered,
}

/// On how many of the last 14 days a goal must have been entered to be settled: its person acts without being
/// told, and `heuristic.habit_margin` applies.
const SETTLED_DAYS: usize = 10;

/// What the entries of a goal say about its person's habit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habit {
    /// By when the goal has usually been entered, or why that is not known.
    pub usual: Result<UsualTime, NoHabit>,
    /// Whether it was entered on ten or more of its last 14 days.
    pub is_settled: bool,
}

impl Habit {
    /// The habit of entering `goal`, by its entries. `zone` is the account's.
    pub fn of(goal: &Goal, entries: &[Entry], zone: &TimeZone, now: Timestamp) -> Self {
        Self {
            usual: usual_time(entries, goal.source.as_ref(), goal.deadline, zone, now),
            is_settled: days_entered(entries, goal.deadline, zone, now) >= SETTLED_DAYS,
        }
    }
}

/// The usual time of entering a goal, from its entries of the last 14 days. Entries in the future and older
/// ones do not count. `zone` is the account's, which defines the goal's day.
///
/// # Errors
/// Why there is no habit.
pub fn usual_time(
    entries: &[Entry],
    source: Option<&DataSource>,
    deadline: DeadlineOffset,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<UsualTime, NoHabit> {
    match source {
        Some(DataSource::Person) => {}
        Some(DataSource::Autodata(_)) => return Err(NoHabit::Autodata),
        None => return Err(NoHabit::SourceUnknown),
    }
    let mut times: Vec<SignedDuration> = lately(entries, now)
        .map(|entry| since_day_began(entry.entered_at, zone, deadline))
        .collect();
    times.sort_unstable();
    let (early, late) = match (quarter(&times, 1), quarter(&times, 3)) {
        (Some(early), Some(late)) if times.len() >= LEAST => (early, late),
        _ => return Err(NoHabit::TooFew(times.len())),
    };
    if late - early > WIDEST {
        return Err(NoHabit::Scattered);
    }
    Ok(UsualTime {
        since_day_began: (late + GRACE).min(DAY - SignedDuration::from_secs(1)),
        deadline,
        entries: times.len(),
    })
}

/// On how many of the goal's last 14 days something was entered.
pub fn days_entered(entries: &[Entry], deadline: DeadlineOffset, zone: &TimeZone, now: Timestamp) -> usize {
    let days: HashSet<Daystamp> = lately(entries, now)
        .map(|entry| beeminder_day(entry.entered_at, zone, deadline))
        .collect();
    days.len()
}

impl UsualTime {
    /// The time on the account's clock.
    pub fn clock_time(&self) -> Time {
        let deadline = SignedDuration::from_secs(self.deadline.seconds().into());
        Time::midnight().wrapping_add(self.since_day_began + deadline)
    }

    /// The instant on one of the goal's days.
    pub fn on(&self, day: Daystamp, zone: &TimeZone) -> Timestamp {
        let deadline = SignedDuration::from_secs(self.deadline.seconds().into());
        let local = day
            .date()
            .at(0, 0, 0, 0)
            .saturating_add(deadline + self.since_day_began);
        local_instant(local, zone)
    }
}

fn lately(entries: &[Entry], now: Timestamp) -> impl Iterator<Item = &Entry> {
    let since = now.saturating_sub(LATELY).unwrap_or(Timestamp::MIN);
    entries
        .iter()
        .filter(move |entry| entry.is_real() && entry.entered_at > since && entry.entered_at <= now)
}

/// What the clock shows, counted from the deadline, as a length of 0 to 24 hours.
fn since_day_began(at: Timestamp, zone: &TimeZone, deadline: DeadlineOffset) -> SignedDuration {
    let shown = zone
        .to_datetime(at)
        .saturating_sub(SignedDuration::from_secs(deadline.seconds().into()));
    shown.time().duration_since(Time::midnight())
}

/// The value below which so many quarters of the sorted values lie, by nearest rank.
fn quarter(sorted: &[SignedDuration], quarters: usize) -> Option<SignedDuration> {
    let rank = (sorted.len() * quarters).div_ceil(4);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests;
