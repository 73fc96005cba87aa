//! The command line for a person: the account as Mecris sees it, why it is silent, and what they say to it, with
//! and without a daemon.

use std::time::Duration;

use mecris_tests::{
    agent::Daemon,
    beeminder::{Fault, GoalSpec, PointSpec},
    wait::until,
};
use serde_json::{Value, json};

use crate::stage::{AFTERNOON, Stage};

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
    assert!(
        odd.stdout
            .starts_with("on record, but it silences nothing: goal:raeding"),
        "{}",
        odd.everything()
    );
    let nothing = stage.setup.agent(&["silence", "readin", "--for", "2h"]);
    assert_eq!(nothing.code, 64, "{}", nothing.everything());
    assert!(
        nothing.stderr.contains("did you mean goal:reading?"),
        "{}",
        nothing.everything()
    );
    let ended = stage.setup.agent(&["silence", "reading", "--clear"]);
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

#[test]
fn a_vacation_that_is_cleared_before_the_daemon_hears_of_it_is_not_announced() {
    let stage = at_noon();
    stage.beeminder.set_goals([GoalSpec::new("reading", 2)]);
    let mut daemon = stage.setup.serve();
    assert_eq!(daemon.post("/intelligent-reminder/trigger", None).status, 200);
    let pid = i32::try_from(daemon.pid())
        .ok()
        .and_then(rustix::process::Pid::from_raw)
        .expect("a process");
    // The daemon has the state and does nothing any more.
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).expect("it is ours");
    for words in [["vacation", "--for", "6d"].as_slice(), &["vacation", "--clear"]] {
        let said = stage.setup.agent(words);
        assert_eq!(said.code, 0, "{}", said.everything());
    }
    daemon.kill();
    let next = stage.setup.serve();
    let ended = until(PATIENCE, || {
        let rows = stage.table("silences");
        rows.first().filter(|row| row["deleted_at"].is_string()).map(drop)
    });
    assert!(ended.is_some(), "{}", next.logs());
    let messages = stage.table("notifications");
    assert!(messages.is_empty(), "{messages:?}");
}

#[test]
fn an_old_state_says_so_first_and_a_daemon_that_runs_is_named() {
    let stage = Stage::new();
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    stage.pass(AFTERNOON);
    let old = stage.setup.agent(&["status"]);
    assert_eq!(old.code, 3, "{}", old.everything());
    assert!(
        old.stdout
            .starts_with("OVERDUE       no pass since 2026-03-03 15:00 EST ("),
        "{}",
        old.stdout
    );
    assert!(
        old.stdout.contains("decisions     at 15:00 on 2026-03-03:"),
        "{}",
        old.stdout
    );
    assert!(
        old.stdout.contains("daemon        none runs here"),
        "{}",
        old.stdout
    );

    let daemon = stage.setup.serve();
    assert_eq!(daemon.post("/intelligent-reminder/trigger", None).status, 200);
    let new = stage.setup.agent(&["status"]).stdout;
    assert!(
        new.contains(&format!("daemon        runs here, process {}", daemon.pid())),
        "{new}"
    );
    assert!(
        !new.contains("OVER") && new.contains("window        always open"),
        "{new}"
    );
    let json = stage.setup.agent(&["status", "--json"]).json();
    assert_eq!(
        (&json["overdue"], &json["holder"]["daemon"]),
        (&false.into(), &true.into())
    );
}

/// A number of `/metrics`.
fn metric(daemon: &Daemon, name: &str) -> String {
    let metrics = daemon.get("/metrics").body;
    let line = metrics.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name} in {metrics}"))
        .trim()
        .to_owned()
}

#[test]
fn a_pass_that_sent_found_everything_out() {
    let stage = Stage::of_the_daemon();
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    let daemon = stage.setup.serve();
    assert_eq!(daemon.post("/intelligent-reminder/trigger", None).status, 200);
    let sent = until(PATIENCE, || (stage.twilio.accepted_count() > 0).then_some(()));
    assert!(sent.is_some(), "{}", daemon.logs());
    assert_eq!(metric(&daemon, "mecris_runs_total{outcome=\"unknown\"}"), "0");
    assert!(
        !daemon.logs().contains("WARN"),
        "serve at home warns of nothing: {}",
        daemon.logs()
    );
}

#[test]
fn health_is_degraded_while_beeminder_fails() {
    let stage = Stage::of_the_daemon();
    let daemon = stage.setup.serve();
    let degraded_after_a_pass = || {
        assert_eq!(daemon.post("/intelligent-reminder/trigger", None).status, 200);
        let health = daemon.get("/health").json();
        (
            health["degraded"].clone(),
            health["services"]["beeminder"].clone(),
        )
    };
    assert_eq!(degraded_after_a_pass(), (json!([]), "ok".into()));
    for fault in [Fault::Status(503), Fault::BadToken] {
        stage.beeminder.fail(fault);
        assert_eq!(degraded_after_a_pass(), (json!(["beeminder"]), "error".into()));
        stage.beeminder.clear_faults();
    }
}

#[test]
fn a_cold_start_with_beeminder_down_shows_nothing_as_safe() {
    let stage = Stage::of_the_daemon();
    stage.beeminder.fail(Fault::Status(503));
    let daemon = stage.setup.serve();
    assert_eq!(daemon.post("/intelligent-reminder/trigger", None).status, 200);
    let status = daemon.get("/beeminder/status").json();
    for count in ["safe_count", "warning_count", "critical_count", "unknown_count"] {
        assert_eq!(status[count], Value::Null, "{status:#}");
    }
    assert_eq!(status["derail_risk"], "UNKNOWN");
    let emergencies = daemon.get("/beeminder/emergency").json();
    assert_eq!(
        (&emergencies["count"], &emergencies["emergencies"][0]["urgency"]),
        (&1.into(), &"UNKNOWN".into())
    );
    let context = daemon.get("/narrator/context").json();
    assert_eq!(
        context["summary"],
        "Active goals: not_configured, Pending todos: not_configured, Beeminder goals: unknown, Budget: not_configured"
    );
    assert_eq!(context["daily_walk_status"], Value::Null);
    assert_eq!(daemon.get("/usage").json()["budget_health"], "NOT_CONFIGURED");
}
