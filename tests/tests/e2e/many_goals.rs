//! More is red than a message has room for.

use mecris_tests::{
    beeminder::GoalSpec,
    twilio::{Fault, Way},
};
use serde_json::Value;

use crate::stage::{Stage, about, notified};

/// Beeminder's pledges.
const PLEDGES: [f64; 8] = [0.0, 5.0, 10.0, 30.0, 90.0, 270.0, 810.0, 2430.0];

/// Twenty goals that derail tonight, with every pledge from $0 to $2430 among them.
fn twenty_red_goals() -> impl Iterator<Item = GoalSpec> {
    (0..20).map(|n| GoalSpec {
        pledge: PLEDGES[n % PLEDGES.len()],
        ..GoalSpec::new(&format!("goal-{n}"), 0)
    })
}

fn stage() -> Stage {
    let mut stage = Stage::new();
    stage.setup.config.remove("walk");
    stage.setup.config.remove("budget");
    stage.beeminder.set_goals(twenty_red_goals());
    stage
}

fn reasons<'a>(report: &'a Value, reason: &str) -> Vec<&'a str> {
    let decisions = report["decisions"].as_array().expect("a list").iter();
    decisions
        .filter(|decision| decision["reason"] == reason)
        .filter_map(|decision| decision["subject"].as_str())
        .collect()
}

#[test]
fn the_dearest_are_named_the_rest_is_counted_and_nothing_follows() {
    let stage = stage();
    let report = stage.pass("2026-03-03T15:00:00-05:00").json();
    let texts = stage.texts();
    assert_eq!(texts.len(), 1, "{texts:?}");
    let text = &texts[0];
    let is_named = |n: &usize| text.contains(&format!("goal-{n} derails today"));
    let named: Vec<usize> = (0..20).filter(is_named).collect();
    let pledge = |n: &usize| PLEDGES[n % PLEDGES.len()];
    let least = named.iter().map(pledge).fold(f64::INFINITY, f64::min);
    let counted: Vec<usize> = (0..20).filter(|n| !is_named(n)).collect();
    assert!(
        named.len() >= 8 && counted.iter().all(|n| pledge(n) <= least),
        "{text}"
    );
    let together: f64 = counted.iter().map(pledge).sum();
    let sum = format!("; +{} more due today, ${together} together #", counted.len());
    assert!(text.contains(&sum), "{text}, expected {sum}");
    assert_eq!(
        notified(&report).len(),
        20,
        "each goal is a subject of the message"
    );
    assert_eq!(reasons(&report, "first_of_day").len(), 20);

    let report = stage.pass("2026-03-03T15:15:00-05:00").json();
    assert_eq!(reasons(&report, "already_notified_today").len(), 20);
    assert_eq!(stage.texts(), texts);
}

#[test]
fn what_found_no_room_claims_nothing_and_leaves_with_the_next_message() {
    let mut stage = stage();
    stage.channels(&["sms", "whatsapp"]);
    stage.setup.config.set("policy.max_messages_per_hour", 10);
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    stage.twilio.fail_always_by(Way::Sms, Some(Fault::Refuse(21610)));
    stage.pass("2026-03-03T15:00:00-05:00");
    // Now SMS is broken, and twenty goals are red. No sum counts a broken channel.
    stage.beeminder.set_goals(twenty_red_goals());
    let report = stage.pass("2026-03-03T15:15:00-05:00").json();
    assert_eq!(reasons(&report, "no_room"), ["channel:sms"]);
    assert_eq!(about(&report, "decisions", "channel:sms", "action"), "suppress");
    assert!(!notified(&report).contains(&"channel:sms"), "{report:#}");

    let report = stage.pass("2026-03-03T15:30:00-05:00").json();
    assert_eq!(notified(&report), ["channel:sms"], "{report:#}");
    assert_eq!(reasons(&report, "first_of_day"), ["channel:sms"]);
}
