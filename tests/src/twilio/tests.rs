use serde_json::Value;

use super::*;
use crate::http_client::Answer;

const GOOD: &[(&str, &str)] = &[
    ("To", "+14155550100"),
    ("From", "+15005550006"),
    ("Body", "reading derails today #abc123"),
];

fn fake() -> Twilio {
    Twilio::start(&FakeClock::default()).unwrap()
}

fn path(resource: &str, rest: &str) -> String {
    format!("/2010-04-01/Accounts/{ACCOUNT_SID}/{resource}{rest}")
}

fn get(fake: &Twilio, rest: &str) -> io::Result<Answer> {
    get_from(fake, "Messages", rest)
}

fn get_from(fake: &Twilio, resource: &str, rest: &str) -> io::Result<Answer> {
    let auth = basic(ACCOUNT_SID, AUTH_TOKEN);
    crate::http_client::request(
        fake.address(),
        "GET",
        &path(resource, rest),
        &[("authorization", &auth)],
        None,
    )
}

fn post(fake: &Twilio, form: &[(&str, &str)]) -> io::Result<(u16, Value)> {
    post_to(fake, "Messages", form)
}

/// The client sends JSON bodies only, so the form goes by hand. The connection waits for the answer.
fn send(fake: &Twilio, resource: &str, form: &[(&str, &str)]) -> io::Result<std::net::TcpStream> {
    use std::io::Write as _;
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let auth = basic(API_KEY_SID, API_KEY_SECRET);
    let mut stream = std::net::TcpStream::connect(fake.address())?;
    write!(
        stream,
        "POST {} HTTP/1.1\r\nhost: twilio\r\nconnection: close\r\nauthorization: {auth}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        path(resource, ".json"),
        body.len()
    )?;
    Ok(stream)
}

fn post_to(fake: &Twilio, resource: &str, form: &[(&str, &str)]) -> io::Result<(u16, Value)> {
    use std::io::Read as _;
    let mut answer = String::new();
    send(fake, resource, form)?.read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    Ok((status, serde_json::from_str(body).unwrap_or_default()))
}

#[test]
fn a_message_of_a_client_that_hangs_up_is_accepted_all_the_same() {
    let fake = fake();
    fake.fail_next([Fault::Delay(200)]);
    let client = send(&fake, "Messages", GOOD).unwrap();
    let patience = std::time::Duration::from_secs(10);
    crate::wait::until(patience, || (fake.creates() > 0).then_some(())).expect("the request was read");
    assert_eq!((fake.delayed(), fake.accepted_count()), (1, 0));
    drop(client);
    crate::wait::until(patience, || (fake.accepted_count() > 0).then_some(())).expect("a message");
    crate::wait::until(patience, || (fake.delayed() == 0).then_some(())).expect("no more to come");
}

fn without<'a>(name: &str, extra: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    GOOD.iter()
        .copied()
        .filter(|(n, _)| *n != name)
        .chain(extra.iter().copied())
        .collect()
}

#[test]
fn basic_authentication_is_that_of_the_rfc() {
    assert_eq!(
        basic("Aladdin", "open sesame"),
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    );
    assert_eq!(basic("a", "b"), "Basic YTpi");
    assert_eq!(basic("ab", "c"), "Basic YWI6Yw==");
}

#[test]
fn a_message_is_accepted_travels_and_arrives() {
    let fake = fake();
    let (status, message) = post(&fake, GOOD).unwrap();
    assert_eq!(
        (
            status,
            message["status"].as_str(),
            message["num_segments"].as_str()
        ),
        (201, Some("queued"), Some("1"))
    );
    let rest = format!("/{}.json", message["sid"].as_str().unwrap());
    assert_eq!(get(&fake, &rest).unwrap().json()["status"], "sent");
    assert_eq!(get(&fake, &rest).unwrap().json()["status"], "delivered");
    assert_eq!(fake.accepted()[0].body, "reading derails today #abc123");
}

