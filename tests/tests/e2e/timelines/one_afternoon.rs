//! At 14:00 a goal derails tomorrow. At 16:00 it derails today.

use serde_json::json;

use super::{days::Days, goal::Goal};

#[test]
fn a_goal_that_was_warned_of_ahead_is_told_again_when_it_derails_today() {
    let mut days = Days::in_a_window();
    let walk = json!({"goal": "bike", "from": "14:00", "until": "18:00"});
    days.stage.setup.config.set("walk", walk);
    let reading = Goal::derails("reading", "2026-03-04").from("2026-03-03T15:20", "2026-03-03");
    days.play("2026-03-03", &[reading, Goal::derails("bike", "2026-03-31")]);
    days.told(&[
        (
            "Tue 14:00",
            "no walk yet, until 18:00; reading derails tomorrow 23:59",
        ),
        ("Tue 16:00", "reading derails today 23:59"),
    ]);
    let reasons = days.reasons("goal:reading");
    let expected = [
        "not_last_day",
        "first_of_day",
        "already_notified_today",
        "escalated",
    ];
    assert!(
        expected.iter().all(|reason| reasons.contains(*reason)),
        "{reasons:?}"
    );
}
