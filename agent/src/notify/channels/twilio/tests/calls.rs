//! How a call is made, what became of it, and which one it was.

use super::*;
use crate::{
    config::VoiceSettings,
    notify::channels::twilio::calls::{PREFIXES, Requests, Search, status},
};

const CALL: &str = "CA00000000000000000000000000000001";

fn voice() -> Requests {
    let settings = VoiceSettings {
        base_url: "https://api.twilio.com".parse().unwrap(),
        to: "+14155550100".parse().unwrap(),
        from: "+15005550006".parse().unwrap(),
        voice: "Polly.Joanna".to_owned(),
        language: "en-US".to_owned(),
    };
    Requests::new(&settings, credentials())
}

/// A Call resource, as Twilio's own example, made at a second of 18:00.
fn call(sid: &str, created: &str) -> Value {
    json!({
        "account_sid": ACCOUNT, "answered_by": null, "api_version": "2010-04-01", "caller_name": null,
        "date_created": created, "date_updated": null, "direction": "outbound-api", "duration": null, "end_time": null,
        "forwarded_from": null, "from": "+15005550006", "from_formatted": "(500) 555-0006", "group_sid": null,
        "parent_call_sid": null, "phone_number_sid": null, "price": null, "price_unit": "USD", "sid": sid,
        "start_time": null, "status": "queued", "subresource_uris": {}, "to": "+14155550100",
        "to_formatted": "(415) 555-0100", "trunk_sid": null, "uri": "/2010-04-01/x.json", "queue_time": "0"
    })
}

fn sid(n: u8) -> String {
    format!("CA{n:032x}")
}

const THEN: &str = "Sat, 21 Nov 2026 18:00:03 +0000";

fn calls(calls: &[Value]) -> Reply {
    reply(
        200,
        json!({"calls": calls, "next_page_uri": null, "page": 0, "page_size": 100, "end": 0, "start": 0}),
    )
}

fn find(doubt: &Doubt<'_>, listed: &[Value]) -> Result<Option<String>, AskError> {
    let requests = voice();
    let mut search = Search::new(&requests, doubt);
    let asked = search.next_call().unwrap().unwrap();
    assert_eq!(
        asked.url.query(),
        Some("To=%2B14155550100&From=%2B15005550006&PageSize=100")
    );
    search.read(&calls(listed))?;
    assert!(search.next_call().unwrap().is_none());
    search.found()
}

#[test]
fn the_phone_rings_once_and_the_tag_is_not_said() {
    let outgoing = Outgoing {
        text: "Mecris: a < b #k7q2x9",
        tag: TAG,
        validity: None,
        lease: LeaseCheck::new(|| true),
    };
    let call = voice().create(&outgoing, Duration::from_secs(12));
    assert_eq!((call.method.clone(), call.idempotent), (Method::POST, false));
    assert_eq!(
        call.url.path(),
        format!("/2010-04-01/Accounts/{ACCOUNT}/Calls.json")
    );
    let form = form(&call);
    assert_eq!(form[..2], ["To=+14155550100", "From=+15005550006"]);
    assert_eq!(form.len(), 3);
    assert_eq!(
        form[2].matches(">Mecris: a &lt; b</Say>").count(),
        2,
        "{}",
        form[2]
    );
    assert_eq!(
        form[2].matches(TAG).count(),
        1,
        "in the comment alone: {}",
        form[2]
    );
}

#[test]
fn only_the_id_of_a_call_is_a_yes() {
    let made = reply(201, call(CALL, THEN));
    assert_eq!(
        outcome::created(ChannelKind::Voice, PREFIXES, &made),
        Outcome::Accepted(CALL.to_owned())
    );
    let message = reply(201, message("x", "queued"));
    assert!(matches!(
        outcome::created(ChannelKind::Voice, PREFIXES, &message),
        Outcome::Unknown { .. }
    ));
}

#[test]
fn every_status_of_the_specification_has_its_meaning() {
    let of = |word: &str| {
        let mut call = call(CALL, THEN);
        call["status"] = json!(word);
        status(&reply(200, call))
    };
    for word in ["queued", "ringing", "in-progress"] {
        assert_eq!(of(word).unwrap(), Status::Pending, "{word}");
    }
    assert_eq!(of("completed").unwrap(), Status::Delivered);
    for (word, passes) in [
        ("busy", true),
        ("no-answer", true),
        ("failed", false),
        ("canceled", false),
    ] {
        let Status::Failed { may_pass, scope, .. } = of(word).unwrap() else {
            panic!("{word}")
        };
        assert_eq!((may_pass, scope), (passes, Scope::Message), "{word}");
    }
    assert!(of("teleported").is_err());
}

#[test]
fn a_call_of_that_moment_is_the_one_in_doubt() {
    assert_eq!(
        find(&doubt(), &[call(CALL, THEN)]).unwrap().as_deref(),
        Some(CALL)
    );
    assert_eq!(find(&doubt(), &[]).unwrap(), None);
}

#[test]
fn what_is_known_or_of_another_moment_or_direction_is_not() {
    let earlier = call(CALL, "Sat, 21 Nov 2026 17:57:59 +0000");
    let later = call(CALL, "Sat, 21 Nov 2026 18:02:16 +0000");
    let mut inbound = call(CALL, THEN);
    inbound["direction"] = json!("inbound");
    for other in [earlier, later, inbound] {
        assert_eq!(
            find(&doubt(), std::slice::from_ref(&other)).unwrap(),
            None,
            "{other}"
        );
    }
    let others = [sid(2)];
    let known = Doubt {
        others: &others,
        ..doubt()
    };
    assert_eq!(find(&known, &[call(&sid(2), THEN)]).unwrap(), None);
    assert_eq!(
        find(&known, &[call(&sid(2), THEN), call(&sid(3), THEN)]).unwrap(),
        Some(sid(3))
    );
}

#[test]
fn of_two_in_doubt_each_is_found_or_neither_or_nobody_knows() {
    let two = Doubt { rivals: 1, ..doubt() };
    assert_eq!(find(&two, &[]).unwrap(), None);
    let both = [
        call(&sid(2), "Sat, 21 Nov 2026 18:01:00 +0000"),
        call(&sid(1), THEN),
    ];
    assert_eq!(find(&two, &both).unwrap(), Some(sid(1)), "the nearest");
    let error = find(&two, &both[..1]).unwrap_err();
    assert!(error.to_string().contains("cannot be told apart"), "{error}");
    assert!(
        find(&doubt(), &both).is_err(),
        "one call too many: somebody else called"
    );
}

#[test]
fn a_call_without_its_moment_is_no_proof_of_absence() {
    let mut undated = call(CALL, THEN);
    undated["date_created"] = Value::Null;
    assert!(find(&doubt(), &[undated]).is_err());
}
