//! A goal described relative to the present time, and its form in Beeminder's JSON at an instant.

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Recorded shapes, texts removed.
const GOAL: &str = include_str!("goal.json");
const DATAPOINT: &str = include_str!("datapoint.json");

/// A goal of the fake account. Everything is relative to the fake's clock, so that a scenario holds on any
/// day.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GoalSpec {
    /// The identifier in URLs.
    pub slug: String,
    /// For display.
    pub title: String,
    /// Whole safe days; 0 is a beemergency day.
    pub safebuf: i64,
    /// When the goal's day ends, in seconds from midnight: -61200..=21600.
    pub deadline_offset: i64,
    /// Dollars at risk.
    pub pledge: f64,
    /// Must be restarted.
    pub frozen: bool,
    /// Finished.
    pub won: bool,
    /// Beeminder is recomputing.
    pub queued: bool,
    /// How many of the goal's days ago the newest datapoint counts; `None` without any datapoint.
    pub last_datapoint_days_ago: Option<i64>,
    /// The newest datapoint was made by Beeminder itself.
    pub last_datapoint_is_dummy: bool,
    /// Fields that replace others after everything else, for shapes that no recording shows.
    pub replace: Map<String, Value>,
}

impl Default for GoalSpec {
    fn default() -> Self {
        Self {
            slug: "reading".to_owned(),
            title: "Read a book".to_owned(),
            safebuf: 7,
            deadline_offset: 0,
            pledge: 5.0,
            frozen: false,
            won: false,
            queued: false,
            last_datapoint_days_ago: Some(1),
            last_datapoint_is_dummy: false,
            replace: Map::new(),
        }
    }
}

impl GoalSpec {
    /// A plain goal with this many safe days.
    pub fn new(slug: &str, safebuf: i64) -> Self {
        Self {
            slug: slug.to_owned(),
            title: format!("The {slug} goal"),
            safebuf,
            ..Self::default()
        }
    }

    /// The same goal, frozen.
    pub fn frozen(self) -> Self {
        Self { frozen: true, ..self }
    }

    /// The same goal, with its newest datapoint this many days ago.
    pub fn walked(self, days_ago: Option<i64>) -> Self {
        Self {
            last_datapoint_days_ago: days_ago,
            ..self
        }
    }

    /// Beeminder's day of this goal: it ends `deadline_offset` seconds after the midnight that follows it.
    pub fn day(&self, now: Timestamp, zone: &TimeZone) -> Date {
        (zone.to_datetime(now) - self.deadline_offset.seconds()).date()
    }

    /// The last second before derailment if nothing is reported.
    pub fn losedate(&self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        let midnight = (self.day(now, zone) + (self.safebuf + 1).days()).at(0, 0, 0, 0);
        let end = midnight + self.deadline_offset.seconds();
        zone.to_timestamp(end)
            .expect("a day of the near future has an instant")
            - 1.second()
    }

    /// The goal in Beeminder's JSON. Without `emaciated` the road matrices are included.
    pub fn render(&self, now: Timestamp, zone: &TimeZone, emaciated: bool) -> Value {
        let mut goal: Map<String, Value> = serde_json::from_str(GOAL).expect("the template is an object");
        if emaciated {
            for matrix in ["road", "roadall", "fullroad"] {
                goal.remove(matrix);
            }
        }
        let today = self.day(now, zone);
        let losedate = self.losedate(now, zone).as_second();
        let (colour, hex) = colour(self.safebuf);
        let datapoint = self.datapoint(now, zone);
        let changes = json!({
            "slug": self.slug,
            "title": self.title,
            "id": id(&self.slug),
            "safebuf": self.safebuf,
            "losedate": losedate,
            "urgencykey": format!("FROx;PPRx;DL{losedate};P{:010.0};{}", 999_999_999.0 - self.pledge, self.slug),
            "deadline": self.deadline_offset,
            "queued": self.queued,
            "frozen": self.frozen,
            "won": self.won,
            "lost": self.safebuf < 0,
            "pledge": self.pledge,
            "contract": {"amount": self.pledge, "stepdown_at": null, "pending_amount": null, "pending_at": null},
            "updated_at": now.as_second() - 3600,
            "colorkey": colour,
            "colorhex": hex,
            "roadstatuscolor": if colour == "dkgreen" { "green" } else { colour },
            "lane": if self.safebuf == 0 { -2 } else { self.safebuf },
            "limsum": format!("+1 in {} days", self.safebuf),
            "limsumdays": format!("+1 due in {} days", self.safebuf),
            "safesum": self.safesum(),
            "baremin": "+1",
            "baremintotal": "884",
            "todayta": self.last_datapoint_days_ago == Some(0),
            "lastday": datapoint["timestamp"],
            "last_datapoint": datapoint,
            "recent_data": if datapoint.is_null() { json!([]) } else { json!([datapoint]) },
            "dueby": dueby(today, self.safebuf),
        });
        goal.extend(changes.as_object().expect("it is an object").clone());
        goal.extend(self.replace.clone());
        Value::Object(goal)
    }

