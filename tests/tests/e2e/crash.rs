//! kill -9 at any moment: every subject that was seen gets exactly one message a day.
//!
//! `MECRIS_CRASH_ROUNDS` (200) sets the number of rounds, `MECRIS_TEST_SEED` the seed.

use std::{collections::BTreeMap, time::Duration};

use fastrand::Rng;
use mecris_tests::{
    agent::Daemon,
    beeminder::GoalSpec,
    ledger,
    twilio::Chaos,
    wait::{pause, until},
};

use crate::stage::Stage;

/// Goals that stay red on the account after their message, so that a second message would be possible.
const LINGER: usize = 10;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn killed_at_any_moment_it_tells_everything_once() {
    let rounds = number("MECRIS_CRASH_ROUNDS").unwrap_or(200);
    let seed = number("MECRIS_TEST_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}");
    let mut rng = Rng::with_seed(seed);
    let mut stage = Stage::of_the_daemon();
    stage.setup.config.set("heuristic.interval", "1s");
    // A slow reply lengthens the moments in which a kill does harm.
    stage.twilio.set_chaos(Chaos {
        seed,
        delay: 0.8,
        delay_max_ms: 120,
        hide_max_ms: 200,
        ..Chaos::default()
    });

    let (mut shown, mut told, mut in_flight) = (Vec::<String>::new(), 0, 0);
    for round in 0..rounds {
        shown.push(format!("g{round}"));
        // A goal whose message is old leaves the account, so that the last round is as quick as the first. While its
        // message is in doubt it stays: a message about a goal that is gone is not sent again.
        let claimed = accepted_claims(&stage);
        let keep = shown.len().saturating_sub(LINGER);
        let red = shown
            .iter()
            .enumerate()
            .filter(|(n, slug)| *n >= keep || !claimed.contains(&format!("goal:{slug}")));
        stage
            .beeminder
            .set_goals(red.map(|(_, slug)| GoalSpec::new(slug, 0)));
        let mut daemon = Daemon::spawn(&stage.setup);
        let longest = if rng.u8(0..4) == 0 { 1500 } else { 500 };
        pause(Duration::from_millis(rng.u64(0..longest)));
        daemon.kill();
        let states = ledger::notifications(&stage.setup.database()).unwrap_or_default();
        in_flight += states.iter().filter(|n| n.state == "sending").count();
        told = states.len();
    }
    println!("{told} messages so far, {in_flight} kills left one in flight");
    assert!(
        rounds < 100 || in_flight > 0,
        "seed {seed}: no kill ever hit a message in flight: the test tests nothing"
    );

    let daemon = stage.setup.serve();
    let done = until(Duration::from_secs(60), || {
        let claimed: Vec<String> = claims(&stage).into_iter().map(|claim| claim.subject).collect();
        let all = shown.iter().all(|slug| claimed.contains(&format!("goal:{slug}")));
        (all && ledger::settled(&stage.setup.database())).then_some(())
    });
    assert!(
        done.is_some(),
        "seed {seed}: it does not settle:\n{}",
        daemon.logs()
    );
    drop(daemon);
    assert_told_once(&stage, seed);
}

/// The subjects whose message a provider has.
fn accepted_claims(stage: &Stage) -> Vec<String> {
    let accepted: Vec<String> = ledger::notifications(&stage.setup.database())
        .unwrap_or_default()
        .into_iter()
        .filter(|message| matches!(message.state.as_str(), "accepted" | "delivered"))
        .map(|message| message.tag)
        .collect();
    claims(stage)
        .into_iter()
        .filter(|claim| accepted.contains(&claim.tag))
        .map(|claim| claim.subject)
        .collect()
}

fn claims(stage: &Stage) -> Vec<ledger::Claim> {
    ledger::claims(&stage.setup.database()).unwrap_or_default()
}

/// The message of each claim was accepted exactly once, and no message without a claim was accepted.
fn assert_told_once(stage: &Stage, seed: u64) {
    let texts = stage.texts();
    let mut messages = BTreeMap::<(String, String), usize>::new();
    for claim in claims(stage) {
        let accepted = texts.iter().filter(|text| text.contains(&claim.tag)).count();
        *messages.entry((claim.subject, claim.day)).or_default() += accepted;
    }
    let wrong: Vec<_> = messages.iter().filter(|(_, accepted)| **accepted != 1).collect();
    assert!(
        wrong.is_empty(),
        "seed {seed}: subject-days with other than one message: {wrong:?}"
    );
    let intended = ledger::notifications(&stage.setup.database())
        .expect("the database is there")
        .len();
    assert_eq!(texts.len(), intended, "seed {seed}: accepted and intended");
}

#[test]
fn a_restart_says_nothing_twice() {
    let mut stage = Stage::of_the_daemon();
    stage.setup.config.set("heuristic.interval", "1s");
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    for _ in 0..3 {
        let mut daemon = stage.setup.serve();
        let asked = stage.beeminder.requests();
        let looked = until(Duration::from_secs(10), || {
            (stage.beeminder.requests() >= asked + 4).then_some(())
        });
        assert!(looked.is_some(), "it looks again:\n{}", daemon.logs());
        let status = daemon
            .terminate(Duration::from_secs(20))
            .expect("it stops in time");
        assert_eq!(status.code(), Some(0), "{}", daemon.logs());
    }
    assert_eq!(stage.twilio.accepted_count(), 1);
}

#[test]
fn a_second_daemon_on_the_same_state_is_refused_with_a_sentence() {
    let stage = Stage::of_the_daemon();
    let _daemon = stage.setup.serve();
    let second = stage.setup.agent(&["run"]);
    assert!(second.code == 75, "{}", second.everything());
    assert!(
        second.stderr.contains("in use by another mecris-agent"),
        "{}",
        second.stderr
    );
    let beside = until(Duration::from_secs(10), || {
        (stage.setup.agent(&["status", "--json"]).code == 0).then_some(())
    });
    assert!(
        beside.is_some(),
        "status reads beside the daemon: {}",
        stage.setup.agent(&["status"]).everything()
    );
}
