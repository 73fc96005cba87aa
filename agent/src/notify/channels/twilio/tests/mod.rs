//! What goes to Twilio and what its answers mean, without a network.

mod calls;
mod whatsapp;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{
    messages::{PREFIXES, Requests, Search, status},
    *,
};
use crate::{
    config::{
        Sender, SmsSettings,
        secrets::{SecretName, Secrets},
    },
    notify::channels::{AskError, ChannelKind, Doubt, LeaseCheck, Outcome, Outgoing, Scope, Status},
    outbound::{Call, CallError, Reply},
};

const ACCOUNT: &str = "AC00000000000000000000000000000001";
const SID: &str = "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const TAG: &str = "#k7q2x9";

fn credentials() -> Credentials {
    let mut secrets = Secrets::default();
    secrets.insert(SecretName::TwilioAccountSid, SecretString::from(ACCOUNT));
    secrets.insert(SecretName::TwilioAuthToken, SecretString::from("canary-token"));
    Credentials::from_secrets(&secrets).unwrap()
}

fn requests(sender: Sender, base_url: &str) -> Requests {
    let to = "+14155550100".parse().unwrap();
    Requests::sms(
        &SmsSettings {
            base_url: base_url.parse().unwrap(),
            to,
            sender,
        },
        credentials(),
    )
}

/// An attempt that began at 18:00 and had 15 seconds.
fn doubt() -> Doubt<'static> {
    let ended = "2026-11-21T18:00:15Z".parse().unwrap();
    Doubt {
        tag: TAG,
        since: since(),
        began: since(),
        ended,
        others: &[],
        rivals: 0,
    }
}

fn created(reply: &Reply) -> Outcome {
    outcome::created(ChannelKind::Sms, PREFIXES, reply)
}

fn sms_status(reply: &Reply) -> Result<Status, AskError> {
    status(ChannelKind::Sms, reply)
}

