//! One pass: each problem is reported once a day, all of them in one message, by the time that is left.

use mecris_tests::{beeminder::GoalSpec, ledger};

use crate::stage::{AFTERNOON, Stage, about, notified};

const WRONG: [&str; 4] = ["goal:reading", "budget:groq", "goal:piano", "walk"];

/// A goal at safebuf 0, one at 1, one at 5, one frozen, no walk today, Groq over budget.
fn troubled() -> Stage {
    let stage = Stage::new();
    let earlier = "2026-03-03T13:00:00-05:00";
    let quiet = stage.pass(earlier);
    assert_eq!(stage.texts(), Vec::<String>::new(), "{}", quiet.everything());
    let at = earlier.parse().expect("an instant");
    ledger::record_groq_reading(&stage.setup.database(), at, "2026-03", 6_000_000)
        .expect("the pass made the database");
    stage.beeminder.set_goals([
        GoalSpec::new("reading", 0),
        GoalSpec::new("piano", 1),
        GoalSpec::new("writing", 5),
        GoalSpec::new("running", 0).frozen(),
        GoalSpec::new("bike", 6).walked(Some(1)),
    ]);
    stage
}

#[test]
fn four_troubles_make_one_message_listed_by_the_time_that_is_left() {
    let stage = troubled();
    let output = stage.pass(AFTERNOON);
    let report = output.json();
    assert_eq!(
        (output.code, report["changed"].as_bool()),
        (0, Some(true)),
        "{}",
        output.everything()
    );

    // The walk's hours end at 18:00, reading ends today, piano tomorrow, the budget with the month.
    assert_eq!(
        notified(&report),
        ["walk", "goal:reading", "goal:piano", "budget:groq"]
    );

    let texts = stage.texts();
    assert_eq!(texts.len(), 1, "{texts:?}");
    let text = texts[0].to_lowercase();
    println!("{text}");
    let places: Vec<_> = ["walk", "reading", "piano", "groq"]
        .iter()
        .map(|subject| text.find(subject))
        .collect();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "each is named, what ends first comes first: {text}"
    );
    assert!(!text.contains("running") && !text.contains("writing"), "{text}");
    assert!(text.is_ascii() && text.len() <= 306, "{text}");
    assert_eq!(
        about(&report, "decisions", "goal:writing", "reason"),
        "below_threshold"
    );
}

#[test]
fn the_same_pass_again_is_silent_and_says_why() {
    let stage = troubled();
    stage.pass(AFTERNOON);
    let output = stage.pass("2026-03-03T15:05:00-05:00");
    let report = output.json();
    assert_eq!(
        (output.code, report["changed"].as_bool()),
        (0, Some(false)),
        "{}",
        output.everything()
    );
    for subject in WRONG {
        assert_eq!(about(&report, "decisions", subject, "action"), "suppress");
        let want = match subject {
            "budget:groq" => "share_already_told",
            _ => "already_notified_today",
        };
        assert_eq!(about(&report, "decisions", subject, "reason"), want, "{subject}");
    }
    assert_eq!(stage.twilio.accepted_count(), 1);
}

#[test]
fn the_next_beeminder_day_speaks_again() {
    let stage = troubled();
    stage.pass(AFTERNOON);
    let report = stage.pass("2026-03-04T15:00:00-05:00").json();
    assert_eq!(report["changed"], true, "{report:#}");
    for (subject, reason) in [
        ("goal:reading", "first_of_day"),
        ("goal:piano", "warned_lately"),
        ("walk", "first_of_day"),
    ] {
        assert_eq!(
            about(&report, "decisions", subject, "reason"),
            reason,
            "{subject}"
        );
    }
    assert_eq!(stage.twilio.accepted_count(), 2);
}

#[test]
fn a_goals_day_is_beeminders_and_not_midnight() {
    let mut stage = Stage::new();
    stage
        .setup
        .config
        .set("policy.quiet_hours", serde_json::json!([]));
    let late = GoalSpec {
        deadline_offset: 6 * 3600,
        ..GoalSpec::new("late", 0)
    };
    stage
        .beeminder
        .set_goals([late, GoalSpec::new("bike", 6).walked(Some(0))]);
    assert_eq!(
        about(
            &stage.pass("2026-03-03T23:00:00-05:00").json(),
            "decisions",
            "goal:late",
            "reason"
        ),
        "first_of_day"
    );
    // 01:00 on the next calendar day still belongs to the goal's day, which ends at 06:00.
    let report = stage.pass("2026-03-04T01:00:00-05:00").json();
    assert_eq!(
        about(&report, "decisions", "goal:late", "reason"),
        "already_notified_today"
    );
    let report = stage.pass("2026-03-04T06:30:00-05:00").json();
    assert_eq!(about(&report, "decisions", "goal:late", "reason"), "first_of_day");
}

#[test]
fn a_dry_run_decides_and_sends_nothing() {
    let stage = troubled();
    let output = stage
        .setup
        .agent(&["run", "--json", "--dry-run", "--at", AFTERNOON]);
    assert_eq!(
        about(&output.json(), "decisions", "goal:reading", "action"),
        "notify"
    );
    assert_eq!(stage.twilio.creates(), 0);
    assert_eq!(
        stage.pass(AFTERNOON).json()["changed"],
        true,
        "a dry run claims nothing"
    );
}

#[test]
fn a_walk_that_was_taken_is_not_asked_for_and_a_dummy_is_no_walk() {
    let stage = Stage::new();
    stage
        .beeminder
        .set_goals([GoalSpec::new("bike", 6).walked(Some(0))]);
    let report = stage.pass(AFTERNOON).json();
    assert_eq!(about(&report, "decisions", "walk", "action"), "suppress");
    let dummy = GoalSpec {
        last_datapoint_is_dummy: true,
        ..GoalSpec::new("bike", 6).walked(Some(0))
    };
    stage.beeminder.set_goals([dummy]);
    let report = stage.pass("2026-03-03T15:10:00-05:00").json();
    assert_eq!(about(&report, "decisions", "walk", "action"), "notify");
}
