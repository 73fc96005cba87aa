//! Red all day and done at 21:10 every evening: spoken of only on the evening on which it is not done by then.

use super::{days::Days, goal::Goal};

/// Done on every evening of a fortnight up to Tuesday, the 3rd of March, and not on Wednesday.
fn journal() -> Goal {
    let evenings = (18..=28).map(|day| format!("2026-02-{day}"));
    let evenings = evenings.chain((1..=4).map(|day| format!("2026-03-0{day}")));
    let evenings: Vec<String> = evenings.collect();
    let first = Goal::derails("journal", &evenings[0]);
    evenings.windows(2).fold(first, |goal, pair| {
        goal.entered(&format!("{}T21:10", pair[0]), &pair[1])
    })
}

#[test]
fn the_usual_time_is_waited_for() {
    let mut days = Days::with("always/15m");
    let takes_place = |clock: &str| matches!(clock, "08:00" | "13:00" | "18:00") || clock >= "20:30";
    days.play_some("2026-03-03", &[journal()], takes_place);
    days.told(&[]);
    days.play_some("2026-03-04", &[journal()], takes_place);
    days.told(&[("Wed 21:30", "journal derails today 23:59")]);
    assert!(days.reasons("goal:journal").contains("before_usual_time"));
}
