use mecris_tests::{fault::Fault, slack::Slack};

use super::*;

fn slack(fake: &Slack) -> Arc<dyn Channel> {
    channel("slack", &[("SLACK_WEBHOOK_URL", &fake.webhook_url())]).expect("a sound configuration")
}

#[tokio::test]
async fn a_message_is_escaped_and_gets_an_id_made_of_its_tag() {
    let fake = Slack::start().unwrap();
    let channel = slack(&fake);
    channel.warm_up().await.unwrap();
    let text = "Mecris: <!channel> a&b <http://x|y> derails today #k7q2x9";
    assert_eq!(
        channel.send(outgoing(text), WITHIN).await,
        Outcome::Accepted("slack-k7q2x9".to_owned())
    );
    let wanted = "Mecris: &lt;!channel&gt; a&amp;b &lt;http://x|y&gt; derails today #k7q2x9";
    assert_eq!(
        (fake.texts(), fake.violations()),
        (vec![wanted.to_owned()], Vec::new())
    );
    assert_eq!(fake.knocks(), 1, "the connection was opened first");
}

#[tokio::test]
async fn every_answer_has_its_outcome() {
    for (fault, wanted, told) in [
        (Fault::Refuse(400), Came::RefusedForGood, 0),
        (Fault::Refuse(403), Came::RefusedForGood, 0),
        (Fault::Refuse(404), Came::RefusedForGood, 0),
        (Fault::Refuse(410), Came::RefusedForGood, 0),
        (Fault::TooMany(7), Came::RefusedForNow, 0),
        (Fault::Refuse(500), Came::InDoubt, 0),
        // The answer is not in Slack's words, so a proxy on the way may have sent it.
        (Fault::StatusBefore(403), Came::RefusedForNow, 0),
        (Fault::StatusBefore(503), Came::InDoubt, 0),
        // Complete answers that do not say that the message was taken.
        (Fault::StatusBefore(302), Came::RefusedForGood, 0),
        (Fault::Garbage2xx, Came::RefusedForGood, 0),
        (Fault::DropBefore, Came::InDoubt, 0),
        (Fault::Hang, Came::InDoubt, 0),
        (Fault::StatusAfterAccept(504), Came::InDoubt, 1),
        (Fault::GarbageAfterAccept, Came::RefusedForGood, 1),
        (Fault::DropReplyAfterAccept, Came::InDoubt, 1),
        (Fault::HangAfterAccept, Came::InDoubt, 1),
    ] {
        let fake = Slack::start().unwrap();
        fake.fail_next([fault.clone()]);
        let outcome = send(slack(&fake).as_ref(), Duration::from_millis(700)).await;
        let (came, why) = came(&outcome);
        assert_eq!(
            (came, fake.texts().len(), fake.sends()),
            (wanted, told, 1),
            "{fault:?}: {why}"
        );
        assert!(!why.contains("slack-secret") && !why.contains("http:"), "{why}");
        if let (Fault::TooMany(7), Outcome::Rejected { retry_after, .. }) = (fault, outcome) {
            assert_eq!(retry_after, Some(Duration::from_secs(7)));
        }
    }
}

#[tokio::test]
async fn what_others_answer_instead_of_ok_is_a_yes_or_a_no_and_never_a_doubt() {
    for (kind, status, body, wanted) in [
        ("triggers", 200, r#"{"ok":true}"#, Came::Accepted),
        ("hooks", 200, r#"{"success":true}"#, Came::Accepted),
        (
            "api",
            200,
            r#"{"result":"success","msg":"","ignored_parameters_unsupported":["a"]}"#,
            Came::Accepted,
        ),
        ("hooks", 200, "OK\n", Came::Accepted),
        ("hooks", 201, "Ok", Came::Accepted),
        ("hooks", 204, "", Came::Accepted),
        ("hooks", 202, "", Came::Accepted),
        ("hooks", 202, r#"{"queued":1}"#, Came::Accepted),
        ("hooks", 200, "", Came::RefusedForGood),
        ("hooks", 200, "<html>Log in", Came::RefusedForGood),
        ("hooks", 202, "<html>Are you human?", Came::RefusedForGood),
        ("hooks", 202, r#"{"ok":false}"#, Came::RefusedForGood),
        (
            "triggers",
            200,
            r#"{"ok":false,"error":"invalid_workflow_input"}"#,
            Came::RefusedForGood,
        ),
        (
            "triggers",
            200,
            r#"{"ok":false,"error":"ratelimited"}"#,
            Came::RefusedForNow,
        ),
        (
            "api",
            200,
            r#"{"result":"error","msg":"Invalid API key"}"#,
            Came::RefusedForGood,
        ),
        (
            "hooks",
            200,
            r#"{"ok":"perhaps","success":null}"#,
            Came::RefusedForGood,
        ),
        ("hooks", 302, "", Came::RefusedForGood),
        (
            "hooks",
            404,
            r#"{"success":false,"error":"Invalid integration id"}"#,
            Came::RefusedForGood,
        ),
        ("hooks", 404, "not found", Came::RefusedForNow),
        ("hooks", 404, "ok", Came::RefusedForNow),
        ("hooks", 502, "ok", Came::InDoubt),
    ] {
        let fake = Slack::start().unwrap();
        fake.answer_with(status, body);
        let channel = channel("slack", &[("SLACK_WEBHOOK_URL", &fake.webhook_url_of(kind))]).unwrap();
        let (came, why) = came(&send(channel.as_ref(), WITHIN).await);
        assert_eq!((came, fake.sends()), (wanted, 1), "{status} {body}: {why}");
        assert!(!why.contains("slack-secret") && !why.contains('\n'), "{why}");
    }
}

#[tokio::test]
async fn a_probe_is_honest_about_what_it_cannot_know() {
    let fake = Slack::start().unwrap();
    let channel = slack(&fake);
    let state = channel.probe().await.unwrap();
    assert!(
        state.contains("127.0.0.1 can be reached") && state.contains("only when something is sent"),
        "{state}"
    );
    assert_eq!((fake.sends(), fake.texts().len()), (0, 0));
    let unconnected = slack(&fake);
    drop(fake);
    let error = unconnected.probe().await.unwrap_err();
    assert!(
        error.to_string().contains("cannot connect to slack") && !error.to_string().contains("slack-secret"),
        "{error}"
    );
}

#[test]
fn a_webhook_that_is_none_is_refused_without_being_shown() {
    for url in [
        "canary",
        "http://hooks.slack.com/services/canary",
        "https://hooks.slack.com",
        "https://me:canary@hooks.slack.com/x",
    ] {
        let error = channel("slack", &[("SLACK_WEBHOOK_URL", url)]).err().expect(url);
        assert!(
            error.contains("SLACK_WEBHOOK_URL is not a webhook's URL") && !error.contains("canary"),
            "{error}"
        );
    }
}
