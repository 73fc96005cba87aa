//! What cannot be seen from outside. How every answer is taken is tested against the fake
//! (`tests/tests/channels`).

use bytes::Bytes;
use http::StatusCode;
use secrecy::SecretString;
use serde_json::json;

use super::*;
use crate::{
    config::{
        TelegramChat,
        secrets::{SecretName, Secrets},
    },
    notify::channels::{LeaseCheck, Outgoing},
};

const TOKEN: &str = "123456789:AA-canary_canary_canary_canary";

fn token() -> BotToken {
    let mut secrets = Secrets::default();
    secrets.insert(SecretName::TelegramBotToken, SecretString::from(TOKEN));
    BotToken::from_secrets(&secrets).unwrap()
}

fn requests(base_url: &str) -> Requests {
    let chat = TelegramChat::parse("-1001234567890").unwrap();
    let settings = TelegramSettings {
        base_url: base_url.parse().unwrap(),
        chat,
        on_doubt: OnDoubt::Resend,
    };
    Requests::new(&settings, token(), Duration::from_secs(5))
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "bodies are written where they are used"
)]
fn reply(status: u16, body: impl ToString) -> Reply {
    Reply {
        status: StatusCode::from_u16(status).unwrap(),
        body: Bytes::from(body.to_string()),
        retry_after: None,
    }
}

#[test]
fn a_message_is_posted_once_and_its_call_shows_no_token() {
    let outgoing = Outgoing {
        text: "Mecris: hello #k7q2x9",
        tag: "#k7q2x9",
        validity: None,
        lease: LeaseCheck::new(|| true),
    };
    let call = requests("https://api.telegram.org/").send(&outgoing, Duration::from_secs(12));
    assert_eq!(
        call.url.as_str(),
        format!("https://api.telegram.org/bot{TOKEN}/sendMessage")
    );
    assert_eq!(
        (call.idempotent, call.total, call.timeout),
        (false, Duration::from_secs(12), Duration::from_secs(12))
    );
    let form: Vec<String> = call
        .form
        .iter()
        .flatten()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(form, ["chat_id=-1001234567890", "text=Mecris: hello #k7q2x9"]);
    assert!(!format!("{call:?} {:?}", token()).contains("canary"));
    let behind_a_proxy = requests("http://127.0.0.1:9/telegram/").me();
    assert_eq!(behind_a_proxy.url.path(), format!("/telegram/bot{TOKEN}/getMe"));
}

#[test]
fn the_sentences_read_well() {
    let sentences: Vec<String> = [
        json!({"ok": false, "error_code": 400, "description": "Bad Request: chat not found"}),
        json!({"ok": false, "error_code": 400, "description": "Bad Request: group chat was upgraded to a supergroup chat",
            "parameters": {"migrate_to_chat_id": -1_001_234_567_890_i64}}),
        json!({"ok": false, "error_code": 401, "description": "Unauthorized"}),
        json!({"ok": false, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}),
        json!({"ok": false, "error_code": 404, "description": format!("Not Found: /bot{TOKEN}/sendMessage, {}", &TOKEN[10..])}),
        json!({"ok": false, "error_code": 429, "description": "Too Many Requests: retry after 14", "parameters": {"retry_after": 14}}),
        json!({"ok": false, "error_code": 409}),
        json!("<html>"),
    ]
    .into_iter()
    .map(|body| {
        let status = body["error_code"].as_u64().map_or(400, |code| u16::try_from(code).unwrap());
        let Outcome::Rejected { permanent, retry_after, code, why, .. } = outcome::sent(&reply(status, body), &token())
        else {
            panic!("{status} is a refusal")
        };
        let kept = (permanent, retry_after.map(|wait| wait.as_secs()), code.unwrap_or_default());
        format!("{kept:?} {why}")
    })
    .collect();
    let text = sentences.join("\n");
    assert!(!text.contains("canary"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_refusal_is_one_under_a_good_status_too_and_a_doubtful_status_stays_a_doubt() {
    let body = json!({"ok": false, "error_code": 403, "description": "Forbidden: bot was kicked"});
    for (status, is_refusal) in [
        (200, true),
        (403, true),
        (101, false),
        (302, false),
        (408, false),
        (502, false),
    ] {
        let outcome = outcome::sent(&reply(status, &body), &token());
        let found = matches!(outcome, Outcome::Rejected { permanent: true, .. });
        assert_eq!(found, is_refusal, "{status}: {outcome:?}");
        assert_eq!(
            matches!(outcome, Outcome::Unknown { .. }),
            !is_refusal,
            "{status}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn no_garbage_is_taken_for_an_answer(status in 100u16..600, body in ".{0,60}") {
        let garbage = reply(status, body);
        proptest::prop_assert!(!matches!(outcome::sent(&garbage, &token()), Outcome::Accepted(_)));
        proptest::prop_assert!(outcome::bot(&garbage, &token()).is_err());
    }

    #[test]
    fn only_a_chat_is_a_chat(text in ".{0,40}") {
        if let Some(chat) = TelegramChat::parse(&text) {
            proptest::prop_assert_eq!(chat.as_str(), text);
        }
    }
}