#[test]
fn a_messaging_service_accepts_first_and_a_fate_has_its_code() {
    let fake = fake();
    fake.set_fate(Fate::Undelivered(30034));
    let (_, message) = post(
        &fake,
        &without("From", &[("MessagingServiceSid", MESSAGING_SERVICE_SID)]),
    )
    .unwrap();
    assert_eq!(
        (message["status"].as_str(), &message["from"]),
        (Some("accepted"), &Value::Null)
    );
    let rest = format!("/{}.json", message["sid"].as_str().unwrap());
    get(&fake, &rest).unwrap();
    let end = get(&fake, &rest).unwrap().json();
    assert_eq!(
        (end["status"].as_str(), end["error_code"].as_i64()),
        (Some("undelivered"), Some(30034))
    );
}

#[test]
fn what_twilio_refuses_is_refused() {
    let fake = fake();
    let long = "x".repeat(1601);
    let cases = [
        (without("From", &[]), 21603),
        (without("Body", &[]), 21602),
        (without("To", &[]), 21604),
        (without("To", &[("To", "12345")]), 21211),
        (without("Body", &[("Body", &long)]), 21617),
        (without("", &[("ValidityPeriod", "0")]), 21621),
        (without("", &[("IdempotencyKey", "x")]), 20001),
    ];
    for (form, code) in cases {
        let (status, error) = post(&fake, &form).unwrap();
        assert_eq!((status, error["code"].as_i64()), (400, Some(code)), "{form:?}");
    }
    assert_eq!((fake.accepted_count(), fake.violations().len()), (0, 7));
    fake.opt_out("+14155550100");
    assert_eq!(post(&fake, GOOD).unwrap().1["code"], 21610);
    fake.revoke();
    assert_eq!(
        post(&fake, GOOD).unwrap(),
        (401, get(&fake, ".json").unwrap().json())
    );
}

#[test]
fn faults_before_acceptance_accept_nothing_and_faults_after_it_do() {
    let fake = fake();
    fake.fail_next([
        Fault::DropBefore,
        Fault::StatusBefore(503),
        Fault::TooMany(1),
        Fault::Refuse(21608),
        Fault::Garbage2xx,
    ]);
    assert!(post(&fake, GOOD).is_err());
    for status in [503, 429, 400, 200] {
        assert_eq!(post(&fake, GOOD).unwrap().0, status);
    }
    assert_eq!(fake.accepted_count(), 0);
    fake.fail_next([
        Fault::DropReplyAfterAccept,
        Fault::StatusAfterAccept(502),
        Fault::GarbageAfterAccept,
    ]);
    assert!(post(&fake, GOOD).is_err());
    assert_eq!(post(&fake, GOOD).unwrap().0, 502);
    assert_eq!(post(&fake, GOOD).unwrap().0, 200);
    assert_eq!((fake.accepted_count(), fake.creates()), (3, 8));
}

