//! What is not safe, in words, with the real hours that are left.

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Reading, reading::Judged, when};
use crate::{
    arms::beeminder::Goal,
    domain::{Money, Severity, Slug},
};

/// A goal that is not known to be safe. The first eight fields are those of the Python system.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Emergency {
    /// The goal's slug; `unknown` if no goal was ever read.
    #[schema(value_type = String)]
    pub goal_slug: Slug,
    /// The emergency as one sentence for a person.
    pub message: String,
    /// `IMMEDIATE` (CRITICAL), `TODAY` (WARNING), `SOON` (CAUTION) or `UNKNOWN`.
    #[schema(value_type = String)]
    pub urgency: Urgency,
    /// What to do, in Beeminder's own numbers.
    pub suggested_action: String,
    /// Time until the goal derails, rounded down; `unknown` if Beeminder did not say.
    pub time_remaining: String,
    /// Whole safe days.
    pub safebuf: Option<i64>,
    /// As in `/beeminder/status`.
    #[schema(value_type = String)]
    pub derail_risk: Severity,
    /// Dollars at risk.
    #[schema(value_type = Option<f64>)]
    pub pledge: Option<Money>,
    /// The instant of derailment.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub losedate: Option<Timestamp>,
    /// Hours until `losedate`.
    pub hours_to_losedate: Option<f64>,
}

/// How soon something has to be done; sorts most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Urgency {
    /// Now: it is a beemergency day.
    Immediate,
    /// Today, so that tomorrow is no beemergency.
    Today,
    /// In the next days.
    Soon,
    /// It cannot be told: the person has to look.
    Unknown,
}

impl Emergency {
    /// All goals of a reading that are not known to be safe, most urgent first. If no goal was ever read, one
    /// emergency says so: an empty list would say that nothing is wrong.
    pub fn all(reading: &Reading, zone: &TimeZone, now: Timestamp) -> Vec<Self> {
        if reading.read.is_none() {
            return Self::of_nothing_read(reading).into_iter().collect();
        }
        Self::among(&reading.judged(), &reading.zone(zone), now)
    }

    fn of_nothing_read(reading: &Reading) -> Option<Self> {
        let why = reading.doubt.as_deref().unwrap_or("Beeminder was not read yet");
        Some(Self {
            goal_slug: "unknown".parse().ok()?,
            message: format!("no goal is known: {why}"),
            urgency: Urgency::Unknown,
            suggested_action: "Look at the goals on Beeminder".to_owned(),
            time_remaining: "unknown".to_owned(),
            safebuf: None,
            derail_risk: Severity::Unknown,
            pledge: None,
            losedate: None,
            hours_to_losedate: None,
        })
    }

