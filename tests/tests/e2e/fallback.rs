//! A channel that fails is followed by the next one, in the configured order. Each message is sent once.

use mecris_tests::{
    agent::Output,
    fault::Fault,
    ledger::{self, Attempt},
    smtp::{Act, Fault as MailFault, Stage as Place},
    twilio,
};

use crate::everywhere::Everywhere;

const ALL: [&str; 4] = ["sms", "telegram", "slack", "email"];

fn alert(everywhere: &Everywhere) -> Output {
    everywhere.stage.setup.agent(&[
        "send-alert",
        "--subject",
        "test",
        "--text",
        "hello <there> & *you*",
    ])
}

/// The channel and the outcome of each attempt.
fn attempts(everywhere: &Everywhere) -> Vec<(String, String)> {
    let attempts = ledger::attempts(&everywhere.stage.setup.database()).expect("the message is on record");
    attempts
        .into_iter()
        .map(|Attempt { channel, outcome, .. }| (channel, outcome.unwrap_or_default()))
        .collect()
}

fn ended(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter()
        .map(|(channel, outcome)| ((*channel).to_owned(), (*outcome).to_owned()))
        .collect()
}

#[test]
fn each_channel_that_refuses_for_good_hands_on_to_the_next() {
    let everywhere = Everywhere::new(&ALL);
    let mut refusals = 0;
    for wanted in [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]] {
        let output = everywhere.stage.setup.agent(&[
            "send-alert",
            "--subject",
            &format!("test:{refusals}"),
            "--text",
            "x",
        ]);
        assert_eq!(
            (output.code, everywhere.told()),
            (0, wanted),
            "{}",
            output.everything()
        );
        refusals += 1;
        match refusals {
            1 => everywhere
                .stage
                .twilio
                .fail_always(Some(twilio::Fault::Refuse(21610))),
            2 => everywhere.telegram.fail_always(Some(Fault::Refuse(403))),
            3 => everywhere.slack.fail_always(Some(Fault::Refuse(410))),
            _ => everywhere
                .smtp
                .fail_always(Some(MailFault(Place::Rcpt, Act::Reply(550)))),
        }
    }
    let nobody = alert(&everywhere);
    assert_ne!(nobody.code, 0, "nobody was told: {}", nobody.everything());
    assert_eq!(everywhere.told(), [1, 1, 1, 1]);
    // Each message skipped the channels that were broken by then. The last message also tries the broken
    // channels, after the others.
    let order = ["email", "sms", "telegram", "slack"];
    let mut all = attempts(&everywhere);
    let last = all.split_off(all.len() - order.len());
    assert_eq!(last, ended(&order.map(|channel| (channel, "rejected"))));
    let rows = ledger::notifications(&everywhere.stage.setup.database()).expect("a database");
    let why = rows.last().and_then(|row| row.why.clone()).unwrap_or_default();
    assert!(
        why.contains("channel_is_archived"),
        "the last one that was tried: {why}"
    );
}

#[test]
fn the_order_is_the_configured_one() {
    let everywhere = Everywhere::new(&["email", "slack", "telegram"]);
    everywhere
        .smtp
        .fail_always(Some(MailFault(Place::Content, Act::Reply(554))));
    everywhere.slack.fail_always(Some(Fault::Refuse(404)));
    let output = alert(&everywhere);
    assert_eq!(
        (output.code, everywhere.told()),
        (0, [0, 1, 0, 0]),
        "{}",
        output.everything()
    );
    assert_eq!(
        attempts(&everywhere),
        ended(&[
            ("email", "rejected"),
            ("slack", "rejected"),
            ("telegram", "accepted")
        ])
    );
    assert_eq!(everywhere.smtp.contents(), 1);
}

#[test]
fn every_channel_says_it_in_its_own_way() {
    let everywhere = Everywhere::new(&ALL);
    for channel in ALL {
        let output = everywhere
            .stage
            .setup
            .agent(&["notify", "test", "--channel", channel]);
        assert_eq!(output.code, 0, "{channel}: {}", output.everything());
    }
    assert_eq!(everywhere.told(), [1, 1, 1, 1]);
    let letter = &everywhere.smtp.letters()[0];
    assert!(
        letter.body.contains("this is a test") && letter.header("message-id").starts_with("<mecris-"),
        "{letter:?}"
    );
}

