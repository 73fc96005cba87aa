//! The command line for a person: the account as Mecris sees it, why it is silent, and what they say to it, with
//! and without a daemon.

use mecris_tests::beeminder::{Fault, GoalSpec, PointSpec};
use serde_json::Value;

use crate::stage::Stage;

/// A daemon's installation where it is noon, with one goal of each kind.
fn at_noon() -> Stage {
    let stage = Stage::of_the_daemon_at_noon();
    stage.beeminder.set_goals(goals_with(9));
    stage
}

/// The goals, of which the first has this many safe days.
fn goals_with(safe_days: i64) -> [GoalSpec; 3] {
    let habit = (1..=10).map(|days| PointSpec::new(days, "20:40", 1.0));
    [
        GoalSpec::new("reading", safe_days).entered(habit),
        GoalSpec::new("piano", 9),
        GoalSpec::new("bike", 3).frozen(),
    ]
}

fn goal<'a>(goals: &'a Value, slug: &str) -> &'a Value {
    let all = goals["goals"].as_array().expect("goals is a list");
    all.iter()
        .find(|goal| goal["slug"] == slug)
        .unwrap_or_else(|| panic!("no {slug} in {goals:#}"))
}

#[test]
fn goals_and_explain_say_when_mecris_will_speak_and_it_does_not_before() {
    let stage = at_noon();
    let daemon = stage.setup.serve();
    for safe_days in [9, 0] {
        // The first pass reads what was entered before.
        stage.beeminder.set_goals(goals_with(safe_days));
        assert_eq!(daemon.post("/intelligent-reminder/trigger", None).status, 200);
    }
    let shown = stage.setup.agent(&["goals", "--json"]);
    assert_eq!(shown.code, 0, "{}", shown.everything());
    let goals = shown.json();
    let reading = goal(&goals, "reading");
    assert_eq!(
        (&reading["step"], &reading["reason"]),
        (&"last".into(), &"before_usual_time".into())
    );
    assert_eq!(reading["usual"]["time"], "21:10", "{reading:#}");
    assert_eq!(reading["usual"]["got_from"], "10 entries of the last 14 days");
    assert_eq!(reading["next"]["step"], "last");
    assert_eq!(reading["stake"], 5.0);
    assert_eq!(goal(&goals, "bike")["state"], "frozen");
    assert_eq!(stage.texts(), Vec::<String>::new(), "it was not said yet");

    let text = stage.setup.agent(&["goals"]).stdout;
    assert!(
        text.contains("usual time 21:10 (10 entries of the last 14 days)"),
        "{text}"
    );
    assert!(text.contains("step last, speaks today 21:15 (last)"), "{text}");

    let why = stage.setup.agent(&["explain", "reading"]);
    assert_eq!(why.code, 0, "{}", why.everything());
    assert!(
        why.stdout.contains(
            "goal:reading: silent until today 21:15: you usually enter it later today [before_usual_time]"
        ),
        "{}",
        why.stdout
    );
    let upstream = stage.setup.agent(&["explain", "upstream", "--json"]).json();
    assert_eq!(
        upstream["explanations"][0]["reason"], "below_threshold",
        "{upstream:#}"
    );
}

#[test]
fn what_nothing_is_called_gets_the_nearest_name() {
    let stage = at_noon();
    assert_eq!(stage.setup.agent(&["goals"]).code, 1, "there is no state yet");
    stage.setup.agent(&["run"]);
    let wrong = stage.setup.agent(&["explain", "goal:raeding"]);
    assert_eq!(wrong.code, 64, "{}", wrong.everything());
    assert!(
        wrong.stderr.contains("did you mean goal:reading?"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn goals_that_cannot_be_read_are_as_of_the_last_reading() {
    let stage = at_noon();
    stage.beeminder.set_goals(goals_with(0));
    stage.setup.agent(&["run"]);
    stage.beeminder.fail(Fault::Status(503));
    assert_eq!(stage.setup.agent(&["run"]).code, 3);
    let shown = stage.setup.agent(&["goals"]);
    assert_eq!(shown.code, 3, "{}", shown.everything());
    assert!(
        shown
            .stdout
            .contains("UNREADABLE     the newest try to read Beeminder failed"),
        "{}",
        shown.stdout
    );
    assert!(
        shown.stdout.contains("reading        derails today 23:59"),
        "{}",
        shown.stdout
    );
}
