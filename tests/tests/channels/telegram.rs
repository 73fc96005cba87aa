use mecris_tests::{
    fault::Fault,
    telegram::{CHAT_ID, TOKEN, Telegram},
};

use super::*;

fn telegram(fake: &Telegram) -> Arc<dyn Channel> {
    with_token(fake, TOKEN)
}

fn with_token(fake: &Telegram, token: &str) -> Arc<dyn Channel> {
    let base_url = fake.base_url();
    let variables = [
        ("MECRIS__NOTIFY__TELEGRAM__BASE_URL", base_url.as_str()),
        ("MECRIS__NOTIFY__TELEGRAM__CHAT_ID", CHAT_ID),
        ("TELEGRAM_BOT_TOKEN", token),
    ];
    channel("telegram", &variables).expect("a sound configuration")
}

#[tokio::test]
async fn a_text_arrives_unchanged_and_telegrams_message_number_is_its_id() {
    let fake = Telegram::start().unwrap();
    let channel = telegram(&fake);
    channel.warm_up().await.unwrap();
    let text = "Mecris: *a_b* <b>`[x](y) derails today #k7q2x9";
    assert_eq!(
        channel.send(outgoing(text), WITHIN).await,
        Outcome::Accepted("42".to_owned())
    );
    assert_eq!(
        (fake.messages()[0].text.as_str(), fake.violations()),
        (text, Vec::new())
    );
}

