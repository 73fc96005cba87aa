//! Twilio takes a message and its answer is lost: the agent looks for the message and does not send it again.
//!
//! Every reply of the fake is lost or a 5xx, nearly always after acceptance, and an accepted message is
//! hidden from lists for a random time up to the settle time. `MECRIS_TEST_MESSAGES` sets the number of
//! messages, `MECRIS_TEST_SEED` the seed.

use std::{collections::BTreeMap, time::Duration};

use mecris_tests::{
    agent::{Daemon, Setup},
    beeminder::{self, GoalSpec},
    ledger,
    twilio::{Chaos, Fault},
    wait,
};
use tokio::time::Instant;

use crate::stage::Stage;

const WORKERS: usize = 8;
const SETTLE_MS: u64 = 300;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

#[test]
fn a_thousand_lost_replies_make_a_thousand_messages() {
    let total = usize::try_from(number("MECRIS_TEST_MESSAGES", 1000)).expect("a number of messages");
    let seed = number("MECRIS_TEST_SEED", 42);
    println!("seed {seed}");
    let stage = Stage::of_the_daemon();
    // What is not listed a second time stays unknown, so a request of a message gets lost at most once here.
    stage.twilio.lose_each_once();
    stage.twilio.set_chaos(Chaos {
        seed,
        drop_after_accept: 0.45,
        status_after_accept: 0.45,
        status_before: 0.05,
        drop_before: 0.06,
        hide_max_ms: SETTLE_MS,
        ..Chaos::default()
    });
    let setups: Vec<Setup> = (0..WORKERS).map(|_| installation(&stage)).collect();
    std::thread::scope(|scope| {
        for (worker, setup) in setups.iter().enumerate() {
            scope.spawn(move || {
                for n in (worker..total).step_by(WORKERS) {
                    setup.agent(&[
                        "send-alert",
                        "--subject",
                        &format!("test:{n}"),
                        "--text",
                        &format!("alert {n} of the test"),
                    ]);
                }
            });
        }
    });
    settle(&setups);

    let mut seen = BTreeMap::<String, usize>::new();
    for text in stage.texts() {
        let name = text.split(" of the test").next().unwrap_or_default().to_owned();
        *seen.entry(name).or_default() += 1;
    }
    let twice: Vec<_> = seen.iter().filter(|(_, count)| **count != 1).collect();
    assert!(twice.is_empty(), "seed {seed}: sent more than once: {twice:?}");
    let planned: usize = setups
        .iter()
        .map(|s| ledger::notifications(&s.database()).map_or(0, |n| n.len()))
        .sum();
    assert_eq!(
        (planned, seen.len(), stage.twilio.accepted_count()),
        (total, total, total),
        "seed {seed}"
    );
    println!(
        "{total} messages, {} attempts, {} lists",
        stage.twilio.creates(),
        stage.twilio.lists()
    );
}

#[test]
fn a_lost_reply_is_adopted_from_the_list() {
    for fault in [
        Fault::DropReplyAfterAccept,
        Fault::StatusAfterAccept(500),
        Fault::StatusAfterAccept(503),
        Fault::GarbageAfterAccept,
        Fault::HangAfterAccept,
    ] {
        let stage = Stage::of_the_daemon();
        stage.twilio.fail_next([fault.clone()]);
        stage
            .setup
            .agent(&["send-alert", "--subject", "test", "--text", "hello"]);
        settle(std::slice::from_ref(&stage.setup));
        assert_eq!(
            (stage.twilio.accepted_count(), stage.twilio.creates()),
            (1, 1),
            "{fault:?}"
        );
        assert!(stage.twilio.lists() > 0, "{fault:?}: it was looked for");
        let rows = ledger::notifications(&stage.setup.database()).expect("the message is on record");
        assert!(
            matches!(rows[0].state.as_str(), "accepted" | "delivered"),
            "{fault:?}: {rows:?}"
        );
    }
}

