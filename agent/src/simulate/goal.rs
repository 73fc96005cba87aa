//! A goal as Beeminder keeps it, in days of buffer: what its API would say at an instant.
//!
//! The model: a goal has some safe days. Each entry adds `units * 7 / per_week` days. Each end of the goal's
//! day takes one. Below zero the goal derails: a dummy datapoint `#DERAIL` marks it, the pledge goes up one
//! step, and seven safe days follow. Beeminder's own figures follow from the buffer.

use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use super::figures::{amount, least};
use crate::{
    clock::{DeadlineOffset, beeminder_day, beeminder_day_bounds},
    domain::{Daystamp, Slug},
};

/// Beeminder's pledges, in dollars. The last one does not rise.
pub const PLEDGES: [u32; 8] = [0, 5, 10, 30, 90, 270, 810, 2430];

/// How many safe days follow a derailment.
pub(super) const RESPITE_DAYS: f64 = 7.0;

/// How many datapoints Beeminder sends with a goal.
const RECENT: usize = 3;

/// A goal with more safe days than this never derails in a simulation. A flat line gives any number of them.
const FAR_DAYS: i64 = 36_525;

/// Sums of fractions of a day are off by less than this.
const ROUNDING: f64 = 1e-6;

/// What does not change about a goal.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalKind {
    /// The goal's name in URLs.
    pub slug: Slug,
    /// When the goal's day ends.
    pub deadline: DeadlineOffset,
    /// The slope of the line: this many units a week.
    pub per_week: f64,
    /// Whether the goal is to do less: an entry is a report.
    pub do_less: bool,
    /// Whether data comes from a device or service.
    pub autodata: bool,
    /// What is counted, for example `pages`; may be empty.
    pub unit: String,
    /// The highest pledge in dollars; the pledge does not rise beyond it.
    pub pledge_cap: u32,
    /// Whether the goal stands still.
    pub frozen: bool,
}

/// A goal at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalModel {
    kind: GoalKind,
    zone: TimeZone,
    day: Date,
    ends_at: Timestamp,
    buffer: f64,
    total: f64,
    pledge: u32,
    points: Vec<Point>,
    made: u64,
}

/// A datapoint of the model.
#[derive(Clone, Debug, PartialEq)]
struct Point {
    id: u64,
    day: Date,
    at: Timestamp,
    value: f64,
    derailed: bool,
}

/// A derailment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Derailed {
    /// When the goal derailed: the losedate that passed.
    pub losedate: Timestamp,
    /// What it costs, in dollars.
    pub pledge: u32,
}

impl GoalModel {
    /// A goal with `buffer` safe days and a pledge in dollars, of an account in `zone`. The safe days are those
    /// of the goal's day that has today's date: with a deadline of 03:00, the day that ends in the night of
    /// `now` takes none of them.
    pub fn new(kind: GoalKind, buffer: f64, pledge: u32, zone: TimeZone, now: Timestamp) -> Self {
        let day = beeminder_day(now, &zone, kind.deadline).date();
        let ends_tonight = day < zone.to_datetime(now).date();
        let buffer = buffer + f64::from(u8::from(ends_tonight));
        let mut goal = Self {
            kind,
            zone,
            day,
            ends_at: now,
            buffer,
            total: 0.0,
            pledge,
            points: Vec::new(),
            made: 0,
        };
        goal.ends_at = goal.end_of(day);
        goal
    }

    /// What does not change.
    pub fn kind(&self) -> &GoalKind {
        &self.kind
    }

    /// When the goal's present day ends.
    pub fn ends_at(&self) -> Timestamp {
        self.ends_at
    }

    /// The pledge, in dollars.
    pub fn pledge(&self) -> u32 {
        self.pledge
    }

    /// Beeminder: whole safe days; 0 is a beemergency day.
    pub fn safebuf(&self) -> i64 {
        #[allow(clippy::cast_possible_truncation, reason = "a number of days")]
        let days = (self.buffer + ROUNDING).floor() as i64;
        days.clamp(-FAR_DAYS, FAR_DAYS)
    }

    /// When the goal derails if nothing is entered: the last second of its last safe day.
    pub fn losedate(&self) -> Timestamp {
        let last = self.day.saturating_add(self.safebuf().days());
        self.end_of(last) - SignedDuration::from_secs(1)
    }

    /// Whether a person entered something for the goal's present day.
    pub fn has_entry_today(&self) -> bool {
        self.points
            .iter()
            .any(|point| point.day == self.day && !point.derailed)
    }

    /// A person enters some units at an instant. The entry counts for the goal's day of that instant.
    pub fn enter(&mut self, units: f64, at: Timestamp) {
        self.sync(units, at, at);
    }

    /// What a device counted at one instant arrives at another. It counts for the goal's day of the first, and
    /// Beeminder made the datapoint at the second.
    pub fn sync(&mut self, units: f64, at: Timestamp, arrived_at: Timestamp) {
        let day = beeminder_day(at, &self.zone, self.kind.deadline).date();
        self.buffer += units * 7.0 / self.kind.per_week;
        self.total += units;
        self.add(day, arrived_at, units, false);
    }

