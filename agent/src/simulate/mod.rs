//! `simulate`: plays a person's days in virtual time and measures the messages that Mecris would have sent.
//!
//! The product's own rules run: assess, decide, record and the words of a message, on a state in memory. What
//! is simulated is the world around them: a person (`person`), their goals (`goal`, `world`) and the passes
//! (`passes`). `measures` judges the messages by the simulated truth. No rule about when to speak lives here,
//! no network and no file but the people files.

mod chance;
mod figures;
pub mod goal;
pub mod measures;
pub mod passes;
pub mod person;
pub mod reality;
pub mod recorded;
pub mod run;
mod settings;
#[cfg(test)]
mod tests;
mod words;
pub mod world;

use std::ops::RangeInclusive;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;

pub use measures::Measures;
pub use passes::Passes;
pub use person::Person;
pub use recorded::{NoRecord, Record};
pub use run::PlayError;
pub use settings::{Choice, settings_of, settings_of_record};

use crate::{config::Settings, store};
use measures::Margins;
use world::Life;

/// The first days that can be played: those of which all that is played, and what a pass looks ahead, lies well
/// within the calendar.
pub const FIRST_DAYS: RangeInclusive<Date> = Date::constant(2000, 1, 1)..=Date::constant(2999, 12, 31);

/// What to play.
#[derive(Clone, Debug)]
pub struct Scenario<'a> {
    /// The person.
    pub person: &'a Person,
    /// When passes are made.
    pub passes: Passes,
    /// The person's zone, which may be another one than in their file.
    pub zone: TimeZone,
    /// The first day.
    pub start: Date,
    /// How many days.
    pub days: u16,
    /// What chance begins with.
    pub seed: u64,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// Every message, in order.
    pub messages: Vec<ToldMessage>,
    /// How good they were.
    pub measures: Measures,
}

/// A message, as a person reads it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToldMessage {
    /// When it arrived.
    pub at: Timestamp,
    /// The same on the person's clock: `Sat 2026-10-24 13:00`.
    pub local: String,
    /// The text, without its tag.
    pub text: String,
    /// What it is about.
    pub subjects: Vec<String>,
}

/// A state's record, to be replayed.
#[derive(Clone, Debug)]
pub struct Replay<'a> {
    /// The record.
    pub record: &'a Record,
    /// Whom it is about: no goals and habits, but the zone.
    pub scenario: Scenario<'a>,
}

impl Replay<'_> {
    /// Replays the record with these settings, and measures it. What the person asked for then holds again.
    /// Budgets are not in the record.
    ///
    /// # Errors
    /// If the state in memory fails: a defect of Mecris.
    pub fn play(&self, settings: &Settings) -> Result<Outcome, PlayError> {
        let mut settings = settings.clone();
        settings.budget.providers.clear();
        let played = self.once(&settings)?;
        let margins = Margins::of(&settings);
        let zone = &self.scenario.zone;
        let mut measures = measures::measure(&played, &margins, zone);
        if settings.walk.take().is_some() {
            let alone = self.once(&settings)?;
            measures.goal_messages_alone = Some(measures::measure(&alone, &margins, zone).goal_messages);
        }
        let messages = played.messages.into_iter().map(|message| told(message, zone));
        Ok(Outcome {
            messages: messages.collect(),
            measures,
        })
    }

    fn once(&self, settings: &Settings) -> Result<run::Played, PlayError> {
        let world = Box::new(self.record.world(&self.scenario.zone));
        let stage = run::Stage {
            life: self.scenario.life(),
            passes: &self.scenario.passes,
            silences: &self.record.silences,
            known: Some((self.record.first, self.record.last)),
        };
        run::play_in(world, &stage, settings, &mut store::in_memory()?)
    }
}

impl<'a> Scenario<'a> {
    /// The person as their file says, with the first timetable of the file.
    pub fn of(person: &'a Person) -> Self {
        Self {
            person,
            passes: person.passes[0].clone(),
            zone: person.zone.clone(),
            start: person.start,
            days: person.days,
            seed: person.seed,
        }
    }

    /// Plays the scenario with these settings, and measures it.
    ///
    /// # Errors
    /// If the state in memory or the model of a goal fails: a defect of Mecris.
    pub fn play(&self, settings: &Settings) -> Result<Outcome, PlayError> {
        let played = run::play(self.life(), &self.passes, settings)?;
        let mut measures = measures::measure(&played, &Margins::of(settings), &self.zone);
        if settings.walk.is_some() || !settings.budget.providers.is_empty() {
            measures.goal_messages_alone = Some(self.goal_messages_alone(settings)?);
        }
        let messages = played.messages.into_iter();
        Ok(Outcome {
            messages: messages.map(|message| told(message, &self.zone)).collect(),
            measures,
        })
    }

    /// The goal messages that would have left without walk and budgets.
    fn goal_messages_alone(&self, settings: &Settings) -> Result<u32, PlayError> {
        let mut alone = settings.clone();
        alone.walk = None;
        alone.budget.providers.clear();
        let played = run::play(self.life(), &self.passes, &alone)?;
        let margins = Margins::of(settings);
        Ok(measures::measure(&played, &margins, &self.zone).goal_messages)
    }

    fn life(&self) -> Life<'a> {
        Life {
            person: self.person,
            home: self.zone.clone(),
            start: self.start,
            days: self.days,
            seed: self.seed,
        }
    }
}

fn told(message: run::Message, zone: &TimeZone) -> ToldMessage {
    let local = zone.to_datetime(message.at);
    ToldMessage {
        at: message.at,
        local: local.strftime("%a %Y-%m-%d %H:%M").to_string(),
        text: message.text,
        subjects: message
            .about
            .into_iter()
            .map(|(subject, _)| subject.to_string())
            .collect(),
    }
}
