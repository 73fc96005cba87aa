//! How times and amounts of money are put into a phrase: ASCII, short, no full stop.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};

use crate::{
    clock::{day_from, days_from, local_time_of_day},
    domain::{Daystamp, Money},
};

/// Beeminder: the latest deadline of a goal's day.
const LATEST_DEADLINE: Time = Time::constant(6, 0, 0, 0);

/// A deadline in a night up to this many days ahead is named by the evening before ("Sat night"). A later one
/// is named by its date, which says more.
const NAMED_NIGHTS: i32 = 7;

/// The time of a pass on the person's clock.
#[derive(Clone, Debug)]
pub(in crate::heuristic) struct Local<'a> {
    pub(in crate::heuristic) now: Timestamp,
    pub(in crate::heuristic) zone: &'a TimeZone,
    today: Date,
}

impl<'a> Local<'a> {
    pub(in crate::heuristic) fn new(now: Timestamp, zone: &'a TimeZone) -> Self {
        Self {
            now,
            zone,
            today: zone.to_datetime(now).date(),
        }
    }

    /// The day and the time of a future instant: `today 23:59`, `tonight 03:00`, `tomorrow 23:59`,
    /// `Tue 23:59`, `Sat night 03:00`.
    pub(in crate::heuristic) fn when(&self, at: Timestamp) -> String {
        format!("{} {}", self.day_of(at), local_time_of_day(at, self.zone))
    }

    /// Only the day of a future instant: `today`, `tonight`, `tomorrow`, `Tue`, `Sat night`, `2026-12-24`.
    ///
    /// A person meets a deadline after midnight before they go to bed. So it is named by the night before:
    /// "tomorrow" or "Sun" would sound as if there were a day more.
    pub(in crate::heuristic) fn day_of(&self, at: Timestamp) -> String {
        let shown = self.zone.to_datetime(at);
        let days = days_from(self.today, shown.date());
        if shown.time() > LATEST_DEADLINE || days < 1 {
            return day_from(self.today, shown.date());
        }
        let evening = shown.date().yesterday().unwrap_or(shown.date());
        match days {
            1 => "tonight".to_owned(),
            2..=NAMED_NIGHTS => format!("{} night", day_from(self.today, evening)),
            _ => day_from(self.today, shown.date()),
        }
    }

    /// A past day: `today`, `Fri`, `2026-11-01`.
    pub(super) fn past_day(&self, day: Daystamp) -> String {
        match days_from(self.today, day.date()) {
            0 => "today".to_owned(),
            -6..0 => day.date().strftime("%a").to_string(),
            _ => day.to_string(),
        }
    }

    /// A past instant: `14:02` for today, `Fri 17:55`, `2026-11-01 17:55`.
    pub(in crate::heuristic) fn past(&self, at: Timestamp) -> String {
        let shown = self.zone.to_datetime(at);
        let time = local_time_of_day(at, self.zone);
        match days_from(self.today, shown.date()) {
            0 => time,
            -6..0 => format!("{} {time}", shown.strftime("%a")),
            _ => format!("{} {time}", shown.date()),
        }
    }
}

/// A length of time in its fitting unit: `45 min`, `8 h`, `5 days`. Cut, not rounded, so that it is never
/// longer than the real time.
pub(in crate::heuristic) fn span(length: SignedDuration) -> String {
    let minutes = length.unsigned_abs().as_secs() / 60;
    match minutes / 60 {
        0..2 => format!("{minutes} min"),
        hours @ 2..72 => format!("{hours} h"),
        hours => format!("{} days", hours / 24),
    }
}

/// Dollars without needless cents: `$5`, `$4.50`.
pub(in crate::heuristic) fn dollars(money: Money) -> String {
    money.short()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_said_as_a_person_would() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let local = Local::new("2026-11-21T15:00:00-05:00".parse().unwrap(), &zone);
        let at = |text: &str| text.parse().unwrap();
        for (instant, words) in [
            ("2026-11-21T23:59:59-05:00", "today 23:59"),
            ("2026-11-22T00:00:00-05:00", "tonight 00:00"),
            ("2026-11-22T03:00:00-05:00", "tonight 03:00"),
            ("2026-11-22T23:59:59-05:00", "tomorrow 23:59"),
            ("2026-11-24T23:59:59-05:00", "Tue 23:59"),
            ("2026-11-28T22:45:00-05:00", "2026-11-28 22:45"),
            ("2026-11-23T03:00:00-05:00", "tomorrow night 03:00"),
            ("2026-11-24T06:00:00-05:00", "Mon night 06:00"),
            ("2026-11-24T06:01:00-05:00", "Tue 06:01"),
            ("2026-11-28T03:00:00-05:00", "Fri night 03:00"),
            ("2026-11-29T03:00:00-05:00", "2026-11-29 03:00"),
        ] {
            assert_eq!(local.when(at(instant)), words);
        }
        for (instant, words) in [
            ("2026-11-21T14:02:10-05:00", "14:02"),
            ("2026-11-20T17:55:00-05:00", "Fri 17:55"),
            ("2026-11-01T17:55:00-05:00", "2026-11-01 17:55"),
        ] {
            assert_eq!(local.past(at(instant)), words);
        }
        assert!(local.when(Timestamp::MAX).starts_with("9999-12-30"));
    }

    #[test]
    fn lengths_are_cut_to_what_there_is() {
        for (seconds, words) in [
            (59, "0 min"),
            (7_199, "119 min"),
            (32_399, "8 h"),
            (-7_200, "2 h"),
            (345_600, "4 days"),
        ] {
            assert_eq!(span(SignedDuration::from_secs(seconds)), words);
        }
        assert!(span(SignedDuration::MIN).ends_with("days"));
    }

    #[test]
    fn amounts_have_no_needless_cents() {
        assert_eq!(dollars(Money::from_usd(5.0).unwrap()), "$5");
        assert_eq!(dollars(Money::from_usd(4.5).unwrap()), "$4.50");
    }
}
