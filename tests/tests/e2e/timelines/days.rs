//! The days themselves: the promised passes one by one, and what reached the phone.

use std::collections::BTreeSet;

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use mecris_agent::simulate::Passes;
use mecris_tests::agent::Output;
use serde_json::{Value, json};

use super::goal::Goal;
use crate::stage::Stage;

/// Nobody is told anything in these hours, so no pass is made in them.
const QUIET: (Time, Time) = (Time::constant(22, 0, 0, 0), Time::constant(8, 0, 0, 0));

/// An installation in New York whose daemon makes its promised passes; no walk, no budgets.
pub(super) struct Days {
    pub(super) stage: Stage,
    passes: Passes,
    zone: TimeZone,
    /// How many messages were looked at.
    seen: usize,
    /// The messages: `Tue 13:00 Mecris: ...`, without their tags.
    told: Vec<String>,
}

impl Days {
    /// Days with these passes, as `mecris-agent simulate` has them: `13-18/1h mon-fri and 21:30`.
    pub(super) fn with(passes: &str) -> Self {
        let mut stage = Stage::new();
        let passes: Passes = passes.parse().expect("passes");
        let config = &mut stage.setup.config;
        config.remove("walk");
        config.remove("budget");
        let daemon = passes.daemon().expect("a daemon");
        config.set("heuristic.interval", format!("{}m", daemon.interval.as_mins()));
        config.set("window.mode", "always");
        if let Some(hours) = daemon.hours {
            config.set("window.mode", "daily");
            config.set("window.start", hours.start.strftime("%H:%M").to_string());
            config.set("window.hours", hours.length.as_secs_f64() / 3600.0);
            config.set("window.days", json!(daemon.day_names()));
        }
        let single = passes.single().into_iter().map(|pass| pass.to_string());
        config.set("window.passes", single.collect::<Vec<_>>());
        Self {
            stage,
            passes,
            zone: TimeZone::get("America/New_York").expect("a zone"),
            seen: 0,
            told: Vec::new(),
        }
    }

    /// Somebody at home: a pass every two hours.
    pub(super) fn at_home() -> Self {
        Self::with("always/2h")
    }

    /// A window from 13:00 to 18:00: a pass every hour, and one five minutes before its end.
    pub(super) fn in_a_window() -> Self {
        Self::with("13-18/1h")
    }

    /// Makes every promised pass of a day outside the quiet hours.
    pub(super) fn play(&mut self, day: &str, goals: &[Goal]) {
        self.play_some(day, goals, |_| true);
    }

    /// Makes the promised passes of a day whose clock time, `13:00`, is among those that take place.
    pub(super) fn play_some(&mut self, day: &str, goals: &[Goal], takes_place: impl Fn(&str) -> bool) {
        let day: Date = day.parse().expect("a day");
        for at in self.passes.on(day, 1, &self.zone) {
            let clock = self.zone.to_datetime(at).time();
            let is_quiet = clock >= QUIET.0 || clock < QUIET.1;
            if !is_quiet && takes_place(&clock.strftime("%H:%M").to_string()) {
                self.pass(at, goals);
            }
        }
    }

    /// Makes the passes of a crontab at these times of a day.
    pub(super) fn run(&mut self, day: &str, times: &[&str], goals: &[Goal]) {
        for time in times {
            let at: DateTime = format!("{day}T{time}").parse().expect("a time");
            let at = self.zone.to_timestamp(at).expect("no clock changes then");
            self.show(at, goals);
            done(at, &self.stage.pass(&at.to_string()));
            self.look(at);
        }
    }

    fn pass(&mut self, at: Timestamp, goals: &[Goal]) {
        if self.seen == 0 && !self.stage.setup.database().exists() {
            self.wake(at, goals);
        }
        self.make(at, goals);
        self.look(at);
    }

    /// Notes what reached the phone in the pass at this time.
    fn look(&mut self, at: Timestamp) {
        let texts = self.stage.texts();
        let when = self.zone.to_datetime(at).strftime("%a %H:%M").to_string();
        for text in &texts[self.seen..] {
            let (text, _tag) = text.rsplit_once(" #").expect("a text ends with its tag");
            self.told.push(format!("{when} {text}"));
        }
        self.seen = texts.len();
    }

    /// A first pass in the quiet hours of the first morning, so that the first one that counts knows what was entered
    /// before.
    fn wake(&self, first: Timestamp, goals: &[Goal]) {
        let early = self.zone.to_datetime(first).date().at(7, 0, 0, 0);
        let early = self.zone.to_timestamp(early).expect("no clock changes at 07:00");
        self.make(early, goals);
    }

    fn make(&self, at: Timestamp, goals: &[Goal]) {
        self.show(at, goals);
        done(at, &self.stage.pass_of_a_daemon(&at.to_string()));
    }

    fn show(&self, at: Timestamp, goals: &[Goal]) {
        let goals = goals.iter().map(|goal| goal.at(at, &self.zone));
        self.stage.beeminder.set_goals(goals);
    }

    /// What reached the phone must be this and no more: the day and the time, and a part of the text.
    #[track_caller]
    pub(super) fn told(&self, expected: &[(&str, &str)]) {
        let fits =
            |(told, (when, words)): (&String, &(&str, &str))| told.starts_with(when) && told.contains(words);
        let all = self.told.len() == expected.len() && self.told.iter().zip(expected).all(fits);
        assert!(all, "told {:#?}, expected {expected:#?}", self.told);
    }

    /// The reasons of all decisions about a subject outside the quiet hours, each once.
    pub(super) fn reasons(&self, subject: &str) -> BTreeSet<String> {
        let decisions = self.stage.table("decisions").into_iter();
        decisions
            .filter(|decision| decision["subject"] == subject)
            .filter_map(|decision| decision["reason"].as_str().map(str::to_owned))
            .filter(|reason| reason != "quiet_hours")
            .collect()
    }

    /// The last decision about a subject up to a time of New York's winter.
    pub(super) fn last_decision(&self, subject: &str, until: &str) -> Value {
        let until: Timestamp = format!("{until}:00-05:00").parse().expect("an instant");
        let at = |decision: &Value| {
            decision["at"]
                .as_str()
                .and_then(|at| at.parse::<Timestamp>().ok())
        };
        let decisions = self.stage.table("decisions").into_iter();
        decisions
            .filter(|decision| decision["subject"] == subject && at(decision) <= Some(until))
            .max_by_key(at)
            .unwrap_or_else(|| panic!("nothing was decided about {subject} until {until}"))
    }
}

#[track_caller]
fn done(at: Timestamp, output: &Output) {
    assert!(matches!(output.code, 0 | 3), "at {at}: {}", output.everything());
}
