//! `policy.escalate`: a WARNING that turns CRITICAL on the same day may cause a second message, never a
//! third.

use mecris_tests::{beeminder::GoalSpec, twilio::Fault};
use serde_json::json;

use crate::stage::{Stage, about};

/// Escalation on; limits that would not hide a third message.
fn escalating() -> Stage {
    let mut stage = Stage::new();
    let config = &mut stage.setup.config;
    config.set("policy.escalate", true);
    config.set("policy.max_messages_per_hour", 100);
    config.set("policy.max_messages_per_day", 100);
    config.remove("walk");
    config.remove("budget");
    stage
}

/// A pass in a separate process, at this time of the day, with the goal reading at this many safe days. Its
/// decision must have this reason.
fn at(stage: &Stage, time: &str, safebuf: i64, reason: &str) {
    stage.beeminder.set_goals([GoalSpec::new("reading", safebuf)]);
    let output = stage.pass(&format!("2026-03-03T{time}:00-05:00"));
    assert_eq!(
        about(&output.json(), "decisions", "goal:reading", "reason"),
        reason,
        "at {time}: {}",
        output.everything()
    );
}

#[test]
fn what_turns_critical_is_said_once_more_and_never_a_third_time() {
    let stage = escalating();
    at(&stage, "10:00", 1, "first_of_day");
    at(&stage, "10:15", 1, "already_notified_today");
    at(&stage, "12:00", 0, "escalated");
    at(&stage, "12:15", 0, "already_notified_today");
    at(&stage, "14:00", 1, "already_notified_today");
    at(&stage, "16:00", 0, "already_notified_today");
    at(&stage, "21:45", 0, "already_notified_today");
    let texts = stage.texts();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(
        texts[0].contains("reading derails tomorrow") && texts[1].contains("reading derails today"),
        "{texts:?}"
    );
}

#[test]
fn the_last_day_of_a_goal_is_said_even_without_it() {
    let mut stage = escalating();
    stage.setup.config.remove("policy.escalate");
    at(&stage, "10:00", 1, "first_of_day");
    at(&stage, "12:00", 0, "escalated");
    at(&stage, "12:15", 0, "already_notified_today");
    assert_eq!(stage.texts().len(), 2);
}

#[test]
fn what_begins_critical_does_not_escalate() {
    let stage = escalating();
    at(&stage, "10:00", 0, "first_of_day");
    at(&stage, "11:30", 1, "already_notified_today");
    at(&stage, "12:00", 0, "already_notified_today");
    assert_eq!(stage.texts().len(), 1);
}

#[test]
fn a_refused_first_message_does_not_make_a_third_one() {
    let stage = escalating();
    stage.twilio.fail_next([Fault::Refuse(21610)]);
    at(&stage, "10:00", 1, "first_of_day");
    assert_eq!(stage.texts(), Vec::<String>::new());
    at(&stage, "10:15", 0, "escalated");
    assert_eq!(stage.texts().len(), 1);
    // An hour after the refusal the first message might be tried again, but the person has already had the
    // more severe message.
    at(&stage, "11:30", 0, "already_notified_today");
    at(&stage, "13:00", 1, "already_notified_today");
    at(&stage, "16:00", 0, "already_notified_today");
    assert_eq!(stage.texts().len(), 1);
}

#[test]
fn a_refused_escalation_is_tried_again_after_an_hour_and_told_once() {
    let stage = escalating();
    at(&stage, "10:00", 1, "first_of_day");
    stage.twilio.fail_next([Fault::Refuse(21610)]);
    at(&stage, "12:00", 0, "escalated");
    at(&stage, "12:45", 0, "already_notified_today");
    at(&stage, "13:15", 0, "escalated");
    at(&stage, "15:00", 0, "already_notified_today");
    assert_eq!(stage.texts().len(), 2);
}

#[test]
fn when_both_were_refused_the_day_begins_anew_with_what_is_so() {
    let stage = escalating();
    stage
        .twilio
        .fail_next([Fault::Refuse(21610), Fault::Refuse(21610)]);
    at(&stage, "10:00", 1, "first_of_day");
    at(&stage, "10:30", 0, "escalated");
    at(&stage, "11:15", 0, "already_notified_today");
    at(&stage, "11:45", 0, "first_of_day");
    at(&stage, "13:00", 0, "already_notified_today");
    assert_eq!(stage.texts().len(), 1);
}

#[test]
fn it_holds_across_restarts_of_the_daemon_and_a_silence_only_puts_it_off() {
    let mut stage = Stage::of_the_daemon();
    stage.setup.config.set("policy.escalate", true);
    stage.today_is_over();
    stage.beeminder.set_goals([GoalSpec::new("reading", 1)]);
    let reason = |daemon: &mecris_tests::agent::Daemon| {
        let answer = daemon.post("/intelligent-reminder/trigger", None).json();
        about(&answer["run"], "decisions", "goal:reading", "reason").to_owned()
    };
    let mut daemon = stage.setup.serve();
    assert_eq!(
        reason(&daemon),
        "already_notified_today",
        "its own first pass has told it"
    );
    let silence = daemon
        .post("/silences", Some(&json!({"subject": "goal:*", "for": "1h"})))
        .json();
    daemon.kill();
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);

    let mut daemon = stage.setup.serve();
    assert_eq!(reason(&daemon), "silenced");
    assert_eq!(stage.texts().len(), 1, "{}", daemon.logs());
    assert_eq!(
        daemon
            .delete(&format!("/silences/{}", silence["id"].as_str().expect("an id")))
            .status,
        200
    );
    assert_eq!(reason(&daemon), "escalated");
    daemon.kill();

    let daemon = stage.setup.serve();
    assert_eq!(reason(&daemon), "already_notified_today");
    assert_eq!(stage.texts().len(), 2, "{}", daemon.logs());
}
