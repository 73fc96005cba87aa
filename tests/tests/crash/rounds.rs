//! Rounds of everything: a thousand in the heavy tier; forty in the quick one, and two evenings.

use mecris_agent::domain::Step;
use mecris_tests::cases::Case;

use crate::{
    campaign::Campaign,
    deck::{Card, half_a_deck},
    options::{number, seed, size},
    report::{Counts, HANGS, publish},
};

/// The heavy tier.
pub(crate) const CAMPAIGN: &[Case] = &[(
    "rounds::killed_anywhere_it_tells_everything_once",
    killed_anywhere_it_tells_everything_once,
)];

/// The quick tier.
pub(crate) const QUICK: &[Case] = &[
    (
        "rounds::forty_rounds_tell_everything_once",
        forty_rounds_tell_everything_once,
    ),
    (
        "rounds::the_last_words_of_an_evening_are_said_once",
        the_last_words_of_an_evening_are_said_once,
    ),
];

/// What a goal is told in the evening: in the middle of a day nothing makes an agent say it.
const IN_THE_EVENING: [Step; 2] = [Step::LastSeen, Step::LastCall];

/// Fails if a step was never said.
fn said(counts: &Counts, steps: &[Step]) {
    let missing = steps.iter().find(|step| !counts.named.contains_key(step));
    assert_eq!(missing, None, "no message said this step: {:?}", counts.named);
}

/// In twenty thousand rounds every failpoint must be hit fifty times; in fewer rounds, proportionally fewer
/// times.
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
        said(
            &counts,
            &[&IN_THE_EVENING[..], &[Step::Ahead, Step::Last, Step::Derailed]].concat(),
        );
        publish("rounds", &counts.table(seed));
    }
}

/// How many cards each account gets in the quick tier: few, so that all accounts together wait as long as
/// one.
const CARDS: usize = 4;

/// The rounds of the quick tier.
const FEW: u64 = 40;

/// The same cards as in the heavy tier, dealt to more accounts. Too few to reach every failpoint.
fn forty_rounds_tell_everything_once() {
    let seed = seed("forty crash rounds");
    let deal = |batch: u64| {
        let deck = half_a_deck(seed, batch);
        deck.into_iter().take(CARDS).collect()
    };
    let counts = Campaign {
        test: "forty_rounds",
        seed,
        rounds: FEW,
        deal: &deal,
    }
    .play();
    assert!(!counts.events.contains_key(HANGS), "a pass did not end");
    if number("MECRIS_CRASH_BATCH").is_none() {
        let kills: u64 = counts.kills.values().sum();
        assert!(
            counts.rounds >= FEW && kills > 0,
            "{} rounds, {kills} kills at a failpoint",
            counts.rounds
        );
        assert!(counts.accepted > 0, "no message was sent: the test tests nothing");
    }
}

/// Each of the two evenings, on an account of its own.
fn the_last_words_of_an_evening_are_said_once() {
    let seed = seed("two evenings");
    let counts = Campaign {
        test: "the_last_words",
        seed,
        // Of each evening there are three rounds.
        rounds: 6,
        deal: &|batch| {
            vec![if batch.is_multiple_of(2) {
                Card::LastCall
            } else {
                Card::LastSeen
            }]
        },
    }
    .play();
    if number("MECRIS_CRASH_BATCH").is_none() {
        said(&counts, &IN_THE_EVENING);
    }
}
