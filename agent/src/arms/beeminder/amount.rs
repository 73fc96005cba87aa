//! What is due, in words, from Beeminder's numbers. Pure.
//!
//! Beeminder's own texts are not used: they are made for its pages, may say "Error" or "n/a", and "+1 in 0
//! days" says nothing. What is missing is rounded up and what is left is rounded down, so that who does as
//! told is safe.

use std::fmt;

use super::{Aggregation, Goal, GoalKind, Line};

/// The longest name of a unit that is said, in characters. A longer one is left out: a unit is never cut.
const LONGEST_UNIT: usize = 16;

/// Two values of a goal that differ by less are the same: Beeminder's numbers carry rounding errors.
const NOISE: f64 = 1e-6;

/// Numbers beyond this are not said.
const LARGEST: f64 = 1e9;

/// What is due, or what room is left.
#[derive(Clone, Debug, PartialEq)]
pub struct Amount {
    /// What the number means.
    pub kind: AmountKind,
    number: f64,
    hours: bool,
    unit: Option<String>,
}

/// What the number of an [`Amount`] means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountKind {
    /// This much more must be entered before the goal derails: "+2 pages needed".
    Missing,
    /// The value must get to this total: "to 884 pages".
    AtLeast,
    /// The value must stay at this total or above it: "47 or more".
    NoLess,
    /// The value must be at most this: "150.2 kg or less".
    AtMost,
    /// So much may still be entered today: "at most 3 more".
    Room,
    /// The value is so much beyond its line: "2 over its line".
    Over,
}

impl Goal {
    /// What must be entered before the goal derails, or what room it has left today; `None` if the numbers do
    /// not tell, or if nothing is missing.
    ///
    /// * do more: the line on the day of derailment minus the value; or that line as a total, if a new
    ///   datapoint does not simply add up (another `aggday` than `sum`, or a counter);
    /// * do less: today's line minus the value, whether or not something was reported today;
    /// * bring down, make last: the total that it must not pass.
    pub fn amount(&self) -> Option<Amount> {
        let line = &self.line;
        let (kind, number) = match line.kind? {
            GoalKind::DoMore => self.to_do()?,
            GoalKind::DoLess => self.left()?,
            GoalKind::BringDown => (AmountKind::AtMost, line.round_down(self.line_at_the_end()?)),
            GoalKind::MakeLast => (AmountKind::NoLess, line.round_up(self.line_today()?)),
        };
        (number.is_finite() && number.abs() <= LARGEST).then(|| line.amount(kind, number))
    }

    fn to_do(&self) -> Option<(AmountKind, f64)> {
        let end = self.line_at_the_end()?;
        if let Some(value) = self.current_value
            && end - value <= NOISE
        {
            return None;
        }
        if !self.line.adds_up() {
            return Some((AmountKind::AtLeast, self.line.round_up(end)));
        }
        Some((AmountKind::Missing, self.line.round_up(end - self.current_value?)))
    }

    fn left(&self) -> Option<(AmountKind, f64)> {
        let line = &self.line;
        let room = -line.delta?;
        Some(if room < -NOISE {
            (AmountKind::Over, line.round_up(-room))
        } else if line.adds_up() {
            (AmountKind::Room, line.round_down(room))
        } else {
            (AmountKind::AtMost, line.round_down(self.line_today()?))
        })
    }

    /// The line on the day of derailment.
    fn line_at_the_end(&self) -> Option<f64> {
        self.line.safe_bump.or_else(|| {
            let days = usize::try_from(self.safebuf?).ok()?;
            self.line.due_by.get(days).map(|due| due.total)
        })
    }

    fn line_today(&self) -> Option<f64> {
        Some(self.current_value? - self.line.delta?)
    }
}

impl Line {
    /// Whether a datapoint moves the value by as much as it says.
    fn adds_up(&self) -> bool {
        self.aggregation
            .is_none_or(|aggregation| aggregation == Aggregation::Sum)
            && self.odometer != Some(true)
            && self.adds_up_days.unwrap_or(self.aggregation.is_some())
    }

    /// The smallest step in which values are said: one unit, one minute, a hundredth.
    fn steps_per_unit(&self) -> f64 {
        match (self.hours, self.whole) {
            (Some(true), _) => 60.0,
            (_, Some(true)) => 1.0,
            _ => 100.0,
        }
    }

    fn round_up(&self, number: f64) -> f64 {
        (number * self.steps_per_unit() - NOISE).ceil() / self.steps_per_unit()
    }

    fn round_down(&self, number: f64) -> f64 {
        (number * self.steps_per_unit() + NOISE).floor() / self.steps_per_unit()
    }

    fn amount(&self, kind: AmountKind, number: f64) -> Amount {
        let hours = self.hours == Some(true);
        let one = (number - 1.0).abs() < NOISE;
        let unit = if one { &self.unit_of_one } else { &self.unit };
        Amount {
            kind,
            // Not "-0".
            number: number + 0.0,
            hours,
            unit: unit.as_deref().filter(|_| !hours).and_then(plain_unit),
        }
    }
}

impl Amount {
    /// Only the number with its unit: `3 servings`, `0:45`. For sentences that say the rest themselves.
    pub fn figure(&self) -> String {
        let number = if self.hours {
            hours(self.number)
        } else {
            shortest(self.number)
        };
        match &self.unit {
            Some(unit) => format!("{number} {unit}"),
            None => number,
        }
    }

    /// Whether the number is 0: no room is left.
    pub fn is_nothing(&self) -> bool {
        self.number.abs() < NOISE
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figure = self.figure();
        match self.kind {
            AmountKind::Missing => write!(f, "+{figure} needed"),
            AmountKind::AtLeast => write!(f, "to {figure}"),
            AmountKind::NoLess => write!(f, "{figure} or more"),
            AmountKind::AtMost => write!(f, "{figure} or less"),
            AmountKind::Room if self.is_nothing() => f.write_str("no more"),
            AmountKind::Room => write!(f, "at most {figure} more"),
            AmountKind::Over => write!(f, "{figure} over its line"),
        }
    }
}

/// Hours as `H:MM`.
fn hours(number: f64) -> String {
    let minutes = (number.abs() * 60.0).round();
    let sign = if number < 0.0 && minutes > 0.0 { "-" } else { "" };
    format!("{sign}{}:{:02}", (minutes / 60.0).floor(), minutes % 60.0)
}

/// At most two decimals, none that is needless: `150.2`.
fn shortest(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A unit's name in plain characters of one line; `None` if it is longer than a unit's name.
fn plain_unit(unit: &str) -> Option<String> {
    let plain = any_ascii::any_ascii(unit);
    let fits = |unit: &&str| {
        !unit.is_empty()
            && unit.len() <= LONGEST_UNIT
            // An emoji would become its name between colons.
            && unit.chars().all(|c| (c.is_ascii_graphic() && c != ':') || c == ' ')
    };
    Some(plain.trim()).filter(fits).map(str::to_owned)
}
