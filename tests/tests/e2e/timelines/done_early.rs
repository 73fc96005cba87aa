//! A goal without any buffer, done at 09:00 every day: nobody needs to be told.

use super::{days::Days, goal::Goal};

/// Done on every morning of the fortnight before the 5th of March.
fn meditate() -> Goal {
    let mornings = (17..=28).map(|day| format!("2026-02-{day}"));
    let mornings = mornings.chain((1..=5).map(|day| format!("2026-03-0{day}")));
    let mornings: Vec<String> = mornings.collect();
    let first = Goal::derails("meditate", &mornings[0]);
    mornings.windows(2).fold(first, |goal, pair| {
        goal.entered(&format!("{}T09:00", pair[0]), &pair[1])
    })
}

#[test]
fn in_a_window_that_begins_later_it_is_never_spoken_of() {
    let mut days = Days::in_a_window();
    for day in ["2026-03-02", "2026-03-03", "2026-03-04"] {
        days.play(day, &[meditate()]);
    }
    days.told(&[]);
    assert_eq!(Vec::from_iter(days.reasons("goal:meditate")), ["done_today"]);
}

#[test]
fn at_home_the_hour_before_it_is_done_is_waited_for() {
    let mut days = Days::at_home();
    for day in ["2026-03-02", "2026-03-03"] {
        days.play(day, &[meditate()]);
    }
    days.told(&[]);
    assert_eq!(
        Vec::from_iter(days.reasons("goal:meditate")),
        ["before_usual_time", "done_today"]
    );
}
