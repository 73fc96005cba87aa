//! How times, amounts and other people's texts are put into a phrase: ASCII, short, no full stop.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};

use crate::{
    clock::{day_from, days_from, local_time_of_day},
    domain::Money,
};

/// The longest text of another party that a phrase repeats, in characters.
const QUOTE_LENGTH: usize = 24;

/// Beeminder: the latest deadline of a goal's day.
const LATEST_DEADLINE: Time = Time::constant(6, 0, 0, 0);

/// The time of a pass on the person's clock.
#[derive(Clone, Debug)]
pub(super) struct Local<'a> {
    pub(super) now: Timestamp,
    pub(super) zone: &'a TimeZone,
    today: Date,
}

impl<'a> Local<'a> {
    pub(super) fn new(now: Timestamp, zone: &'a TimeZone) -> Self {
        Self {
            now,
            zone,
            today: zone.to_datetime(now).date(),
        }
    }

    /// The day and the time of a future instant: `today 23:59`, `tonight 03:00`, `tomorrow 23:59`,
    /// `Tue 23:59`.
    pub(super) fn when(&self, at: Timestamp) -> String {
        format!("{} {}", self.day_of(at), local_time_of_day(at, self.zone))
    }

    /// Only the day of a future instant: `today`, `tonight`, `tomorrow`, `Tue`, `2026-12-24`.
    pub(super) fn day_of(&self, at: Timestamp) -> String {
        let shown = self.zone.to_datetime(at);
        // "tomorrow" sounds as if there were time; a deadline after midnight is met before going to bed.
        if days_from(self.today, shown.date()) == 1 && shown.time() <= LATEST_DEADLINE {
            return "tonight".to_owned();
        }
        day_from(self.today, shown.date())
    }

    /// A past instant: `14:02` for today, `Fri 17:55`, `2026-11-01 17:55`.
    pub(super) fn past(&self, at: Timestamp) -> String {
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
pub(super) fn span(length: SignedDuration) -> String {
    let minutes = length.unsigned_abs().as_secs() / 60;
    match minutes / 60 {
        0..2 => format!("{minutes} min"),
        hours @ 2..72 => format!("{hours} h"),
        hours => format!("{} days", hours / 24),
    }
}

/// Dollars without needless cents: `$5`, `$4.50`.
pub(super) fn dollars(money: Money) -> String {
    if money.micros() % 1_000_000 == 0 {
        format!("${}", money.micros() / 1_000_000)
    } else {
        money.to_string()
    }
}

/// Another party's text in at most 24 plain characters of one line.
pub(super) fn quote(text: &str) -> String {
    let plain: String = text.chars().take(4 * QUOTE_LENGTH).map(plain_char).collect();
    let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = line.chars().take(QUOTE_LENGTH).collect();
    cut.trim_end_matches(['.', ' ']).to_owned()
}

fn plain_char(c: char) -> &'static str {
    match any_ascii::any_ascii_char(c) {
        _ if c.is_control() => " ",
        // An emoji would become its name, such as ":walking:", and use up the line.
        name if name.len() > 1 && name.starts_with(':') => "",
        plain => plain,
    }
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

    #[test]
    fn a_quoted_text_stays_one_short_plain_line() {
        assert_eq!(quote("+2 within 1 day"), "+2 within 1 day");
        assert_eq!(quote("évil\r\n\u{202e}text \u{1f6b6}."), "evil text");
        let long = quote(&"+1 very long unit name ".repeat(1_000));
        assert!(long.len() <= QUOTE_LENGTH && long.is_ascii(), "{long}");
    }
}
