//! Which side of its line a goal wants, and the numbers from which Mecris says what is due.

use serde::{Deserialize, Serialize};

use crate::domain::Daystamp;

/// What a goal wants: Beeminder's `yaw` (the good side of the line, +1 above) and `dir` (where the line goes,
/// +1 up).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoalKind {
    /// Stay above a line that rises: pages read. Beeminder's `MOAR`, yaw +1 and dir +1.
    DoMore,
    /// Stay below a line that rises: sugar eaten. Beeminder's `WEEN`, yaw -1 and dir +1.
    DoLess,
    /// Get below a line that falls: weight, an inbox. Beeminder's `PHAT`, yaw -1 and dir -1.
    BringDown,
    /// Stay above a line that falls: a supply that must last. Beeminder's `RASH`, yaw +1 and dir -1.
    MakeLast,
}

impl GoalKind {
    /// From Beeminder's numbers; `None` unless both are +1 or -1.
    pub fn from_yaw_and_dir(yaw: i64, dir: i64) -> Option<Self> {
        match (yaw, dir) {
            (1, 1) => Some(Self::DoMore),
            (-1, 1) => Some(Self::DoLess),
            (-1, -1) => Some(Self::BringDown),
            (1, -1) => Some(Self::MakeLast),
            _ => None,
        }
    }

    /// Whether values above the line are good (`yaw` +1).
    pub fn wants_more(self) -> bool {
        matches!(self, Self::DoMore | Self::MakeLast)
    }

    /// Whether every entry uses up room (`yaw * dir < 0`). Beeminder adds a pessimistic guess to such a goal
    /// for each day without a report, and a report of 0 replaces the guess.
    pub fn uses_up_room(self) -> bool {
        matches!(self, Self::DoLess | Self::MakeLast)
    }
}

/// How Beeminder makes one value of the datapoints of a day (`aggday`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// The day's datapoints are added up.
    Sum,
    /// Anything else: last, max, mean, count and so on. A new datapoint need not move the value by as much as
    /// it says.
    Other,
}

/// The numbers of a goal's line, in the goal's unit. A number that Beeminder did not send is unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    /// What the goal wants.
    pub kind: Option<GoalKind>,
    /// The value minus the line now. Beeminder: the guess for a day without a report is not in it.
    pub delta: Option<f64>,
    /// The line on the day of derailment, as a total (`safebump`).
    pub safe_bump: Option<f64>,
    /// What is due by each of the next days, earliest day first (`dueby`, undocumented).
    pub due_by: Vec<Due>,
    /// How a day's datapoints become one value.
    pub aggregation: Option<Aggregation>,
    /// Whether Beeminder adds up all days (`kyoom`).
    pub adds_up_days: Option<bool>,
    /// Whether the person enters the total of a counter (`odom`).
    pub odometer: Option<bool>,
    /// Whether a value is hours, shown as `H:MM` (`timey`).
    pub hours: Option<bool>,
    /// Whether values are whole numbers (`integery`).
    pub whole: Option<bool>,
    /// The name of the unit: `pages`.
    pub unit: Option<String>,
    /// The name of one unit: `page` (undocumented).
    pub unit_of_one: Option<String>,
}

/// What is due by the end of one of Beeminder's days.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Due {
    /// Beeminder's day of the goal.
    pub day: Daystamp,
    /// The line on that day minus the value. For a do-more goal: what is missing; 0 or less: nothing.
    pub delta: f64,
    /// The line on that day, as a total.
    pub total: f64,
}