    /// Those of these goals that are not known to be safe, most urgent first. `zone` is the account's.
    fn among(judged: &[Judged<'_>], zone: &TimeZone, now: Timestamp) -> Vec<Self> {
        let mut all: Vec<_> = judged
            .iter()
            .filter_map(|judged| Self::new(judged, zone, now))
            .collect();
        all.sort_by_key(|e| (e.urgency, e.safebuf.is_none(), e.safebuf, e.losedate));
        all
    }

    fn new(judged: &Judged<'_>, zone: &TimeZone, now: Timestamp) -> Option<Self> {
        let &Judged {
            goal,
            risk: derail_risk,
            why,
        } = judged;
        let urgency = match derail_risk {
            Severity::Safe => return None,
            Severity::Critical => Urgency::Immediate,
            Severity::Warning => Urgency::Today,
            Severity::Caution => Urgency::Soon,
            Severity::Unknown => Urgency::Unknown,
        };
        let slug = &goal.slug;
        let message = match urgency {
            Urgency::Unknown => format!("{slug}: cannot tell how close it is: {why}"),
            _ => format!("{slug}: {}", derailment(goal, zone, now)),
        };
        Some(Self {
            goal_slug: slug.clone(),
            message,
            urgency,
            suggested_action: suggested_action(goal, urgency),
            time_remaining: goal
                .losedate
                .map_or("unknown".to_owned(), |at| when::span(at.duration_since(now))),
            safebuf: goal.safebuf,
            derail_risk,
            pledge: goal.pledge,
            losedate: goal.losedate,
            hours_to_losedate: goal.losedate.map(|at| when::hours_until(at, now)),
        })
    }
}

fn derailment(goal: &Goal, zone: &TimeZone, now: Timestamp) -> String {
    let Some(at) = goal.losedate else {
        let days = when::count(goal.safebuf.unwrap_or(0).max(0), "safe day");
        return format!("{days} left, Beeminder did not say until when");
    };
    let clock = when::clock_time(at, now, zone);
    // What was read a few minutes ago may have come true since.
    if at <= now {
        format!("its deadline passed ({clock})")
    } else {
        format!("derails in {} ({clock})", when::span(at.duration_since(now)))
    }
}

fn suggested_action(goal: &Goal, urgency: Urgency) -> String {
    let due = goal
        .due
        .clone()
        .or_else(|| goal.bare_minimum.as_ref().map(|least| format!("{least} today")));
    match (urgency, due) {
        (Urgency::Unknown, _) => "Look at the goal on Beeminder".to_owned(),
        (_, Some(due)) => format!("Add {due}"),
        (_, None) => "Data entry required".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::testing::*, *};
    use crate::arms::beeminder::Account;

    fn one(safebuf: Option<i64>, over: serde_json::Value) -> Emergency {
        let reading = reading_of(Account {
            goals: vec![goal("reading", safebuf, over)],
            ..account()
        });
        Emergency::all(&reading, &zone(), now()).remove(0)
    }

    #[test]
    fn the_most_urgent_comes_first_and_safe_goals_do_not_come() {
        let all = Emergency::all(&trusted(), &zone(), now());
        let order: Vec<_> = all.iter().map(|e| (e.goal_slug.as_str(), e.urgency)).collect();
        assert_eq!(
            order,
            [
                ("reading", Urgency::Immediate),
                ("bike", Urgency::Today),
                ("ellinika", Urgency::Soon),
                ("mooloans", Urgency::Unknown)
            ]
        );
    }

    #[test]
    fn the_hours_are_real() {
        let critical = one(Some(0), json!({}));
        assert_eq!(critical.message, "reading: derails in 10 hours (tomorrow 00:00)");
        assert_eq!(
            (critical.time_remaining.as_str(), critical.hours_to_losedate),
            ("10 hours", Some(10.0))
        );
        let passed = one(Some(0), json!({ "losedate": "2026-11-21T18:00:00Z" }));
        let unknown = "reading: cannot tell how close it is: losedate was 60 min ago, Beeminder has not said yet what follows";
        assert_eq!(passed.message, unknown);
        assert_eq!(
            (passed.time_remaining.as_str(), passed.hours_to_losedate),
            ("0 minutes", Some(-1.0))
        );
        let untold = one(Some(0), json!({ "losedate": null }));
        assert_eq!(
            untold.message,
            "reading: 0 safe days left, Beeminder did not say until when"
        );
        assert_eq!(untold.time_remaining, "unknown");
    }

    #[test]
    fn the_action_is_what_beeminder_asks_for() {
        assert_eq!(one(Some(0), json!({})).suggested_action, "Add +2 within 1 day");
        assert_eq!(
            one(Some(0), json!({ "due": null })).suggested_action,
            "Add +2 today"
        );
        assert_eq!(
            one(Some(0), json!({ "due": null, "bare_minimum": null })).suggested_action,
            "Data entry required"
        );
    }

    #[test]
    fn a_cold_start_is_no_empty_list() {
        let all = Emergency::all(&nothing_read(), &zone(), now());
        assert_eq!(all.len(), 1);
        assert_eq!(
            (all[0].urgency, all[0].message.as_str()),
            (Urgency::Unknown, "no goal is known: Beeminder is down")
        );
    }

    #[test]
    fn nobody_can_tell_while_beeminder_is_down() {
        let all = Emergency::all(&doubted(), &zone(), now());
        assert_eq!(all.len(), doubted().goals().len());
        assert!(all.iter().all(|e| e.urgency == Urgency::Unknown));
        assert_eq!(
            all[0].message,
            "reading: cannot tell how close it is: Beeminder is down"
        );
    }
}
