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

/// The value has 17 digits: it is a sum of hundredths, as Ruby writes it.
#[test]
fn a_value_keeps_its_last_digit_when_it_is_read_and_when_the_state_gives_it_back() {
    let goals: Value = serde_json::from_str(r#"[{"slug": "sum", "curval": 93.30108530000001}]"#).unwrap();
    let account = convert::account(None, goals, &[], recorded_at()).unwrap();
    assert_eq!(
        account.goals[0].current_value,
        Some("93.30108530000001".parse().unwrap())
    );
    let kept = serde_json::to_string(&account).unwrap();
    assert_eq!(serde_json::from_str::<Account>(&kept).unwrap(), account);
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
fn of_two_goals_with_one_slug_the_second_cannot_be_told_apart() {
    let account = account(|goals| {
        let mut twin = goals[0].clone();
        twin["id"] = json!("another");
        goals.push(twin);
    });
    assert_eq!(account.goals.len(), 3);
    let slug = &account.goals[0].slug;
    assert_eq!(
        account.unreadable,
        [format!(
            "goal 4 in the list, {slug}: another goal of the list has the same slug"
        )]
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

#[test]
fn datapoints_are_told_apart_by_an_id_only_if_they_have_one() {
    let point = |id: &str, day: &str| json!({"id": id, "daystamp": day});
    let sent = [
        point("", "20260125"),
        point("", "20260126"),
        point("a", "of old"),
        point("a", "20260124"),
        point("a", "20260124"),
    ];
    let recent = convert::datapoints(json!(sent)).unwrap();
    assert_eq!((recent.points.len(), recent.unreadable), (3, 1));
}

#[test]
fn an_account_of_ignored_goals_lists_some() {
    let account = |goals: Value| {
        let ignored = ["free".parse().unwrap()];
        convert::account(None, goals, &ignored, "2026-01-25T13:00:00Z".parse().unwrap()).unwrap()
    };
    let free = account(json!([{"slug": "free"}]));
    assert_eq!((free.goals.len(), free.ignored), (0, 1));
    assert!(!free.lists_none());
    assert!(account(json!([])).lists_none());
}

#[test]
fn yaw_and_dir_say_what_the_goal_wants() {
    let kind = |yaw: Value, dir: Value| goal(json!({"yaw": yaw, "dir": dir})).line.kind;
    for (yaw, dir, wanted) in [
        (json!(1), json!(1), Some(GoalKind::DoMore)),
        (json!(-1), json!(1.0), Some(GoalKind::DoLess)),
        (json!(-1.0), json!(-1), Some(GoalKind::BringDown)),
        (json!(1), json!(-1), Some(GoalKind::MakeLast)),
        (json!(0), json!(1), None),
        (json!(2), json!(1), None),
        (json!(null), json!(1), None),
        (json!("1"), json!(1), None),
        (json!(true), json!(-1), None),
    ] {
        assert_eq!(kind(yaw.clone(), dir.clone()), wanted, "{yaw} {dir}");
    }
    for (kind, wants_more, uses_up_room) in [
        (GoalKind::DoMore, true, false),
        (GoalKind::DoLess, false, true),
        (GoalKind::BringDown, false, false),
        (GoalKind::MakeLast, true, true),
    ] {
        assert_eq!(
            (kind.wants_more(), kind.uses_up_room()),
            (wants_more, uses_up_room)
        );
    }
}

#[test]
fn the_start_of_reminders_is_a_time_of_day() {
    let start = |seconds: Value| goal(json!({"alertstart": seconds})).alert_start;
    let clock = |hour, minute| Some(jiff::civil::time(hour, minute, 0, 0));
    for (seconds, wanted) in [
        (json!(0), clock(0, 0)),
        (json!(61_200), clock(17, 0)),
        (json!(81_720.0), clock(22, 42)),
        (json!(86_400 + 3_600), clock(1, 0)),
        (json!(-3_600), None),
        (json!(108_000), None),
        (json!(i64::MAX), None),
        (json!("17:00"), None),
        (json!(0.5), None),
        (json!(null), None),
    ] {
        assert_eq!(start(seconds.clone()), wanted, "{seconds}");
    }
}

#[test]
fn odd_leads_sources_and_dates_are_unknown() {
    let lead = |days: Value| goal(json!({"leadtime": days})).lead_days;
    assert_eq!((lead(json!(0)), lead(json!(3.0))), (Some(0), Some(3)));
    for odd in [json!(-1), json!(1.5), json!("3"), json!(null), json!(1e9)] {
        assert_eq!(lead(odd.clone()), None, "{odd}");
    }

    let source = |autodata: Value| goal(json!({"autodata": autodata})).source;
    assert_eq!(source(json!(null)), Some(DataSource::Person));
    assert_eq!(source(json!("")), Some(DataSource::Person));
    assert_eq!(
        source(json!("fitbit")),
        Some(DataSource::Autodata("fitbit".to_owned()))
    );
    assert_eq!(source(json!(7)), None);
    let bare = account(|goals| *goals = vec![json!({"slug": "bare"})]);
    assert_eq!(bare.goals[0].source, None, "who enters the data is not said");
    assert_eq!(bare.goals[0].line, Line::default());
    assert_eq!(bare.goals[0].key(), "bare");

    let soon = recorded_at().as_second() + 60;
    let archived = goal(json!({"archivedate": soon}));
    assert_eq!(
        (
            archived.state,
            archived.archives_at.map(jiff::Timestamp::as_second)
        ),
        (GoalState::Active, Some(soon))
    );
    assert_eq!(goal(json!({"archivedate": "tomorrow"})).archives_at, None);
}

#[test]
fn what_is_due_by_a_day_needs_a_day_and_two_numbers() {
    let due = |dueby: Value| goal(json!({"dueby": dueby})).line.due_by;
    let read = due(json!({
        "20260127": {"delta": 2, "total": 885},
        "20260126": {"delta": 1.5, "total": 884.5, "formatted_delta_for_beedroid": "+1.5"},
        "someday": {"delta": 1, "total": 2},
        "20260128": {"delta": null, "total": 2},
        "20260129": {"delta": "3", "total": 2},
        "20260130": [3, 886],
        "20260131": "x",
    }));
    let day = |day: &str, delta, total| Due {
        day: day.parse().unwrap(),
        delta,
        total,
    };
    assert_eq!(read, [day("20260126", 1.5, 884.5), day("20260127", 2.0, 885.0)]);
    for odd in [json!(null), json!([]), json!("x"), json!(3), json!({})] {
        assert_eq!(due(odd.clone()), [], "{odd}");
    }
}

#[test]
fn an_odd_contract_or_line_breaks_nothing() {
    let contract =
        goal(json!({"contract": {"amount": "5", "pending_amount": 10, "pending_at": 1_769_348_588}}))
            .contract
            .unwrap();
    assert_eq!(
        (contract.amount, contract.pending_amount.unwrap().to_string()),
        (None, "$10.00".to_owned())
    );
    assert!(contract.pending_at.is_some() && contract.stepdown_at.is_none());
    assert_eq!(goal(json!({"contract": [5]})).contract, None);

    let odd = json!([]);
    let fields = [
        "yaw",
        "dir",
        "delta",
        "safebump",
        "aggday",
        "kyoom",
        "odom",
        "timey",
        "hhmmformat",
        "integery",
        "gunits",
        "gunits_singular",
        "dueby",
    ];
    let line = goal(
        fields
            .iter()
            .map(|field| ((*field).to_owned(), odd.clone()))
            .collect(),
    )
    .line;
    assert_eq!(line, Line::default());
    let aggregation = |aggday: Value| goal(json!({"aggday": aggday})).line.aggregation;
    assert_eq!(aggregation(json!("sum")), Some(Aggregation::Sum));
    assert_eq!(aggregation(json!("last")), Some(Aggregation::Other));
    assert_eq!(
        goal(json!({"timey": null, "hhmmformat": true})).line.hours,
        Some(true)
    );
}

#[test]
fn only_a_dummy_with_the_mark_is_a_derailment() {
    let derail = |dummy: Value, comment: Value| {
        let point = json!({"id": "d", "daystamp": "20260125", "is_dummy": dummy, "comment": comment});
        let goal = goal(json!({"last_datapoint": point, "recent_data": []}));
        goal.datapoints[0].is_derail
    };
    let mark = || json!("#DERAIL ON THE 1st");
    assert!(derail(json!(true), mark()));
    assert!(!derail(json!(false), mark()), "a person wrote it");
    assert!(!derail(json!(null), mark()));
    assert!(!derail(json!(true), json!("PPR")));
    assert!(!derail(json!(true), json!(null)));
    assert!(!derail(json!(true), json!(["#DERAIL"])));
}

#[test]
fn a_datapoint_was_entered_when_it_was_made() {
    let entered = |created: Value, updated: Value| {
        let point = json!({"id": 7, "daystamp": "20260125", "created_at": created, "updated_at": updated});
        let goal = goal(json!({"last_datapoint": point, "recent_data": []}));
        assert_eq!(goal.datapoints[0].id, None, "an odd id is no id");
        goal.datapoints[0].entered_at().map(|at| at.to_string())
    };
    let at = |text: &str| Some(text.to_owned());
    assert_eq!(
        entered(json!("2026-01-25T13:43:06.000Z"), json!(1_769_400_000)),
        at("2026-01-25T13:43:06Z")
    );
    for odd in [json!(null), json!(""), json!("yesterday"), json!({})] {
        assert_eq!(
            entered(odd.clone(), json!(1_769_348_586)),
            at("2026-01-25T13:43:06Z"),
            "{odd}"
        );
    }
    assert_eq!(entered(json!(null), json!(null)), None);
}

#[test]
fn a_snapshot_of_an_older_release_still_loads() {
    let old = r#"{"time_zone":"America/New_York","deadbeat":false,"goals":[{"slug":"reading","id":"5f","title":"Read",
        "state":"active","queued":false,"safebuf":1,"losedate":"2026-01-27T04:59:59Z","deadline":0,"pledge":5.0,
        "current_value":3.0,"target_value":null,"rate":1.0,"rate_unit":"d","due":"+1","bare_minimum":"+1",
        "has_data_today":true,"datapoints":[{"day":"2026-01-25","value":1.0,"is_dummy":false,"is_initial":false,
        "updated_at":"2026-01-25T13:43:06Z"}]}],"unreadable":[]}"#;
    let account: Account = serde_json::from_str(old).unwrap();
    let goal = &account.goals[0];
    assert_eq!(
        (goal.safebuf, goal.lead_days, &goal.line),
        (Some(1), None, &Line::default())
    );
    assert_eq!(
        (goal.datapoints[0].id.as_deref(), goal.datapoints[0].is_derail),
        (None, false)
    );
    let kept = serde_json::to_string(&account).unwrap();
    assert_eq!(serde_json::from_str::<Account>(&kept).unwrap(), account);
    let now = self::account(|_| ());
    let kept = serde_json::to_string(&now).unwrap();
    assert_eq!(serde_json::from_str::<Account>(&kept).unwrap(), now);
}
