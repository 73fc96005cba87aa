//! Beeminder cannot be read: the goals are unknown. No goal is called safe, no walk reminder is sent, and the
//! person is told once.

use mecris_tests::{
    agent::Output,
    beeminder::{Fault, GoalSpec},
};
use serde_json::Value;

use crate::stage::{Stage, about};

fn faults() -> [(&'static str, Fault); 7] {
    [
        ("down", Fault::DropConnection),
        ("slow", Fault::Hang),
        ("500", Fault::Status(500)),
        ("401", Fault::BadToken),
        ("HTML", Fault::Html),
        ("half a body", Fault::HalfBody),
        ("another shape", Fault::WrongJson),
    ]
}

fn stage() -> Stage {
    let mut stage = Stage::new();
    stage.setup.config.remove("budget");
    stage.setup.config.set("heuristic.deadline", "2s");
    stage.beeminder.set_goals([
        GoalSpec::new("writing", 9),
        GoalSpec::new("bike", 9).walked(Some(1)),
    ]);
    stage
}

/// The lines at WARN.
fn warnings(logs: &str) -> Vec<&str> {
    logs.lines().filter(|line| line.contains(" WARN ")).collect()
}

/// Unknown, exit 3, one warning with the reason, nothing safe, no walk reminder.
fn assert_unknown(what: &str, output: &Output) {
    let report = output.json();
    assert_eq!(output.code, 3, "{what}: {}", output.everything());
    let observed = &report["observations"]["beeminder"];
    let status = observed["status"].as_str();
    assert!(matches!(status, Some("unknown" | "stale")), "{what}: {report:#}");
    let why = observed["why"].as_str().filter(|why| !why.is_empty());
    let why = why.unwrap_or_else(|| panic!("{what}: {report:#}"));
    let warnings = warnings(&output.stderr);
    assert!(
        warnings.len() == 1 && warnings[0].contains(&format!("beeminder: {why}")),
        "{what}: {why} is logged once: {}",
        output.stderr
    );
    for list in ["conditions", "decisions"] {
        for entry in report[list].as_array().expect("a list") {
            let subject = entry["subject"].as_str().unwrap_or_default();
            let known = subject == "run" || subject.starts_with("budget:");
            assert!(
                known || entry["severity"] != "SAFE",
                "{what}: {subject} is called safe: {report:#}"
            );
            assert!(
                !(subject == "walk" && entry["action"] == "notify"),
                "{what}: a false walk reminder: {report:#}"
            );
        }
    }
    let reason = about(&report, "decisions", "walk", "reason");
    assert!(
        matches!(reason, "unknown_data" | "explained_by_upstream"),
        "{what}: {reason}"
    );
}

#[test]
fn every_way_to_fail_is_unknown_and_never_safe() {
    for (what, fault) in faults() {
        let stage = stage();
        stage.beeminder.fail(fault);
        assert_unknown(what, &stage.pass("2026-03-03T15:00:00-05:00"));
        assert_eq!(stage.twilio.creates(), 0, "{what}");
    }
}

#[test]
fn what_was_read_before_the_failure_is_not_called_safe_either() {
    for (what, fault) in faults() {
        let stage = stage();
        let fine = stage.pass("2026-03-03T12:00:00-05:00");
        assert_eq!(fine.code, 0, "{}", fine.everything());
        assert_eq!(warnings(&fine.stderr), Vec::<&str>::new());
        stage.beeminder.fail(fault);
        assert_unknown(what, &stage.pass("2026-03-03T15:00:00-05:00"));
    }
}

#[test]
fn the_third_failure_in_a_row_is_told_once() {
    let stage = stage();
    stage.beeminder.fail(Fault::Status(503));
    let mut told = Vec::new();
    for minute in ["00", "10", "20", "30", "40"] {
        let output = stage.pass(&format!("2026-03-03T12:{minute}:00-05:00"));
        assert_unknown(minute, &output);
        told.push(stage.twilio.accepted_count());
    }
    assert_eq!(told, [0, 0, 1, 1, 1]);
    let text = stage.texts()[0].to_lowercase();
    assert!(text.contains("beeminder") && !text.contains("safe"), "{text}");
}

#[test]
fn a_success_in_between_starts_the_count_again() {
    let stage = stage();
    for (minute, fails) in [
        ("00", true),
        ("10", true),
        ("20", false),
        ("30", true),
        ("40", true),
    ] {
        stage.beeminder.clear_faults();
        if fails {
            stage.beeminder.fail(Fault::Status(503));
        }
        let output = stage.pass(&format!("2026-03-03T12:{minute}:00-05:00"));
        assert_eq!(output.code, if fails { 3 } else { 0 }, "{}", output.everything());
    }
    assert_eq!(stage.texts(), Vec::<String>::new());
}

#[test]
fn a_goal_that_is_red_is_told_although_another_cannot_be_read() {
    let stage = stage();
    let mut odd = GoalSpec::new("odd", 9);
    odd.replace
        .insert("safebuf".to_owned(), serde_json::json!("many"));
    stage.beeminder.set_goals([
        GoalSpec::new("reading", 0),
        odd,
        GoalSpec::new("bike", 9).walked(Some(0)),
    ]);
    let output = stage.pass("2026-03-03T15:00:00-05:00");
    let report = output.json();
    assert_eq!(output.code, 3, "{}", output.everything());
    assert_eq!(about(&report, "decisions", "goal:reading", "action"), "notify");
    assert_eq!(about(&report, "conditions", "goal:odd", "severity"), "UNKNOWN");
    let warnings = warnings(&output.stderr);
    assert!(
        warnings.len() == 1 && warnings[0].contains("goal:odd: "),
        "{}",
        output.stderr
    );
}

#[test]
fn the_daemon_logs_the_reason_of_each_pass_once() {
    let mut stage = Stage::of_the_daemon();
    stage.beeminder.set_goals([GoalSpec::new("writing", 9)]);
    stage.beeminder.fail(Fault::Status(503));
    stage.setup.set_env("MECRIS_LOG_FORMAT", "json");
    let daemon = stage.setup.serve();
    let reply = daemon.post("/intelligent-reminder/trigger", None).json();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let id = text(&reply["run"]["run_id"]);
    let why = text(&reply["run"]["observations"]["beeminder"]["why"]);
    let logs = daemon.logs();
    let lines = logs
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of_this_pass: Vec<_> = lines
        .filter(|line| line["level"] == "WARN" && line["run_id"] == *id)
        .map(|line| text(&line["why"]))
        .collect();
    assert_eq!(of_this_pass, [format!("beeminder: {why}")], "{logs}");
}
