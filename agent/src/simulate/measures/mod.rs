//! How good the messages of a simulation were. Measured from the simulated truth (when each goal derails, what
//! was entered, which passes were made) and from the texts that arrived, never from what Mecris claims.

mod chances;
mod goals;
mod others;
#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;
use serde::Serialize;

pub use chances::Margins;

use super::run::Played;
use chances::Chances;

/// Days in a fortnight.
const FORTNIGHT: i32 = 14;

/// What was measured. Each number of a fault is 0 in a good run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Measures {
    /// All messages.
    pub messages: u32,
    /// The most messages on one local day.
    pub most_messages_a_day: u32,
    /// Messages that name a goal.
    pub goal_messages: u32,
    /// Messages that name a goal, fortnight by fortnight.
    pub goal_messages_by_fortnight: Vec<u32>,
    /// Messages that name a goal whose last day it is.
    pub goal_messages_with_something_due: u32,
    /// Messages that name a goal, played again without walk and budgets. `None`: the person has neither.
    pub goal_messages_alone: Option<u32>,
    /// Derailments that were still red at the last chance of their last day, and how many were told then.
    pub last_days: Told,
    /// Derailments that happened outside vacations, and how many were told on their last day.
    pub derailments: Told,
    /// What all derailments cost, in dollars.
    pub derailed_usd: u32,
    /// Fault: phrases that press although a later day had a chance.
    pub too_early: u32,
    /// Fault: phrases about a later day, about a goal with an entry of that day that Beeminder showed.
    pub ahead_after_entry: u32,
    /// Fault: messages that repeat the words about a derailment.
    pub same_words: u32,
    /// Fault: further messages about a subject on a day, except about something worse and last calls.
    pub again_the_same_day: u32,
    /// Fault: phrases about a goal with an entry that Beeminder did not show yet, without a word about it.
    pub wrong_when_read: u32,
    /// The most messages about a budget in one of its periods.
    pub most_budget_messages_a_period: u32,
    /// Promises that could not be told for more than a day, and how many of them were told.
    pub unknowns: Told,
    /// Promised passes.
    pub passes: u32,
    /// Promised passes that were not made.
    pub missed_passes: u32,
}

/// How many of some cases were told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Cases.
    pub of: u32,
    /// Cases that were told.
    pub told: u32,
}

impl Told {
    fn add(&mut self, told: bool) {
        self.of += 1;
        self.told += u32::from(told);
    }
}

/// Measures what happened. `zone` is the person's.
pub fn measure(played: &Played, margins: &Margins, zone: &TimeZone) -> Measures {
    let chances = Chances::new(&played.looks, zone);
    let passes = || played.looks.iter().filter(|look| look.at < played.end);
    let mut measures = Measures {
        passes: count(passes().count()),
        missed_passes: count(passes().filter(|look| !look.made).count()),
        messages: count(played.messages.len()),
        most_messages_a_day: others::most_a_day(&played.messages, zone),
        again_the_same_day: others::again_the_same_day(&played.messages, zone),
        most_budget_messages_a_period: others::most_budget_messages(&played.messages, &played.budget_periods),
        unknowns: others::unknowns(&played.doubts, &played.messages),
        ..Measures::default()
    };
    goals::count_messages(played, margins, &chances, &mut measures);
    goals::count_phrases(played, margins, &chances, &mut measures);
    goals::count_derailments(played, margins, &chances, &mut measures);
    measures
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
