//! The command line for a person: the account as Mecris sees it, why it is silent, and what they say to it, with
//! and without a daemon.

use std::time::Duration;

use mecris_tests::{
    beeminder::{Fault, GoalSpec, PointSpec},
    wait::until,
};
use serde_json::Value;

use crate::stage::Stage;

const PATIENCE: Duration = Duration::from_secs(30);

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

/// The silences and vacations, as a daemon or `state export` shows them.
fn silenced(stage: &Stage) -> Vec<String> {
    let rows = stage.table("silences").into_iter();
    rows.filter(|row| row["deleted_at"].is_null())
        .map(|row| {
            format!(
                "{} {}",
                row["kind"].as_str().unwrap_or("?"),
                row["pattern"].as_str().unwrap_or("?")
            )
        })
        .collect()
}

#[test]
fn a_word_without_a_daemon_is_recorded_at_once() {
    let stage = at_noon();
    stage.beeminder.set_goals(goals_with(0));
    stage.setup.agent(&["run"]);
    let said = stage.setup.agent(&[
        "silence",
        "goal:reading",
        "--for",
        "2h",
        "--comment",
        "on a plane",
    ]);
    assert_eq!(said.code, 0, "{}", said.everything());
    assert!(
        said.stdout
            .starts_with("silent: goal:reading (by command line until "),
        "{}",
        said.stdout
    );
    let why = stage.setup.agent(&["explain", "reading"]).stdout;
    assert!(
        why.contains("[silenced]") && why.contains("(by command line: on a plane)"),
        "{why}"
    );

    let odd = stage.setup.agent(&["silence", "goal:raeding", "--for", "2h"]);
    assert!(
        odd.stdout
            .contains("the account has no goal raeding, did you mean goal:reading?"),
        "{}",
        odd.everything()
    );
    let ended = stage.setup.agent(&["silence", "goal:reading", "--clear"]);
    assert!(
        ended.stdout.starts_with("ended: silence of goal:reading"),
        "{}",
        ended.everything()
    );
    assert_eq!(silenced(&stage), ["silence goal:raeding"]);
    let refused = stage.setup.agent(&["silence", "goal:reading", "--until", "soon"]);
    assert_eq!(refused.code, 64, "{}", refused.everything());
}

#[test]
fn a_vacation_answers_with_what_derails_and_that_is_on_record() {
    let mut stage = at_noon();
    stage.setup.config.set("heuristic.lead_days", 0);
    stage.beeminder.set_goals([
        GoalSpec::new("reading", 1),
        GoalSpec::new("sugar", 3).do_less(),
        GoalSpec::new("piano", 30),
    ]);
    stage.setup.agent(&["run"]);
    let said = stage.setup.agent(&["vacation", "--for", "6d", "--json"]);
    assert_eq!(said.code, 0, "{}", said.everything());
    let goals = &said.json()["forewarning"]["goals"];
    assert_eq!(goals[0]["subject"], "goal:reading", "{goals:#}");
    assert_eq!(
        (&goals[0]["stake"], &goals[0]["guesses"]),
        (&5.0.into(), &false.into())
    );
    assert_eq!(
        (&goals[1]["subject"], &goals[1]["guesses"]),
        (&"goal:sugar".into(), &true.into())
    );
    assert_eq!(goals[2], Value::Null);
    let recorded = stage.table("forewarned");
    assert_eq!(recorded.len(), 2);
    assert_eq!(recorded[0]["notification_id"], Value::Null);
    let shown = stage.setup.agent(&["vacation"]);
    assert!(
        shown.stdout.starts_with("vacation (by command line until "),
        "{}",
        shown.stdout
    );
    assert!(
        stage
            .setup
            .agent(&["vacation", "--clear"])
            .stdout
            .starts_with("ended: vacation of *")
    );
    assert_eq!(stage.setup.agent(&["vacation"]).stdout, "no vacation\n");
    assert_eq!(stage.texts(), Vec::<String>::new());
}

#[test]
fn a_word_beside_the_daemon_is_recorded_by_the_daemon() {
    let stage = at_noon();
    let daemon = stage.setup.serve();
    assert_eq!(daemon.post("/intelligent-reminder/trigger", None).status, 200);
    let said = stage.setup.agent(&["silence", "goal:*", "--for", "2h"]);
    assert_eq!(said.code, 0, "{}", said.everything());
    assert!(
        said.stdout.contains(&format!("(process {})", daemon.pid())),
        "{}",
        said.stdout
    );
    let holds = || daemon.get("/silences").json()["silences"][0]["subject"] == "goal:*";
    assert!(
        until(PATIENCE, || holds().then_some(())).is_some(),
        "{}",
        daemon.logs()
    );
    assert_eq!(stage.setup.agent(&["silence", "goal:*", "--clear"]).code, 0);
    let over = || daemon.get("/silences").json()["count"] == 0;
    assert!(
        until(PATIENCE, || over().then_some(())).is_some(),
        "{}",
        daemon.logs()
    );

    let none = stage.setup.agent(&["ack", "zzzzzz"]);
    assert_eq!(none.code, 64, "{}", none.everything());
    assert!(
        none.stderr.contains("there is no message \"zzzzzz\""),
        "{}",
        none.stderr
    );
}

#[test]
fn a_vacation_beside_the_daemon_is_answered_by_a_message() {
    let stage = at_noon();
    stage.beeminder.set_goals([GoalSpec::new("reading", 2)]);
    let daemon = stage.setup.serve();
    assert_eq!(daemon.post("/intelligent-reminder/trigger", None).status, 200);
    assert_eq!(stage.setup.agent(&["vacation", "--for", "6d"]).code, 0);
    let sent = until(PATIENCE, || (stage.twilio.accepted_count() > 0).then_some(()));
    assert!(sent.is_some(), "{}", daemon.logs());
    let texts = stage.texts();
    assert!(
        texts.len() == 1 && texts[0].contains("vacation until") && texts[0].contains("reading"),
        "{texts:?}"
    );
    let recorded = until(PATIENCE, || {
        let rows = stage.table("forewarned");
        rows.first().cloned()
    });
    let row = recorded.unwrap_or_else(|| panic!("{}", daemon.logs()));
    assert!(row["notification_id"].is_string(), "{row:#}");

    let known = stage.setup.agent(&["ack", "--last"]);
    assert_eq!(known.code, 0, "{}", known.everything());
    let acknowledged =
        || daemon.get("/notifications").json()["notifications"][0]["acknowledged_by"] == "command line";
    assert!(
        until(PATIENCE, || acknowledged().then_some(())).is_some(),
        "{}",
        daemon.logs()
    );
}
