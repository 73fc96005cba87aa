use std::str::FromStr;

use jiff::{Span, Timestamp, civil, tz::TimeZone};

use super::local_day_bounds;

/// An instant as a person writes it: a day, a time on the local clock, an exact time, or a time ago.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    /// `2026-11-14`, which means the end of that day.
    Day(civil::Date),
    /// `2026-11-14T13:00` on the local clock.
    Local(civil::DateTime),
    /// `2026-11-14T13:00:00-05:00`.
    Instant(Timestamp),
    /// `7 days ago`.
    Ago(Span),
}

/// A text that is not a [`Moment`].
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} is not a time: expected 2026-11-14, 2026-11-14T13:00, 2026-11-14T13:00:00-05:00, or a time ago such as \"7 days ago\""
)]
pub struct MomentError(String);

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || MomentError(text.to_owned());
        if text.ends_with(" ago") {
            let span: Span = text.parse().map_err(|_| wrong())?;
            return if span.is_negative() {
                Ok(Self::Ago(span))
            } else {
                Err(wrong())
            };
        }
        if names_a_zone(text) {
            return Err(wrong());
        }
        if let Ok(instant) = text.parse() {
            return Ok(Self::Instant(instant));
        }
        // As a local time, jiff would read a day alone as midnight.
        if text.contains(['T', 't', ' ']) {
            return text.parse().map(Self::Local).map_err(|_| wrong());
        }
        text.parse().map(Self::Day).map_err(|_| wrong())
    }
}

/// Whether a time names a zone in brackets, `2026-11-14T13:00[Europe/Paris]`. jiff ignores the name, so such a
/// text would mean another instant than it says, and is refused wherever a person writes a time.
fn names_a_zone(text: &str) -> bool {
    text.contains('[')
}

/// An instant with its offset, `2026-11-14T13:00:00-05:00`, and nothing else.
///
/// # Errors
/// One sentence that says what is allowed.
pub fn exact_instant(text: &str) -> Result<Timestamp, String> {
    let parsed = if names_a_zone(text) {
        None
    } else {
        text.parse().ok()
    };
    parsed.ok_or_else(|| "expected a time with its offset such as 2026-11-14T13:00:00-05:00".to_owned())
}

/// A date and time on a person's clock, `2026-11-14T13:00`, or a date, which is its first moment.
pub fn local_time(text: &str) -> Option<civil::DateTime> {
    if names_a_zone(text) {
        return None;
    }
    text.parse().ok()
}

impl Moment {
    /// The instant that is meant, if `zone` is the local zone and `now` is the present. A time outside the
    /// calendar becomes the end of the calendar that is nearest to it.
    pub fn instant(self, zone: &TimeZone, now: Timestamp) -> Timestamp {
        match self {
            Self::Day(day) => local_day_bounds(day.into(), zone).1,
            Self::Local(local) => super::civil::instant(local, zone),
            Self::Instant(instant) => instant,
            Self::Ago(span) => now
                .to_zoned_datetime(zone.clone())
                .checked_add(span)
                .map_or(Timestamp::MIN, |then| then.timestamp()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> String {
        let zone = TimeZone::get("America/New_York").unwrap();
        let now = "2026-11-21T18:00:00Z".parse().unwrap();
        text.parse::<Moment>().unwrap().instant(&zone, now).to_string()
    }

    #[test]
    fn people_think_of_days_and_of_the_clock_on_the_wall() {
        assert_eq!(
            instant("2026-11-14"),
            "2026-11-15T05:00:00Z",
            "the end of the day"
        );
        assert_eq!(instant("2026-11-14T13:00"), "2026-11-14T18:00:00Z");
        assert_eq!(instant("2026-11-14 13:00:30"), "2026-11-14T18:00:30Z");
        assert_eq!(instant("2026-11-14T13:00:00-08:00"), "2026-11-14T21:00:00Z");
        assert_eq!(instant("2026-11-14T13:00:00Z"), "2026-11-14T13:00:00Z");
        assert_eq!(instant("7 days ago"), "2026-11-14T18:00:00Z");
        assert_eq!(
            instant("3 weeks ago"),
            "2026-10-31T17:00:00Z",
            "13:00 on the clock, before the change"
        );
        assert_eq!(instant("90 minutes ago"), "2026-11-21T16:30:00Z");
    }

    #[test]
    fn a_zone_in_brackets_is_not_ignored() {
        assert!(exact_instant("2026-11-14T13:00:00-05:00").is_ok());
        assert!(local_time("2026-11-14T13:00").is_some());
        for text in [
            "2026-11-14T13:00Z[Europe/Paris]",
            "2026-11-14T13:00-05:00[Europe/Paris]",
            "2026-11-14T13:00[Europe/Paris]",
            "now",
            "",
        ] {
            assert!(
                exact_instant(text).unwrap_err().starts_with("expected a time"),
                "{text}"
            );
            assert_eq!(local_time(text), None, "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_what_is_allowed() {
        for text in [
            "",
            "yesterday",
            "14",
            "2026-13-01",
            "7 days",
            "-7 days ago ago",
            "2026-11-14T25:00",
            "ago",
            " ago",
            "2026-11-14T13:00[America/New_York]",
            "2026-11-14[America/New_York]",
            "2026-11-14T13:00-05:00[Europe/Paris]",
        ] {
            let error = text.parse::<Moment>().unwrap_err();
            assert!(
                error.to_string().contains("is not a time: expected 2026-11-14, "),
                "{text:?}: {error}"
            );
        }
    }
}
