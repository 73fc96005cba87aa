//! Every field of the recorded responses is read or is on a list of fields that are knowingly ignored.

use serde::{Serialize, de::DeserializeOwned};

use super::*;

/// The goal fields that Mecris does not read, and why.
const IGNORED_OF_GOAL: &[&str] = &[
    // The graph and how it is drawn.
    "description fineprint yaxis graph_url svg_url thumb_url headsum graphsum plotall noisy movingav aura steppy rosy tmin tmax",
    // Deprecated or display versions of safebuf, losedate, safesum and baremin.
    "lane lanewidth delta_text limsumdate limsumdays baremintotal roadstatuscolor colorkey colorhex coasting",
    "urgencykey sadbrink nomercy exprd",
    // The line and how it is computed. Answers to `emaciated=true` leave its matrices out.
    "road roadall fullroad mathishard rah initday initval curday currate lastday goaldate goal_type",
    "maxflux numpts weekends_off",
    // Settings that would change the pledge.
    "pledge_cap autoratchet",
    // Settings of Beeminder's own reminders and integrations, privacy, housekeeping.
    "use_defaults panic burner ephem autodata_config healthkitmetric callback_url",
    "secret datapublic updated_at lasttouch tags",
];

const IGNORED_OF_DATAPOINT: &[&str] =
    &["timestamp requestid origin creator urtext fulltext canonical formatted_value"];

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
            None => assert!(ignored, "{field} is new: read it, or ignore it and say why"),
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
fn the_recorded_lines_and_reminders_are_understood() {
    let account = account(|goals| goals.push(self::goals().pop().unwrap()));
    let said: Vec<_> = account
        .goals
        .iter()
        .map(|goal| {
            let line = &goal.line;
            let due: Vec<_> = line
                .due_by
                .iter()
                .map(|due| format!("{} {:.2}", due.day.compact(), due.delta))
                .collect();
            format!(
                "{} {:?} {:?} {} {:?} delta {:.2} of {} bump {} by {} {:?} {:?}",
                goal.slug,
                line.kind.unwrap(),
                line.aggregation.unwrap(),
                goal.lead_days.unwrap(),
                goal.alert_start.unwrap(),
                line.delta.unwrap(),
                goal.current_value.unwrap(),
                line.safe_bump.unwrap(),
                due.join(", "),
                goal.source,
                goal.contract.unwrap().amount.unwrap().to_string(),
            )
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    clean-view DoMore Sum 3 17:00:00 delta 0.00 of 883 bump 884 by 20260125 0.00, 20260126 1.00, 20260127 2.00 Some(Person) "$10.00"
    free DoMore Sum 3 22:00:00 delta 1.56 of 1600 bump 1600.3 by 20260125 -1.56, 20260126 -0.63, 20260127 0.30 Some(Person) "$30.00"
    caffeine-cutoff DoMore Sum 3 17:00:00 delta 1.25 of 339 bump 339.65 by 20260125 -1.25, 20260126 -0.30, 20260127 0.65 Some(Person) "$10.00"
    gainweight DoMore Other 0 22:42:00 delta 0.50 of 58 bump 60 by  Some(Person) "$0.00"
    "#);
    let entered: Vec<_> = account.goals[0]
        .datapoints
        .iter()
        .map(|point| format!("{} {}", point.id.as_deref().unwrap(), point.entered_at().unwrap()))
        .collect();
    insta::assert_snapshot!(entered.join("\n"), @"
    69761deaf0168adc8509099c 2026-01-25T13:43:06Z
    6974c968d4865ff83835d7ae 2026-01-24T13:30:16Z
    6973af58f0168adc8508ee34 2026-01-23T17:26:48Z
    ");
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
