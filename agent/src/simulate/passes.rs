//! When passes are made: `13:00`, `13-18/15m`, `always/30m mon-fri`, and several of these joined by `and`.

use std::{fmt, str::FromStr};

use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};

use crate::clock::{local_day_bounds, local_instant};

/// The interval of a window whose text names none.
const USUAL_INTERVAL: SignedDuration = SignedDuration::from_mins(15);

/// The daemon's last pass in a window is this long before its end.
const BEFORE_THE_END: SignedDuration = SignedDuration::from_mins(5);

/// The names of weekdays, from Monday on.
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// The passes that are promised, on the local clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Passes {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
struct Part {
    when: When,
    days: Vec<Weekday>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    At(Time),
    Within(Hours, SignedDuration),
    Always(SignedDuration),
}

/// A window: a start on the local clock, and a length in elapsed time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hours {
    /// The start on the local clock.
    pub start: Time,
    /// The length.
    pub length: SignedDuration,
}

/// When the daemon runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Daemon {
    /// Its window; `None`: all day.
    pub hours: Option<Hours>,
    /// The days of the week on which it runs.
    pub days: Vec<Weekday>,
    /// The time between two passes.
    pub interval: SignedDuration,
}

impl Daemon {
    /// The days as a setting spells them: `MON`.
    pub fn day_names(&self) -> Vec<String> {
        let names = WEEKDAYS.iter().filter(|(_, day)| self.days.contains(day));
        names.map(|(name, _)| name.to_uppercase()).collect()
    }
}

/// A text that names no passes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} names no passes: expected a time (13:00), a window (13-18, 13:00-18:30/15m) or always/30m, each with or without days (mon-fri), several joined by \" and \""
)]
pub struct PassesError(String);

impl Passes {
    /// The passes of all these texts together.
    ///
    /// # Errors
    /// If one of them names no passes, or there is none.
    pub fn all_of(texts: &[String]) -> Result<Self, PassesError> {
        texts.join(" and ").parse()
    }

    /// Every pass of some local days, in order, each once.
    pub fn on(&self, start: Date, days: u16, zone: &TimeZone) -> Vec<Timestamp> {
        let dates = (0..i64::from(days)).map(|day| start.saturating_add(day.days()));
        let mut passes: Vec<Timestamp> = dates
            .flat_map(|date| self.parts.iter().map(move |part| (date, part)))
            .filter(|(date, part)| part.days.contains(&date.weekday()))
            .flat_map(|(date, part)| part.when.on(date, zone))
            .collect();
        passes.sort_unstable();
        passes.dedup();
        passes
    }

    /// The daemon whose passes these are: the first window, or all day. `None` if there are single passes only.
    pub fn daemon(&self) -> Option<Daemon> {
        self.parts.iter().find_map(|part| {
            let (hours, interval) = match part.when {
                When::Within(hours, interval) => (Some(hours), interval),
                When::Always(interval) => (None, interval),
                When::At(_) => return None,
            };
            Some(Daemon {
                hours,
                days: part.days.clone(),
                interval,
            })
        })
    }

    /// The clock times of the single passes.
    pub fn single(&self) -> Vec<Time> {
        let times = self.parts.iter().filter_map(|part| match part.when {
            When::At(time) => Some(time),
            When::Within(..) | When::Always(_) => None,
        });
        times.collect()
    }
}

impl When {
    fn on(self, date: Date, zone: &TimeZone) -> Vec<Timestamp> {
        match self {
            Self::At(time) => vec![local_instant(date.to_datetime(time), zone)],
            Self::Within(window, every) => {
                let start = local_instant(date.to_datetime(window.start), zone);
                let end = start + window.length;
                let last = (end - BEFORE_THE_END).max(start);
                steps(start, last, every).chain([last]).collect()
            }
            Self::Always(every) => {
                let (start, end) = local_day_bounds(date.into(), zone);
                steps(start, end, every).collect()
            }
        }
    }
}

fn steps(from: Timestamp, until: Timestamp, every: SignedDuration) -> impl Iterator<Item = Timestamp> {
    std::iter::successors(Some(from), move |at| at.checked_add(every).ok()).take_while(move |at| *at < until)
}