#[tokio::test]
async fn every_answer_has_its_outcome() {
    for (fault, wanted, told) in [
        (Fault::Refuse(400), Came::RefusedForGood, 0),
        (Fault::Refuse(401), Came::RefusedForGood, 0),
        (Fault::Refuse(403), Came::RefusedForGood, 0),
        (Fault::Refuse(404), Came::RefusedForGood, 0),
        (Fault::Refuse(409), Came::RefusedForNow, 0),
        (Fault::TooMany(7), Came::RefusedForNow, 0),
        (Fault::Refuse(500), Came::InDoubt, 0),
        // The answer has not the form of Telegram's answers, so a proxy on the way may have sent it.
        (Fault::StatusBefore(403), Came::RefusedForNow, 0),
        (Fault::StatusBefore(408), Came::InDoubt, 0),
        (Fault::StatusBefore(502), Came::InDoubt, 0),
        (Fault::StatusBefore(302), Came::InDoubt, 0),
        (Fault::Garbage2xx, Came::InDoubt, 0),
        (Fault::DropBefore, Came::InDoubt, 0),
        (Fault::Hang, Came::InDoubt, 0),
        (Fault::StatusAfterAccept(504), Came::InDoubt, 1),
        (Fault::GarbageAfterAccept, Came::InDoubt, 1),
        (Fault::DropReplyAfterAccept, Came::InDoubt, 1),
        (Fault::HangAfterAccept, Came::InDoubt, 1),
    ] {
        let fake = Telegram::start().unwrap();
        fake.fail_next([fault.clone()]);
        let outcome = send(telegram(&fake).as_ref(), Duration::from_millis(700)).await;
        let (came, why) = came(&outcome);
        assert_eq!(
            (came, fake.messages().len(), fake.sends()),
            (wanted, told, 1),
            "{fault:?}: {why}"
        );
        assert!(!why.contains("AA-token") && !why.contains("http"), "{why}");
        if let (Fault::TooMany(7), Outcome::Rejected { retry_after, .. }) = (fault, outcome) {
            assert_eq!(retry_after, Some(Duration::from_secs(7)));
        }
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_refuses_for_now() {
    let fake = Telegram::start().unwrap();
    let channel = telegram(&fake);
    drop(fake);
    let (came, why) = came(&send(channel.as_ref(), WITHIN).await);
    assert_eq!(came, Came::RefusedForNow, "{why}");
    assert!(
        why.contains("cannot connect to telegram") && !why.contains("AA-token"),
        "{why}"
    );
}

#[tokio::test]
async fn a_probe_asks_for_bot_and_chat_and_sends_nothing() {
    let fake = Telegram::start().unwrap();
    let state = telegram(&fake).probe().await.unwrap();
    assert_eq!(
        state,
        "reachable as @mecris_bot, which may write to the chat (private)"
    );
    assert_eq!((fake.sends(), fake.questions()), (0, 3));
    let error = with_token(&fake, "123456789:AA-another-token-of-the-tests_0123")
        .probe()
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("TELEGRAM_BOT_TOKEN") && error.to_string().contains("401"),
        "{error}"
    );
}

#[tokio::test]
async fn a_group_that_has_become_a_supergroup_is_followed_at_once_and_named() {
    let fake = Telegram::start().unwrap();
    let channel = telegram(&fake);
    fake.move_chat(-1_001_557_912_345);
    let (came, why) = came(&send(channel.as_ref(), WITHIN).await);
    assert_eq!(came, Came::AcceptedElsewhere, "{why}");
    assert!(
        why.contains("set notify.telegram.chat_id to \"-1001557912345\""),
        "{why}"
    );
    let messages = fake.messages();
    assert_eq!(
        (messages.len(), messages[0].chat_id.as_str()),
        (1, "-1001557912345")
    );
    assert_eq!((fake.sends(), fake.violations()), (2, Vec::new()));
    let probed = channel.probe().await.unwrap_err().to_string();
    assert!(
        probed.contains("set notify.telegram.chat_id to \"-1001557912345\""),
        "{probed}"
    );
}

#[tokio::test]
async fn what_happens_at_the_new_number_is_the_outcome() {
    for (fault, wanted, told) in [
        (Fault::Refuse(403), Came::RefusedForGood, 0),
        (Fault::TooMany(7), Came::RefusedForNow, 0),
        (Fault::StatusAfterAccept(502), Came::InDoubt, 1),
        (Fault::DropReplyAfterAccept, Came::InDoubt, 1),
        (Fault::HangAfterAccept, Came::InDoubt, 1),
    ] {
        let fake = Telegram::start().unwrap();
        fake.move_chat(-1_001_557_912_345);
        fake.fail_next_at_the_new_chat([fault.clone()]);
        let (came, why) = came(&send(telegram(&fake).as_ref(), Duration::from_millis(700)).await);
        assert_eq!(
            (came, fake.messages().len(), fake.sends()),
            (wanted, told, 2),
            "{fault:?}: {why}"
        );
    }
}

#[tokio::test]
async fn a_chat_that_moves_again_and_again_is_followed_once() {
    let fake = Telegram::start().unwrap();
    fake.move_chat(CHAT_ID.parse().unwrap());
    let (came, why) = came(&send(telegram(&fake).as_ref(), WITHIN).await);
    assert_eq!((came, fake.sends()), (Came::RefusedForGood, 2), "{why}");
    assert!(fake.messages().is_empty());
}

#[tokio::test]
async fn a_bot_that_was_thrown_out_does_not_probe_as_ok() {
    let fake = Telegram::start().unwrap();
    fake.throw_out();
    let error = telegram(&fake).probe().await.unwrap_err().to_string();
    assert!(error.contains("the bot may not write to this chat"), "{error}");
}

#[test]
fn a_malformed_token_is_refused_without_being_shown() {
    for token in [
        "canary",
        "123:short",
        "123456789:AA/../canary-canary-canary",
        "a:canary-canary-canary-canary",
    ] {
        let error = channel(
            "telegram",
            &[
                ("MECRIS__NOTIFY__TELEGRAM__CHAT_ID", CHAT_ID),
                ("TELEGRAM_BOT_TOKEN", token),
            ],
        );
        let error = error.err().expect(token);
        assert!(
            error.contains("TELEGRAM_BOT_TOKEN is not a bot's token") && !error.contains("canary"),
            "{error}"
        );
    }
}
