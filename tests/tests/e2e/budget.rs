//! What is said about a budget in one of its periods: each share once, the pace at most once, and nothing on the
//! first of a month.

use jiff::Timestamp;
use mecris_tests::{agent::Output, beeminder::GoalSpec, ledger};
use serde_json::json;

use crate::stage::{Stage, about};

const SUBJECT: &str = "budget:anthropic";

/// An Anthropic budget of $100 a month, and nothing else to speak of.
fn budgeted() -> Stage {
    let mut stage = Stage::new();
    let config = &mut stage.setup.config;
    config.remove("walk");
    config.remove("budget");
    config.set(
        "budget.anthropic",
        json!({"source": "ledger", "limit_usd": 100.0, "period": "monthly"}),
    );
    stage.beeminder.set_goals([GoalSpec::new("bike", 90)]);
    stage
}

/// A pass at a time of New York in March 2026, before the clock changes on the 8th.
fn pass(stage: &Stage, day: u32, clock: &str) -> Output {
    stage.pass(&instant(day, clock))
}

fn instant(day: u32, clock: &str) -> String {
    let offset = if day < 8 { "-05:00" } else { "-04:00" };
    format!("2026-03-{day:02}T{clock}:00{offset}")
}

fn spend(stage: &Stage, at: &str, cents: i64) {
    let at: Timestamp = at.parse().expect("an instant");
    ledger::record_session(&stage.setup.database(), at, cents * 10_000).expect("a pass made the database");
}

fn reason(output: &Output) -> String {
    about(&output.json(), "decisions", SUBJECT, "reason").to_owned()
}

#[test]
fn a_month_of_even_spending_is_told_four_times_at_most() {
    let stage = budgeted();
    pass(&stage, 1, "13:00");
    let mut told = Vec::new();
    for day in 1..=31 {
        // From 3 % on the first day to 102 % on the last one.
        spend(&stage, &instant(day, "12:00"), 330);
        for clock in ["14:00", "14:15"] {
            let reason = reason(&pass(&stage, day, clock));
            if reason == "first_of_day" {
                told.push(day);
            }
        }
    }
    let texts = stage.texts();
    assert_eq!((texts.len(), told), (4, vec![8, 23, 29, 31]), "{texts:?}");
    for (text, want) in texts.iter().zip([
        "26% used ($26.40 of $100.00), gone by 30 Mar",
        "75% used ($75.90 of $100.00), gone by 30 Mar",
        "95% used ($95.70 of $100.00), gone by 30 Mar",
        "102% used ($102.30 of $100.00)",
    ]) {
        assert!(text.contains(want), "{want}: {texts:?}");
    }
}

#[test]
fn a_budget_that_is_gone_within_an_hour_is_told_at_once_and_once() {
    let stage = budgeted();
    pass(&stage, 10, "13:00");
    spend(&stage, &instant(10, "13:01"), 100);
    assert_eq!(reason(&pass(&stage, 10, "13:15")), "below_threshold");
    spend(&stage, &instant(10, "13:50"), 9_900);
    assert_eq!(reason(&pass(&stage, 10, "14:00")), "first_of_day");
    for (day, clock) in [(10, "14:15"), (11, "13:00"), (31, "21:00")] {
        assert_eq!(reason(&pass(&stage, day, clock)), "share_already_told");
    }
    let text = stage.texts().concat();
    assert_eq!(text.matches("anthropic budget").count(), 1, "{text}");
    assert!(text.contains("anthropic budget 100% used"), "{text}");
}

#[test]
fn the_first_of_a_month_is_silent() {
    let stage = budgeted();
    let empty = pass(&stage, 1, "08:00");
    assert_eq!(
        reason(&empty),
        "unknown_data",
        "silent, although nobody knows how it stands"
    );
    // A month that spent more than there was still shows in the burn rate of the first days of the next one.
    for day in 22..=28 {
        spend(&stage, &format!("2026-02-{day}T12:00:00-05:00"), 2_000);
    }
    spend(&stage, &instant(1, "09:00"), 2_000);
    assert_eq!(reason(&pass(&stage, 1, "14:00")), "too_little_history");
    assert_eq!(stage.texts(), Vec::<String>::new());
}

#[test]
fn a_pace_is_told_once_with_the_date_and_not_after_a_share() {
    let stage = budgeted();
    pass(&stage, 1, "13:00");
    for (day, want) in [
        // Nothing is projected from less than three days.
        (1, "below_threshold"),
        (2, "below_threshold"),
        (3, "below_threshold"),
        (4, "first_of_day"),
        (5, "share_already_told"),
        (6, "share_already_told"),
        (7, "first_of_day"),
    ] {
        spend(&stage, &instant(day, "12:00"), 1_100);
        let output = pass(&stage, day, "14:00");
        assert_eq!(reason(&output), want, "on the {day}: {}", output.everything());
    }
    let texts = stage.texts();
    assert!(
        texts[0].contains("anthropic budget 44% used ($44.00 of $100.00), gone by 8 Mar"),
        "{texts:?}"
    );
    assert!(texts[1].contains("anthropic budget 77% used"), "{texts:?}");
}

#[test]
fn what_an_older_release_said_of_a_budget_is_not_said_again() {
    let some = "$80.00 of $100.00 used (80%)";
    let all = "$101.00 of $100.00 used, nothing is left until 2026-03-31";
    for (severity, evidence, cents, want) in [
        ("WARNING", some, 8_000, "share_already_told"),
        ("WARNING", some, 9_600, "first_of_day"),
        ("CRITICAL", some, 9_600, "share_already_told"),
        ("CRITICAL", some, 10_100, "first_of_day"),
        ("CRITICAL", all, 10_100, "share_already_told"),
    ] {
        let stage = budgeted();
        pass(&stage, 5, "13:00");
        spend(&stage, &instant(5, "13:30"), cents);
        let at = instant(5, "14:00").parse().expect("an instant");
        ledger::claim_of_an_older_release(&stage.setup.database(), SUBJECT, severity, evidence, at)
            .expect("a pass made the database");
        let got = reason(&pass(&stage, 12, "14:00"));
        assert_eq!(got, want, "{severity} was said, and {cents} cents are used");
    }
}
