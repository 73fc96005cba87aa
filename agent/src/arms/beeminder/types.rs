//! The part of an account that Mecris keeps: parsed, bounded and serialisable. The store keeps it as a JSON
//! snapshot.

use jiff::{Timestamp, civil::Time, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::line::Line;
use crate::{
    clock::DeadlineOffset,
    domain::{Daystamp, GoalState, Money, Slug},
};

/// The user and their goals at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// IANA name of the user's zone, which defines the days of the goals. `None` if Beeminder sent no known
    /// zone; the configured zone is used then.
    pub time_zone: Option<String>,
    /// Whether the user's payment failed or is out of date. False if Beeminder did not say.
    pub deadbeat: bool,
    /// The goals in the order in which they came: Beeminder sends the most urgent first. Ignored goals are left
    /// out.
    pub goals: Vec<Goal>,
    /// One sentence for each goal that could not be read: it has no slug or an impossible one, is not an object, or
    /// is broken JSON. Such a goal is unknown; it is never silently dropped.
    pub unreadable: Vec<String>,
    /// How many goals were left out because `beeminder.ignore` names them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ignored: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Account {
    /// Whether Beeminder lists no goal at all, not even one that cannot be read or is ignored.
    pub fn lists_none(&self) -> bool {
        self.goals.is_empty() && self.unreadable.is_empty() && self.ignored == 0
    }

    /// The zone that defines the days of the goals: Beeminder's, else `fallback`, the configured zone.
    pub fn zone(&self, fallback: &TimeZone) -> TimeZone {
        self.time_zone
            .as_deref()
            .and_then(|name| TimeZone::get(name).ok())
            .unwrap_or_else(|| fallback.clone())
    }
}

/// A goal. A field that Beeminder did not send, or sent in another shape than documented, is `None`: unknown,
/// never zero. A field that is no `Option` has a fallback: the slug for the title, `Active`, not queued, midnight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// The goal's name in URLs. The user can rename a goal.
    pub slug: Slug,
    /// The goal's id, which survives a renaming.
    pub id: Option<String>,
    /// The title for display: any text.
    pub title: String,
    /// Whether the goal can derail, and if not, why.
    pub state: GoalState,
    /// Whether Beeminder is recomputing the goal: safebuf and losedate may be stale then.
    pub queued: bool,
    /// When the goal was first seen queued, if it is still queued. Each snapshot takes it from the one
    /// before.
    #[serde(default)]
    pub queued_since: Option<Timestamp>,
    /// Whole safe days. Beeminder: safebuf 0 is a beemergency day.
    pub safebuf: Option<i64>,
    /// The instant of derailment if nothing is reported.
    pub losedate: Option<Timestamp>,
    /// When the goal's day ends, as seconds from midnight. If Beeminder sent no possible value, midnight, which is
    /// Beeminder's own default.
    pub deadline: DeadlineOffset,
    /// The dollars at risk.
    pub pledge: Option<Money>,
    /// The latest value, in the goal's unit.
    pub current_value: Option<f64>,
    /// The value at the end of the line. Beeminder sends null for one of goaldate, goalval and rate.
    pub target_value: Option<f64>,
    /// The slope of the line per `rate_unit`.
    pub rate: Option<f64>,
    /// The unit of `rate`: `y`, `m`, `w`, `d` or `h`.
    pub rate_unit: Option<String>,
    /// Beeminder's own words for what is due: `+2 within 1 day`. They are `safesum`, or `limsum` if `safesum` only
    /// says "safe ...".
    pub due: Option<String>,
    /// The least to add today: `+2`, or `0:30` for time goals. For display only.
    pub bare_minimum: Option<String>,
    /// Whether the goal has a datapoint today, by Beeminder's day (`todayta`). Dummies may count.
    pub has_data_today: Option<bool>,
    /// How many days before the derailment Beeminder begins to remind (`leadtime`). 0: only on the day itself.
    pub lead_days: Option<u16>,
    /// The time of day, in the account's zone, at which Beeminder begins to remind (`alertstart`). If the goal's
    /// deadline is after midnight, this may be a time in the night that follows the day.
    pub alert_start: Option<Time>,
    /// Who enters the data (`autodata`).
    pub source: Option<DataSource>,
    /// Whether the goal is off its line now. Beeminder sets and clears it around a derailment.
    pub lost: Option<bool>,
    /// The contract: what a derailment costs, and whether that is about to change.
    pub contract: Option<Contract>,
    /// When the goal is archived. Until then it can derail and cost money.
    pub archives_at: Option<Timestamp>,
    /// What the goal wants, and the numbers from which Mecris says what is due.
    #[serde(default)]
    pub line: Line,
    /// The readable datapoints that came with the goal, newest first. Beeminder sends the last three, dummies
    /// among them; a file may have more.
    pub datapoints: Vec<Datapoint>,
}

impl Goal {
    /// An active goal of which nothing but its name is known.
    pub fn named(slug: Slug) -> Self {
        Self {
            title: slug.to_string(),
            slug,
            id: None,
            state: GoalState::Active,
            queued: false,
            queued_since: None,
            safebuf: None,
            losedate: None,
            deadline: DeadlineOffset::default(),
            pledge: None,
            current_value: None,
            target_value: None,
            rate: None,
            rate_unit: None,
            due: None,
            bare_minimum: None,
            has_data_today: None,
            lead_days: None,
            alert_start: None,
            source: None,
            lost: None,
            contract: None,
            archives_at: None,
            line: Line::default(),
            datapoints: Vec::new(),
        }
    }

    /// What identifies the goal: its id, which survives a renaming. Without an id, its slug, which does not.
    pub fn key(&self) -> &str {
        self.id.as_deref().unwrap_or(self.slug.as_str())
    }
}

/// Who enters the data of a goal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataSource {
    /// A person, by any client.
    Person,
    /// A service that Beeminder asks, by its name. The datapoint's time is when Beeminder fetched it.
    Autodata(String),
}

/// What a derailment costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    /// The dollars at risk.
    pub amount: Option<Money>,
    /// When the amount goes down one step, if the person asked for that.
    pub stepdown_at: Option<Timestamp>,
    /// The dollars that will replace [`Contract::amount`].
    pub pending_amount: Option<Money>,
    /// When they will.
    pub pending_at: Option<Timestamp>,
}

/// A datapoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Datapoint {
    /// The datapoint's id.
    pub id: Option<String>,
    /// The day for which the datapoint counts.
    pub day: Daystamp,
    /// The value, in the goal's unit.
    pub value: Option<f64>,
    /// Whether Beeminder made the datapoint itself (#DERAIL, pessimistic presumption).
    pub is_dummy: bool,
    /// Whether this is the goal's first datapoint, which comes with the goal.
    pub is_initial: bool,
    /// Whether Beeminder made the datapoint because the goal derailed: a dummy whose comment begins with
    /// `#DERAIL`.
    #[serde(default)]
    pub is_derail: bool,
    /// When the datapoint was made.
    pub created_at: Option<Timestamp>,
    /// When the datapoint was last changed.
    pub updated_at: Option<Timestamp>,
}

impl Datapoint {
    /// When the datapoint was entered. Older snapshots only have the time of its last change.
    pub fn entered_at(&self) -> Option<Timestamp> {
        self.created_at.or(self.updated_at)
    }
}

/// The newest datapoints of a goal, from a request of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct RecentDatapoints {
    /// The datapoints that can be read, newest first.
    pub points: Vec<Datapoint>,
    /// How many datapoints were left out: they are no objects, have no readable daystamp, or repeat the id of
    /// another. If there is any, "no walk today" cannot be concluded.
    pub unreadable: usize,
}
