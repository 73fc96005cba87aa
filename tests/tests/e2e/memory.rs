//! What passes remember of goals: what was entered, and how each goal stood.

use mecris_tests::beeminder::{Fault, GoalSpec, PointSpec};
use serde_json::Value;

use crate::stage::Stage;

/// A stage that only watches goals.
fn stage() -> Stage {
    let mut stage = Stage::new();
    stage.setup.config.remove("walk");
    stage.setup.config.remove("budget");
    stage
}

/// A fortnight of evenings.
fn evenings() -> GoalSpec {
    GoalSpec::new("reading", 3).entered((1..=14).map(|ago| PointSpec::new(ago, "21:00", 2.0)))
}

#[test]
fn the_past_of_a_new_goal_is_read_once_and_what_is_entered_later_joins_it() {
    let stage = stage();
    stage.beeminder.set_goals([evenings()]);
    assert_eq!(stage.pass("2026-03-03T13:00:00-05:00").code, 0);
    assert_eq!(stage.beeminder.requests(), 3, "the user, the goals, the history");
    let entries = stage.table("entries");
    assert_eq!(entries.len(), 14);
    assert_eq!(entries[0]["dummy"], 0);
    assert!(
        entries
            .iter()
            .any(|entry| entry["entered_at"] == "2026-02-18T02:00:00.000000000Z")
    );

    let mut later = evenings();
    later.datapoints.insert(0, PointSpec::new(0, "14:00", 3.0));
    later.datapoints.insert(0, PointSpec::derail(1));
    stage.beeminder.set_goals([later]);
    stage.pass("2026-03-03T13:30:00-05:00");
    assert_eq!(stage.table("entries").len(), 15, "a derailment");
    stage.pass("2026-03-03T14:30:00-05:00");
    stage.pass("2026-03-03T14:45:00-05:00");
    let entries = stage.table("entries");
    assert_eq!(entries.len(), 16);
    assert_eq!(entries.iter().filter(|entry| entry["derail"] == 1).count(), 1);
    assert!(entries.iter().all(|entry| entry["gone_at"].is_null()));
    assert_eq!(
        stage.table("readings").len(),
        3,
        "the first, the derailment, the entry; the last pass read nothing new"
    );
    assert_eq!(stage.beeminder.requests(), 3 + 3 * 2);
}

#[test]
fn five_new_goals_are_asked_for_in_a_pass() {
    let stage = stage();
    stage
        .beeminder
        .set_goals((0..7).map(|n| GoalSpec::new(&format!("goal{n}"), n)));
    for (at, requests) in [
        ("13:00", 2 + 5),
        ("13:15", 2 + 5 + 2 + 2),
        ("13:30", 2 + 5 + 2 + 2 + 2),
    ] {
        stage.pass(&format!("2026-03-03T{at}:00-05:00"));
        assert_eq!(stage.beeminder.requests(), requests, "{at}");
    }
}

#[test]
fn a_history_that_cannot_be_read_is_no_failure_of_the_pass() {
    for fault in [
        Fault::Status(500),
        Fault::Status(404),
        Fault::Html,
        Fault::WrongJson,
    ] {
        let stage = stage();
        stage.beeminder.set_goals([evenings(), GoalSpec::new("piano", 5)]);
        let what = format!("{fault:?}");
        // The client tries a failing request again.
        for _ in 0..8 {
            stage.beeminder.fail_path("datapoints.json", fault.clone());
        }
        let output = stage.pass("2026-03-03T13:00:00-05:00");
        assert_eq!(output.code, 0, "{what}: {}", output.everything());
        assert_eq!(
            output.json()["observations"]["beeminder"]["status"],
            "fresh",
            "{what}"
        );
        let tried = stage.table("entry_histories");
        assert_eq!(
            (tried.len(), &tried[0]["read_at"], &tried[0]["tries"]),
            (1, &Value::Null, &Value::from(1)),
            "{what}: the other goal waits"
        );
        stage.beeminder.clear_faults();
        stage.pass("2026-03-03T13:15:00-05:00");
        assert_eq!(stage.table("entries").len(), 14 + 1, "{what}");
        assert!(
            stage
                .table("entry_histories")
                .iter()
                .all(|history| history["read_at"].is_string()),
            "{what}"
        );
    }
}
