//! When passes are made: `13:00`, `13-18/15m`, `always/30m mon-fri`, and several of these joined by `and`. When
//! exactly a daemon makes its passes is the business of [`Timetable`].

use std::{fmt, str::FromStr};

use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, Time},
    tz::TimeZone,
};

use crate::{
    clock::{Presence, SinglePass, Timetable, Weekdays, Window},
    config::Settings,
};

/// The interval of a window whose text names none.
const USUAL_INTERVAL: SignedDuration = SignedDuration::from_mins(15);

/// The passes that are promised, on the local clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Passes {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    when: When,
    /// On which days. The window of a daemon has them, too: one that begins on such a day may end on the next.
    days: Weekdays,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    At(Time),
    Within(Window, SignedDuration),
    Always(SignedDuration),
}

/// When the daemon runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Daemon {
    /// Its window; `None`: all day.
    pub hours: Option<Window>,
    /// The days of the week on which it runs.
    pub days: Weekdays,
    /// The time between two passes.
    pub interval: SignedDuration,
}

impl Daemon {
    /// The days as a setting spells them: `MON`.
    pub fn day_names(&self) -> Vec<&'static str> {
        self.days.names().collect()
    }
}

/// A text that names no passes, or passes that no settings can promise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PassesError {
    /// A part of the text is nothing of this kind.
    #[error(
        "{0:?} names no passes: expected a time (13:00), a window (13-18, 13:00-18:30/15m) or always/30m, each with or without days (mon-fri), several joined by \" and \""
    )]
    Unknown(String),
    /// `[window]` has one window.
    #[error(
        "{0:?} names two windows, and an agent has one: expected one window or always/30m at most, and the other passes as times (10:00 sat and 11:00 sat)"
    )]
    TwoWindows(String),
}

impl Passes {
    /// The passes of all these texts together.
    ///
    /// # Errors
    /// If one of them names no passes, or there is none.
    pub fn all_of(texts: &[String]) -> Result<Self, PassesError> {
        texts.join(" and ").parse()
    }

    /// The passes that `serve` promises with these settings.
    pub fn of_settings(settings: &Settings) -> Self {
        let interval = SignedDuration::try_from(settings.heuristic.interval).unwrap_or(SignedDuration::MAX);
        let daemon = match settings.window.daily {
            Some(window) => Part {
                when: When::Within(window, interval),
                days: window.days,
            },
            None => Part {
                when: When::Always(interval),
                days: Weekdays::ALL,
            },
        };
        let single = settings.window.passes.iter().map(|pass| Part {
            when: When::At(pass.time),
            days: pass.days,
        });
        Self {
            text: "as configured".to_owned(),
            parts: std::iter::once(daemon).chain(single).collect(),
        }
    }

    /// Every pass of some local days, in order, each once.
    pub fn on(&self, start: Date, days: u16, zone: &TimeZone) -> Vec<Timestamp> {
        let dates = (0..i64::from(days)).map(|day| start.saturating_add(day.days()));
        let timetables: Vec<(Part, Timetable)> = self
            .parts
            .iter()
            .map(|part| (*part, part.timetable(zone)))
            .collect();
        let mut passes: Vec<Timestamp> = dates
            .flat_map(|date| {
                timetables
                    .iter()
                    .map(move |(part, timetable)| (date, part, timetable))
            })
            .filter(|(date, part, _)| part.when.has_own_days() || part.days.contains(*date))
            .flat_map(|(date, _, timetable)| timetable.on(date.into()))
            .collect();
        passes.sort_unstable();
        passes.dedup();
        passes
    }

    /// The daemon whose passes these are: its window, or all day. `None` if there are single passes only.
    pub fn daemon(&self) -> Option<Daemon> {
        self.parts.iter().find_map(|part| match part.when {
            When::Within(window, interval) => Some(Daemon {
                hours: Some(window),
                days: part.days,
                interval,
            }),
            When::Always(interval) => Some(Daemon {
                hours: None,
                days: part.days,
                interval,
            }),
            When::At(_) => None,
        })
    }

