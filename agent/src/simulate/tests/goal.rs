//! The model of a goal, and what the product reads from it.

use jiff::SignedDuration;

use crate::{
    arms::beeminder::{Goal, account_of},
    clock::DeadlineOffset,
    domain::Money,
    simulate::goal::{GoalKind, GoalModel},
};

use super::*;

fn kind(per_week: f64, deadline: i64) -> GoalKind {
    GoalKind {
        slug: "reading".parse().unwrap(),
        deadline: DeadlineOffset::from_seconds(deadline).unwrap(),
        per_week,
        do_less: false,
        autodata: false,
        unit: "pages".to_owned(),
        pledge_cap: 30,
        frozen: false,
    }
}

fn new_york() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn model(per_week: f64, deadline: i64, buffer: f64) -> GoalModel {
    GoalModel::new(
        kind(per_week, deadline),
        buffer,
        5,
        new_york(),
        at("2026-10-24T13:00:00-04:00"),
    )
}

fn read(model: &GoalModel) -> Goal {
    let goals = serde_json::Value::Array(vec![model.json()]);
    account_of(None, goals, at("2026-10-24T13:00:00-04:00"))
        .unwrap()
        .goals
        .remove(0)
}

#[test]
fn a_goal_without_buffer_derails_tonight_in_the_last_second_of_its_day() {
    for (deadline, losedate) in [
        (0, "2026-10-24T23:59:59-04:00"),
        (10_800, "2026-10-25T02:59:59-04:00"),
        (-21_600, "2026-10-24T17:59:59-04:00"),
    ] {
        let goal = read(&model(7.0, deadline, 0.0));
        assert_eq!(
            (goal.safebuf, goal.losedate),
            (Some(0), Some(at(losedate))),
            "{deadline}"
        );
    }
}

#[test]
fn an_entry_adds_days_and_a_day_takes_one() {
    let mut model = model(3.0, 0, 0.0);
    assert!(!model.has_entry_today());
    model.enter(1.0, at("2026-10-24T14:00:00-04:00"));
    assert!(model.has_entry_today());
    let goal = read(&model);
    assert_eq!(
        (goal.safebuf, goal.has_data_today),
        (Some(2), Some(true)),
        "7 / 3 days"
    );
    assert_eq!(model.end_day(), None);
    let goal = read(&model);
    assert_eq!((goal.safebuf, goal.has_data_today), (Some(1), Some(false)));
    assert_eq!(goal.losedate, Some(at("2026-10-26T23:59:59-04:00")));
}

#[test]
fn a_derailment_leaves_a_dummy_a_higher_pledge_and_seven_days() {
    let mut model = model(7.0, 0, 0.0);
    let derailed = model.end_day().unwrap();
    assert_eq!(
        (derailed.losedate, derailed.pledge),
        (at("2026-10-24T23:59:59-04:00"), 5)
    );
    let goal = read(&model);
    assert_eq!(
        (goal.safebuf, goal.pledge),
        (Some(7), Some(Money::from_usd(10.0).unwrap()))
    );
    assert!(goal.datapoints[0].is_dummy);
    assert_eq!(goal.datapoints[0].day.to_string(), "2026-10-24");
    assert!(
        model.json()["recent_data"][0]["comment"]
            .as_str()
            .unwrap()
            .starts_with("#DERAIL")
    );
    assert!(!model.has_entry_today());
}

#[test]
fn a_pledge_stops_at_its_cap() {
    let mut model = model(7.0, 0, 0.0);
    let mut pledges = Vec::new();
    while pledges.len() < 4 {
        pledges.extend(model.end_day().map(|derailed| derailed.pledge));
    }
    assert_eq!(pledges, [5, 10, 30, 30]);
}

#[test]
fn a_frozen_goal_stands_still() {
    let frozen = GoalKind {
        frozen: true,
        ..kind(7.0, 0)
    };
    let mut model = GoalModel::new(frozen, 0.0, 5, new_york(), at("2026-10-24T13:00:00-04:00"));
    assert_eq!(model.end_day(), None);
    assert_eq!(read(&model).state, crate::arms::beeminder::GoalState::Frozen);
}

#[test]
fn the_day_of_the_change_of_the_clock_has_25_hours() {
    let mut model = GoalModel::new(kind(7.0, 0), 2.0, 5, new_york(), at("2026-10-31T13:00:00-04:00"));
    model.end_day();
    let begins = at("2026-11-01T00:00:00-04:00");
    assert_eq!(
        model.ends_at().duration_since(begins),
        SignedDuration::from_hours(25)
    );
}

#[test]
fn what_is_due_is_said_in_beeminders_words() {
    let json = model(3.5, 0, 0.5).json();
    assert_eq!(
        (json["baremin"].as_str(), json["limsum"].as_str()),
        (Some("+0.25"), Some("+0.25 within 0 days"))
    );
    assert_eq!(json["delta"].as_f64(), Some(-0.25), "so much is missing today");
    assert_eq!(json["dueby"]["20261025"]["delta"].as_f64(), Some(0.75));
}

#[test]
fn a_goal_to_do_less_that_is_red_for_want_of_a_report_has_room_left() {
    let sugar = GoalKind {
        do_less: true,
        ..kind(7.0, 0)
    };
    let model = GoalModel::new(sugar, 0.5, 5, new_york(), at("2026-10-24T13:00:00-04:00"));
    let goal = read(&model);
    assert_eq!(goal.safebuf, Some(0));
    assert_eq!(goal.amount().unwrap().to_string(), "at most 1.5 pages more");
}
