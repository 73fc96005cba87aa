//! What cannot be seen from outside. How every answer is taken is tested against the fake
//! (`tests/tests/channels`).

use bytes::Bytes;
use http::StatusCode;
use secrecy::SecretString;

use super::*;
use crate::{
    config::secrets::{SecretName, Secrets},
    notify::channels::LeaseCheck,
    outbound::{Call, Reply},
};

fn webhook() -> Webhook {
    let mut secrets = Secrets::default();
    let url = SecretString::from("https://hooks.slack.com/services/T0/B0/canary?canary=1");
    secrets.insert(SecretName::SlackWebhookUrl, url);
    Webhook::from_secrets(&secrets).unwrap()
}

fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status: StatusCode::from_u16(status).unwrap(),
        body: Bytes::from(body.to_owned()),
        retry_after: None,
    }
}

#[test]
fn only_a_post_has_the_secret_and_its_call_does_not_show_it() {
    let warm_up = webhook().warm_up(Duration::from_secs(1));
    assert_eq!(warm_up.url.as_str(), "https://hooks.slack.com/");
    let post = webhook().post(
        &Outgoing {
            text: "a < b",
            tag: "#k7q2x9",
            validity: None,
            lease: LeaseCheck::new(|| true),
        },
        Duration::from_secs(1),
    );
    assert_eq!(post.json, Some(serde_json::json!({"text": "a &lt; b"})));
    assert!(!post.idempotent);
    let shown = format!(
        "{:?}",
        Call {
            url: post.url.clone(),
            ..warm_up.clone()
        }
    );
    assert!(!shown.contains("T0"), "{shown}");
}

#[test]
fn the_sentences_read_well() {
    let words = [
        (400, "invalid_payload"),
        (403, "action_prohibited"),
        (404, "channel_not_found"),
        (404, "no_service"),
        (404, "no_team"),
        (410, "channel_is_archived"),
        (429, "rate_limited"),
        (400, "something_new"),
        (400, "<html>"),
        (500, "rollup_error"),
        (200, "<html>Sign in to /services/T0/B0/canary?canary=1\r\n"),
        (200, ""),
        (200, r#"{"ok":false,"error":"channel_not_found"}"#),
        (200, r#"{"ok":false,"error":"ratelimited"}"#),
        (
            200,
            r#"{"result":"error","msg":"Invalid API key","code":"INVALID_API_KEY"}"#,
        ),
        (
            404,
            r#"{"success":false,"error":"Invalid integration id or token provided."}"#,
        ),
        (302, "Found. Redirecting to /login"),
    ];
    let sentences =
        words.map(
            |(status, word)| match outcome::posted(&reply(status, word), "#k7q2x9", &webhook()) {
                Outcome::Rejected {
                    permanent, code, why, ..
                } => format!("{:?} {why}", (permanent, code.unwrap_or_default())),
                other => format!("{other:?}"),
            },
        );
    insta::assert_snapshot!(sentences.join("\n"));
}

#[test]
fn an_answer_that_repeats_the_url_is_shown_without_the_secret() {
    let said = "Cannot POST /services/T0/B0/a-long-secret?canary=1 of https://hooks.slack.com/services/T0/B0/a-long-secret?canary=1, a-long-secret";
    let mut secrets = Secrets::default();
    let url = SecretString::from("https://hooks.slack.com/services/T0/B0/a-long-secret?canary=1");
    secrets.insert(SecretName::SlackWebhookUrl, url);
    let webhook = Webhook::from_secrets(&secrets).unwrap();
    let outcome = format!("{:?}", outcome::posted(&reply(200, said), "#k7q2x9", &webhook));
    assert!(
        outcome.contains("Cannot POST ***")
            && !outcome.contains("long-secret")
            && !outcome.contains("canary"),
        "{outcome}"
    );
}

#[test]
fn a_url_that_no_incoming_webhook_of_slack_has_is_spoken_of() {
    let advice = |url: &str| {
        let mut secrets = Secrets::default();
        secrets.insert(SecretName::SlackWebhookUrl, SecretString::from(url));
        Webhook::from_secrets(&secrets).unwrap().advice()
    };
    assert_eq!(advice("https://hooks.slack.com/services/T0/B0/canary"), None);
    for url in [
        "https://hooks.slack.com/triggers/T0/1/canary",
        "https://chat.example.org/hooks/canary",
    ] {
        let advice = advice(url).expect(url);
        assert!(
            advice.contains("https://hooks.slack.com/services/T") && !advice.contains("canary"),
            "{advice}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn no_garbage_is_taken_for_an_answer(status in 100u16..600, body in ".{0,60}") {
        let taken = matches!(outcome::posted(&reply(status, &body), "#k7q2x9", &webhook()), Outcome::Accepted(_));
        let says_so = status == 204 || (status == 202 && !body.trim_start().starts_with('<'));
        proptest::prop_assert_eq!(taken, says_so || (status / 100 == 2 && body.trim().eq_ignore_ascii_case("ok")));
    }

    #[test]
    fn nothing_of_a_text_is_markup(text in ".{0,60}") {
        let escaped = webhook::escaped(&text);
        proptest::prop_assert!(!escaped.contains(['<', '>']));
        let back = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        proptest::prop_assert_eq!(back, text);
    }
}
