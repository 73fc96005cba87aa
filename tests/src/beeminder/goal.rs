//! A goal described relative to the present time, and its form in Beeminder's JSON at an instant.

use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::point::PointSpec;

/// A recorded shape, texts removed.
const GOAL: &str = include_str!("goal.json");

/// How many of the newest datapoints come with a goal.
const RECENT: usize = 3;

/// A goal of the fake account. Everything is relative to the fake's clock, so that a scenario holds on any
/// day.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GoalSpec {
    /// The identifier in URLs.
    pub slug: String,
    /// The identifier when the goal was made, if it was renamed since. The ids of goal and datapoints stay.
    pub made_as: Option<String>,
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
    /// The datapoints one by one, each from the time on at which it is entered; the two fields above do not
    /// count then.
    pub datapoints: Vec<PointSpec>,
    /// The good side of the line: 1 above, -1 below.
    pub yaw: i64,
    /// Where the line goes, one unit a day: 1 up, -1 down.
    pub dir: i64,
    /// How many days before derailment Beeminder begins to remind.
    pub leadtime: i64,
    /// When Beeminder's reminders start, in seconds after midnight.
    pub alertstart: i64,
    /// The service that enters the data; `None`: a person.
    pub autodata: Option<String>,
    /// The name of the unit.
    pub gunits: String,
    /// A counter, whose total is entered.
    pub odom: bool,
    /// Values are hours.
    pub timey: bool,
    /// How a day's datapoints become one value.
    pub aggday: String,
    /// Off the line.
    pub lost: bool,
    /// In how many seconds the goal is archived.
    pub archived_in_seconds: Option<i64>,
    /// Fields that replace others after everything else, for shapes that no recording shows.
    pub replace: Map<String, Value>,
}

