//! One pass under a clock that is ahead, which is then put right: nothing that it recorded is believed for the
//! future.

use mecris_tests::beeminder::GoalSpec;

use super::stage::{Stage, about};

/// A red goal and a walk that is missing, after a pass at 15:00 and one a day or a year ahead.
fn after_a_pass_at(ahead: &str) -> Stage {
    let mut stage = Stage::new();
    stage.setup.config.remove("budget");
    stage
        .beeminder
        .set_goals([GoalSpec::new("reading", 5), GoalSpec::new("bike", 9).walked(None)]);
    for at in ["2026-03-03T15:00:00-05:00", ahead] {
        let output = stage.pass(at);
        assert_eq!(output.code, 0, "{}", output.everything());
    }
    stage
}

#[test]
fn a_day_or_a_year_ahead_is_no_gap_and_keeps_nothing_silent() {
    for ahead in ["2026-03-04T15:10:00-05:00", "2027-03-03T15:10:00-05:00"] {
        let stage = after_a_pass_at(ahead);
        let said = stage.texts().len();
        let report = stage.pass("2026-03-03T15:20:00-05:00").json();
        assert_eq!(
            about(&report, "conditions", "run", "severity"),
            "SAFE",
            "{ahead}: {report:#}"
        );
        assert_eq!(
            stage.texts().len(),
            said,
            "{ahead}: what was said today is not said again"
        );
        let report = stage.pass("2026-03-04T15:00:00-05:00").json();
        assert_eq!(about(&report, "conditions", "run", "severity"), "SAFE", "{ahead}");
        assert_eq!(
            about(&report, "decisions", "walk", "reason"),
            "first_of_day",
            "{ahead}: the walk of the next day is told: {report:#}"
        );
    }
}

#[test]
fn status_does_not_take_a_time_to_come_for_now() {
    let stage = after_a_pass_at("2100-03-03T15:10:00-05:00");
    let output = stage.setup.agent(&["status"]);
    let everything = output.everything();
    assert!(
        output
            .stdout
            .starts_with("OVERDUE       no pass since 2026-03-03 15:00"),
        "{everything}"
    );
    assert!(
        output.stdout.contains("last pass     2026-03-03 15:00"),
        "{everything}"
    );
    assert!(
        output.stdout.contains("last success  2100-03-03 15:10 EST ("),
        "{everything}"
    );
    assert!(
        output.stdout.contains("from now: the clock was ahead"),
        "{everything}"
    );
    assert!(!output.stdout.contains("(0s ago)"), "{everything}");
}

#[test]
fn the_last_message_can_be_acknowledged() {
    let stage = after_a_pass_at("2100-03-03T15:10:00-05:00");
    let output = stage.setup.agent(&["ack", "--last"]);
    assert_eq!(output.code, 0, "{}", output.everything());
    let newest = stage.twilio.accepted().pop().expect("a message");
    let (_, tag) = newest.body.rsplit_once(' ').expect("a tag");
    let acknowledged = stage
        .table("notifications")
        .into_iter()
        .find(|row| !row["acknowledged_at"].is_null());
    assert_eq!(acknowledged.expect("one")["tag"], tag);
}
