//! A person asks for silence, goes on vacation, acknowledges a message: nothing is sent, everything is
//! recorded, and every silence ends.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan as _};
use mecris_tests::{
    agent::Daemon,
    beeminder::{Fault, GoalSpec},
    clock::machine_time,
    http_client::request,
    twilio,
    wait::until,
};
use serde_json::{Value, json};

use crate::stage::{Stage, about};

/// A daemon that has sent no message yet.
fn calm() -> (Stage, Daemon) {
    let stage = Stage::of_the_daemon();
    stage.beeminder.set_goals([GoalSpec::new("reading", 9)]);
    let daemon = stage.setup.serve();
    (stage, daemon)
}

/// Makes a pass. Returns its report as `run --json` prints it.
fn pass(daemon: &Daemon) -> Value {
    let answer = daemon.post("/intelligent-reminder/trigger", None);
    assert_eq!(answer.status, 200, "{}\n{}", answer.body, daemon.logs());
    answer.json()["run"].clone()
}

/// Asks for a silence and returns it.
fn silence(daemon: &Daemon, wish: &Value) -> Value {
    let answer = daemon.post("/silences", Some(wish));
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

fn end(daemon: &Daemon, silence: &Value) {
    let answer = daemon.delete(&format!("/silences/{}", silence["id"].as_str().expect("an id")));
    assert_eq!(
        (answer.status, &answer.json()["active"]),
        (200, &json!(false)),
        "{}",
        answer.body
    );
}

/// The decision log of a subject or a pattern, oldest first: action, reason, author.
fn log(daemon: &Daemon, subject: &str) -> Vec<String> {
    let rows = daemon.get("/decisions?limit=500").json();
    let rows = rows["decisions"].as_array().expect("a list").iter().rev();
    rows.filter(|row| row["subject"] == subject)
        .map(|row| {
            let word = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", word("action"), word("reason"), word("author"))
        })
        .collect()
}

/// Makes a pass in another process, at `from` plus `later`.
fn pass_after(stage: &Stage, from: Timestamp, later: SignedDuration) -> Value {
    stage.pass(&(from + later).to_string()).json()
}

#[test]
fn a_silence_holds_until_it_is_deleted_and_the_log_says_whose_it_was() {
    let (stage, daemon) = calm();
    let asked = silence(
        &daemon,
        &json!({"subject": "goal:read*", "for": "2h", "comment": "on a plane"}),
    );
    assert_eq!(
        (&asked["author"], &asked["warning"]),
        (&json!("tests"), &Value::Null)
    );
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    let report = pass(&daemon);
    for (field, value) in [
        ("reason", "silenced"),
        ("author", "tests"),
        ("comment", "on a plane"),
    ] {
        assert_eq!(about(&report, "decisions", "goal:reading", field), value);
    }
    assert_eq!(
        about(&report, "decisions", "goal:reading", "until"),
        asked["ends_at"].as_str().expect("an end")
    );
    assert_eq!(daemon.get("/silences").json()["silences"][0]["id"], asked["id"]);
    assert_eq!(stage.texts(), Vec::<String>::new());

    end(&daemon, &asked);
    end(&daemon, &asked);
    assert_eq!(daemon.get("/silences").json()["count"], 0);
    assert_eq!(
        daemon.get("/silences?all=true").json()["silences"][0]["deleted_by"],
        "tests"
    );
    assert_eq!(
        about(&pass(&daemon), "decisions", "goal:reading", "reason"),
        "first_of_day"
    );
    assert_eq!(stage.texts().len(), 1, "{}", daemon.logs());
    assert_eq!(
        log(&daemon, "goal:read*"),
        ["silence asked_for tests", "unsilence asked_for tests"]
    );
    let told = log(&daemon, "goal:reading");
    assert_eq!(
        told[told.len() - 2..],
        ["suppress silenced tests", "notify first_of_day -"]
    );
    assert_eq!(daemon.delete("/silences/nobody").status, 404);
}

#[test]
fn a_silence_that_was_granted_while_a_pass_looks_holds_for_that_pass() {
    let (stage, daemon) = calm();
    pass(&daemon);
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    stage.beeminder.fail(Fault::Delay(3_000));
    let asked = stage.beeminder.requests();
    let report = std::thread::scope(|scope| {
        let passing = scope.spawn(|| pass(&daemon));
        let looking = until(Duration::from_secs(10), || {
            (stage.beeminder.requests() > asked).then_some(())
        });
        assert!(looking.is_some(), "{}", daemon.logs());
        silence(&daemon, &json!({"subject": "goal:*", "for": "1h"}));
        passing.join().expect("the pass ends")
    });
    assert_eq!(
        about(&report, "decisions", "goal:reading", "reason"),
        "silenced",
        "{report:#}"
    );
    assert_eq!(stage.texts(), Vec::<String>::new());
}

#[test]
fn a_silence_survives_a_crash_and_ends_with_its_time() {
    let (stage, mut daemon) = calm();
    let from = machine_time();
    silence(&daemon, &json!({"subject": "goal:reading", "for": "30m"}));
    silence(
        &daemon,
        &json!({"subject": "goal:*", "for": "1h", "author": "phone"}),
    );
    daemon.kill();
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    let report = pass_after(&stage, from, SignedDuration::from_mins(15));
    assert_eq!(
        about(&report, "decisions", "goal:reading", "author"),
        "phone",
        "the silence that lasts longer counts"
    );
    let report = pass_after(&stage, from, SignedDuration::from_mins(45));
    assert_eq!(about(&report, "decisions", "goal:reading", "reason"), "silenced");
    assert_eq!(stage.texts(), Vec::<String>::new());
    let report = pass_after(&stage, from, SignedDuration::from_mins(62));
    assert_eq!(
        about(&report, "decisions", "goal:reading", "reason"),
        "first_of_day"
    );
    assert_eq!(stage.texts().len(), 1);
}

#[test]
fn what_a_person_asked_for_survives_the_machine() {
    let mut stage = Stage::of_the_daemon();
    let remote = stage.setup.folder().join("remote");
    std::fs::create_dir(&remote).expect("a folder of the test");
    stage
        .setup
        .config
        .set("state.remote", format!("file://{}", remote.display()));
    // A copy may take a busy machine longer than the daemon's short lease.
    stage.setup.config.set("notify.lease", "15s");
    stage
        .beeminder
        .set_goals([GoalSpec::new("reading", 0), GoalSpec::new("piano", 9)]);
    let mut daemon = stage.setup.serve();
    pass(&daemon);
    let message = daemon.get("/notifications").json()["notifications"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert_eq!(
        daemon.post(&format!("/notifications/{message}/ack"), None).status,
        200
    );
    let ended = silence(&daemon, &json!({"subject": "goal:piano", "for": "2h"}));
    let held = silence(&daemon, &json!({"subject": "goal:piano", "for": "1h"}));
    end(&daemon, &ended);
    daemon.kill();
    for file in ["mecris_usage.db", "mecris_usage.db-wal", "mecris_usage.db-shm"] {
        drop(std::fs::remove_file(stage.setup.folder().join(file)));
    }
    stage
        .beeminder
        .set_goals([GoalSpec::new("reading", 0), GoalSpec::new("piano", 0)]);
    let daemon = stage.setup.serve();
    let report = pass(&daemon);
    assert_eq!(
        about(&report, "decisions", "goal:reading", "reason"),
        "acknowledged"
    );
    assert_eq!(
        about(&report, "decisions", "goal:piano", "silence_id"),
        held["id"].as_str().expect("an id")
    );
    assert_eq!(stage.texts().len(), 1, "{}", daemon.logs());
}

#[test]
fn a_vacation_silences_goals_and_after_it_a_red_goal_is_told() {
    let (stage, daemon) = calm();
    let from = machine_time();
    let vacation = silence(&daemon, &json!({"vacation": true, "for": "3d"}));
    assert_eq!(
        (&vacation["kind"], &vacation["subject"]),
        (&json!("vacation"), &json!("*"))
    );
    assert_eq!(daemon.get("/silences").json()["vacation"]["id"], vacation["id"]);
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    assert_eq!(
        about(&pass(&daemon), "decisions", "goal:reading", "reason"),
        "vacation"
    );
    let status = stage.setup.agent(&["status"]).everything();
    assert!(
        status.contains("vacation") && status.contains("(by tests until "),
        "{status}"
    );
    drop(daemon);
    let two_days_on = pass_after(&stage, from, SignedDuration::from_hours(47));
    assert_eq!(
        about(&two_days_on, "decisions", "goal:reading", "reason"),
        "vacation"
    );
    assert!(
        !stage.texts().iter().any(|text| text.contains("reading")),
        "{:?}",
        stage.texts()
    );
    // In the week in which the clock is set back, three days are an hour longer.
    let home = pass_after(&stage, from, SignedDuration::from_hours(74));
    assert_eq!(
        about(&home, "decisions", "goal:reading", "reason"),
        "first_of_day"
    );
    assert!(
        stage
            .texts()
            .iter()
            .any(|text| text.contains("reading derails today")),
        "{:?}",
        stage.texts()
    );
}

#[test]
fn a_vacation_does_not_hide_that_mecris_cannot_see() {
    let (stage, daemon) = calm();
    silence(&daemon, &json!({"vacation": true, "for": "3d"}));
    silence(&daemon, &json!({"subject": "*", "for": "3d"}));
    stage.beeminder.fail(Fault::Status(500));
    let severe = until(Duration::from_secs(60), || {
        let report = pass(&daemon);
        (about(&report, "decisions", "upstream:beeminder", "severity") == "WARNING").then_some(report)
    });
    let report = severe.expect("the third failure in a row is a warning");
    assert_eq!(
        about(&report, "decisions", "upstream:beeminder", "reason"),
        "first_of_day"
    );
    assert!(
        stage.texts()[0].contains("cannot read Beeminder"),
        "{:?}",
        stage.texts()
    );
}

#[test]
fn a_silence_that_names_an_upstream_silences_its_outage() {
    let (stage, daemon) = calm();
    silence(&daemon, &json!({"subject": "upstream:?eeminder", "for": "1h"}));
    stage.beeminder.fail(Fault::Status(500));
    let reason = until(Duration::from_secs(60), || {
        let report = pass(&daemon);
        let known = about(&report, "decisions", "upstream:beeminder", "severity") != "UNKNOWN";
        known.then(|| about(&report, "decisions", "upstream:beeminder", "reason").to_owned())
    });
    assert_eq!(reason.as_deref(), Some("silenced"));
    assert_eq!(stage.texts(), Vec::<String>::new());
}

#[test]
fn an_acknowledged_subject_is_not_told_again_and_the_person_is_on_record() {
    let mut stage = Stage::of_the_daemon();
    stage.setup.config.set("policy.escalate", true);
    stage.today_is_over();
    stage.beeminder.set_goals([GoalSpec::new("reading", 1)]);
    let daemon = stage.setup.serve();
    pass(&daemon);
    // A message that is acknowledged before it has left would be withdrawn.
    assert!(
        until(Duration::from_secs(20), || (stage.texts().len() == 1)
            .then_some(()))
        .is_some(),
        "the message is sent"
    );
    let message = daemon.get("/notifications").json()["notifications"][0].clone();
    let ack = format!("/notifications/{}/ack", message["id"].as_str().expect("an id"));
    for author in ["phone", "desk"] {
        let answer = daemon.post(&format!("{ack}?author={author}"), None);
        assert_eq!(
            (answer.status, &answer.json()["acknowledged_by"]),
            (200, &json!("phone")),
            "the first acknowledgement counts"
        );
    }
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    let report = pass(&daemon);
    assert_eq!(
        about(&report, "decisions", "goal:reading", "reason"),
        "acknowledged",
        "an acknowledgement wins over an escalation"
    );
    assert_eq!(about(&report, "decisions", "goal:reading", "author"), "phone");
    let acknowledged = log(&daemon, "goal:reading")
        .into_iter()
        .filter(|line| line.starts_with("acknowledge"))
        .count();
    assert_eq!((acknowledged, stage.texts().len()), (1, 1));
    assert_eq!(daemon.post("/notifications/nobody/ack", None).status, 404);
}

#[test]
fn a_message_that_waits_is_withdrawn_once_the_person_knows() {
    let stage = Stage::of_the_daemon();
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    stage.twilio.fail_next([twilio::Fault::TooMany(2)]);
    let daemon = stage.setup.serve();
    let planned = until(Duration::from_secs(20), || {
        let messages = daemon.get("/notifications").json();
        let message = messages["notifications"].get(0)?.clone();
        (message["state"] == "planned").then_some(message)
    });
    let id = planned.expect("the message has to wait")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let answer = daemon.post(&format!("/notifications/{id}/ack"), None).json();
    assert_eq!(
        (&answer["state"], &answer["acknowledged_by"]),
        (&json!("failed"), &json!("tests")),
        "{answer:#}"
    );
    // Waits until the withdrawn message's next try would have been due and a message about piano has left. By
    // then the delivery loop has looked at the outbox again, and would have sent the withdrawn message too.
    stage
        .beeminder
        .set_goals([GoalSpec::new("reading", 0), GoalSpec::new("piano", 0)]);
    let due = machine_time() + 3.seconds();
    let told = until(Duration::from_secs(20), || {
        (machine_time() > due)
            .then(|| pass(&daemon))
            .filter(|_| stage.texts().len() == 1)
    });
    assert_eq!(
        about(
            &told.expect("piano is told"),
            "decisions",
            "goal:reading",
            "reason"
        ),
        "acknowledged"
    );
    assert!(
        stage
            .texts()
            .iter()
            .all(|text| text.contains("piano") && !text.contains("reading")),
        "{:?}",
        stage.texts()
    );
    assert!(
        !daemon.get("/health").body.contains("delivery"),
        "a withdrawn message is no trouble"
    );
}

#[test]
fn a_failed_message_that_the_person_knows_about_is_no_trouble_and_not_tried_again() {
    let stage = Stage::of_the_daemon_at_noon();
    let from = machine_time();
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    stage.twilio.fail_next([twilio::Fault::Refuse(21610)]);
    let daemon = stage.setup.serve();
    let failed = until(Duration::from_secs(20), || {
        let message = daemon.get("/notifications").json()["notifications"]
            .get(0)?
            .clone();
        (message["state"] == "failed").then_some(message)
    });
    let failed = failed.unwrap_or_else(|| panic!("it is refused:\n{}", daemon.logs()));
    let degraded = || {
        daemon.get("/health").json()["degraded"]
            .to_string()
            .contains("21610")
            || daemon.get("/health").body.contains("delivery")
    };
    assert!(
        until(Duration::from_secs(20), || degraded().then_some(())).is_some(),
        "{}",
        daemon.get("/health").body
    );
    daemon.post(
        &format!("/notifications/{}/ack", failed["id"].as_str().expect("an id")),
        None,
    );
    assert!(
        until(Duration::from_secs(20), || (!degraded()).then_some(())).is_some(),
        "{}",
        daemon.get("/health").body
    );
    drop(daemon);
    let later = pass_after(&stage, from, SignedDuration::from_mins(61));
    assert_eq!(
        about(&later, "decisions", "goal:reading", "reason"),
        "acknowledged"
    );
    assert_eq!(stage.texts(), Vec::<String>::new());
}

#[test]
fn what_cannot_be_a_silence_is_refused_and_nobody_silences_without_a_token() {
    let (_stage, daemon) = calm();
    for (wish, names, status) in [
        (json!({"for": "2h"}), "subject", 422),
        (json!({"subject": "goal:[ab]", "for": "2h"}), "subject", 422),
        (json!({"subject": "goal:*"}), "until", 422),
        (
            json!({"subject": "goal:*", "for": "2h", "until": "2030-01-01"}),
            "until",
            422,
        ),
        (json!({"subject": "goal:*", "for": "0m"}), "for", 409),
        (json!({"subject": "goal:*", "for": "91d"}), "for", 409),
        (
            json!({"subject": "goal:*", "until": "2020-01-01T00:00:00Z"}),
            "until",
            409,
        ),
    ] {
        let answer = daemon.post("/silences", Some(&wish));
        let detail = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert_eq!(answer.status, status, "{wish}: {detail}");
        assert!(detail.starts_with(names), "{wish}: {detail}");
    }
    for (method, path) in [
        ("POST", "/silences?subject=*&for=2h"),
        ("DELETE", "/silences/x"),
        ("GET", "/silences"),
    ] {
        assert_eq!(
            request(daemon.address(), method, path, &[], None)
                .expect("an answer")
                .status,
            401,
            "{method} {path}"
        );
    }
    let odd = silence(&daemon, &json!({"subject": "gaol:*", "for": "2h"}));
    assert!(
        odd["warning"]
            .as_str()
            .is_some_and(|warning| warning.starts_with("gaol:*")),
        "{odd:#}"
    );
    assert_eq!(daemon.get("/silences?all=true").json()["count"], 1);
}