/// A channel may refuse for now a few times, with growing pauses. Then the next channel is used.
#[test]
fn a_channel_that_always_says_later_hands_on_after_five_tries() {
    let everywhere = Everywhere::new(&["telegram", "sms"]);
    everywhere.telegram.fail_always(Some(Fault::TooMany(0)));
    alert(&everywhere);
    let _daemon = everywhere.stage.setup.serve();
    let told = mecris_tests::wait::until(std::time::Duration::from_secs(90), || {
        (everywhere.told() == [1, 0, 0, 0]).then_some(())
    });
    assert!(told.is_some(), "{:?}", attempts(&everywhere));
    assert_eq!(everywhere.telegram.sends(), 5);
}

/// A `retry-after` beyond the day of the alert: the channel is not tried again.
#[test]
fn a_wait_that_would_be_too_long_is_not_waited_for() {
    let everywhere = Everywhere::new(&["telegram", "slack", "email"]);
    everywhere.telegram.fail_next([Fault::TooMany(1_000_000)]);
    everywhere.slack.fail_next([Fault::TooMany(1_000_000)]);
    let output = alert(&everywhere);
    assert_eq!(
        (output.code, everywhere.told()),
        (0, [0, 0, 0, 1]),
        "{}",
        output.everything()
    );
    assert_eq!(
        attempts(&everywhere),
        ended(&[("telegram", "retry"), ("slack", "retry"), ("email", "accepted")])
    );
}

#[test]
fn check_reaches_every_channel_without_sending_and_says_how_each_errs() {
    let mut everywhere = Everywhere::new(&ALL);
    everywhere
        .stage
        .setup
        .config
        .set("notify.slack.on_doubt", "give_up");
    let check = everywhere.stage.setup.agent(&["check"]);
    assert_eq!(check.code, 0, "{}", check.everything());
    let line = |name: &str| {
        let line = check.stdout.lines().find(|line| line.contains(name));
        line.unwrap_or_else(|| panic!("no {name} in {}", check.stdout))
            .to_owned()
    };
    assert!(
        line("notify.sms ").ends_with("reachable, credentials accepted"),
        "{}",
        check.stdout
    );
    assert!(
        line("notify.telegram ").contains("@mecris_bot")
            && line("notify.telegram ").contains("at least once")
    );
    assert!(
        line("notify.slack ").contains("only when something is sent")
            && line("notify.slack ").contains("at most once")
    );
    assert!(
        line("notify.email ").contains("credentials accepted")
            && line("notify.email ").contains("at least once")
    );
    let sends = (
        everywhere.telegram.sends(),
        everywhere.slack.sends(),
        everywhere.smtp.contents(),
    );
    assert_eq!((everywhere.told(), sends), ([0; 4], (0, 0, 0)));

    everywhere.telegram.set_token("123456789:AA-revoked");
    everywhere.smtp.set_login(Some(("somebody", "else")));
    let check = everywhere.stage.setup.agent(&["check"]);
    assert_ne!(check.code, 0, "{}", check.everything());
    assert!(
        check.stdout.contains("TELEGRAM_BOT_TOKEN") && check.stdout.contains("SMTP_URL"),
        "{}",
        check.stdout
    );
}

#[test]
fn a_secret_that_is_none_is_said_before_anything_is_sent() {
    let mut everywhere = Everywhere::new(&ALL);
    everywhere.stage.setup.set_env("TELEGRAM_BOT_TOKEN", "canary");
    for arguments in [&["check", "--offline"][..], &["serve"], &["notify", "test"]] {
        let output = everywhere.stage.setup.agent(arguments);
        assert_eq!(output.code, 78, "{arguments:?}: {}", output.everything());
        assert!(
            output
                .everything()
                .contains("TELEGRAM_BOT_TOKEN is not a bot's token"),
            "{}",
            output.everything()
        );
        assert!(!output.everything().contains("canary"), "{}", output.everything());
    }
    everywhere
        .stage
        .setup
        .environment
        .retain(|(name, _)| name != "TELEGRAM_BOT_TOKEN" && name != "SMTP_URL");
    let output = everywhere.stage.setup.agent(&["check", "--offline"]);
    assert_eq!(output.code, 78, "{}", output.everything());
    assert!(
        output.everything().contains("TELEGRAM_BOT_TOKEN is missing"),
        "{}",
        output.everything()
    );
    assert!(
        output.everything().contains("SMTP_URL is missing"),
        "{}",
        output.everything()
    );
}
