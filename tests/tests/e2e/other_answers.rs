//! Channels that answer in full, and not as expected: each message goes out once on them, and the person is told.

use mecris_tests::ledger;

use crate::everywhere::Everywhere;

fn alert(everywhere: &Everywhere, subject: &str) -> i32 {
    everywhere
        .stage
        .setup
        .agent(&["send-alert", "--subject", subject, "--text", "hello"])
        .code
}

#[test]
fn a_webhook_that_answers_with_a_web_page_is_posted_to_once_and_the_next_channel_is_used() {
    let everywhere = Everywhere::new(&["slack", "sms"]);
    everywhere.slack.answer_with(200, "<html>Log in</html>");
    assert_eq!(alert(&everywhere, "one"), 0);
    assert_eq!((everywhere.told(), everywhere.slack.sends()), ([1, 0, 1, 0], 1));
    // The channel is marked, so the next message begins with the other one.
    assert_eq!(alert(&everywhere, "two"), 0);
    assert_eq!((everywhere.told()[0], everywhere.slack.sends()), (2, 1));
    let check = everywhere.stage.setup.agent(&["check"]);
    assert_eq!(check.code, 1, "{}", check.everything());
    assert!(
        check
            .stdout
            .contains("it answered 200 OK with \"<html>Log in</html>\"")
            && check.stdout.contains("WARN  notify.slack"),
        "{}",
        check.everything()
    );
}

#[test]
fn a_workflow_of_slack_is_posted_to_once_and_its_url_is_spoken_of() {
    let mut everywhere = Everywhere::new(&["slack", "sms"]);
    let url = everywhere.slack.webhook_url_of("triggers");
    everywhere.stage.setup.set_env("SLACK_WEBHOOK_URL", &url);
    everywhere.slack.answer_with(200, r#"{"ok":true}"#);
    assert_eq!(alert(&everywhere, "one"), 0);
    assert_eq!((everywhere.told(), everywhere.slack.sends()), ([0, 0, 1, 0], 1));
    let check = everywhere.stage.setup.agent(&["check"]);
    assert!(
        check
            .stdout
            .contains("SLACK_WEBHOOK_URL is not of the form https://hooks.slack.com/services/"),
        "{}",
        check.everything()
    );
    assert_eq!(check.code, 0, "{}", check.everything());
}

#[test]
fn a_group_that_has_become_a_supergroup_gets_each_message_once_and_its_number_is_asked_for() {
    let everywhere = Everywhere::new(&["telegram"]);
    everywhere.telegram.move_chat(-1_001_557_912_345);
    assert_eq!((alert(&everywhere, "one"), alert(&everywhere, "two")), (0, 0));
    let chats: Vec<String> = everywhere
        .telegram
        .messages()
        .into_iter()
        .map(|message| message.chat_id)
        .collect();
    assert_eq!(chats, ["-1001557912345", "-1001557912345"]);
    let rows = ledger::notifications(&everywhere.stage.setup.database()).expect("a database");
    assert!(rows.iter().all(|row| row.state == "accepted"), "{rows:?}");
    let advice = "set notify.telegram.chat_id to \"-1001557912345\"";
    let status = everywhere.stage.setup.agent(&["status"]);
    assert!(
        status.stdout.contains(advice) && !status.stdout.contains("BROKEN"),
        "{}",
        status.everything()
    );
    let check = everywhere.stage.setup.agent(&["check"]);
    assert!(check.stdout.contains(advice), "{}", check.everything());
    assert!(!check.stdout.contains("knows the chat"), "{}", check.everything());
    assert_eq!(check.code, 1);
}
