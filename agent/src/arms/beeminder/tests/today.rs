//! What counts as entered today: tables of goals, and what [`Today`] finds for each.

use jiff::tz::TimeZone;
use serde_json::json;

use super::*;
use Counting::{AnyDay, TodayOnly};

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn new_york() -> TimeZone {
    zone("America/New_York")
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A datapoint for this day, entered at this time.
fn point(id: &str, day: &str, entered: &str, value: f64) -> Value {
    json!({"id": id, "daystamp": day, "created_at": entered, "value": value, "is_dummy": false, "is_initial": false})
}

/// The first recorded goal (do-more) with these datapoints.
fn with(points: &[Value], more: Value) -> Goal {
    let mut fields = json!({"last_datapoint": null, "recent_data": points});
    merge(&mut fields, more);
    goal(fields)
}

/// What [`Today::entered`] finds, as a word: the id of the datapoint, "no" or "unknown".
fn found(goal: &Goal, now: &str, counting: Counting) -> String {
    let today = Today::of(goal, at(now), &new_york(), &new_york());
    word(today.entered(goal, counting))
}

fn word(entered: EnteredToday<'_>) -> String {
    match entered {
        EnteredToday::Yes(point) => point.id.clone().unwrap(),
        EnteredToday::No => "no".to_owned(),
        EnteredToday::Unknown => "unknown".to_owned(),
    }
}

const NOON: &str = "2026-01-25T12:00:00-05:00";

#[test]
fn what_was_entered_is_returned_with_its_time() {
    let goal = with(
        &[
            point("b", "20260125", "2026-01-25T11:00:00-05:00", 2.0),
            point("a", "20260125", "2026-01-25T09:00:00-05:00", 1.0),
        ],
        json!({}),
    );
    let today = Today::of(&goal, at(NOON), &new_york(), &new_york());
    let EnteredToday::Yes(newest) = today.entered(&goal, AnyDay) else {
        panic!("nothing was found")
    };
    assert_eq!(
        (newest.value, newest.entered_at()),
        (Some(2.0), Some(at("2026-01-25T11:00:00-05:00")))
    );
}

#[test]
fn the_deadline_decides_which_day_is_today() {
    // The goal's deadline (hours from midnight), the datapoint's daystamp, when it was entered, now, what is
    // found with `AnyDay`, what is found with `TodayOnly`. 25T09:00 is a time on January 25.
    for (deadline, day, entered, now, any, only) in [
        // Midnight: yesterday's entry is not today's.
        (0, "20260125", "25T09:00", "25T12:00", "p", "p"),
        (0, "20260124", "24T23:00", "25T12:00", "no", "no"),
        // Entered today for yesterday: the person did something today, but not for today.
        (0, "20260124", "25T09:00", "25T12:00", "p", "no"),
        // Entered yesterday for today, which clients may do: it counts, because it is for Beeminder's today.
        (0, "20260125", "24T23:00", "25T12:00", "p", "p"),
        // Deadline 03:00: until then Beeminder's today is the day before.
        (3, "20260124", "24T22:30", "25T02:00", "p", "p"),
        (3, "20260124", "24T22:30", "25T03:01", "no", "no"),
        (3, "20260124", "25T00:30", "25T13:00", "p", "no"),
        // Deadline 20:00: from then on Beeminder's today is the next day.
        (-4, "20260125", "25T17:00", "25T19:00", "p", "p"),
        (-4, "20260125", "25T17:00", "25T21:00", "p", "p"),
        (-4, "20260126", "25T21:00", "25T21:30", "p", "p"),
        (-4, "20260125", "24T21:00", "25T12:00", "p", "p"),
        (-4, "20260125", "24T21:00", "25T21:00", "no", "no"),
        (-4, "20260126", "25T21:00", "26T12:00", "p", "p"),
    ] {
        let time = |text: &str| format!("2026-01-{text}:00-05:00");
        let older = point("old", "20260110", "2026-01-10T12:00:00-05:00", 1.0);
        let goal = with(
            &[point("p", day, &time(entered), 1.0), older],
            json!({"deadline": deadline * 3600, "todayta": false}),
        );
        let said = (
            found(&goal, &time(now), AnyDay),
            found(&goal, &time(now), TodayOnly),
        );
        assert_eq!(
            said,
            (any.to_owned(), only.to_owned()),
            "deadline {deadline} h, {day} entered {entered}, now {now}"
        );
    }
}

#[test]
fn an_account_in_another_zone_has_its_own_day() {
    // The person is in Berlin. The account stayed in New York, where the 25th begins at 06:00 of Berlin.
    let goal = with(
        &[
            point("p", "20260124", "2026-01-25T01:00:00+01:00", 1.0),
            point("old", "20260110", "2026-01-10T12:00:00+01:00", 1.0),
        ],
        json!({"todayta": false}),
    );
    let found = |now: &str, counting| {
        let today = Today::of(&goal, at(now), &zone("Europe/Berlin"), &new_york());
        word(today.entered(&goal, counting))
    };
    assert_eq!(found("2026-01-25T02:00:00+01:00", TodayOnly), "p");
    assert_eq!(found("2026-01-25T12:00:00+01:00", TodayOnly), "no");
    assert_eq!(
        found("2026-01-25T12:00:00+01:00", AnyDay),
        "p",
        "entered on Berlin's 25th"
    );
    assert_eq!(found("2026-01-26T12:00:00+01:00", AnyDay), "no");
}

#[test]
fn datapoints_that_beeminder_makes_are_not_entries() {
    for flag in ["is_dummy", "is_initial"] {
        let mut own = point("p", "20260125", "2026-01-25T09:00:00-05:00", 1.0);
        merge(&mut own, json!({ flag: true }));
        let goal = with(std::slice::from_ref(&own), json!({"todayta": true}));
        assert_eq!(
            found(&goal, NOON, AnyDay),
            "unknown",
            "{flag}: there may be others"
        );
        let older = point("old", "20260124", "2026-01-24T12:00:00-05:00", 1.0);
        let goal = with(&[own, older], json!({"todayta": true}));
        assert_eq!(found(&goal, NOON, AnyDay), "no", "{flag}: all of today is shown");
    }
}

#[test]
fn zero_counts_unless_the_goal_is_to_do_more() {
    for (yaw, dir, any) in [
        (1, 1, "no"),
        (-1, 1, "p"),
        (1, -1, "p"),
        (-1, -1, "p"),
        (0, 0, "unknown"),
    ] {
        let goal = with(
            &[
                point("p", "20260125", "2026-01-25T09:00:00-05:00", 0.0),
                point("old", "20260124", "2026-01-24T09:00:00-05:00", 1.0),
            ],
            json!({"yaw": yaw, "dir": dir, "todayta": true}),
        );
        assert_eq!(found(&goal, NOON, AnyDay), any, "yaw {yaw}, dir {dir}");
    }
    let mut unreadable = point("p", "20260125", "2026-01-25T09:00:00-05:00", 0.0);
    merge(&mut unreadable, json!({"value": "many"}));
    assert_eq!(found(&with(&[unreadable], json!({})), NOON, AnyDay), "unknown");
}

#[test]
fn a_counter_must_have_moved() {
    let odometer = |points: &[Value]| with(points, json!({"odom": true, "todayta": true}));
    let now = |value| point("p", "20260125", "2026-01-25T09:00:00-05:00", value);
    let before = |value| point("old", "20260124", "2026-01-24T09:00:00-05:00", value);
    let mut dummy = before(0.0);
    merge(&mut dummy, json!({"id": "d", "is_dummy": true}));
    let cases: [(&[Value], &str); 6] = [
        (&[now(101.0), before(100.0)], "p"),
        (&[now(100.0), before(100.0)], "no"),
        (&[now(0.0), before(100.0)], "no"),
        (&[now(100.0), dummy, before(100.0)], "no"),
        (&[now(101.0)], "unknown"),
        (
            &[
                now(5.0),
                point("first", "20260125", "2026-01-25T08:00:00-05:00", 4.0),
                before(4.0),
            ],
            "p",
        ),
    ];
    for (points, any) in cases {
        assert_eq!(found(&odometer(points), NOON, AnyDay), any, "{points:?}");
    }
}

#[test]
fn that_nothing_was_entered_needs_a_proof() {
    let yesterday = || point("old", "20260124", "2026-01-24T09:00:00-05:00", 1.0);
    let says = |more| found(&with(&[yesterday()], more), NOON, AnyDay);
    assert_eq!(says(json!({"todayta": false})), "no");
    assert_eq!(says(json!({"todayta": false, "queued": true})), "unknown");
    assert_eq!(
        says(json!({"todayta": true})),
        "unknown",
        "todayta alone proves no entry"
    );
    assert_eq!(says(json!({"todayta": null})), "unknown");
    assert_eq!(found(&with(&[], json!({"todayta": false})), NOON, AnyDay), "no");
}
