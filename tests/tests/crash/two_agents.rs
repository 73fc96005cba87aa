//! Two agents at once: two that start together on one remote, and one that is stopped while the other takes
//! over.

use mecris_agent::failpoint;
use mecris_tests::cases::Case;

use crate::{
    campaign::Campaign,
    deck::Card,
    options::{number, seed, size},
    report::{Counts, FAILED, HANGS, publish},
};

pub(crate) const CASES: &[Case] = &[
    (
        "two_agents::two_agents_that_start_together_send_one_message",
        two_agents_that_start_together_send_one_message,
    ),
    (
        "two_agents::one_that_is_stopped_and_continued_after_another_took_over_sends_nothing_again",
        one_that_is_stopped_and_continued_after_another_took_over_sends_nothing_again,
    ),
];

/// The number of rounds that one account plays before it is audited: does every due goal have its message,
/// once?
const BATCH: u64 = 10;

/// The number of stops in a batch. A stop lasts several leases, so a batch has few of them.
const STOPS: u64 = 3;

/// The failpoints that are left out: a stop there proves nothing about the protocol, or `residual` measures
/// it.
const APART: [&str; 4] = [
    "retention.forgotten",
    "retention.compacted",
    "checkpoint.failed",
    "outbox.lease_checked",
];

fn protocol() -> Vec<&'static str> {
    failpoint::ALL
        .iter()
        .copied()
        .filter(|name| !APART.contains(name))
        .collect()
}

/// Fails if a pass failed or hung. These rounds have no faults, so only the other agent could be the cause.
fn unharmed(counts: &Counts) {
    let harmed: Vec<_> = counts
        .events
        .iter()
        .filter(|(event, _)| [FAILED, HANGS].contains(event))
        .collect();
    assert!(harmed.is_empty(), "{harmed:?}");
}

fn two_agents_that_start_together_send_one_message() {
    let (rounds, seed) = (size("MECRIS_CRASH_TOGETHER", 50), seed("two agents"));
    let deal = |_| vec![Card::Race; usize::try_from(BATCH.min(rounds)).unwrap_or(1)];
    let counts = Campaign {
        test: "two_agents_that_start_together",
        seed,
        rounds,
        deal: &deal,
    }
    .play();
    unharmed(&counts);
    if number("MECRIS_CRASH_BATCH").is_none() {
        assert!(counts.due as u64 >= rounds);
        publish(
            "together",
            &counts.summary("two agents started together", rounds.max(counts.rounds), seed),
        );
    }
}

fn one_that_is_stopped_and_continued_after_another_took_over_sends_nothing_again() {
    let names = protocol();
    let wanted = size("MECRIS_CRASH_TAKEOVERS", names.len() as u64);
    let seed = seed("take-over");
    let deal = |batch: u64| {
        let place = |n: u64| usize::try_from((batch * STOPS + n) % names.len() as u64).unwrap_or(0);
        (0..STOPS).map(|n| Card::TakenOver(names[place(n)])).collect()
    };
    // Some failpoints are reached only after a round or two.
    let rounds = wanted + wanted / 3;
    let counts = Campaign {
        test: "one_that_is_stopped",
        seed,
        rounds,
        deal: &deal,
    }
    .play();
    unharmed(&counts);
    if number("MECRIS_CRASH_BATCH").is_none() {
        let stops: u64 = counts.stops.values().sum();
        assert!(
            stops >= wanted * 9 / 10,
            "stopped {stops} times only: {:?}",
            counts.stops
        );
        let missing: Vec<_> = names
            .iter()
            .filter(|name| !counts.stops.contains_key(**name))
            .collect();
        assert!(missing.is_empty(), "never stopped at {missing:?}");
        publish(
            "take-over",
            &counts.summary("stopped, taken over, continued", stops, seed),
        );
    }
}
