//! A goal is renamed at noon: it is the same goal.

use mecris_tests::ledger;

use super::{days::Days, goal::Goal};

#[test]
fn a_goal_that_is_renamed_at_noon_is_told_once() {
    let mut days = Days::at_home();
    let reading = Goal::derails("reading", "2026-03-03");
    days.play_some("2026-03-03", std::slice::from_ref(&reading), |clock| {
        clock < "12:00"
    });
    days.play_some("2026-03-03", &[reading.renamed("books")], |clock| {
        clock >= "12:00"
    });
    days.told(&[("Tue 08:00", "reading derails today 23:59")]);
    assert_eq!(
        Vec::from_iter(days.reasons("goal:books")),
        ["already_notified_today"]
    );
}

#[test]
fn two_goals_that_exchange_their_names_are_told_once_each() {
    let mut days = Days::at_home();
    let (reading, piano) = (
        Goal::derails("reading", "2026-03-03"),
        Goal::derails("piano", "2026-03-06"),
    );
    days.play_some("2026-03-03", &[reading.clone(), piano.clone()], |clock| {
        clock < "12:00"
    });
    let exchanged = [
        reading.renamed("piano"),
        piano.renamed("reading").from("2026-03-03T14:30", "2026-03-03"),
    ];
    days.play_some("2026-03-03", &exchanged, |clock| clock >= "12:00");
    days.told(&[
        ("Tue 08:00", "Mecris: reading derails today 23:59"),
        ("Tue 16:00", "Mecris: reading derails today 23:59"),
    ]);
}

#[test]
fn a_new_goal_under_the_name_of_one_that_was_told_is_told_too() {
    let mut days = Days::at_home();
    days.play_some("2026-03-03", &[Goal::derails("reading", "2026-03-03")], |clock| {
        clock < "12:00"
    });
    let another = Goal::derails("books", "2026-03-03").renamed("reading");
    days.play_some("2026-03-03", &[another], |clock| clock >= "12:00");
    days.told(&[
        ("Tue 08:00", "reading derails today 23:59"),
        ("Tue 12:00", "reading derails today 23:59"),
    ]);
}

#[test]
fn a_silence_about_it_holds_on() {
    let mut days = Days::at_home();
    let reading = Goal::derails("reading", "2026-03-06").from("2026-03-03T13:30", "2026-03-03");
    days.play_some("2026-03-03", std::slice::from_ref(&reading), |clock| {
        clock < "12:00"
    });
    let until = "2026-03-03T18:30:00-05:00".parse().expect("an instant");
    ledger::silence(&days.stage.setup.database(), "goal:reading", until).expect("a pass made the database");
    days.play_some("2026-03-03", &[reading.renamed("books")], |clock| {
        clock >= "12:00"
    });
    days.told(&[("Tue 20:00", "books derails today 23:59")]);
    assert!(days.reasons("goal:books").contains("silenced"));
}
