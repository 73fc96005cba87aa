//! Beeminder cannot be read on the last day of a goal: the goal is told by what was last seen.

use mecris_tests::beeminder::Fault;

use super::{days::Days, goal::Goal};

#[test]
fn what_was_last_seen_is_told_in_time_and_a_fresh_reading_once_more() {
    let mut days = Days::in_a_window();
    days.stage.setup.config.set("heuristic.deadline", "3s");
    let reading = [Goal::derails("reading", "2026-03-02").entered("2026-03-02T10:00", "2026-03-03")];
    days.play("2026-03-02", &reading);
    days.told(&[]);
    days.stage.beeminder.fail(Fault::Status(503));
    days.play_some("2026-03-03", &reading, |clock| clock < "17:55");
    let expected = [
        ("Tue 15:00", "last seen: reading due today 23:59"),
        ("Tue 17:00", "as of Mon 17:55: reading derails today 23:59"),
        ("Tue 17:55", "Mecris: reading derails today 23:59"),
    ];
    days.told(&expected[..2]);
    days.stage.beeminder.clear_faults();
    days.play_some("2026-03-03", &reading, |clock| clock == "17:55");
    days.told(&expected);
}
