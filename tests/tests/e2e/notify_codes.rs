//! When Twilio refuses, the person reads the next step, not only a number.

use std::time::Duration;

use mecris_tests::{
    ledger,
    twilio::{Fate, Fault},
    wait,
};

use crate::stage::Stage;

/// An error code, and words of which the sentence about it must contain one.
const REFUSED: [(i64, &[&str]); 3] = [
    (21610, &["START"]),
    (21608, &["verif"]),
    (30532, &["personal", "Personal"]),
];

#[test]
fn a_refusal_is_explained() {
    for (code, words) in REFUSED {
        let stage = Stage::of_the_daemon();
        stage.twilio.fail_always(Some(Fault::Refuse(code)));
        let output = stage
            .setup
            .agent(&["send-alert", "--subject", "test", "--text", "hello"]);
        let rows = ledger::notifications(&stage.setup.database()).expect("the message is on record");
        assert_eq!(rows[0].state, "failed", "{code}: {}", output.everything());
        let why = rows[0].why.clone().unwrap_or_default();
        assert!(words.iter().any(|word| why.contains(word)), "{code}: {why}");
        assert!(why.contains(&code.to_string()), "{code}: {why}");
        assert_eq!(
            (stage.twilio.creates(), stage.twilio.accepted_count()),
            (1, 0),
            "{code} is not tried again"
        );
        assert_ne!(output.code, 0, "nobody was told: {}", output.everything());
    }
}

#[test]
fn what_the_carrier_refuses_later_is_explained_too() {
    let stage = Stage::of_the_daemon();
    stage.twilio.set_fate(Fate::Undelivered(30034));
    stage
        .setup
        .agent(&["send-alert", "--subject", "test", "--text", "hello"]);
    let _daemon = stage.setup.serve();
    let why = wait::until(Duration::from_secs(60), || {
        let rows = ledger::notifications(&stage.setup.database()).ok()?;
        (rows[0].state == "failed").then(|| rows[0].why.clone().unwrap_or_default())
    })
    .expect("the status is polled to its end");
    assert!(
        why.contains("30034") && why.to_lowercase().contains("regist"),
        "{why}"
    );
    assert_eq!(stage.twilio.accepted_count(), 1);
}

#[test]
fn too_many_requests_and_a_lost_connection_before_acceptance_are_tried_again() {
    let stage = Stage::of_the_daemon();
    stage.twilio.fail_next([Fault::TooMany(0), Fault::DropBefore]);
    stage
        .setup
        .agent(&["send-alert", "--subject", "test", "--text", "hello"]);
    let _daemon = stage.setup.serve();
    wait::until(Duration::from_secs(60), || {
        (stage.twilio.accepted_count() == 1).then_some(())
    })
    .expect("it is sent");
}

#[test]
fn revoked_credentials_are_said_and_not_hammered() {
    let stage = Stage::of_the_daemon();
    stage.twilio.revoke();
    let output = stage.setup.agent(&["notify", "test", "--channel", "sms"]);
    assert_ne!(output.code, 0, "{}", output.everything());
    assert!(output.everything().contains("20003"), "{}", output.everything());
    let check = stage.setup.agent(&["check"]);
    assert_ne!(check.code, 0, "{}", check.everything());
}
