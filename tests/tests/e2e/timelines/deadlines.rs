//! A goal whose day ends at 18:00 or at 03:00 has its last word on the day of its derailment, once.

use super::{days::Days, goal::Goal};

/// Done in time on Tuesday, the 3rd.
fn bedtime() -> Goal {
    Goal::derails("bedtime", "2026-03-03")
        .deadline(-6)
        .entered("2026-03-03T15:30", "2026-03-06")
}

#[test]
fn a_deadline_of_18_00_is_told_on_its_day_at_home() {
    let mut days = Days::at_home();
    days.play("2026-03-02", &[bedtime()]);
    days.play("2026-03-03", &[bedtime()]);
    days.told(&[
        ("Mon 18:00", "bedtime derails tomorrow 17:59"),
        ("Tue 08:00", "bedtime derails today 17:59"),
    ]);
}

#[test]
fn a_deadline_of_18_00_is_told_on_its_day_in_a_window_until_18_00() {
    let mut days = Days::in_a_window();
    days.play("2026-03-02", &[bedtime()]);
    days.play("2026-03-03", &[bedtime()]);
    days.told(&[
        ("Mon 17:00", "bedtime derails tomorrow 17:59"),
        ("Tue 13:00", "bedtime derails today 17:59"),
    ]);
}

/// Due in the night from Tuesday to Wednesday, and done at 23:00.
fn gym() -> Goal {
    Goal::derails("gym", "2026-03-03")
        .deadline(3)
        .entered("2026-03-03T23:00", "2026-03-08")
}

#[test]
fn a_deadline_of_03_00_is_told_in_the_evening_before_it() {
    let mut days = Days::at_home();
    days.play("2026-03-02", &[gym()]);
    days.play("2026-03-03", &[gym()]);
    days.play("2026-03-04", &[gym()]);
    days.told(&[
        ("Mon 18:00", "gym derails tomorrow night 02:59"),
        ("Tue 18:00", "gym derails tonight 02:59"),
    ]);
}

#[test]
fn a_deadline_of_03_00_is_told_in_the_window_of_the_day_before_it() {
    let mut days = Days::in_a_window();
    days.play("2026-03-02", &[gym()]);
    days.play("2026-03-03", &[gym()]);
    days.play("2026-03-04", &[gym()]);
    days.told(&[
        ("Mon 17:00", "gym derails tomorrow night 02:59"),
        ("Tue 17:00", "gym derails tonight 02:59"),
    ]);
}
