//! Passes that a crontab makes with `run`: what the last days of a goal need from it.

use super::{days::Days, goal::Goal};

/// Derails on each of these days at its end, and is done at 23:00. Beeminder reminds of it from 21:00 on, so a pass
/// before that waits for a later one if it trusts that there is one.
fn done_late(days: &[&str]) -> Goal {
    let first = Goal::derails("reading", days[0]).reminded_from(21);
    days.windows(2).fold(first, |goal, pair| {
        goal.entered(&format!("{}T23:00", pair[0]), pair[1])
    })
}

#[test]
fn who_tried_serve_once_is_told_by_the_crontab() {
    let mut days = Days::with("always/15m");
    let goals = [done_late(&["2026-03-03", "2026-03-04", "2026-03-05"])];
    // The daemon ran on Monday morning, to see what it does.
    days.play_some("2026-03-02", &goals, |clock| clock == "09:00" || clock == "09:15");
    for day in ["2026-03-03", "2026-03-04"] {
        days.run(day, &["18:00"], &goals);
    }
    days.told(&[
        ("Tue 18:00", "Mecris: reading derails today 23:59"),
        ("Wed 18:00", "Mecris: reading derails today 23:59"),
    ]);
}

#[test]
fn a_line_that_moves_from_the_evening_to_noon_loses_no_last_day() {
    let mut days = Days::with("always/15m");
    let dates: Vec<String> = (2..=8).map(|day| format!("2026-03-0{day}")).collect();
    let last_days: Vec<&str> = dates.iter().map(String::as_str).collect();
    let goals = [done_late(&last_days)];
    for day in &last_days[..3] {
        days.run(day, &["21:30"], &goals);
    }
    for day in &last_days[3..6] {
        days.run(day, &["12:00"], &goals);
    }
    days.told(&[
        ("Mon 21:30", "reading derails today 23:59"),
        ("Tue 21:30", "reading derails today 23:59"),
        ("Wed 21:30", "reading derails today 23:59"),
        ("Thu 12:00", "reading derails today 23:59"),
        ("Fri 12:00", "reading derails today 23:59"),
        ("Sat 12:00", "reading derails today 23:59"),
    ]);
}
