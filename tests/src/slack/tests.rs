use serde_json::json;

use super::*;
use crate::http_client::{Answer, request};

fn send(fake: &Slack, body: &Value) -> io::Result<Answer> {
    request(
        fake.address(),
        "POST",
        &format!("/services/T000/B000/{SECRET}"),
        &[],
        Some(body),
    )
}

#[test]
fn a_post_is_answered_with_ok_and_nothing_else() {
    let fake = Slack::start().unwrap();
    let answer = send(&fake, &json!({"text": "a &lt; b"})).unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    assert_eq!(
        (fake.texts(), fake.violations()),
        (vec!["a &lt; b".to_owned()], Vec::new())
    );
}

#[test]
fn what_slack_refuses_is_refused_with_a_word() {
    let fake = Slack::start().unwrap();
    for body in [
        json!({"text": "<!channel>"}),
        json!({"text": "x", "blocks": []}),
        json!({"txt": "x"}),
    ] {
        let answer = send(&fake, &body).unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (400, "invalid_payload"));
    }
    assert_eq!((fake.texts().len(), fake.violations().len()), (0, 3));
    fake.set_secret("other");
    assert_eq!(send(&fake, &json!({"text": "x"})).unwrap().body, "no_service");
}

#[test]
fn faults_before_acceptance_accept_nothing_and_faults_after_it_do() {
    let fake = Slack::start().unwrap();
    fake.fail_next([
        Fault::Refuse(410),
        Fault::TooMany(3),
        Fault::StatusAfterAccept(500),
        Fault::DropReplyAfterAccept,
    ]);
    let body = json!({"text": "x"});
    assert_eq!(send(&fake, &body).unwrap().body, "channel_is_archived");
    assert_eq!(send(&fake, &body).unwrap().header("retry-after"), Some("3"));
    assert!(fake.texts().is_empty());
    assert_eq!(send(&fake, &body).unwrap().status, 500);
    assert!(send(&fake, &body).is_err());
    assert_eq!((fake.texts().len(), fake.sends()), (2, 4));
}
