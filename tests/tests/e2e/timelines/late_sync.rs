//! A phone sends its steps three hours late: what is said is true by what had synced, and is said once.

use super::{days::Days, goal::Goal};

#[test]
fn what_syncs_three_hours_late_is_told_as_what_had_synced() {
    let mut days = Days::in_a_window();
    // Walked at 13:30 on Tuesday and at 09:00 on Wednesday.
    let steps = Goal::derails("steps", "2026-03-03")
        .by_a_service()
        .entered("2026-03-03T16:30", "2026-03-04")
        .entered("2026-03-04T12:00", "2026-03-05");
    days.play("2026-03-03", std::slice::from_ref(&steps));
    days.play("2026-03-04", &[steps]);
    days.told(&[(
        "Tue 13:00",
        "steps derails today 23:59 ($5, +1 missing by what had synced at 13:00)",
    )]);
    assert!(days.reasons("goal:steps").contains("done_today"));
}
