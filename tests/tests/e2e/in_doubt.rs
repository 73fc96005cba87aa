//! A channel that cannot be asked takes a message and its answer is lost: the message is sent at least once
//! or at most once, as configured.

use std::time::Duration;

use mecris_tests::{
    agent::Daemon,
    fault::Fault,
    ledger,
    smtp::{Act, Fault as MailFault, Stage as Place},
    wait,
};

use crate::everywhere::Everywhere;

const MUTE: [&str; 3] = ["telegram", "slack", "email"];

/// The next send on this channel is accepted, and its answer is lost.
fn lose_a_reply(everywhere: &Everywhere, channel: &str) {
    match channel {
        "telegram" => everywhere.telegram.fail_next([Fault::DropReplyAfterAccept]),
        "slack" => everywhere.slack.fail_next([Fault::StatusAfterAccept(502)]),
        _ => everywhere.smtp.fail_next([MailFault(Place::Accepted, Act::Drop)]),
    }
}

/// The messages that the person read on this channel.
fn texts(everywhere: &Everywhere, channel: &str) -> Vec<String> {
    match channel {
        "telegram" => everywhere
            .telegram
            .messages()
            .into_iter()
            .map(|message| message.text)
            .collect(),
        "slack" => everywhere.slack.texts(),
        _ => everywhere
            .smtp
            .letters()
            .into_iter()
            .map(|letter| letter.body)
            .collect(),
    }
}

fn alert(everywhere: &Everywhere) -> i32 {
    everywhere
        .stage
        .setup
        .agent(&["send-alert", "--subject", "test", "--text", "hello"])
        .code
}

#[test]
fn at_least_once_says_it_again_with_the_same_tag() {
    for channel in MUTE {
        let everywhere = Everywhere::new(&[channel, "sms"]);
        lose_a_reply(&everywhere, channel);
        assert_eq!(alert(&everywhere), 0, "{channel}");
        let row = ledger::notifications(&everywhere.stage.setup.database())
            .expect("a database")
            .remove(0);
        let texts = texts(&everywhere, channel);
        assert_eq!(
            (row.state.as_str(), texts.len(), everywhere.told()[0]),
            ("accepted", 2, 0),
            "{channel}: {row:?}"
        );
        assert!(
            texts[0] == texts[1] && texts[0].contains(&row.tag),
            "{channel}: {texts:?}"
        );
    }
    let everywhere = Everywhere::new(&["email"]);
    lose_a_reply(&everywhere, "email");
    alert(&everywhere);
    let ids: Vec<String> = everywhere
        .smtp
        .letters()
        .iter()
        .map(|letter| letter.header("message-id").to_owned())
        .collect();
    assert!(
        ids.len() == 2 && ids[0] == ids[1],
        "a mail program shows them as one: {ids:?}"
    );
}

#[test]
fn at_most_once_says_nothing_more_on_any_channel_and_stays_in_doubt() {
    for channel in MUTE {
        let mut everywhere = Everywhere::new(&[channel, "sms"]);
        everywhere
            .stage
            .setup
            .config
            .set(&format!("notify.{channel}.on_doubt"), "give_up");
        lose_a_reply(&everywhere, channel);
        assert_eq!(alert(&everywhere), 3, "{channel}: something was unknown");
        let row = ledger::notifications(&everywhere.stage.setup.database())
            .expect("a database")
            .remove(0);
        assert_eq!(
            (row.state.as_str(), texts(&everywhere, channel).len()),
            ("unknown", 1),
            "{channel}"
        );
        assert!(
            row.why.as_deref().is_some_and(|why| why.contains("at most once")),
            "{channel}: {row:?}"
        );

        // Another message makes the outbox work. The message in doubt is left alone.
        let next = everywhere
            .stage
            .setup
            .agent(&["send-alert", "--subject", "other", "--text", "world"]);
        assert_eq!(next.code, 0, "{channel}: {}", next.everything());
        let texts = texts(&everywhere, channel);
        assert_eq!(
            (texts.len(), everywhere.told()[0]),
            (2, 0),
            "{channel}: {texts:?}"
        );
    }
}

#[test]
fn at_most_once_still_goes_elsewhere_when_nothing_is_in_doubt() {
    let mut everywhere = Everywhere::new(&["email", "telegram", "sms"]);
    for channel in ["email", "telegram"] {
        everywhere
            .stage
            .setup
            .config
            .set(&format!("notify.{channel}.on_doubt"), "give_up");
    }
    everywhere.smtp.fail_next([
        MailFault(Place::Greeting, Act::Reply(554)),
        MailFault(Place::Mail, Act::Reply(550)),
    ]);
    everywhere.telegram.fail_next([Fault::Refuse(403)]);
    assert_eq!((alert(&everywhere), everywhere.told()), (0, [1, 0, 0, 0]));
}

/// The process is killed in the middle of a send. The outcome is unknown, so the same two rules apply.
#[test]
fn a_killed_sender_leaves_a_doubt_that_errs_as_configured() {
    for (on_doubt, told, state) in [("resend", 2, "accepted"), ("give_up", 1, "unknown")] {
        let mut everywhere = Everywhere::new(&["telegram", "sms"]);
        everywhere
            .stage
            .setup
            .config
            .set("notify.telegram.on_doubt", on_doubt);
        everywhere
            .stage
            .beeminder
            .set_goals([mecris_tests::beeminder::GoalSpec::new("reading", 0)]);
        everywhere.telegram.fail_next([Fault::HangAfterAccept]);
        let mut daemon = Daemon::spawn(&everywhere.stage.setup);
        let sent = wait::until(Duration::from_secs(20), || {
            (!everywhere.telegram.messages().is_empty()).then_some(())
        });
        assert!(sent.is_some(), "{}", daemon.logs());
        daemon.kill();
        let daemon = everywhere.stage.setup.serve();
        let settled = wait::until(Duration::from_secs(30), || {
            let row = ledger::notifications(&everywhere.stage.setup.database())
                .ok()?
                .into_iter()
                .next()?;
            let at_rest = row.state == state && (state == "accepted" || row.why.is_some());
            at_rest.then_some(())
        });
        assert!(settled.is_some(), "{on_doubt}: {}", daemon.logs());
        assert_eq!(
            everywhere.told(),
            [0, told, 0, 0],
            "{on_doubt}: {}",
            daemon.logs()
        );
    }
}