    /// The single passes, with their days.
    pub fn single(&self) -> Vec<SinglePass> {
        let passes = self.parts.iter().filter_map(|part| match part.when {
            When::At(time) => Some(SinglePass {
                time,
                days: part.days,
            }),
            When::Within(..) | When::Always(_) => None,
        });
        passes.collect()
    }
}

impl Part {
    /// Its passes, if the `days` of a daemon that runs all day do not matter.
    fn timetable(&self, zone: &TimeZone) -> Timetable {
        let (daemon, passes) = match self.when {
            When::At(time) => {
                let days = self.days;
                (Presence::Never, vec![SinglePass { time, days }])
            }
            When::Within(window, interval) => (Presence::Daily { window, interval }, Vec::new()),
            When::Always(interval) => (Presence::Always { interval }, Vec::new()),
        };
        Timetable {
            zone: zone.clone(),
            daemon,
            passes,
            quiet_hours: None,
            vacations: Vec::new(),
        }
    }
}

impl When {
    fn has_own_days(self) -> bool {
        matches!(self, Self::Within(..))
    }
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
        let parts = parts.ok_or_else(|| PassesError::Unknown(text.to_owned()))?;
        let of_daemon = |part: &&Part| !matches!(part.when, When::At(_));
        if parts.iter().filter(of_daemon).count() > 1 {
            return Err(PassesError::TwoWindows(text.to_owned()));
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }
}

fn part_of(text: &str) -> Option<Part> {
    let (when, days) = match text.split_once(' ') {
        Some((when, days)) => (when, Weekdays::parse(days)?),
        None => (text, Weekdays::ALL),
    };
    Some(Part {
        when: when_of(when, days)?,
        days,
    })
}

fn when_of(text: &str, days: Weekdays) -> Option<When> {
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
            let window = Window { start, length, days };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::tests::in_new_york,
        domain::Daystamp,
        heuristic::promised_by_serve,
        simulate::{Person, Scenario, settings_of},
    };

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
    fn two_windows_are_refused_because_no_settings_can_promise_them() {
        for text in ["13-18 mon-fri and 10-12 sat", "always/30m mon-fri and 13-18 sat"] {
            let error = text.parse::<Passes>().unwrap_err();
            assert_eq!(error, PassesError::TwoWindows(text.to_owned()));
        }
    }

    /// The chances of a week by the settings that the passes become.
    fn by_settings(text: &str) -> Vec<String> {
        let person = Person::of_record(
            std::path::Path::new("p.toml"),
            TimeZone::get("America/New_York").unwrap(),
            "2026-10-19".parse().unwrap(),
            text.parse().unwrap(),
        );
        let settings = settings_of(None, &Scenario::of(&person), &[]).unwrap();
        let timetable = promised_by_serve(&settings);
        let monday: Daystamp = "2026-10-19".parse().unwrap();
        let chances = (0..7).flat_map(|day| timetable.on(monday.plus(day)));
        chances
            .map(|at| timetable.zone.to_datetime(at).strftime("%a %H:%M").to_string())
            .collect()
    }

    #[test]
    fn the_days_of_each_part_become_settings_too() {
        let settings = by_settings("13-13:10 wed and 13:00 mon-tue and 09:00 sat");
        assert_eq!(
            settings,
            ["Mon 13:00", "Tue 13:00", "Wed 13:00", "Wed 13:05", "Sat 09:00"]
        );
        let on_weekdays = by_settings("always/120m mon-fri");
        assert!(
            on_weekdays.iter().all(|at| !at.starts_with('S')),
            "{on_weekdays:?}"
        );
        assert_eq!(on_weekdays.len(), 5 * 7);
    }

    #[test]
    fn the_settings_of_an_installation_keep_the_days_of_its_passes() {
        let settings =
            in_new_york("window.start = \"13:00\"\nwindow.passes = [\"09:00 sat\", \"21:30 mon-fri\"]");
        let single = Passes::of_settings(&settings).single();
        let shown: Vec<String> = single.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["09:00 sat", "21:30 mon,tue,wed,thu,fri"]);
    }

    #[test]
    fn a_window_across_midnight_has_passes_on_both_days() {
        assert_eq!(
            on("23-01/30m sat", "2026-10-24", 2),
            ["Sat 23:00", "Sat 23:30", "Sun 00:00", "Sun 00:30", "Sun 00:55"]
        );
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
