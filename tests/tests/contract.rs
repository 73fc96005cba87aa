//! Compares the fake Twilio with Twilio's own OpenAPI document. The fixture holds two paths of that document;
//! `fixtures/twilio/README.md` says how they were cut out.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use mecris_tests::{
    clock::FakeClock,
    http_client,
    twilio::{
        ACCOUNT_SID, AUTH_TOKEN, CALL_PARAMETERS, CONTENT_SID, Ending, Fate, MESSAGING_SERVICE_SID,
        PARAMETERS, Twilio, basic,
    },
};
use serde_json::Value;

const MESSAGES: &str = "/2010-04-01/Accounts/{AccountSid}/Messages.json";
const CALLS: &str = "/2010-04-01/Accounts/{AccountSid}/Calls.json";

/// The two paths of Twilio's document.
fn openapi() -> Value {
    serde_json::from_str(include_str!("../fixtures/twilio/openapi.json")).expect("Twilio's document is JSON")
}

/// Replaces `nullable` of OpenAPI 3.0 by the type `null` of JSON Schema. The whole document is changed, so
/// that references keep working.
fn with_null_types(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(object) => {
            if object.get("nullable") == Some(&Value::Bool(true))
                && let Some(kind) = object.get("type").filter(|t| t.is_string()).cloned()
            {
                object.insert("type".to_owned(), serde_json::json!([kind, "null"]));
            }
            for value in object.values_mut() {
                *value = with_null_types(value.take());
            }
        }
        Value::Array(values) => {
            for value in values {
                *value = with_null_types(value.take());
            }
        }
        _ => {}
    }
    schema
}

/// Fails if `instance` breaks the schema at `reference`, or has a field that the schema does not document. In
/// `reference` the path `list` of the document is at `/paths`.
fn assert_valid(document: &Value, list: &str, reference: &str, instance: &Value) {
    let mut schema = serde_json::json!({"$ref": format!("#{reference}")});
    schema["components"] = with_null_types(document["components"].clone());
    schema["paths"] = with_null_types(document["paths"][list]["get"].clone());
    let validator = jsonschema::validator_for(&schema).expect("the schema is sound");
    let errors: Vec<String> = validator
        .iter_errors(instance)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{reference}: {errors:?}\n{instance:#}");
    let documented = schema
        .pointer(reference)
        .and_then(|s| s["properties"].as_object())
        .expect("an object schema");
    for field in instance.as_object().expect("an object").keys() {
        assert!(documented.contains_key(field), "{field} is not in {reference}");
    }
    for field in documented.keys() {
        assert!(
            instance.get(field).is_some(),
            "{reference} has {field}, the fake does not"
        );
    }
}

fn create(fake: &Twilio, resource: &str, form: &[(&str, &str)]) -> Value {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let mut stream = TcpStream::connect(fake.address()).expect("the fake listens");
    write!(
        stream,
        "POST /2010-04-01/Accounts/{ACCOUNT_SID}/{resource}.json HTTP/1.1\r\nhost: t\r\nconnection: close\r\nauthorization: {}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        basic(ACCOUNT_SID, AUTH_TOKEN),
        body.len()
    )
    .expect("the request goes out");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the fake answers");
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    serde_json::from_str(answer.split_once("\r\n\r\n").expect("a body").1).expect("JSON")
}

fn get(fake: &Twilio, path: &str) -> Value {
    let auth = basic(ACCOUNT_SID, AUTH_TOKEN);
    let path = format!("/2010-04-01/Accounts/{ACCOUNT_SID}/{path}");
    http_client::request(fake.address(), "GET", &path, &[("authorization", &auth)], None)
        .expect("the fake answers")
        .json()
}

#[test]
fn the_fake_accepts_exactly_the_documented_parameters() {
    let document = openapi();
    for (list, parameters) in [(MESSAGES, &PARAMETERS[..]), (CALLS, &CALL_PARAMETERS[..])] {
        let body = &document["paths"][list]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
            ["schema"];
        let mut documented: Vec<&str> = body["properties"]
            .as_object()
            .expect("a create has parameters")
            .keys()
            .map(String::as_str)
            .collect();
        let mut known = parameters.to_vec();
        documented.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, documented, "{list}");
    }
}

#[test]
fn a_message_has_the_documented_shape_at_every_step() {
    let document = openapi();
    let message = "/components/schemas/api.v2010.account.message";
    let fake = Twilio::start(&FakeClock::default()).expect("a free port");
    fake.set_next_fates([Fate::Undelivered(30003), Fate::Deliver]);
    let (to, whatsapp) = (("To", "+14155550100"), ("To", "whatsapp:+14155550100"));
    let text = ("Body", "hello");
    let forms: [&[(&str, &str)]; 4] = [
        &[to, ("From", "+15005550006"), text, ("ValidityPeriod", "600")],
        &[
            to,
            ("MessagingServiceSid", MESSAGING_SERVICE_SID),
            text,
            ("ValidityPeriod", "600"),
        ],
        &[whatsapp, ("From", "whatsapp:+15005550006"), text],
        &[
            whatsapp,
            ("MessagingServiceSid", MESSAGING_SERVICE_SID),
            ("ContentSid", CONTENT_SID),
            ("ContentVariables", r#"{"1": "hello"}"#),
        ],
    ];
    for form in forms {
        let made = create(&fake, "Messages", form);
        assert_valid(&document, MESSAGES, message, &made);
        for _ in 0..3 {
            let path = format!("Messages/{}.json", made["sid"].as_str().expect("a sid"));
            assert_valid(&document, MESSAGES, message, &get(&fake, &path));
        }
    }
}

const RING: [(&str, &str); 3] = [
    ("To", "+14155550100"),
    ("From", "+15005550006"),
    ("Twiml", "<Response><Say>hello</Say></Response>"),
];

#[test]
fn a_call_has_the_documented_shape_at_every_step() {
    let document = openapi();
    let call = "/components/schemas/api.v2010.account.call";
    let fake = Twilio::start(&FakeClock::default()).expect("a free port");
    for ending in [
        Ending::Completed,
        Ending::Busy,
        Ending::NoAnswer,
        Ending::Failed,
        Ending::Canceled,
        Ending::Ring,
    ] {
        fake.set_next_endings([ending]);
        let made = create(&fake, "Calls", &RING);
        assert_valid(&document, CALLS, call, &made);
        for _ in 0..4 {
            let path = format!("Calls/{}.json", made["sid"].as_str().expect("a sid"));
            assert_valid(&document, CALLS, call, &get(&fake, &path));
        }
    }
}

#[test]
fn a_list_has_the_documented_shape_on_every_page() {
    let document = openapi();
    let fake = Twilio::start(&FakeClock::default()).expect("a free port");
    for _ in 0..3 {
        create(&fake, "Messages", &[RING[0], RING[1], ("Body", "hello")]);
        create(&fake, "Calls", &RING);
    }
    let reference = "/paths/responses/200/content/application~1json/schema";
    for (list, resource) in [(MESSAGES, "Messages"), (CALLS, "Calls")] {
        for page in ["PageSize=2", "PageSize=2&Page=1"] {
            assert_valid(
                &document,
                list,
                reference,
                &get(&fake, &format!("{resource}.json?{page}")),
            );
        }
    }
}
