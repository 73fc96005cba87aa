//! Every field of the recorded responses is read or is on a list of fields that are knowingly ignored.

use serde::{Serialize, de::DeserializeOwned};

use super::*;

/// The goal fields that Mecris does not read, and why.
const IGNORED_OF_GOAL: &[&str] = &[
    // For people who look at graphs.
    "description fineprint yaxis graph_url svg_url thumb_url headsum graphsum plotall noisy movingav aura steppy rosy tmin tmax",
    // Deprecated or display versions of safebuf, losedate, safesum and baremin. `lost` means off track:
    // safebuf is 0 then.
    "lane lanewidth delta delta_text limsumdate limsumdays baremintotal roadstatuscolor colorkey colorhex coasting lost dueby",
    "urgencykey sadbrink nomercy exprd",
    // The line and how it is computed; emaciated leaves the matrices out.
    "road roadall fullroad mathishard rah initday initval curday currate lastday dir yaw kyoom odom aggday goaldate goal_type",
    "safebump maxflux integery numpts weekends_off",
    // Money other than the pledge, and what would change it.
    "contract pledge_cap autoratchet",
    // Reminders of Beeminder's own, integrations, privacy, housekeeping.
    "leadtime alertstart use_defaults panic burner ephem autodata autodata_config healthkitmetric callback_url",
    "secret datapublic updated_at lasttouch tags gunits gunits_singular timey hhmmformat",
];

const IGNORED_OF_DATAPOINT: &[&str] =
    &["timestamp comment requestid origin creator urtext fulltext canonical formatted_value created_at"];

const IGNORED_OF_USER: &[&str] = &[
    "username id goals created_at updated_at urgency_load has_authorized_fitbit default_leadtime default_alertstart",
    "default_deadline subscription subs_downto subs_freq subs_lifetime remaining_subs_credit",
];

/// Checks that each field is known or ignored, and that no known field is lost because its recorded type
/// differs from ours.
fn check<T: Serialize + DeserializeOwned>(recorded: &Value, ignored: &[&str]) {
    let read = serde_json::to_value(serde_json::from_value::<T>(recorded.clone()).unwrap()).unwrap();
    for (field, value) in recorded.as_object().unwrap() {
        let ignored = ignored
            .iter()
            .any(|line| line.split(' ').any(|name| name == field));
        match read.get(field) {
            Some(read) => assert!(
                !ignored && read.is_null() == value.is_null(),
                "{field}: {value} was read as {read}"
            ),
            None => assert!(ignored, "{field} is new: read it, or say why not"),
        }
    }
}

fn goals() -> Vec<Value> {
    let Value::Array(mut goals) = body(GOALS) else {
        panic!()
    };
    goals.push(serde_json::from_str::<Value>(WEBHOOK).unwrap()["goal"].take());
    goals
}

#[test]
fn every_field_of_a_goal_is_read_or_knowingly_ignored() {
    for goal in goals() {
        check::<wire::Goal>(&goal, IGNORED_OF_GOAL);
    }
}

#[test]
fn every_field_of_a_datapoint_is_read_or_knowingly_ignored() {
    let Value::Array(mut points) = body(DATAPOINTS) else {
        panic!()
    };
    points.extend(goals().iter().map(|goal| goal["last_datapoint"].clone()));
    for point in points {
        check::<wire::Datapoint>(&point, IGNORED_OF_DATAPOINT);
    }
}

#[test]
fn every_field_of_a_user_is_read_or_knowingly_ignored() {
    check::<wire::User>(&body(USER), IGNORED_OF_USER);
}

#[test]
fn the_recorded_account_is_understood() {
    let account = account(|goals| goals.push(self::goals().pop().unwrap()));
    assert_eq!(
        (account.time_zone.as_deref(), account.deadbeat),
        (Some("America/New_York"), false)
    );
    assert!(account.unreadable.is_empty());
    let said: Vec<_> = account
        .goals
        .iter()
        .map(|goal| {
            let points: Vec<_> = goal.datapoints.iter().map(|point| point.day.compact()).collect();
            format!(
                "{} {:?} {:?} {} {} {} {:?} {}",
                goal.slug,
                goal.state,
                goal.safebuf.unwrap(),
                goal.losedate.unwrap(),
                goal.deadline.seconds(),
                goal.pledge.unwrap(),
                goal.due.as_deref().unwrap(),
                points.join(" ")
            )
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    clean-view Active 1 2026-01-27T04:59:59Z 0 $10.00 "REDACTED" 20260125 20260124 20260123
    free Active 2 2026-01-28T04:59:59Z 0 $30.00 "REDACTED" 20260125 20260124 20260123
    caffeine-cutoff Active 2 2026-01-28T04:59:59Z 0 $10.00 "REDACTED" 20260125 20260123 20260122
    gainweight Active 7 2018-01-12T12:11:40Z -4500 $0.00 "+2 in 7 days (60)" 20171230
    "#);
}

#[test]
fn the_recorded_datapoints_are_understood() {
    let recent = convert::datapoints(body(DATAPOINTS)).unwrap();
    let days: Vec<_> = recent.points.iter().map(|point| point.day.to_string()).collect();
    assert_eq!(
        (days.join(" ").as_str(), recent.unreadable),
        ("2026-01-24 2026-01-24 2026-01-23", 0)
    );
    assert!(
        recent
            .points
            .iter()
            .all(|point| !point.is_dummy && !point.is_initial && point.value == Some(1.0))
    );
}