#[test]
fn what_was_never_accepted_is_sent_again() {
    for fault in [
        Fault::DropBefore,
        Fault::StatusBefore(502),
        Fault::Garbage2xx,
        Fault::Hang,
    ] {
        let stage = Stage::of_the_daemon();
        stage.twilio.fail_next([fault.clone()]);
        stage
            .setup
            .agent(&["send-alert", "--subject", "test", "--text", "hello"]);
        settle(std::slice::from_ref(&stage.setup));
        assert_eq!(stage.twilio.accepted_count(), 1, "{fault:?}");
    }
}

#[test]
fn while_the_list_fails_nothing_is_sent_again() {
    let stage = Stage::of_the_daemon();
    stage.twilio.fail_next([Fault::DropReplyAfterAccept]);
    stage
        .twilio
        .fail_next_reads(std::iter::repeat_n(Fault::StatusBefore(503), 6));
    stage
        .setup
        .agent(&["send-alert", "--subject", "test", "--text", "hello"]);
    settle(std::slice::from_ref(&stage.setup));
    assert_eq!((stage.twilio.accepted_count(), stage.twilio.creates()), (1, 1));
}

/// `send-alert` with this stage's channels until nothing is due any more, and the one message on record.
fn alert(stage: &Stage) -> ledger::Notification {
    let sent = stage
        .setup
        .agent(&["send-alert", "--subject", "test", "--text", "hello"]);
    assert_eq!(sent.code, 3, "something is unknown: {}", sent.everything());
    let mut rows = ledger::notifications(&stage.setup.database()).expect("a database");
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

fn outcomes(stage: &Stage) -> Vec<(String, String)> {
    ledger::attempts(&stage.setup.database())
        .expect("a database")
        .into_iter()
        .map(|attempt| (attempt.channel, attempt.outcome.unwrap_or_default()))
        .collect()
}

/// Every reply is lost, and no list ever shows a message: nobody can tell what arrived.
#[test]
fn a_list_that_never_shows_anything_is_believed_once() {
    let stage = Stage::of_the_daemon();
    stage.twilio.fail_always(Some(Fault::DropReplyAfterAccept));
    stage.twilio.hide_from_lists(600_000);
    let row = alert(&stage);
    assert_eq!(
        (row.state.as_str(), stage.twilio.accepted_count()),
        ("unknown", 2)
    );
    let why = row.why.expect("it says so");
    assert!(why.contains("stays unknown whether sms has the message"), "{why}");
    assert_eq!(
        outcomes(&stage),
        [("sms", "absent"), ("sms", "unknown")].map(|(channel, how)| (channel.to_owned(), how.to_owned()))
    );

    // Another message makes the outbox work. The message in doubt is left alone.
    stage.twilio.fail_always(None);
    let next = stage
        .setup
        .agent(&["send-alert", "--subject", "other", "--text", "world"]);
    assert_eq!(next.code, 0, "{}", next.everything());
    let hello = stage.texts().iter().filter(|text| text.contains("hello")).count();
    assert_eq!(
        (hello, stage.twilio.accepted_count()),
        (2, 3),
        "{:?}",
        stage.texts()
    );
}

#[test]
fn after_a_list_that_never_shows_anything_the_next_channel_says_it_again_once() {
    let mut stage = Stage::of_the_daemon();
    stage.channels(&["sms", "whatsapp"]);
    stage.twilio.fail_always(Some(Fault::DropReplyAfterAccept));
    stage.twilio.hide_from_lists(600_000);
    let row = alert(&stage);
    assert_eq!(
        (row.state.as_str(), stage.twilio.accepted_count()),
        ("unknown", 3)
    );
    let texts = stage.texts();
    let again = |text: &String| text.contains("Mecris again: hello");
    assert_eq!(
        texts.iter().map(again).collect::<Vec<_>>(),
        [false, false, true],
        "{texts:?}"
    );
    assert!(texts.iter().all(|text| text.contains(&row.tag)), "{texts:?}");
}

#[test]
fn a_list_that_shows_a_message_without_its_text_is_no_proof_that_it_is_not_ours() {
    let stage = Stage::of_the_daemon();
    stage.twilio.fail_next([Fault::DropReplyAfterAccept]);
    stage.twilio.redact_lists();
    let row = alert(&stage);
    assert_eq!(
        (
            row.state.as_str(),
            stage.twilio.accepted_count(),
            stage.twilio.creates()
        ),
        ("unknown", 1, 1)
    );
    let why = row.why.expect("it says so");
    assert!(why.contains("without its text"), "{why}");
}

/// A separate installation with the same fakes and the same short lease.
fn installation(stage: &Stage) -> Setup {
    let mut setup = Setup::new(stage.beeminder.address(), stage.twilio.address());
    let own = setup.config.clone();
    setup.config = stage.setup.config.clone();
    for key in ["state.path", "http.listen"] {
        setup.config.set(key, own.get(key));
    }
    setup
}

/// Daemons finish the messages that the commands left open.
fn settle(setups: &[Setup]) {
    let daemons: Vec<Daemon> = setups.iter().map(Setup::serve).collect();
    for (setup, daemon) in setups.iter().zip(&daemons) {
        let done = wait::until(Duration::from_secs(90), || {
            ledger::settled(&setup.database()).then_some(())
        });
        let open = ledger::notifications(&setup.database());
        assert!(done.is_some(), "messages stay open: {open:?}\n{}", daemon.logs());
    }
}

/// The delivery loop and every triggered pass work on the outbox. The second worker must not take a running
/// send for a lost one.
#[test]
fn many_passes_at_once_make_one_message() {
    let stage = Stage::of_the_daemon();
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    stage.twilio.set_chaos(Chaos {
        seed: 1,
        delay: 1.0,
        delay_max_ms: 150,
        ..Chaos::default()
    });
    let daemon = stage.setup.serve();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(daemon.post("/intelligent-reminder/trigger", None).status, 200));
        }
    });
    assert!(
        wait::until(Duration::from_secs(20), || ledger::settled(
            &stage.setup.database()
        )
        .then_some(()))
        .is_some()
    );
    assert_eq!(stage.texts().len(), 1, "{}", daemon.logs());
}