    /// The newest datapoint, or null.
    pub fn datapoint(&self, now: Timestamp, zone: &TimeZone) -> Value {
        let Some(days_ago) = self.last_datapoint_days_ago else {
            return Value::Null;
        };
        let day = self.day(now, zone) - days_ago.days();
        let noon = zone
            .to_timestamp(day.at(12, 0, 0, 0))
            .expect("noon exists on every day");
        let mut datapoint: Map<String, Value> =
            serde_json::from_str(DATAPOINT).expect("the template is an object");
        let changes = json!({
            "id": id(&format!("{}{day}", self.slug)),
            "timestamp": noon.as_second(),
            "daystamp": day.strftime("%Y%m%d").to_string(),
            "updated_at": noon.as_second(),
            "created_at": noon.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string(),
            "is_dummy": self.last_datapoint_is_dummy,
            "comment": if self.last_datapoint_is_dummy { "#DERAIL" } else { "" },
        });
        datapoint.extend(changes.as_object().expect("it is an object").clone());
        Value::Object(datapoint)
    }

    fn safesum(&self) -> String {
        match (self.frozen, self.safebuf) {
            (true, _) => "goal is not currently active".to_owned(),
            (false, ..=0) => "+1 due by 12am".to_owned(),
            (false, days) => format!("safe for {days} days"),
        }
    }
}

/// Beeminder's colours, which depend only on the number of safe days.
fn colour(safebuf: i64) -> (&'static str, &'static str) {
    match safebuf {
        ..1 => ("red", "#ff0000"),
        1 => ("orange", "#ffa500"),
        2 => ("blue", "#3f3fff"),
        3..7 => ("green", "#00aa00"),
        _ => ("dkgreen", "#228b22"),
    }
}

fn dueby(today: Date, safebuf: i64) -> Value {
    (0..7_i64)
        .map(|n| {
            let due = (n - safebuf + 1).max(0);
            let key = (today + n.days()).strftime("%Y%m%d").to_string();
            let delta = if due == 0 { "✔".to_owned() } else { format!("+{due}") };
            let total = (883 + due).to_string();
            let entry = json!({"delta": due, "total": 883 + due, "formatted_delta_for_beedroid": delta, "formatted_total_for_beedroid": total});
            (key, entry)
        })
        .collect::<Map<_, _>>()
        .into()
}

/// 24 hexadecimal digits made from `name`.
fn id(name: &str) -> String {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u128, |h, b| {
        (h ^ u128::from(b)).wrapping_mul(0x0100_0000_01b3_0001)
    });
    format!("{:024x}", hash & ((1 << 96) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_york() -> TimeZone {
        TimeZone::get("America/New_York").expect("it is in the database")
    }

    #[test]
    fn losedate_agrees_with_the_recording() {
        let recorded: Timestamp = "2026-01-25T16:40:00-05:00".parse().expect("an instant");
        for (safebuf, losedate) in [(1, 1_769_489_999), (2, 1_769_576_399)] {
            assert_eq!(
                GoalSpec::new("g", safebuf)
                    .losedate(recorded, &new_york())
                    .as_second(),
                losedate
            );
        }
    }

    #[test]
    fn a_late_deadline_keeps_the_day_and_an_early_one_ends_it() {
        let late = GoalSpec {
            deadline_offset: 3 * 3600,
            ..GoalSpec::new("late", 0)
        };
        let early = GoalSpec {
            deadline_offset: -2 * 3600,
            ..GoalSpec::new("early", 0)
        };
        let at_one: Timestamp = "2026-03-03T01:00:00-05:00".parse().expect("an instant");
        let at_eleven: Timestamp = "2026-03-03T23:00:00-05:00".parse().expect("an instant");
        assert_eq!(late.day(at_one, &new_york()).to_string(), "2026-03-02");
        assert_eq!(
            late.losedate(at_one, &new_york()).to_string(),
            "2026-03-03T07:59:59Z"
        );
        assert_eq!(early.day(at_eleven, &new_york()).to_string(), "2026-03-04");
    }

    #[test]
    fn every_recorded_field_is_rendered_and_a_goal_without_data_has_none() {
        let now: Timestamp = "2026-03-03T15:00:00-05:00".parse().expect("an instant");
        let template: Map<String, Value> = serde_json::from_str(GOAL).expect("an object");
        let goal = GoalSpec::new("g", 0).walked(None).render(now, &new_york(), false);
        assert!(template.keys().all(|field| goal.get(field).is_some()));
        assert_eq!(
            (&goal["last_datapoint"], &goal["todayta"], &goal["colorkey"]),
            (&json!(null), &json!(false), &json!("red"))
        );
        let emaciated = GoalSpec::new("g", 0)
            .walked(Some(0))
            .render(now, &new_york(), true);
        assert!(emaciated.get("road").is_none());
        assert_eq!(emaciated["last_datapoint"]["daystamp"], "20260303");
    }
}
