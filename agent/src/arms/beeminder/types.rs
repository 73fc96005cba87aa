//! What Mecris keeps of an account: parsed, bounded, serialisable (the snapshot in the store).

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    clock::DeadlineOffset,
    domain::{Daystamp, Money, Slug},
};

/// The user and their goals at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// IANA name of the user's zone; it defines the goals' days. `None` if Beeminder sent none that is known
    /// (then the configured zone is used).
    pub time_zone: Option<String>,
    /// Payment failed or is out of date.
    pub deadbeat: bool,
    /// In Beeminder's order, most urgent first; ignored goals left out.
    pub goals: Vec<Goal>,
    /// Goals in the reply that could not be read at all (no slug, not an object), each with why. Never
    /// silently dropped: each is unknown.
    pub unreadable: Vec<String>,
}

impl Account {
    /// The zone that defines the days of the goals: Beeminder's, else the person's.
    pub fn zone(&self, fallback: &TimeZone) -> TimeZone {
        self.time_zone
            .as_deref()
            .and_then(|name| TimeZone::get(name).ok())
            .unwrap_or_else(|| fallback.clone())
    }
}

/// One goal. What Beeminder did not send, or sent as something else than documented, is `None`: unknown,
/// never zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// Identifier in URLs; may be renamed.
    pub slug: Slug,
    /// Stable id.
    pub id: Option<String>,
    /// For display only; anything may be in it.
    pub title: String,
    /// Whether it can derail at all.
    pub state: GoalState,
    /// Beeminder is recomputing: safebuf and losedate may be stale.
    pub queued: bool,
    /// When this goal was first seen queued, if it still is (carried from snapshot to snapshot).
    #[serde(default)]
    pub queued_since: Option<Timestamp>,
    /// Whole safe days; 0 is a beemergency day.
    pub safebuf: Option<i64>,
    /// The instant of derailment if nothing is reported.
    pub losedate: Option<Timestamp>,
    /// Seconds from midnight at which the goal's day ends; midnight, Beeminder's own default, if it was not
    /// sent.
    pub deadline: DeadlineOffset,
    /// Dollars at risk.
    pub pledge: Option<Money>,
    /// Latest value.
    pub current_value: Option<f64>,
    /// Value at the end of the line; one of goaldate, goalval, rate is null.
    pub target_value: Option<f64>,
    /// Rate of the line in `rate_unit`.
    pub rate: Option<f64>,
    /// `y`, `m`, `w`, `d` or `h`.
    pub rate_unit: Option<String>,
    /// Beeminder's own words for what is due: `+2 within 1 day` (safesum, else limsum).
    pub due: Option<String>,
    /// The least to add today: `+2`, or `0:30` for time goals. Display only.
    pub bare_minimum: Option<String>,
    /// Whether there is any datapoint today, by Beeminder's day (dummies may count).
    pub has_data_today: Option<bool>,
    /// The newest datapoints that came with the goal, newest first.
    pub datapoints: Vec<Datapoint>,
}

/// Whether a goal can derail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GoalState {
    /// It can.
    Active,
    /// It must be restarted first.
    Frozen,
    /// It is finished.
    Won,
    /// It was archived.
    Archived,
}

/// One datapoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Datapoint {
    /// The day it counts for.
    pub day: Daystamp,
    /// Its value.
    pub value: Option<f64>,
    /// Made by Beeminder itself (#DERAIL, pessimistic presumption): nobody did anything.
    pub is_dummy: bool,
    /// The goal's first point, made with it.
    pub is_initial: bool,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
}

/// The newest datapoints of a goal, asked for on their own.
#[derive(Clone, Debug, PartialEq)]
pub struct RecentDatapoints {
    /// Those that can be read, newest first.
    pub points: Vec<Datapoint>,
    /// How many have no daystamp that can be read: while there is one, nobody knows what is *not* there.
    pub unreadable: usize,
}
