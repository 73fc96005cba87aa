//! What could not be told for a day is said, once and then every seven days. What follows from Beeminder that
//! cannot be read is left to the alert about Beeminder.

use mecris_tests::{
    agent::Output,
    beeminder::{Fault, GoalSpec},
    ledger,
};

use crate::stage::{Stage, about};

/// One goal that is safe for long; neither walk nor budget.
fn stage() -> Stage {
    let mut stage = Stage::new();
    stage.setup.config.remove("walk");
    stage.setup.config.remove("budget");
    stage.beeminder.set_goals([GoalSpec::new("bike", 90)]);
    stage
}

/// A pass in March 2026 must exit with this code and have this reason about the subject.
fn at(stage: &Stage, day_and_clock: &str, subject: &str, want: (i32, &str)) -> Output {
    let (day, clock) = day_and_clock.split_once(' ').expect("a day and a time");
    let offset = if day < "08" { "-05:00" } else { "-04:00" };
    let output = stage.pass(&format!("2026-03-{day}T{clock}:00{offset}"));
    let report = output.json();
    assert_eq!(
        (output.code, about(&report, "decisions", subject, "reason")),
        want,
        "{subject} on the {day} at {clock}: {}",
        output.everything()
    );
    output
}

#[test]
fn a_walk_goal_that_does_not_exist_is_told_after_a_day_and_once_a_week() {
    let mut stage = stage();
    let walk = serde_json::json!({"goal": "walks", "from": "14:00", "until": "18:00"});
    stage.setup.config.set("walk", walk);
    for (when, reason) in [
        ("02 13:00", "unknown_data"),
        ("02 17:45", "unknown_data"),
        ("03 12:45", "unknown_data"),
        ("03 13:00", "first_of_day"),
        ("03 13:15", "already_notified_today"),
        ("04 13:00", "warned_lately"),
        ("09 13:00", "warned_lately"),
        ("10 13:00", "first_of_day"),
        ("11 13:00", "warned_lately"),
    ] {
        // It was to be found out, and was not.
        at(&stage, when, "walk", (3, reason));
    }
    let mut texts = stage.texts();
    texts.retain(|text| text.contains("walk unknown"));
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(
        texts[0].contains("walk unknown since Mon 13:00: walk.goal = \"walks\" is not among the 1 goals"),
        "{texts:?}"
    );
    stage.beeminder.set_goals([GoalSpec::new("walks", 90)]);
    at(&stage, "12 13:00", "walk", (0, "below_threshold"));
    // It is gone again: a day has to pass again, but no week.
    stage.beeminder.set_goals([GoalSpec::new("bike", 90)]);
    at(&stage, "12 13:15", "walk", (3, "unknown_data"));
    at(&stage, "13 13:15", "walk", (3, "first_of_day"));
}

#[test]
fn a_reading_that_nobody_took_is_told_and_is_no_failure_of_the_pass() {
    let mut stage = stage();
    let groq = serde_json::json!({"source": "odometer", "limit_usd": 5.0, "period": "monthly"});
    stage.setup.config.set("budget.groq", groq);
    at(&stage, "03 13:00", "budget:groq", (0, "unknown_data"));
    let told = at(&stage, "04 13:00", "budget:groq", (0, "first_of_day"));
    assert_eq!(
        about(&told.json(), "decisions", "budget:groq", "severity"),
        "WARNING"
    );
    let text = stage.texts().concat();
    assert!(
        text.contains("groq budget unknown since Tue 13:00: no groq reading for 2026-03 yet"),
        "{text}"
    );
    let now = "2026-03-04T18:05:00Z".parse().expect("an instant");
    ledger::record_groq_reading(&stage.setup.database(), now, "2026-03", 4_000_000).expect("a database");
    at(&stage, "04 13:15", "budget:groq", (0, "escalated"));
    // A week and a day later the reading is too old. That 80 % are used was said.
    at(&stage, "11 14:15", "budget:groq", (0, "share_already_told"));
    at(&stage, "12 14:15", "budget:groq", (0, "first_of_day"));
    let text = stage.texts().concat();
    assert!(
        text.contains("groq budget unknown since Wed 14:15: the newest groq reading is 8 days old"),
        "{text}"
    );
}

#[test]
fn what_follows_from_beeminder_is_left_to_the_alert_about_it() {
    let mut stage = stage();
    let walk = serde_json::json!({"goal": "bike", "from": "14:00", "until": "18:00"});
    stage.setup.config.set("walk", walk);
    at(&stage, "03 13:00", "walk", (0, "below_threshold"));
    stage.beeminder.fail(Fault::Status(503));
    at(&stage, "03 14:00", "walk", (3, "unknown_data"));
    at(&stage, "03 14:15", "walk", (3, "unknown_data"));
    for when in ["03 14:30", "04 14:30", "05 14:30"] {
        at(&stage, when, "walk", (3, "explained_by_upstream"));
        at(&stage, when, "goal:bike", (3, "explained_by_upstream"));
    }
    let texts = stage.texts();
    assert!(
        texts
            .iter()
            .all(|text| text.contains("cannot read Beeminder") && !text.contains("walk unknown")),
        "{texts:?}"
    );
    // Once it can be read again, an outage is no look at a goal.
    stage.beeminder.clear_faults();
    stage.beeminder.set_goals([GoalSpec::new("other", 90)]);
    at(&stage, "06 14:30", "walk", (3, "unknown_data"));
}

#[test]
fn a_refused_token_is_told_at_the_second_look_with_what_to_do() {
    let stage = stage();
    at(&stage, "03 13:00", "upstream:beeminder", (0, "below_threshold"));
    stage.beeminder.fail(Fault::BadToken);
    at(&stage, "03 13:15", "upstream:beeminder", (3, "unknown_data"));
    at(&stage, "03 13:30", "upstream:beeminder", (3, "first_of_day"));
    let text = stage.texts().concat();
    assert!(
        text.contains("Beeminder refuses the token: put a new BEEMINDER_AUTH_TOKEN"),
        "{text}"
    );
}
