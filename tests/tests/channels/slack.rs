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
        (Fault::StatusBefore(302), Came::InDoubt, 0),
        (Fault::Garbage2xx, Came::InDoubt, 0),
        (Fault::DropBefore, Came::InDoubt, 0),
        (Fault::Hang, Came::InDoubt, 0),
        (Fault::StatusAfterAccept(504), Came::InDoubt, 1),
        (Fault::GarbageAfterAccept, Came::InDoubt, 1),
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
