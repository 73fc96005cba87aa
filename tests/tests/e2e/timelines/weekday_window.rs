//! A window on weekdays: on Friday afternoon everything is said that derails before Monday's first pass. The
//! weekend itself is no trouble: nobody promised a pass.

use super::{days::Days, goal::Goal};

#[test]
fn friday_covers_the_weekend() {
    let mut days = Days::with("13-18/1h mon-fri");
    let goals = [
        Goal::derails("meditate", "2026-03-07").entered("2026-03-07T10:00", "2026-03-13"),
        // The clock changes on this day.
        Goal::derails("reading", "2026-03-08").entered("2026-03-08T10:00", "2026-03-13"),
        Goal::derails("gym", "2026-03-09"),
    ];
    for day in ["2026-03-06", "2026-03-07", "2026-03-08", "2026-03-09"] {
        days.play(day, &goals);
    }
    days.told(&[
        (
            "Fri 17:00",
            "Mecris: until Mon 13:00 nobody watches: meditate tomorrow 23:59 ($5, +1 needed), reading Sun 23:59 ($5,",
        ),
        ("Mon 13:00", "Mecris: gym derails today 23:59"),
    ]);
    assert_eq!(Vec::from_iter(days.reasons("run")), ["below_threshold"]);
}
