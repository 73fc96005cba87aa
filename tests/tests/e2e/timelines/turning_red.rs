//! A goal turns red ten minutes before the window ends: the next pass that takes place tells it, and where none
//! does, the next day says that it derailed.

use super::{days::Days, goal::Goal};

/// It derails on Friday. Then its line is changed, and it derails tonight.
fn reading() -> Goal {
    Goal::derails("reading", "2026-03-06").from("2026-03-03T17:50", "2026-03-03")
}

#[test]
fn the_pass_five_minutes_before_the_end_of_the_window_tells_it() {
    let mut days = Days::in_a_window();
    days.play("2026-03-03", &[reading()]);
    days.told(&[("Tue 17:55", "reading derails today 23:59")]);
}

#[test]
fn if_that_pass_is_missed_the_one_in_the_evening_tells_it() {
    let mut days = Days::with("13-18/1h and 21:30");
    days.play_some("2026-03-03", &[reading()], |clock| clock != "17:55");
    days.told(&[("Tue 21:30", "reading derails today 23:59")]);
}

#[test]
fn without_any_pass_the_next_day_says_what_happened_and_the_log_why_nothing_was_said() {
    let mut days = Days::in_a_window();
    days.play_some("2026-03-03", &[reading()], |clock| clock != "17:55");
    days.told(&[]);
    let last = days.last_decision("goal:reading", "2026-03-03T23:59");
    let is_at_five = last["at"]
        .as_str()
        .is_some_and(|at| at.starts_with("2026-03-03T22:00"));
    assert!(
        is_at_five && last["reason"] == "below_threshold",
        "the last look was before it turned red: {last:#}"
    );
    let derailed = reading().from("2026-03-04T00:00", "2026-03-11");
    days.play("2026-03-04", std::slice::from_ref(&derailed));
    days.play("2026-03-05", &[derailed]);
    days.told(&[("Wed 17:00", "reading derailed Tue")]);
}
