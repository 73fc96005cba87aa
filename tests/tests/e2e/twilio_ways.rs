//! WhatsApp and voice: which messages arrive, and that a lost reply does not cause a second send.

use std::{collections::BTreeMap, time::Duration};

use mecris_tests::{
    agent::{Daemon, Setup},
    ledger,
    twilio::{Chaos, Ending, Fault},
    wait,
};

use crate::stage::Stage;

const WORKERS: usize = 4;
const MESSAGES: usize = 100;

fn alert(setup: &Setup, text: &str) -> i32 {
    setup
        .agent(&[
            "send-alert",
            "--subject",
            &format!("test:{}", fastrand::u64(..)),
            "--text",
            text,
        ])
        .code
}

#[test]
fn a_template_carries_the_text_and_the_tag() {
    let mut stage = Stage::of_the_daemon();
    stage.channels(&["whatsapp"]);
    assert_eq!(alert(&stage.setup, "a \"quoted\" {text}"), 0);
    let rows = ledger::notifications(&stage.setup.database()).expect("the message is on record");
    let expected = format!("Mecris says: Mecris: a \"quoted\" {{text}} {}", rows[0].tag);
    assert_eq!(stage.texts(), [expected]);
    assert_eq!(stage.twilio.accepted()[0].to, "whatsapp:+14155550100");
}

#[test]
fn a_call_says_the_text_as_it_is_twice_and_no_tag() {
    let mut stage = Stage::of_the_daemon();
    stage.channels(&["voice"]);
    // This test is not about doubt, and a busy machine is slower than the daemon's short lease.
    stage.setup.config.set("notify.lease", "15s");
    assert_eq!(alert(&stage.setup, "a < b && \"c\" > 'd' </Say><Hangup/>"), 0);
    let calls = stage.twilio.calls();
    assert_eq!(calls[0].said, ["Mecris: a < b && \"c\" > 'd' </Say><Hangup/>"; 2]);
}

#[test]
fn a_call_that_is_not_answered_goes_to_the_next_channel() {
    let falls_back = |ending: Ending| {
        let mut stage = Stage::of_the_daemon();
        stage.channels(&["voice", "sms"]);
        stage.twilio.set_ending(ending);
        alert(&stage.setup, "hello");
        let _daemon = stage.setup.serve();
        let told = wait::until(Duration::from_secs(60), || {
            (stage.twilio.accepted_count() == 1).then_some(())
        });
        assert!(told.is_some(), "{ending:?}");
        assert_eq!(stage.twilio.calls().len(), 1, "{ending:?}");
    };
    // The agent asks Twilio at 5 s and at 20 s, whatever the ending.
    std::thread::scope(|scope| {
        for ending in [Ending::Busy, Ending::NoAnswer, Ending::Failed] {
            scope.spawn(move || falls_back(ending));
        }
    });
}

#[test]
fn a_hundred_lost_replies_make_a_hundred_whatsapp_messages() {
    let stage = lossy("whatsapp");
    let setups: Vec<Setup> = (0..WORKERS).map(|worker| installation(&stage, worker)).collect();
    alert_all(&setups);
    let texts = stage.texts();
    once_each(texts.iter().map(String::as_str));
}

/// A listing shows nothing of a call's text. So each installation has its own number, as a person would have,
/// and no other caller uses that number.
#[test]
fn a_hundred_lost_replies_make_a_hundred_calls() {
    let stage = lossy("voice");
    let setups: Vec<Setup> = (0..WORKERS).map(|worker| installation(&stage, worker)).collect();
    alert_all(&setups);
    let calls = stage.twilio.calls();
    once_each(calls.iter().map(|call| call.said[0].as_str()));
}

#[test]
fn a_call_in_doubt_that_may_be_somebody_elses_is_not_made_again_and_not_called_told() {
    let mut stage = Stage::of_the_daemon();
    stage.channels(&["voice"]);
    stage.twilio.fail_next([Fault::DropReplyAfterAccept]);
    stage.twilio.call_of_somebody_else("+14155550100", "+15005550006");
    alert(&stage.setup, "hello");
    let rows = ledger::notifications(&stage.setup.database()).expect("the message is on record");
    assert_eq!(
        (rows[0].state.as_str(), stage.twilio.calls().len()),
        ("unknown", 2)
    );
    assert!(
        rows[0]
            .why
            .as_deref()
            .is_some_and(|why| why.contains("cannot be told apart")),
        "{rows:?}"
    );
    assert_eq!(
        stage.setup.agent(&["status"]).code,
        3,
        "nobody knows, and that is said"
    );
}

/// Nearly every reply is lost, nearly always after acceptance, and an accepted message is listed late.
fn lossy(channel: &str) -> Stage {
    let mut stage = Stage::of_the_daemon();
    stage.channels(&[channel]);
    let seed = std::env::var("MECRIS_TEST_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(42);
    println!("seed {seed}");
    // What is not listed a second time stays unknown, so a request of a message gets lost at most once here.
    stage.twilio.lose_each_once();
    stage.twilio.set_chaos(Chaos {
        seed,
        drop_after_accept: 0.45,
        status_after_accept: 0.45,
        status_before: 0.05,
        drop_before: 0.06,
        hide_max_ms: 300,
        ..Chaos::default()
    });
    stage
}

/// A separate installation with the same fakes and the same short lease.
fn installation(stage: &Stage, number: usize) -> Setup {
    let mut setup = Setup::new(stage.beeminder.address(), stage.twilio.address());
    let own = setup.config.clone();
    setup.config = stage.setup.config.clone();
    for key in ["state.path", "http.listen"] {
        setup.config.set(key, own.get(key));
    }
    setup
        .config
        .set("notify.voice.from", format!("+1500555{number:04}"));
    setup
}

/// Sends a hundred alerts by these installations and brings each to its end.
fn alert_all(setups: &[Setup]) {
    std::thread::scope(|scope| {
        for (worker, setup) in setups.iter().enumerate() {
            scope.spawn(move || {
                for n in (worker..MESSAGES).step_by(setups.len()) {
                    alert(setup, &format!("alert {n} of the test"));
                }
            });
        }
    });
    let daemons: Vec<Daemon> = setups.iter().map(Setup::serve).collect();
    for (setup, daemon) in setups.iter().zip(&daemons) {
        let done = wait::until(Duration::from_secs(90), || {
            ledger::settled(&setup.database()).then_some(())
        });
        let open = ledger::notifications(&setup.database());
        assert!(done.is_some(), "messages stay open: {open:?}\n{}", daemon.logs());
    }
}

fn once_each<'a>(texts: impl Iterator<Item = &'a str>) {
    let mut seen = BTreeMap::<&str, usize>::new();
    for text in texts {
        let alert = text.find("alert ").map_or(text, |start| &text[start..]);
        *seen
            .entry(alert.split(" of the test").next().unwrap_or_default())
            .or_default() += 1;
    }
    let wrong: Vec<_> = seen.iter().filter(|(_, count)| **count != 1).collect();
    assert!(wrong.is_empty(), "said more than once: {wrong:?}");
    assert_eq!(seen.len(), MESSAGES);
}
