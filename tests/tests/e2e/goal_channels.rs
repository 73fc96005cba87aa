//! `channels` of a `[[goal]]` table: messages about that goal go by its own channels.

use mecris_tests::{
    beeminder::GoalSpec,
    twilio::{Fault, Way},
};

use crate::stage::{AFTERNOON, Stage, about, notified};

/// Two goals that are red today. Messages about `gym` are calls.
fn stage(gym: &str) -> Stage {
    let mut stage = Stage::new();
    stage.channels(&["sms", "voice"]);
    stage.setup.config.remove("walk");
    stage.setup.config.remove("budget");
    stage.setup.set_env(
        "MECRIS__GOAL",
        &format!("[{{ slug = \"gym\", channels = {gym} }}]"),
    );
    stage
        .beeminder
        .set_goals([GoalSpec::new("reading", 0), GoalSpec::new("gym", 0)]);
    stage
}

#[test]
fn a_goal_with_channels_of_its_own_makes_a_message_of_its_own() {
    let stage = stage("[\"voice\"]");
    let pass = stage.pass(AFTERNOON);
    assert_eq!(pass.code, 0, "{}", pass.everything());
    let report = pass.json();
    assert_eq!(report["changed"], true);
    let mut told = notified(&report);
    told.sort_unstable();
    assert_eq!(told, ["goal:gym", "goal:reading"]);
    let texts = stage.texts();
    assert!(
        texts.len() == 1 && texts[0].contains("reading") && !texts[0].contains("gym"),
        "{texts:?}"
    );
    let calls = stage.twilio.calls();
    assert!(
        calls.len() == 1 && calls[0].said[0].contains("gym") && !calls[0].said[0].contains("reading"),
        "{calls:?}"
    );
    let decided = stage.table("decisions");
    let message = |subject: &str| {
        let row = decided.iter().find(|row| row["subject"] == subject);
        row.map(|row| row["notification_id"].clone())
    };
    assert_ne!(message("goal:gym"), message("goal:reading"));

    let again = stage.pass("2026-03-03T15:15:00-05:00").json();
    for subject in ["goal:gym", "goal:reading"] {
        assert_eq!(
            about(&again, "decisions", subject, "reason"),
            "already_notified_today"
        );
    }
    assert_eq!((stage.texts().len(), stage.twilio.calls().len()), (1, 1));

    let explained = stage.setup.agent(&["explain", "gym"]);
    assert!(
        explained
            .stdout
            .contains("goes by       voice (its [[goal]] table)"),
        "{}",
        explained.everything()
    );
    let explained = stage.setup.agent(&["explain", "gym", "--json"]).json();
    assert_eq!(explained["channels"]["goal:gym"], serde_json::json!(["voice"]));
}

#[test]
fn its_channels_are_tried_in_their_order_and_no_other() {
    let stage_with = |gym: &str| {
        let stage = stage(gym);
        stage
            .twilio
            .fail_always_by(Way::Voice, Some(Fault::Refuse(21211)));
        let pass = stage.pass(AFTERNOON);
        (stage, pass)
    };
    let (stage, pass) = stage_with("[\"voice\", \"sms\"]");
    assert_eq!(pass.code, 0, "{}", pass.everything());
    let texts = stage.texts();
    assert!(
        texts.len() == 2 && texts.iter().any(|text| text.contains("gym")),
        "{texts:?}"
    );

    let (stage, pass) = stage_with("[\"voice\"]");
    let texts = stage.texts();
    assert!(
        texts.len() == 1 && !texts[0].contains("gym"),
        "{texts:?}\n{}",
        pass.everything()
    );
    assert_ne!(pass.code, 0, "nobody was told of the gym: {}", pass.everything());
}
