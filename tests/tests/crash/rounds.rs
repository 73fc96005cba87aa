//! A thousand rounds of everything.

use mecris_tests::cases::Case;

use crate::{
    campaign::Campaign,
    deck::half_a_deck,
    options::{number, seed, size},
    report::{HANGS, publish},
};

pub(crate) const CASES: &[Case] = &[(
    "rounds::killed_anywhere_it_tells_everything_once",
    killed_anywhere_it_tells_everything_once,
)];

/// In twenty thousand rounds every failpoint is to be hit fifty times; in fewer, fewer times.
const ROUNDS_FOR_ONE_HIT: u64 = 400;

fn killed_anywhere_it_tells_everything_once() {
    let (rounds, seed) = (size("MECRIS_CRASH_ROUNDS", 1000), seed("crash rounds"));
    let deal = |batch: u64| half_a_deck(seed, batch);
    let counts = Campaign {
        test: "killed_anywhere",
        seed,
        rounds,
        deal: &deal,
    }
    .play();
    assert!(!counts.events.contains_key(HANGS), "a pass did not end");
    if number("MECRIS_CRASH_BATCH").is_none() {
        let (rarest, kills) = counts.rarest();
        let wanted = (counts.rounds.min(rounds) / ROUNDS_FOR_ONE_HIT).max(1);
        assert!(
            kills >= wanted,
            "{rarest} was reached {kills} times only in {} rounds, expected {wanted}",
            counts.rounds
        );
        publish("rounds", &counts.table(seed));
    }
}