#[test]
fn lists_are_paged_filtered_and_hide_what_is_hidden() {
    let fake = fake();
    for _ in 0..3 {
        post(&fake, GOOD).unwrap();
    }
    let unsent = get(&fake, ".json?DateSent%3E=2020-01-01&PageSize=2")
        .unwrap()
        .json();
    assert_eq!(
        unsent["messages"].as_array().unwrap().len(),
        2,
        "the listing itself moves messages on"
    );
    let next = unsent["next_page_uri"].as_str().unwrap();
    let rest = next.split_once("/Messages").unwrap().1;
    let second = get(&fake, rest).unwrap().json();
    assert_eq!(
        (
            second["messages"].as_array().unwrap().len(),
            &second["next_page_uri"]
        ),
        (1, &Value::Null)
    );
    let nobody = get(&fake, ".json?To=%2B14155550199").unwrap().json();
    assert_eq!(nobody["messages"].as_array().unwrap().len(), 0);
    fake.hide_from_lists(60_000);
    post(&fake, GOOD).unwrap();
    assert_eq!(
        get(&fake, ".json").unwrap().json()["messages"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(fake.accepted_count(), 4);
    assert_eq!(get(&fake, ".json?Status=sent").unwrap().status, 400);
}

#[test]
fn chaos_is_the_same_for_the_same_seed() {
    let chaos = Chaos {
        seed: 7,
        drop_after_accept: 0.3,
        status_after_accept: 0.3,
        status_before: 0.1,
        ..Chaos::default()
    };
    let roll = || {
        let mut rng = fastrand::Rng::with_seed(chaos.seed);
        (0..100).map(|_| chaos.roll(&mut rng)).collect::<Vec<_>>()
    };
    let faults = roll();
    assert_eq!(faults, roll());
    assert!(
        faults
            .iter()
            .any(|f| matches!(f, Some(Fault::DropReplyAfterAccept)))
            && faults.iter().any(Option::is_none)
    );
}

const WHATSAPP: &[(&str, &str)] = &[("To", "whatsapp:+14155550100"), ("From", "whatsapp:+15005550006")];

fn whatsapp<'a>(extra: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    WHATSAPP.iter().chain(extra).copied().collect()
}

#[test]
fn a_template_is_rendered_and_a_free_text_needs_a_session() {
    let fake = fake();
    let filled = whatsapp(&[
        ("ContentSid", CONTENT_SID),
        ("ContentVariables", r##"{"1": "hello #abc123"}"##),
    ]);
    assert_eq!(post(&fake, &filled).unwrap().0, 201);
    assert_eq!(fake.accepted()[0].body, "Mecris says: hello #abc123");
    let end = |fake: &Twilio| {
        let (status, message) = post(fake, &whatsapp(&[("Body", "hello")])).unwrap();
        assert_eq!(status, 201, "it is refused later");
        let rest = format!("/{}.json", message["sid"].as_str().unwrap());
        get(fake, &rest).unwrap();
        let end = get(fake, &rest).unwrap().json();
        (
            end["status"].as_str().unwrap().to_owned(),
            end["error_code"].as_i64(),
        )
    };
    assert_eq!(end(&fake), ("failed".to_owned(), Some(63016)));
    fake.open_session("+14155550100");
    assert_eq!(end(&fake), ("delivered".to_owned(), None));
}

#[test]
fn what_whatsapp_and_templates_need_is_asked_for() {
    let fake = fake();
    let cases = [
        (whatsapp(&[]), 21602),
        (
            vec![
                ("To", "whatsapp:+14155550100"),
                ("From", "+15005550006"),
                ("Body", "x"),
            ],
            21910,
        ),
        (
            vec![
                ("To", "whatsapp:14155550100"),
                ("From", "whatsapp:+15005550006"),
                ("Body", "x"),
            ],
            21211,
        ),
        (whatsapp(&[("ContentSid", "HX12")]), 21655),
        (
            whatsapp(&[("ContentSid", CONTENT_SID), ("ContentVariables", "x")]),
            21656,
        ),
        (
            whatsapp(&[("ContentSid", CONTENT_SID), ("ContentVariables", r#"{"1": ""}"#)]),
            21656,
        ),
        (whatsapp(&[("Body", "x"), ("ContentVariables", "{}")]), 20001),
        (whatsapp(&[("Body", "x"), ("ContentSid", CONTENT_SID)]), 20001),
    ];
    let count = cases.len();
    for (form, code) in cases {
        assert_eq!(post(&fake, &form).unwrap().1["code"], code, "{form:?}");
    }
    assert_eq!((fake.accepted_count(), fake.violations().len()), (0, count));
    fake.delete_template(CONTENT_SID);
    let gone = whatsapp(&[("ContentSid", CONTENT_SID), ("ContentVariables", r#"{"1": "x"}"#)]);
    assert_eq!(post(&fake, &gone).unwrap().1["code"], 21655);
    assert_eq!(fake.violations().len(), count, "that is nobody's mistake here");
}

const RING: &[(&str, &str)] = &[
    ("To", "+14155550100"),
    ("From", "+15005550006"),
    (
        "Twiml",
        "<Response><!-- x --><Pause length=\"1\"/><Say>a &lt; b</Say><Say>again</Say></Response>",
    ),
];

#[test]
fn a_call_rings_is_heard_and_does_not_show_what_was_said() {
    let fake = fake();
    let (status, call) = post_to(&fake, "Calls", RING).unwrap();
    assert_eq!((status, call["status"].as_str()), (201, Some("queued")));
    let rest = format!("/{}.json", call["sid"].as_str().unwrap());
    let steps = [(); 4].map(|()| {
        get_from(&fake, "Calls", &rest).unwrap().json()["status"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    assert_eq!(steps, ["ringing", "in-progress", "completed", "completed"]);
    assert_eq!(fake.calls()[0].said, ["a < b", "again"]);
    assert!(!get_from(&fake, "Calls", ".json").unwrap().body.contains("again"));
}

#[test]
fn a_call_can_end_in_every_documented_way() {
    let fake = fake();
    for (ending, word) in [
        (Ending::Busy, "busy"),
        (Ending::NoAnswer, "no-answer"),
        (Ending::Failed, "failed"),
        (Ending::Canceled, "canceled"),
        (Ending::Ring, "ringing"),
    ] {
        fake.set_next_endings([ending]);
        let rest = format!(
            "/{}.json",
            post_to(&fake, "Calls", RING).unwrap().1["sid"].as_str().unwrap()
        );
        get_from(&fake, "Calls", &rest).unwrap();
        assert_eq!(get_from(&fake, "Calls", &rest).unwrap().json()["status"], word);
    }
}

#[test]
fn a_call_that_makes_no_sense_is_refused() {
    let fake = fake();
    let long = format!("<Response><Say>{}</Say></Response>", "x".repeat(4000));
    let documents = [
        "",
        "hello",
        "<Response/>",
        "<Response><Say>a & b</Say></Response>",
        "<Response><Say>x</Say>",
        "<Response><Say>x</Say><Hangup/></Response>",
        "<Response><Say>x</Say></Response><Response/>",
        "<Response><!-- a -- b --><Say>x</Say></Response>",
        "<Response><Dial>+14155550100</Dial></Response>",
        &long,
    ];
    for document in documents {
        let form = [RING[0], RING[1], ("Twiml", document)];
        assert_eq!(post_to(&fake, "Calls", &form).unwrap().0, 400, "{document}");
    }
    let (_, unknown) = post_to(&fake, "Calls", &[RING, &[("Tag", "x")]].concat()).unwrap();
    let (_, nobody) = post_to(&fake, "Calls", &[("To", "12"), RING[1], RING[2]]).unwrap();
    assert_eq!(
        (unknown["code"].as_i64(), nobody["code"].as_i64()),
        (Some(20001), Some(21217))
    );
    assert_eq!(
        (fake.calls().len(), fake.violations().len()),
        (0, documents.len() + 2)
    );
}

#[test]
fn calls_are_listed_by_their_numbers_and_faults_can_be_of_one_way() {
    let fake = fake();
    post_to(&fake, "Calls", RING).unwrap();
    fake.call_of_somebody_else("+14155550100", "+15005550007");
    let listed = |rest: &str| {
        get_from(&fake, "Calls", rest).unwrap().json()["calls"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(
        (
            listed(".json"),
            listed(".json?From=%2B15005550006"),
            listed(".json?To=%2B1")
        ),
        (2, 1, 0)
    );
    assert_eq!(get_from(&fake, "Calls", ".json?Body=x").unwrap().status, 400);
    fake.hide_from_lists(60_000);
    fake.fail_always_by(Way::Sms, Some(Fault::Refuse(30034)));
    assert_eq!(post(&fake, GOOD).unwrap().0, 400);
    assert_eq!(post_to(&fake, "Calls", RING).unwrap().0, 201);
    assert_eq!((fake.calls().len(), listed(".json")), (3, 2));
    fake.fail_always_by(Way::Sms, None);
    assert_eq!(post(&fake, GOOD).unwrap().0, 201);
}
