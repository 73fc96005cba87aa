//! A simulated person: what they promised, when they enter it, and when passes are made for them. A person is
//! a TOML file; `examples/people` has some.

mod entries;
mod export;
mod fields;
mod habits;
mod read;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use jiff::{
    SignedDuration,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};

pub use entries::{Days, EntryPlan};
pub use habits::{Absence, Away, Move, Reaction};

use super::{goal::GoalKind, passes::Passes, world::Entry};
use crate::{
    clock::DailyRange,
    config::{ConfigError, ConfigProblem, Source},
    domain::{BudgetSource, Money, Provider, Slug},
};

/// The most days that are played.
pub const MOST_DAYS: u16 = 3_660;

/// A person, as the file says.
#[derive(Clone, Debug)]
pub struct Person {
    /// What they are called in the output.
    pub name: String,
    /// Their file.
    pub file: PathBuf,
    /// Where they live: the zone of their clock, of Mecris and of their Beeminder account.
    pub zone: TimeZone,
    /// The first day.
    pub start: Date,
    /// How many days.
    pub days: u16,
    /// When passes are made, as the file says, and other timetables to measure the person with.
    pub passes: Vec<Passes>,
    /// Other zones and first days to measure the person with.
    pub also: Vec<(TimeZone, Date)>,
    /// `policy.quiet_hours`, if the file says so.
    pub quiet_hours: Option<DailyRange>,
    /// The daily walk.
    pub walk: Option<WalkPlan>,
    /// By how many minutes entries come earlier or later than planned.
    pub scatter_minutes: i64,
    /// What chance begins with.
    pub seed: u64,
    /// The goals.
    pub goals: Vec<GoalPlan>,
    /// What a message does to the person.
    pub reaction: Option<Reaction>,
    /// The chance that they enter nothing on a day.
    pub day_off_chance: f64,
    /// The chance that a promised pass is not made.
    pub miss_chance: f64,
    /// When Beeminder does not answer.
    pub down: Vec<Absence>,
    /// Where they travel.
    pub moves: Vec<Move>,
    /// Their vacations.
    pub vacations: Vec<Away>,
    /// Their LLM budgets.
    pub budgets: Vec<BudgetPlan>,
    /// Settings of Mecris that the file sets.
    pub settings: toml::Table,
    /// What of a record is not played, one sentence for each goal.
    pub left_out: Vec<String>,
}

/// `[walk]`, as in the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct WalkPlan {
    /// The goal whose datapoints are walks.
    pub goal: Slug,
    /// When a missing walk is worth a reminder.
    pub from: Time,
    /// Until when.
    pub until: Time,
}

/// A goal of a person.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalPlan {
    /// What does not change about it.
    pub kind: GoalKind,
    /// Safe days at the start.
    pub buffer: f64,
    /// The pledge at the start, in dollars.
    pub pledge: u32,
    /// What one entry adds, in the goal's unit.
    pub units: f64,
    /// When the person enters something.
    pub entries: Vec<EntryPlan>,
    /// The chance that a planned entry is made.
    pub entry_chance: f64,
    /// How much later than entered Beeminder shows it.
    pub sync_delay: SignedDuration,
    /// Entries that were drawn once: one a day from day 0, `None` where nothing is entered.
    pub drawn: Option<Vec<Option<Time>>>,
    /// Entries that were really made, by when Beeminder showed them. Nothing else is entered then.
    pub given: Option<Vec<Entry>>,
}

/// A budget of a person, and how it is spent.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetPlan {
    /// Whose.
    pub provider: Provider,
    /// Where Mecris learns what was spent.
    pub source: BudgetSource,
    /// For one calendar month.
    pub limit: Money,
    /// Spent on every day.
    pub daily: Money,
    /// When in the day.
    pub at: Time,
    /// Spent besides, on single days.
    pub bursts: Vec<(u16, Money)>,
}

impl Person {
    /// Reads a people file, and beside it `<name>.entries.toml` with entries that were drawn once.
    ///
    /// # Errors
    /// With every problem of the file at once: what, where, and what is allowed.
    pub fn read(file: &std::path::Path) -> Result<Self, ConfigError> {
        read::person(file)
    }

    /// Reads a file of goals with their datapoints, as Beeminder's API sends it. `zone` is the account's where the
    /// file does not say it.
    ///
    /// # Errors
    /// With every problem of the file at once: what, where, and what is allowed.
    pub fn of_goals(
        file: &std::path::Path,
        zone: Option<TimeZone>,
        passes: Passes,
    ) -> Result<Self, ConfigError> {
        export::person(file, zone, passes)
    }

    /// A person without goals and habits, for a record that says everything.
    pub fn of_record(file: &std::path::Path, zone: TimeZone, start: Date, passes: Passes) -> Self {
        Self {
            name: file.display().to_string(),
            file: file.to_owned(),
            zone,
            start,
            days: 1,
            passes: vec![passes],
            also: Vec::new(),
            quiet_hours: None,
            walk: None,
            scatter_minutes: 0,
            seed: 0,
            goals: Vec::new(),
            reaction: None,
            day_off_chance: 0.0,
            miss_chance: 0.0,
            down: Vec::new(),
            moves: Vec::new(),
            vacations: Vec::new(),
            budgets: Vec::new(),
            settings: toml::Table::new(),
            left_out: Vec::new(),
        }
    }

    /// The zone of the person's clock on a day of theirs, counted from 0.
    pub fn zone_on<'a>(&'a self, home: &'a TimeZone, day: i64) -> &'a TimeZone {
        let moved = self.moves.iter().rev().find(|there| i64::from(there.day) <= day);
        moved.map_or(home, |there| &there.zone)
    }

    /// Says that a goal of the file is wrong.
    fn problem(file: &std::path::Path, key: &str, message: String) -> ConfigProblem {
        ConfigProblem {
            key: key.to_owned(),
            value: None,
            source: Some(Source::File(file.to_owned())),
            message,
        }
    }
}

/// A day of the person and a time of their clock.
pub(super) fn on_day(start: Date, day: i64, time: Time) -> DateTime {
    use jiff::ToSpan as _;
    start.saturating_add(day.days()).to_datetime(time)
}
