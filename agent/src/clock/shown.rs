//! Instants as a person reads them on the local clock.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// An instant to the minute, with the zone's abbreviation: `2026-11-21 15:00 EST`.
pub fn local_minute(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone())
        .strftime("%Y-%m-%d %H:%M %Z")
        .to_string()
}

/// An instant to the second, with the zone's abbreviation: `2026-11-21 15:00:30 EST`.
pub fn local_second(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone())
        .strftime("%Y-%m-%d %H:%M:%S %Z")
        .to_string()
}

/// The name of `day` for a person who reads it on `today`: `today`, `tomorrow`, a weekday such as `Tue` for
/// the next five days, otherwise the date, `2026-12-24`.
pub fn day_from(today: Date, day: Date) -> String {
    match days_from(today, day) {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        2..7 => day.strftime("%a").to_string(),
        _ => day.to_string(),
    }
}

/// The days from `today` to `day`, negative for a day in the past.
pub fn days_from(today: Date, day: Date) -> i32 {
    (day - today).get_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_on_the_local_clock() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let at = "2026-11-21T20:00:30Z".parse().unwrap();
        assert_eq!(local_minute(at, &zone), "2026-11-21 15:00 EST");
        assert_eq!(local_second(at, &zone), "2026-11-21 15:00:30 EST");
    }

    #[test]
    fn a_near_day_has_a_name_and_every_other_day_its_date() {
        let today: Date = "2026-11-21".parse().unwrap();
        for (day, name) in [
            ("2026-11-20", "2026-11-20"),
            ("2026-11-21", "today"),
            ("2026-11-22", "tomorrow"),
            ("2026-11-23", "Mon"),
            ("2026-11-27", "Fri"),
            ("2026-11-28", "2026-11-28"),
        ] {
            assert_eq!(day_from(today, day.parse().unwrap()), name);
        }
    }
}