    /// The goal's present day ends.
    pub fn end_day(&mut self) -> Option<Derailed> {
        let (ended, ended_at) = (self.day, self.ends_at);
        self.day = self.day.saturating_add(1.day());
        self.ends_at = self.end_of(self.day);
        if self.kind.frozen {
            return None;
        }
        self.buffer -= 1.0;
        if self.buffer + ROUNDING >= 0.0 {
            return None;
        }
        let derailed = Derailed {
            losedate: ended_at - SignedDuration::from_secs(1),
            pledge: self.pledge,
        };
        self.add(ended, ended_at, self.total, true);
        self.buffer = RESPITE_DAYS;
        self.pledge = self.next_pledge();
        Some(derailed)
    }

    /// The account moves to another zone. The present day stays, and ends by the new clock.
    pub fn move_to(&mut self, zone: TimeZone) {
        self.zone = zone;
        self.ends_at = self.end_of(self.day);
    }

    /// The goal in Beeminder's JSON, as an element of `goals.json`.
    pub fn json(&self) -> Value {
        let yaw = if self.kind.do_less { -1.0 } else { 1.0 };
        let need = self.need_by(self.safebuf());
        let points: Vec<Value> = self.points.iter().rev().take(RECENT).map(Point::json).collect();
        json!({
            "slug": self.kind.slug.as_str(),
            "id": format!("goal-{}", self.kind.slug),
            "title": self.kind.slug.as_str(),
            "frozen": self.kind.frozen,
            "won": false,
            "lost": false,
            "queued": false,
            "autodata": if self.kind.autodata { json!("apple") } else { Value::Null },
            "safebuf": self.safebuf(),
            "losedate": self.losedate().as_second(),
            "deadline": self.kind.deadline.seconds(),
            "leadtime": 0,
            "alertstart": 34_200,
            "pledge": f64::from(self.pledge),
            "curval": self.total,
            "goalval": Value::Null,
            "rate": self.kind.per_week,
            "runits": "w",
            "gunits": self.kind.unit,
            "yaw": yaw,
            "dir": 1,
            "delta": self.delta(),
            "safebump": self.total + need,
            "dueby": self.due_by(),
            "limsum": self.words(need),
            "safesum": format!("safe for {} days", self.safebuf()),
            "baremin": if self.kind.do_less { String::new() } else { least(need) },
            "todayta": self.points.iter().any(|point| point.day == self.day),
            "aggday": "sum",
            "kyoom": true,
            "odom": false,
            "timey": false,
            "last_datapoint": points.first().cloned(),
            "recent_data": points,
        })
    }

    /// The newest datapoints, as `datapoints.json` has them.
    pub fn datapoints_json(&self) -> Value {
        self.points.iter().rev().map(Point::json).collect()
    }

    fn end_of(&self, day: Date) -> Timestamp {
        beeminder_day_bounds(day.into(), &self.zone, self.kind.deadline).1
    }

    fn add(&mut self, day: Date, at: Timestamp, value: f64, derailed: bool) {
        self.made += 1;
        self.points.push(Point {
            id: self.made,
            day,
            at,
            value,
            derailed,
        });
        // As many as `datapoints.json` sends when it is asked for the newest ones.
        if self.points.len() > 25 {
            self.points.remove(0);
        }
    }

    /// The units that are missing to get over the end of the day that is `days` after the present one.
    #[allow(clippy::cast_precision_loss, reason = "a number of days")]
    fn need_by(&self, days: i64) -> f64 {
        ((days + 1) as f64 - self.buffer).max(0.0) * self.kind.per_week / 7.0
    }

    /// Beeminder's `delta`: the value less today's line.
    ///
    /// For a day without a report Beeminder enters twice the rate of a goal to do less. The line rises by the rate
    /// of each day, so such a day takes one safe day. A goal that is red only because today was not reported is
    /// still below its line.
    fn delta(&self) -> f64 {
        let rate = self.kind.per_week / 7.0;
        if self.kind.do_less {
            -(self.buffer + 1.0) * rate
        } else {
            (self.buffer - 1.0) * rate
        }
    }

    /// Beeminder's `dueby` of the next seven days.
    fn due_by(&self) -> Value {
        let days = (0..7_i64).map(|days| {
            let day = Daystamp::from(self.day.saturating_add(days.days())).compact();
            let need = self.need_by(days);
            (day, json!({ "delta": need, "total": self.total + need }))
        });
        Value::Object(days.collect())
    }

    fn words(&self, need: f64) -> String {
        if self.kind.do_less {
            return format!("hard cap +{}", amount(need));
        }
        let days = self.safebuf();
        let plural = if days == 1 { "" } else { "s" };
        format!("+{} within {days} day{plural}", amount(need))
    }

    fn next_pledge(&self) -> u32 {
        let next = PLEDGES.into_iter().find(|step| *step > self.pledge);
        next.unwrap_or(self.pledge)
            .min(self.kind.pledge_cap.max(self.pledge))
    }
}

impl Point {
    fn json(&self) -> Value {
        let comment = if self.derailed {
            format!("#DERAIL on the {}", self.day)
        } else {
            String::new()
        };
        json!({
            "id": format!("point-{}", self.id),
            "daystamp": Daystamp::from(self.day).compact(),
            "timestamp": self.at.as_second(),
            "value": self.value,
            "comment": comment,
            "is_dummy": self.derailed,
            "is_initial": false,
            "created_at": self.at.to_string(),
            "updated_at": self.at.as_second(),
        })
    }
}