fn by_service() -> Requests {
    requests(
        Sender::MessagingService("MG00000000000000000000000000000002".to_owned()),
        "https://api.twilio.com",
    )
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

/// The official example of a Message resource.
fn message(body: &str, status: &str) -> Value {
    json!({
        "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": body, "date_created": "Sat, 21 Nov 2026 18:00:03 +0000",
        "date_sent": null, "date_updated": "Sat, 21 Nov 2026 18:00:03 +0000", "direction": "outbound-api",
        "error_code": null, "error_message": null, "from": null, "num_media": "0", "num_segments": "0", "price": null,
        "price_unit": null, "messaging_service_sid": "MG00000000000000000000000000000002", "sid": SID, "status": status,
        "subresource_uris": {"media": "/2010-04-01/Accounts/AC/Messages/SM/Media.json"}, "to": "+14155550100",
        "uri": "/2010-04-01/Accounts/AC/Messages/SM.json"
    })
}

fn page(messages: &[Value], next: Option<&str>) -> Reply {
    reply(
        200,
        json!({"messages": messages, "next_page_uri": next, "page": 0, "page_size": 100, "end": 0, "start": 0}),
    )
}

fn form(call: &Call) -> Vec<String> {
    call.form
        .iter()
        .flatten()
        .map(|(name, value)| format!("{name}={value}"))
        .collect()
}

#[test]
fn a_message_is_posted_once_with_all_that_twilio_needs() {
    let outgoing = Outgoing {
        text: "Mecris: hello #k7q2x9",
        tag: TAG,
        validity: Some(Duration::from_secs(90_000)),
        lease: LeaseCheck::new(|| true),
    };
    let call = by_service().create(&outgoing, Duration::from_secs(12));
    assert_eq!(
        (call.method.clone(), call.idempotent, call.total),
        (Method::POST, false, Duration::from_secs(12))
    );
    assert_eq!(
        call.url.as_str(),
        format!("https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    );
    assert_eq!(
        form(&call),
        [
            "To=+14155550100",
            "MessagingServiceSid=MG00000000000000000000000000000002",
            "Body=Mecris: hello #k7q2x9",
            "SmartEncoded=true",
            "ValidityPeriod=36000",
        ]
    );
    let (user, password) = call.basic.unwrap();
    assert_eq!(
        (user.as_str(), password.expose_secret()),
        (ACCOUNT, "canary-token")
    );
}

#[test]
fn a_number_can_be_the_sender_and_a_message_that_does_not_expire_has_no_validity() {
    let from = requests(
        Sender::Number("+15005550006".parse().unwrap()),
        "http://127.0.0.1:9/twilio/",
    );
    let call = from.create(
        &Outgoing {
            text: "x",
            tag: TAG,
            validity: None,
            lease: LeaseCheck::new(|| true),
        },
        Duration::from_secs(1),
    );
    assert_eq!(
        call.url.as_str(),
        format!("http://127.0.0.1:9/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    );
    assert_eq!(
        form(&call),
        [
            "To=+14155550100",
            "From=+15005550006",
            "Body=x",
            "SmartEncoded=true"
        ]
    );
    let short = from.create(
        &Outgoing {
            text: "x",
            tag: TAG,
            validity: Some(Duration::ZERO),
            lease: LeaseCheck::new(|| true),
        },
        Duration::from_secs(1),
    );
    assert!(form(&short).contains(&"ValidityPeriod=1".to_owned()));
}

#[test]
fn only_a_message_id_is_a_yes() {
    assert_eq!(
        created(&reply(201, message("x", "accepted"))),
        Outcome::Accepted(SID.to_owned())
    );
    let without_id = json!({"sid": "CA00000000000000000000000000000001", "status": "queued"}).to_string();
    for body in [
        "",
        "{}",
        "<html>201</html>",
        r#"{"sid": null}"#,
        r#"{"sid": "SM12"}"#,
        without_id.as_str(),
    ] {
        assert!(
            matches!(created(&reply(201, body)), Outcome::Unknown { .. }),
            "{body}"
        );
    }
}

fn refused(status: u16, code: u32) -> Outcome {
    created(&reply(
        status,
        json!({"code": code, "message": "words", "more_info": "…", "status": status}),
    ))
}

#[test]
fn a_refusal_is_permanent_or_not_by_its_code() {
    use Scope::{Channel, Message};
    for (status, code, wanted, about) in [
        (400, 21211, true, Channel),
        (400, 21610, true, Channel),
        (400, 21617, true, Message),
        (400, 21611, false, Message),
        (429, 21611, false, Message),
        (429, 20429, false, Message),
        (429, 20003, false, Message),
        (401, 20003, true, Channel),
        (403, 20003, true, Channel),
        (404, 20404, true, Channel),
        (400, 99999, true, Message),
    ] {
        let Outcome::Rejected {
            permanent,
            scope,
            code: told,
            why,
            ..
        } = refused(status, code)
        else {
            panic!("{status} {code}")
        };
        assert_eq!((permanent, scope), (wanted, about), "{status} {code}: {why}");
        assert_eq!(told, Some(code.to_string()));
    }
}

#[test]
fn a_refusal_without_twilios_words_is_definite_but_may_pass() {
    for (status, wanted) in [
        (400, false),
        (404, false),
        (413, false),
        (429, false),
        (401, true),
        (403, true),
    ] {
        let Outcome::Rejected { permanent, scope, .. } = created(&reply(status, "<html>no</html>")) else {
            panic!("{status} is a refusal")
        };
        assert_eq!((permanent, scope == Scope::Channel), (wanted, wanted), "{status}");
    }
}

#[test]
fn twilios_wish_to_wait_is_passed_on() {
    let told = Reply {
        retry_after: Some(Duration::from_secs(7)),
        ..reply(429, "{}")
    };
    assert!(
        matches!(created(&told), Outcome::Rejected { retry_after: Some(wait), .. } if wait.as_secs() == 7)
    );
}

#[test]
fn everything_else_is_doubt() {
    for status in [100, 302, 408, 500, 502, 503, 504] {
        assert!(
            matches!(refused(status, 20500), Outcome::Unknown { .. }),
            "{status}"
        );
    }
}

#[test]
fn without_an_answer_it_matters_whether_anything_was_sent() {
    let (upstream, why) = ("twilio", "reset".to_owned());
    let open = CallError::CircuitOpen {
        why: why.clone(),
        failures: 3,
        retry_in: Duration::from_secs(30),
    };
    assert!(matches!(
        outcome::no_reply(&open),
        Outcome::Rejected { permanent: false, retry_after: Some(wait), .. } if wait.as_secs() == 30
    ));
    let connect = CallError::Connect {
        upstream,
        why: why.clone(),
    };
    assert!(matches!(
        outcome::no_reply(&connect),
        Outcome::Rejected { permanent: false, .. }
    ));
    for doubt in [
        CallError::Timeout {
            upstream,
            after: Duration::from_secs(1),
        },
        CallError::Broken { upstream, why },
    ] {
        assert!(
            matches!(outcome::no_reply(&doubt), Outcome::Unknown { .. }),
            "{doubt}"
        );
    }
}

#[test]
fn every_status_of_the_specification_has_its_meaning() {
    let of = |status| sms_status(&reply(200, message("x", status)));
    for status in ["accepted", "scheduled", "queued", "sending"] {
        assert_eq!(of(status).unwrap(), Status::Pending);
    }
    assert_eq!(of("sent").unwrap(), Status::Sent);
    for status in ["delivered", "read", "partially_delivered"] {
        assert_eq!(of(status).unwrap(), Status::Delivered);
    }
    for status in ["undelivered", "failed", "canceled"] {
        assert!(
            matches!(of(status).unwrap(), Status::Failed { may_pass: false, .. }),
            "{status}"
        );
    }
    for status in ["received", "receiving", "teleported"] {
        assert!(of(status).is_err(), "{status}");
    }
}

#[test]
fn why_it_could_not_be_delivered_is_explained() {
    for (code, passes, about) in [
        (json!(30034), false, Scope::Channel),
        (json!("30003"), true, Scope::Message),
        (json!(30007), false, Scope::Message),
    ] {
        let mut undelivered = message("x", "undelivered");
        undelivered["error_code"] = code;
        let Status::Failed {
            may_pass,
            scope,
            code,
            why,
        } = sms_status(&reply(200, undelivered)).unwrap()
        else {
            panic!()
        };
        assert_eq!((may_pass, scope), (passes, about));
        assert!(why.contains(&code.unwrap()), "{why}");
    }
}

#[test]
fn a_question_that_is_not_answered_stays_open() {
    for (status, body) in [
        (503, "{}"),
        (401, "{}"),
        (200, "<html>"),
        (200, "{}"),
        (200, "[]"),
        (404, "gone"),
    ] {
        assert!(sms_status(&reply(status, body)).is_err(), "{status} {body}");
        let requests = by_service();
        let doubt = doubt();
        let mut search = Search::new(&requests, &doubt);
        search.next_call().unwrap().unwrap();
        assert!(search.read(&reply(status, body)).is_err(), "{status} {body}");
    }
    let refused = outcome::access(
        ChannelKind::Sms,
        &reply(401, r#"{"code":20003,"message":"Authenticate"}"#),
    )
    .unwrap_err();
    assert!(
        refused.to_string().contains("credentials") && refused.to_string().contains("401"),
        "{refused}"
    );
    assert!(outcome::access(ChannelKind::Sms, &page(&[], None)).is_ok());
}

#[test]
fn an_answer_that_does_not_parse_is_not_quoted() {
    let error = sms_status(&reply(200, r#"{"sid": 14155550100}"#)).unwrap_err();
    assert!(!error.to_string().contains("14155550100"), "{error}");
}

fn since() -> Timestamp {
    "2026-11-21T18:00:00Z".parse().unwrap()
}

/// Answers a search from a script: the addresses that were asked, and what came of it.
fn search(replies: &[Reply]) -> (Vec<String>, Result<Option<String>, AskError>) {
    let requests = by_service();
    let doubt = doubt();
    let mut search = Search::new(&requests, &doubt);
    let mut asked = Vec::new();
    loop {
        let call = match search.next_call() {
            Ok(Some(call)) => call,
            Ok(None) => return (asked, Ok(None)),
            Err(error) => return (asked, Err(error)),
        };
        assert!(call.idempotent);
        assert_eq!(call.url.host_str(), Some("api.twilio.com"));
        let answer = search.read(&replies[asked.len().min(replies.len() - 1)]);
        asked.push(call.url.query().unwrap().to_owned());
        match answer {
            Ok(None) => {}
            done => return (asked, done),
        }
    }
}

#[test]
fn a_queued_message_is_found_without_a_sent_date() {
    let (asked, found) = search(&[page(
        &[message("other", "sent"), message("Mecris: x #k7q2x9", "queued")],
        None,
    )]);
    assert_eq!(found.unwrap().as_deref(), Some(SID));
    assert_eq!(asked, ["To=%2B14155550100&PageSize=100"]);
}

#[test]
fn it_is_absent_only_after_both_listings_were_read_to_their_end() {
    let other = message("Mecris: x #aaaaaa", "sent");
    let next =
        "https://evil.example/2010-04-01/Accounts/AC/Messages.json?To=%2B14155550100&Page=1&PageToken=PASM1";
    let (asked, found) = search(&[page(&[other], Some(next)), page(&[], None)]);
    assert_eq!(found.unwrap(), None);
    assert_eq!(
        asked,
        [
            "To=%2B14155550100&PageSize=100",
            "To=%2B14155550100&Page=1&PageToken=PASM1",
            "To=%2B14155550100&DateSent%3E=2026-11-20&PageSize=100",
        ]
    );
}

/// Another message of the time of the attempt, with this text.
fn redacted(body: Value) -> Value {
    let mut message = message("", "sent");
    message["body"] = body;
    message["sid"] = json!("SMbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    message
}

#[test]
fn a_message_of_ours_without_any_tag_is_doubt_and_no_absence() {
    for body in [json!(""), json!(null), json!("***")] {
        let (asked, found) = search(&[page(&[redacted(body.clone())], None), page(&[], None)]);
        assert_eq!(asked.len(), 2, "everything is read all the same");
        assert!(
            found.unwrap_err().to_string().contains("without its text"),
            "{body}"
        );
        let ours = message("Mecris: x #k7q2x9", "sent");
        let (_, found) = search(&[page(&[redacted(body.clone()), ours], None)]);
        assert_eq!(found.unwrap().as_deref(), Some(SID), "{body}");
    }
}

#[test]
fn what_cannot_be_the_attempt_leaves_no_doubt() {
    let with = |field: &str, value: Value| {
        let mut message = redacted(json!(""));
        message[field] = value;
        message
    };
    for (other, name) in [
        (
            with("body", json!("Mecris: x #aaaaaa")),
            "the message of another tag",
        ),
        (
            with("date_created", json!("Sat, 21 Nov 2026 17:57:59 +0000")),
            "an earlier one",
        ),
        (
            with("date_created", json!("Sat, 21 Nov 2026 18:02:16 +0000")),
            "a later one",
        ),
        (with("direction", json!("inbound")), "an answer of the person"),
        (
            with(
                "messaging_service_sid",
                json!("MG00000000000000000000000000000009"),
            ),
            "another sender",
        ),
    ] {
        let (_, found) = search(&[page(&[other], None), page(&[], None)]);
        assert_eq!(found.unwrap(), None, "{name}");
    }
    let requests = by_service();
    let others = ["SMbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb".to_owned()];
    let known = Doubt {
        others: &others,
        ..doubt()
    };
    let mut search = Search::new(&requests, &known);
    while search.next_call().unwrap().is_some() {
        let found = search.read(&page(&[redacted(json!(""))], None)).unwrap();
        assert_eq!(found, None, "it is known to be another attempt's");
    }
}

#[test]
fn a_listing_is_not_read_further_than_the_message_can_be() {
    let mut old = message("old", "delivered");
    old["date_created"] = json!("Thu, 19 Nov 2026 05:01:45 +0000");
    let (asked, found) = search(&[page(&[old], Some("/2010-04-01/Accounts/AC/Messages.json?Page=1"))]);
    assert_eq!((found.unwrap(), asked.len()), (None, 2));
}

#[test]
fn a_listing_without_end_is_no_proof_of_absence() {
    let (asked, found) = search(&[page(&[message("other", "sent")], Some("/x?Page=1"))]);
    assert!(found.unwrap_err().to_string().contains("more than 20 pages"));
    assert_eq!(asked.len(), 20);
}

#[test]
fn a_message_is_fetched_by_its_id() {
    let call = by_service().fetch(SID);
    assert_eq!((call.method.clone(), call.idempotent), (Method::GET, true));
    assert_eq!(
        call.url.path(),
        format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}.json")
    );
    assert!(!format!("{call:?}").contains("canary"));
}

proptest::proptest! {
    #[test]
    fn no_garbage_is_taken_for_an_answer(status in 100u16..600, body in ".{0,60}") {
        let garbage = reply(status, body);
        proptest::prop_assert!(!matches!(created(&garbage), Outcome::Accepted(_)));
        proptest::prop_assert!(sms_status(&garbage).is_err());
    }
}
