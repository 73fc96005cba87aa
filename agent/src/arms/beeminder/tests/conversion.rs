use serde_json::json;

use super::*;

#[test]
fn what_is_missing_null_or_of_another_type_is_unknown_and_breaks_nothing() {
    for nothing in [
        json!(null),
        json!({}),
        json!([1]),
        json!("x y"),
        json!(true),
        json!(-0.5),
    ] {
        let fields = [
            "safebuf",
            "losedate",
            "deadline",
            "frozen",
            "queued",
            "last_datapoint",
            "recent_data",
        ];
        let goal = goal(
            fields
                .iter()
                .map(|field| ((*field).to_owned(), nothing.clone()))
                .collect(),
        );
        assert_eq!((goal.safebuf, goal.losedate), (None, None), "{nothing}");
        assert_eq!(goal.deadline.seconds(), 0);
        assert!(goal.datapoints.is_empty());
    }
    let account = account(|goals| *goals = vec![json!({"slug": "bare"})]);
    assert_eq!(
        (account.goals[0].title.as_str(), account.goals[0].state),
        ("bare", GoalState::Active)
    );
    assert_eq!(
        (account.goals[0].safebuf, account.goals[0].has_data_today),
        (None, None)
    );
}

#[test]
fn a_goal_that_cannot_derail_says_why() {
    let state = |fields| goal(fields).state;
    assert_eq!(state(json!({})), GoalState::Active);
    assert_eq!(state(json!({"frozen": true})), GoalState::Frozen);
    assert_eq!(state(json!({"won": true, "frozen": true})), GoalState::Won);
    assert_eq!(
        state(json!({"archivedate": recorded_at().as_second()})),
        GoalState::Archived
    );
    assert_eq!(
        state(json!({"archivedate": recorded_at().as_second() + 1})),
        GoalState::Active
    );
    assert_eq!(
        state(json!({"frozen": "true", "won": 1})),
        GoalState::Active,
        "in doubt it can derail"
    );
}

#[test]
fn a_goal_without_a_usable_slug_is_reported_never_dropped() {
    let account = account(|goals| {
        goals.push(json!("clean-view"));
        goals.push(json!({"title": "no slug"}));
        goals.push(json!({"slug": "a/../b"}));
        goals.push(json!([["slug", "x"]]));
    });
    assert_eq!(account.goals.len(), 3);
    let unreadable = account.unreadable.join("\n");
    assert_eq!(
        unreadable,
        "goal 4 in the list: it should be an object, not a text\n\
         goal 5 in the list: it has no slug\n\
         goal 6 in the list: \"a/../b\" is not a goal slug: expected letters, digits, '-', '_' or '.'\n\
         goal 7 in the list: it should be an object, not an array"
    );
}

#[test]
fn what_is_due_comes_from_safesum_then_limsum() {
    assert_eq!(
        goal(json!({"safesum": "+1 due by 3am", "limsum": "+2"}))
            .due
            .as_deref(),
        Some("+1 due by 3am")
    );
    assert_eq!(
        goal(json!({"safesum": " ", "limsum": "+2 within 1 day"}))
            .due
            .as_deref(),
        Some("+2 within 1 day")
    );
    assert_eq!(goal(json!({"safesum": null, "limsum": 7})).due, None);
}

#[test]
fn numbers_may_be_written_as_integers_or_floats() {
    let goal =
        goal(json!({"safebuf": 2.0, "losedate": 1769576399.0, "pledge": 5, "curval": 7, "deadline": -4500}));
    assert_eq!(
        (goal.safebuf, goal.current_value, goal.deadline.seconds()),
        (Some(2), Some(7.0), -4500)
    );
    assert_eq!(goal.losedate.unwrap().to_string(), "2026-01-28T04:59:59Z");
    assert_eq!(goal.pledge.unwrap().to_string(), "$5.00");
}

#[test]
fn numbers_out_of_range_are_unknown() {
    let goal = goal(json!({"safebuf": 1e40, "losedate": i64::MAX, "pledge": 1e300, "deadline": 90_000}));
    assert_eq!(
        (goal.safebuf, goal.losedate, goal.pledge, goal.deadline.seconds()),
        (None, None, None, 0)
    );
}

#[test]
fn embedded_datapoints_are_merged_newest_first() {
    let point = |id: &str, day: &str, at: i64| json!({"id": id, "daystamp": day, "updated_at": at, "is_dummy": id == "d"});
    let goal = goal(json!({
        "last_datapoint": point("b", "20260125", 20),
        "recent_data": [point("a", "20260124", 30), point("b", "20260125", 20), point("d", "20260125", 40), "no point"],
        "datapoints": [point("c", "2026-01-23", 50), {"id": "e", "daystamp": "someday"}, ["f", "20260125"]],
    }));
    let days: Vec<_> = goal
        .datapoints
        .iter()
        .map(|point| (point.day.compact(), point.is_dummy))
        .collect();
    let day = |day: &str, dummy| (day.to_owned(), dummy);
    assert_eq!(
        days,
        [
            day("20260125", true),
            day("20260125", false),
            day("20260124", false),
            day("20260123", false)
        ]
    );
}

#[test]
fn the_list_must_be_a_list_and_the_user_an_object() {
    let convert = |user, goals| {
        convert::account(user, goals, &[], recorded_at())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        convert(None, json!({"errors": "x"})),
        "the goals should be an array, not an object"
    );
    assert_eq!(
        convert(None, json!(null)),
        "the goals should be an array, not null"
    );
    assert_eq!(
        convert(Some(json!([])), json!([])),
        "the user should be an object, not an array"
    );
    assert_eq!(
        convert::datapoints(json!("x")).unwrap_err().to_string(),
        "the datapoints should be an array, not a text"
    );
}

#[test]
fn a_user_may_name_goals_or_hold_them_and_a_zone_must_exist() {
    let zone = |user: Value| {
        convert::account(Some(user), json!([]), &[], recorded_at())
            .unwrap()
            .time_zone
    };
    assert_eq!(
        zone(json!({"timezone": "Europe/Berlin", "goals": [{"slug": "x"}]})).as_deref(),
        Some("Europe/Berlin")
    );
    assert_eq!(zone(json!({"timezone": "Middle/Earth", "goals": ["x"]})), None);
    assert_eq!(zone(json!({"timezone": 3})), None);
}

#[test]
fn a_datapoint_without_a_day_is_counted() {
    let recent = convert::datapoints(json!([{"daystamp": "20260125"}, {"daystamp": null}, 7])).unwrap();
    assert_eq!((recent.points.len(), recent.unreadable), (1, 2));
}
