//! A datapoint described relative to the present day, and its form in Beeminder's JSON.

use jiff::{
    ToSpan as _,
    civil::{Date, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::goal::id;

/// A recorded shape, texts removed.
const DATAPOINT: &str = include_str!("datapoint.json");

/// A datapoint of a [`GoalSpec`](super::GoalSpec).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PointSpec {
    /// How many of the goal's days ago it counts.
    pub days_ago: i64,
    /// When it was entered, on the account's clock.
    pub at: Time,
    /// How many days after the day for which it counts it was entered.
    pub days_late: i64,
    /// The value.
    pub value: f64,
    /// Beeminder made it.
    pub is_dummy: bool,
    /// It came with the goal.
    pub is_initial: bool,
    /// The comment.
    pub comment: String,
}

impl Default for PointSpec {
    fn default() -> Self {
        Self {
            days_ago: 0,
            at: Time::constant(12, 0, 0, 0),
            days_late: 0,
            value: 1.0,
            is_dummy: false,
            is_initial: false,
            comment: String::new(),
        }
    }
}

impl PointSpec {
    /// A person's datapoint for the day so many days ago, entered on that date at this time (`21:00`).
    ///
    /// # Panics
    /// If `at` is no time of day.
    pub fn new(days_ago: i64, at: &str, value: f64) -> Self {
        Self {
            days_ago,
            at: at.parse().expect("a time of day"),
            value,
            ..Self::default()
        }
    }

    /// The datapoint that Beeminder makes when the goal derails, at the last minute of the day so many days
    /// ago.
    pub fn derail(days_ago: i64) -> Self {
        Self {
            is_dummy: true,
            comment: "#DERAIL ON THE 1ST".to_owned(),
            ..Self::new(days_ago, "23:59", 0.0)
        }
    }

    /// The datapoint in Beeminder's JSON; `today` is the goal's day. `nth` tells datapoints of the same minute
    /// apart. The id stays the same on later days.
    pub(super) fn render(&self, slug: &str, nth: usize, today: Date, zone: &TimeZone) -> Value {
        let day = today - self.days_ago.days();
        let entered = zone
            .to_timestamp((day + self.days_late.days()).to_datetime(self.at))
            .expect("a time of the near past");
        let mut datapoint: Map<String, Value> =
            serde_json::from_str(DATAPOINT).expect("the template is an object");
        let changes = json!({
            "id": id(&format!("{slug}{day}{}{nth}", self.at)),
            "timestamp": entered.as_second(),
            "daystamp": day.strftime("%Y%m%d").to_string(),
            "value": self.value,
            "updated_at": entered.as_second(),
            "created_at": entered.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string(),
            "is_dummy": self.is_dummy,
            "is_initial": self.is_initial,
            "comment": self.comment,
        });
        datapoint.extend(changes.as_object().expect("it is an object").clone());
        Value::Object(datapoint)
    }
}
