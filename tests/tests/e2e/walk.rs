//! A missing walk: once a day, whatever an older release said, and with the room that is kept for last days.

use mecris_tests::{beeminder::GoalSpec, ledger};

use crate::stage::{Stage, about};

fn stage() -> Stage {
    let mut stage = Stage::new();
    stage.setup.config.remove("budget");
    stage
        .beeminder
        .set_goals([GoalSpec::new("bike", 9).walked(Some(1))]);
    stage
}

fn at(stage: &Stage, clock: &str, reason: &str) {
    let output = stage.pass(&format!("2026-03-{clock}:00-05:00"));
    assert_eq!(
        about(&output.json(), "decisions", "walk", "reason"),
        reason,
        "at {clock}: {}",
        output.everything()
    );
}

#[test]
fn a_missing_walk_is_said_once_a_day() {
    let stage = stage();
    at(&stage, "03T13:45", "below_threshold");
    at(&stage, "03T14:00", "first_of_day");
    at(&stage, "03T17:45", "already_notified_today");
    at(&stage, "03T18:00", "below_threshold");
    at(&stage, "04T14:00", "first_of_day");
    assert_eq!(stage.texts().len(), 2);
}

#[test]
fn what_an_older_release_said_of_the_walk_holds_for_its_day() {
    let stage = stage();
    at(&stage, "03T13:00", "below_threshold");
    let said = "2026-03-03T14:00:00-05:00".parse().expect("an instant");
    ledger::claim_of_an_older_release(&stage.setup.database(), "walk", "WARNING", "no datapoint", said)
        .expect("a pass made the database");
    at(&stage, "03T15:00", "already_notified_today");
    at(&stage, "04T15:00", "first_of_day");
}

#[test]
fn a_missing_walk_has_the_room_of_last_days() {
    let mut stage = stage();
    let config = &mut stage.setup.config;
    config.set("policy.max_messages_per_day", 3);
    config.set(
        "budget.anthropic",
        serde_json::json!({"source": "ledger", "limit_usd": 100.0, "period": "monthly"}),
    );
    at(&stage, "03T13:00", "below_threshold");
    let spend = |clock: &str| {
        let at = format!("2026-03-03T{clock}:00-05:00")
            .parse()
            .expect("an instant");
        ledger::record_session(&stage.setup.database(), at, 80_000_000).expect("a pass made the database");
    };
    // One message is the most that others may use of three.
    spend("13:05");
    at(&stage, "03T13:10", "below_threshold");
    spend("13:15");
    let output = stage.pass("2026-03-03T13:20:00-05:00");
    assert_eq!(
        about(&output.json(), "decisions", "budget:anthropic", "reason"),
        "rate_limited"
    );
    at(&stage, "03T14:00", "first_of_day");
    let texts = stage.texts();
    assert!(
        texts.len() == 2
            && texts[1].contains("no walk yet")
            && texts[1].contains("anthropic budget 160% used"),
        "{texts:?}"
    );
}

#[test]
fn check_warns_of_a_walk_of_which_no_pass_can_tell() {
    let mut stage = stage();
    let goals = stage.setup.folder().join("goals.json");
    let goal = |slug: &str| format!(r#"{{"slug": "{slug}", "safebuf": 9, "losedate": 2000000000}}"#);
    let config = &mut stage.setup.config;
    config.set("beeminder.source", format!("file:{}", goals.display()));
    std::fs::write(&goals, format!("[{}]", goal("bike"))).expect("the test may write");
    let found = stage.setup.agent(&["check"]);
    assert_eq!(found.code, 0, "{}", found.everything());
    let warning = "no pass can tell whether there was a walk";
    assert!(found.stdout.contains(warning), "{}", found.stdout);
    assert!(
        found.stdout.contains("no field \"datapoints\""),
        "{}",
        found.stdout
    );

    std::fs::write(&goals, format!("[{}]", goal("bikes"))).expect("the test may write");
    let found = stage.setup.agent(&["check"]);
    assert_eq!(found.code, 1, "{}", found.everything());
    assert!(
        found.stdout.contains("did you mean \"bikes\"?"),
        "{}",
        found.stdout
    );
}
