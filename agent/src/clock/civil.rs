//! From the local clock to instants, without errors: a time beyond the calendar becomes the calendar's end.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};

/// The instant of a local time by the usual ("compatible") rule. A time that the clock skips is taken as much
/// later as the clock skips. Of a time that the clock shows twice the first counts.
pub(super) fn instant(local: DateTime, zone: &TimeZone) -> Timestamp {
    zone.to_ambiguous_timestamp(local)
        .compatible()
        .unwrap_or_else(|_| limit(local))
}

/// The first instant at which the local clock shows this time or a later time. If the clock skips the time,
/// this is the instant at which it resumes.
pub(super) fn reached(local: DateTime, zone: &TimeZone) -> Timestamp {
    let AmbiguousOffset::Gap { before, .. } = zone.to_ambiguous_timestamp(local).offset() else {
        return instant(local, zone);
    };
    // By the old offset the skipped time lies in the first hours after the change, or right on it.
    let Ok(after_change) = before.to_timestamp(local) else {
        return limit(local);
    };
    let after_change = after_change
        .saturating_add(SignedDuration::from_secs(1))
        .unwrap_or(Timestamp::MAX);
    zone.preceding(after_change)
        .next()
        .map_or(after_change, |change| change.timestamp())
}

/// The instant of a date and time on a person's clock. A time that the clock skips is the instant at which
/// the clock resumes. Of a time that the clock shows twice the first counts.
pub fn local_instant(local: DateTime, zone: &TimeZone) -> Timestamp {
    reached(local, zone)
}

/// The day after, or the last day of the calendar.
pub(super) fn next(day: Date) -> Date {
    day.tomorrow().unwrap_or(Date::MAX)
}

/// The day before, or the first day of the calendar.
pub(super) fn previous(day: Date) -> Date {
    day.yesterday().unwrap_or(Date::MIN)
}

fn limit(local: DateTime) -> Timestamp {
    if local.year() < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    }
}