impl fmt::Display for Passes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Passes {
    type Err = PassesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Option<Vec<Part>> = text.split(" and ").map(|part| part_of(part.trim())).collect();
        let parts = parts.ok_or_else(|| PassesError(text.to_owned()))?;
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }
}

fn part_of(text: &str) -> Option<Part> {
    let (when, days) = match text.split_once(' ') {
        Some((when, days)) => (when, days_of(days)?),
        None => (text, WEEKDAYS.map(|(_, day)| day).to_vec()),
    };
    Some(Part {
        when: when_of(when)?,
        days,
    })
}

fn when_of(text: &str) -> Option<When> {
    let (hours, every) = match text.split_once('/') {
        Some((hours, every)) => (hours, Some(interval(every)?)),
        None => (text, None),
    };
    let interval = every.unwrap_or(USUAL_INTERVAL);
    if hours == "always" {
        return Some(When::Always(interval));
    }
    match hours.split_once('-') {
        Some((from, until)) => {
            let (start, end) = (hour(from)?, hour(until)?);
            let seconds = start.duration_until(end).as_secs().rem_euclid(86_400);
            let length = SignedDuration::from_secs(seconds);
            let window = Hours { start, length };
            (!length.is_zero()).then_some(When::Within(window, interval))
        }
        None if every.is_none() && text.contains(':') => hour(text).map(When::At),
        None => None,
    }
}

fn interval(text: &str) -> Option<SignedDuration> {
    let every: SignedDuration = text.parse().ok()?;
    (every >= SignedDuration::from_mins(1)).then_some(every)
}

/// `13` or `13:30`.
fn hour(text: &str) -> Option<Time> {
    let text = if text.contains(':') {
        text.to_owned()
    } else {
        format!("{text}:00")
    };
    Time::strptime("%H:%M", text).ok()
}

/// `mon-fri` or `mon,wed`.
fn days_of(text: &str) -> Option<Vec<Weekday>> {
    let position = |name: &str| WEEKDAYS.iter().position(|(known, _)| *known == name);
    if let Some((from, until)) = text.split_once('-') {
        let (from, until) = (position(from)?, position(until)?);
        return (from <= until).then(|| WEEKDAYS[from..=until].iter().map(|(_, day)| *day).collect());
    }
    text.split(',')
        .map(|name| position(name).map(|index| WEEKDAYS[index].1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str, start: &str, days: u16) -> Vec<String> {
        let zone = TimeZone::get("America/New_York").unwrap();
        let passes: Passes = text.parse().unwrap();
        let local = |at: Timestamp| zone.to_datetime(at).strftime("%a %H:%M").to_string();
        passes
            .on(start.parse().unwrap(), days, &zone)
            .into_iter()
            .map(local)
            .collect()
    }

    #[test]
    fn a_window_has_its_last_pass_five_minutes_before_its_end() {
        assert_eq!(
            on("13-14/15m", "2026-10-24", 1),
            ["Sat 13:00", "Sat 13:15", "Sat 13:30", "Sat 13:45", "Sat 13:55"]
        );
        assert_eq!(on("13-18", "2026-10-24", 2).len(), 42);
    }

    #[test]
    fn several_are_joined_and_each_may_have_its_days() {
        assert_eq!(
            on("13-14/30m mon-fri and 21:30", "2026-10-23", 2),
            ["Fri 13:00", "Fri 13:30", "Fri 13:55", "Fri 21:30", "Sat 21:30"]
        );
        assert_eq!(on("09:00 sat,mon", "2026-10-23", 4), ["Sat 09:00", "Mon 09:00"]);
    }

    #[test]
    fn always_is_every_real_interval_of_a_day_that_has_25_hours() {
        assert_eq!(on("always/30m", "2026-11-01", 1).len(), 50);
    }

    #[test]
    fn what_names_no_passes_is_refused_with_what_is_allowed() {
        for text in [
            "",
            "13",
            "25:00",
            "13-13",
            "13-18/0m",
            "always/soon",
            "13:00 someday",
            "13-18 fri-mon",
            "and",
        ] {
            let error = text.parse::<Passes>().unwrap_err();
            assert!(
                error
                    .to_string()
                    .contains("names no passes: expected a time (13:00)"),
                "{text}"
            );
        }
    }
}
