//! What is planted into the agent's state is found by the texts that the provider accepted.

use mecris_tests::cases::Case;
use rusqlite::Connection;

use super::Lane;
use crate::report::Tally;

pub(crate) const CASES: &[Case] = &[
    (
        "lane::what_the_state_forgets_is_told_again_and_found",
        what_the_state_forgets_is_told_again_and_found,
    ),
    (
        "lane::what_only_the_state_calls_told_is_found",
        what_only_the_state_calls_told_is_found,
    ),
];

/// Tells a red goal, changes the state by this SQL, and shows the goal once more. Returns the audit.
fn after(planted: &str) -> Result<(), String> {
    let tally = Tally::default();
    let mut lane = Lane::new(&tally, false);
    lane.new_goal();
    let shown = lane.shown.clone();
    lane.settle().expect("it is told");
    let state = Connection::open(lane.stage.machine().database()).expect("the state");
    state.execute_batch(planted).expect("it is planted");
    drop(state);
    lane.shown = shown;
    lane.settle().expect("everything was told, or is told now");
    lane.audit()
}

fn what_the_state_forgets_is_told_again_and_found() {
    assert_eq!(after(""), Ok(()), "nothing is planted");
    let found = after("DELETE FROM steps; DELETE FROM claims;").expect_err("it is told again");
    assert!(found.contains("g1 is told again"), "{found}");
}

fn what_only_the_state_calls_told_is_found() {
    let found = after(
        "INSERT INTO steps (subject, occasion, step, severity, notification_id, claimed_at)
         SELECT 'goal:g9', occasion, step, severity, notification_id, claimed_at FROM steps",
    )
    .expect_err("nobody was told");
    assert!(
        found.contains("g9 on 2026-02-03, last: no message names it"),
        "{found}"
    );
}