impl Default for GoalSpec {
    fn default() -> Self {
        Self {
            slug: "reading".to_owned(),
            made_as: None,
            title: "Read a book".to_owned(),
            safebuf: 7,
            deadline_offset: 0,
            pledge: 5.0,
            frozen: false,
            won: false,
            queued: false,
            last_datapoint_days_ago: Some(1),
            last_datapoint_is_dummy: false,
            datapoints: Vec::new(),
            yaw: 1,
            dir: 1,
            leadtime: 3,
            alertstart: 0,
            autodata: None,
            gunits: String::new(),
            odom: false,
            timey: false,
            aggday: "sum".to_owned(),
            lost: false,
            archived_in_seconds: None,
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

    /// The same goal with another name.
    pub fn renamed(self, slug: &str) -> Self {
        Self {
            made_as: Some(self.made_as.unwrap_or(self.slug)),
            slug: slug.to_owned(),
            ..self
        }
    }

    /// The name that the goal was made with.
    fn first_name(&self) -> &str {
        self.made_as.as_deref().unwrap_or(&self.slug)
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

    /// The same goal, with these datapoints.
    pub fn entered(self, datapoints: impl IntoIterator<Item = PointSpec>) -> Self {
        Self {
            datapoints: datapoints.into_iter().collect(),
            ..self
        }
    }

    /// A goal of which there should be little: yaw -1, dir 1.
    pub fn do_less(self) -> Self {
        Self {
            yaw: -1,
            dir: 1,
            ..self
        }
    }

    /// Beeminder's day of this goal: it ends `deadline_offset` seconds after the midnight that follows it.
    pub fn day(&self, now: Timestamp, zone: &TimeZone) -> Date {
        self.day_of(zone.to_datetime(now))
    }

    /// The same at a time of the account's clock.
    pub fn day_of(&self, clock: DateTime) -> Date {
        (clock - self.deadline_offset.seconds()).date()
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
        let datapoints = self.datapoints(now, zone);
        let recent = datapoints.get(..RECENT).unwrap_or(&datapoints);
        let newest = recent.first().cloned().unwrap_or_default();
        let (value, delta) = (newest_total(&goal), self.delta());
        let changes = json!({
            "slug": self.slug,
            "title": self.title,
            "id": id(self.first_name()),
            "safebuf": self.safebuf,
            "losedate": losedate,
            "urgencykey": format!("FROx;PPRx;DL{losedate};P{:010.0};{}", 999_999_999.0 - self.pledge, self.slug),
            "deadline": self.deadline_offset,
            "queued": self.queued,
            "frozen": self.frozen,
            "won": self.won,
            "lost": self.lost || self.safebuf < 0,
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
            "todayta": datapoints.iter().any(|point| point["daystamp"] == daystamp(today)),
            "lastday": newest["timestamp"],
            "last_datapoint": newest,
            "recent_data": recent,
            "yaw": self.yaw,
            "dir": self.dir,
            "delta": delta,
            "safebump": value - delta + float(self.dir * self.safebuf),
            "dueby": self.dueby(today, value),
        });
        goal.extend(changes.as_object().expect("it is an object").clone());
        goal.extend(self.settings(now));
        goal.extend(self.replace.clone());
        Value::Object(goal)
    }

    /// The fields that a person sets.
    fn settings(&self, now: Timestamp) -> Map<String, Value> {
        let archived = self.archived_in_seconds.map(|seconds| now.as_second() + seconds);
        let settings = json!({
            "leadtime": self.leadtime,
            "alertstart": self.alertstart,
            "autodata": self.autodata,
            "gunits": self.gunits,
            "odom": self.odom,
            "kyoom": self.aggday == "sum" && !self.odom,
            "timey": self.timey,
            "hhmmformat": self.timey,
            "aggday": self.aggday,
            "archivedate": archived,
        });
        settings.as_object().expect("it is an object").clone()
    }

    /// The value minus the line today. With `safebuf` days to go a do-more goal lacks one unit on the last of
    /// them; a do-less goal has room for three more on every day.
    fn delta(&self) -> f64 {
        float(if self.yaw * self.dir > 0 {
            self.yaw * (self.safebuf - 1)
        } else {
            self.yaw * (self.safebuf + 3)
        })
    }

    fn dueby(&self, today: Date, value: f64) -> Value {
        (0..7_i64)
            .map(|n| {
                let due = float(self.dir * n) - self.delta();
                let shown = if due * float(self.yaw) <= 0.0 {
                    "✔".to_owned()
                } else {
                    format!("{due:+}")
                };
                let total = value + due;
                let entry = json!({"delta": due, "total": total, "formatted_delta_for_beedroid": shown,
                    "formatted_total_for_beedroid": total.to_string()});
                (daystamp(today + n.days()), entry)
            })
            .collect::<Map<_, _>>()
            .into()
    }

    /// All datapoints that were entered by now, newest day first.
    pub fn datapoints(&self, now: Timestamp, zone: &TimeZone) -> Vec<Value> {
        let today = self.day(now, zone);
        let one = self.last_datapoint_days_ago.map(|days_ago| PointSpec {
            days_ago,
            is_dummy: self.last_datapoint_is_dummy,
            comment: if self.last_datapoint_is_dummy {
                "#DERAIL"
            } else {
                ""
            }
            .to_owned(),
            ..PointSpec::default()
        });
        let specs: Vec<_> = if self.datapoints.is_empty() {
            one.into_iter().collect()
        } else {
            self.datapoints.clone()
        };
        let mut points: Vec<Value> = specs
            .iter()
            .enumerate()
            .map(|(nth, point)| {
                let same = |other: &&PointSpec| (other.days_ago, other.at) == (point.days_ago, point.at);
                let nth = specs.iter().take(nth).filter(same).count();
                point.render(self.first_name(), nth, today, zone)
            })
            .filter(|point| {
                self.datapoints.is_empty() || point["timestamp"].as_i64() <= Some(now.as_second())
            })
            .collect();
        points.sort_by_key(|point| (point["daystamp"].to_string(), point["timestamp"].as_i64()));
        points.reverse();
        points
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

fn daystamp(day: Date) -> String {
    day.strftime("%Y%m%d").to_string()
}

/// The total that the recorded goal stands at.
fn newest_total(goal: &Map<String, Value>) -> f64 {
    goal["curval"].as_f64().expect("the template has a value")
}

fn float(small: i64) -> f64 {
    f64::from(i32::try_from(small).expect("a number of days"))
}

/// 24 hexadecimal digits made from `name`.
pub(super) fn id(name: &str) -> String {
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

    #[test]
    fn the_numbers_of_the_line_agree_with_safebuf() {
        let now: Timestamp = "2026-03-03T15:00:00-05:00".parse().expect("an instant");
        let rendered = |spec: GoalSpec| spec.render(now, &new_york(), true);
        // As recorded: one safe day, 883 of 884, nothing due today and one tomorrow.
        let goal = rendered(GoalSpec::new("g", 1));
        assert_eq!(
            (&goal["delta"], &goal["safebump"], &goal["curval"]),
            (&json!(0.0), &json!(884.0), &json!(883))
        );
        assert_eq!(goal["dueby"]["20260303"]["delta"], 0.0);
        assert_eq!(goal["dueby"]["20260304"]["delta"], 1.0);
        assert_eq!(goal["dueby"]["20260304"]["formatted_delta_for_beedroid"], "+1");

        let sugar = rendered(GoalSpec::new("sugar", 0).do_less());
        assert_eq!(
            (
                &sugar["yaw"],
                &sugar["delta"],
                &sugar["dueby"]["20260303"]["total"]
            ),
            (&json!(-1), &json!(-3.0), &json!(886.0))
        );
        let weight = rendered(GoalSpec {
            yaw: -1,
            dir: -1,
            ..GoalSpec::new("weight", 0)
        });
        assert_eq!(
            (&weight["delta"], &weight["safebump"]),
            (&json!(1.0), &json!(882.0))
        );
    }

    #[test]
    fn three_of_the_datapoints_come_with_the_goal_newest_first() {
        let now: Timestamp = "2026-03-03T15:00:00-05:00".parse().expect("an instant");
        let spec = GoalSpec::new("g", 2).entered([
            PointSpec::new(2, "21:00", 1.0),
            PointSpec::new(0, "09:00", 2.0),
            PointSpec::new(1, "20:00", 3.0),
            PointSpec::derail(1),
        ]);
        let goal = spec.render(now, &new_york(), true);
        let shown: Vec<_> = goal["recent_data"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|point| (point["daystamp"].as_str(), point["is_dummy"].as_bool()))
            .collect();
        assert_eq!(
            shown,
            [
                (Some("20260303"), Some(false)),
                (Some("20260302"), Some(true)),
                (Some("20260302"), Some(false))
            ]
        );
        assert_eq!(goal["last_datapoint"]["created_at"], "2026-03-03T14:00:00.000Z");
        assert_eq!(goal["todayta"], true);
        assert_eq!(spec.datapoints(now, &new_york()).len(), 4);
        let early: Timestamp = "2026-03-03T08:59:00-05:00".parse().expect("an instant");
        assert_eq!(spec.datapoints(early, &new_york()).len(), 3, "not entered yet");
        let id = |now| spec.datapoints(now, &new_york())[0]["id"].clone();
        assert_ne!(id(now), id(early));
    }
}