/// One token must not make the agent ask Beeminder without end, neither by many requests at once nor in a loop.
#[test]
fn many_requests_for_a_pass_ask_beeminder_for_few() {
    let stage = Stage::of_the_daemon();
    stage.beeminder.set_goals([GoalSpec::new("reading", 9)]);
    let daemon = stage.setup.serve();
    let ask = || assert_eq!(daemon.post("/intelligent-reminder/trigger", None).status, 200);
    let asked_by = |work: &dyn Fn()| {
        let before = stage.beeminder.requests();
        work();
        stage.beeminder.requests() - before
    };
    let start = Instant::now();
    ask();
    let of_a_pass = asked_by(&ask);
    assert!(of_a_pass > 0, "a pass reads Beeminder");

    stage.beeminder.fail(beeminder::Fault::Delay(1_500));
    let at_once = asked_by(&|| {
        std::thread::scope(|scope| {
            for _ in 0..40 {
                scope.spawn(ask);
            }
        });
    });
    stage.beeminder.clear_faults();
    assert!(
        at_once <= 2 * of_a_pass,
        "40 requests at once share the pass that runs next and the one after it: {at_once} of {of_a_pass} each"
    );

    let in_a_loop = asked_by(&|| (0..6).for_each(|_| ask()));
    assert_eq!(in_a_loop, 6 * of_a_pass, "each is answered by a pass of its own");
    assert!(
        start.elapsed() > Duration::from_secs(15),
        "nine passes began or ten: six at once, then one each five seconds"
    );
}
