//! Times as a person says them.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::clock::{day_from, local_time_of_day};

/// `1 minute ago`, `3 hours ago`; `just now` under a minute.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let age = now.duration_since(at);
    if age < SignedDuration::from_mins(1) {
        "just now".to_owned()
    } else {
        format!("{} ago", span(age))
    }
}

/// `40 minutes`, `7 hours`, `3 days`: whole units, rounded down, so that a person is never told more time
/// than there is.
pub fn span(length: SignedDuration) -> String {
    let (minutes, hours) = (length.as_mins().max(0), length.as_hours().max(0));
    match hours {
        0 => count(minutes, "minute"),
        1..48 => count(hours, "hour"),
        _ => count(hours / 24, "day"),
    }
}

/// `1 day`, `2 days`.
pub fn count(number: i64, unit: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

/// `today 23:59`, `tomorrow 06:00`, `Tue 23:59`, and with the date from a week on.
pub fn clock_time(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let day = day_from(zone.to_datetime(now).date(), zone.to_datetime(at).date());
    format!("{day} {}", local_time_of_day(at, zone))
}

/// Hours until `at`, with one decimal, negative when it has passed.
pub fn hours_until(at: Timestamp, now: Timestamp) -> f64 {
    (at.duration_since(now).as_secs_f64() / 360.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_rounded_down() {
        for (seconds, text) in [
            (59, "0 minutes"),
            (60, "1 minute"),
            (3599, "59 minutes"),
            (3600, "1 hour"),
            (7199, "1 hour"),
            (172_799, "47 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(span(SignedDuration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn the_day_is_named_in_the_persons_zone() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let now = "2026-11-21T19:00:00Z".parse().unwrap();
        for (at, text) in [
            ("2026-11-22T04:59:00Z", "today 23:59"),
            ("2026-11-22T05:00:00Z", "tomorrow 00:00"),
            ("2026-11-24T04:59:00Z", "Mon 23:59"),
            ("2026-12-24T04:59:00Z", "2026-12-23 23:59"),
        ] {
            assert_eq!(clock_time(at.parse().unwrap(), now, &zone), text);
        }
    }
}
