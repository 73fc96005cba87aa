use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::civil;
use crate::domain::Daystamp;

/// Beeminder's `deadline` of a goal: seconds from midnight, -17 h to +6 h; negative is before midnight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "i32", try_from = "i64")]
pub struct DeadlineOffset(i32);

/// A number that cannot be a goal's deadline.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not a goal's deadline: expected seconds from midnight, -61200 to 21600")]
pub struct DeadlineOffsetError(i64);

impl DeadlineOffset {
    /// From Beeminder's number; `None` outside -61200..=21600.
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        let seconds = i32::try_from(seconds).ok()?;
        (-17 * 3600..=6 * 3600)
            .contains(&seconds)
            .then_some(Self(seconds))
    }

    /// Seconds from midnight.
    pub fn seconds(self) -> i32 {
        self.0
    }

    fn duration(self) -> SignedDuration {
        SignedDuration::from_secs(self.0.into())
    }
}

impl From<DeadlineOffset> for i32 {
    fn from(offset: DeadlineOffset) -> Self {
        offset.0
    }
}

impl TryFrom<i64> for DeadlineOffset {
    type Error = DeadlineOffsetError;

    fn try_from(seconds: i64) -> Result<Self, Self::Error> {
        Self::from_seconds(seconds).ok_or(DeadlineOffsetError(seconds))
    }
}

/// The Beeminder day that `now` belongs to, for a goal of a user in `zone`.
///
/// Day `d` runs from midnight(d) + deadline to midnight(d + 1) + deadline on the user's local clock. With
/// 22:45 (-4500) it is already tomorrow at 22:45; with 03:00 (+10800) it is still yesterday at 02:00.
pub fn beeminder_day(now: Timestamp, zone: &TimeZone, deadline: DeadlineOffset) -> Daystamp {
    let mut day = zone.to_datetime(now).saturating_sub(deadline.duration()).date();
    // The first guess is almost always right. Around a change of the clock it may be off by a day. A zone
    // that moves across the date line leaves a day without any instant.
    while day < Date::MAX && start(civil::next(day), zone, deadline) <= now {
        day = civil::next(day);
    }
    while day > Date::MIN && start(day, zone, deadline) > now {
        day = civil::previous(day);
    }
    day.into()
}

/// First instant of a Beeminder day and the first instant after it. Both are the same for a day that the zone
/// skipped.
pub fn beeminder_day_bounds(
    day: Daystamp,
    zone: &TimeZone,
    deadline: DeadlineOffset,
) -> (Timestamp, Timestamp) {
    (
        start(day.date(), zone, deadline),
        start(civil::next(day.date()), zone, deadline),
    )
}

/// The calendar day in `zone`. It never goes back: if the clock is set back across midnight, the new day
/// stays.
pub fn local_day(now: Timestamp, zone: &TimeZone) -> Daystamp {
    beeminder_day(now, zone, DeadlineOffset::default())
}

/// First instant of a local day and the first instant after it. Both are the same for a day that the zone
/// skipped.
pub fn local_day_bounds(day: Daystamp, zone: &TimeZone) -> (Timestamp, Timestamp) {
    beeminder_day_bounds(day, zone, DeadlineOffset::default())
}

/// What the local clock shows: `23:59`. Seconds are cut, so that Beeminder's 23:59:59 does not become
/// tomorrow.
pub fn local_time_of_day(at: Timestamp, zone: &TimeZone) -> String {
    let time = zone.to_datetime(at).time();
    format!("{:02}:{:02}", time.hour(), time.minute())
}

fn start(day: Date, zone: &TimeZone, deadline: DeadlineOffset) -> Timestamp {
    civil::instant(day.at(0, 0, 0, 0).saturating_add(deadline.duration()), zone)
}
