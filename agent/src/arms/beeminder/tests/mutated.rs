//! Ten thousand bodies that Beeminder might send: recorded ones with bytes flipped or cut off, fields removed
//! and types swapped, and plain noise. No body causes a panic, and no garbage becomes a safe goal.

use proptest::{prelude::*, sample::Index};
use serde_json::json;

use super::*;
use crate::domain::Slug;

/// The recorded bodies without their largest fields, so that they are small enough for thousands of runs.
/// Mecris does not read `road`, `roadall` and `fullroad`. It does read `dueby`, which these tests do not
/// mutate.
fn recordings() -> Vec<Value> {
    let mut goals = body(GOALS);
    for goal in goals.as_array_mut().unwrap() {
        for matrix in ["road", "roadall", "fullroad", "dueby"] {
            goal.as_object_mut().unwrap().remove(matrix);
        }
    }
    let webhook = serde_json::from_str::<Value>(WEBHOOK).unwrap()["goal"].take();
    vec![
        json!([goals[0]]),
        json!([webhook]),
        goals,
        body(USER),
        body(DATAPOINTS),
    ]
}

fn other_values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!({})),
        Just(json!([])),
        Just(json!([[["x"]]])),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        any::<f64>().prop_map(|value| json!(value)),
        ".{0,12}".prop_map(|value| json!(value)),
    ]
}

#[derive(Clone, Debug)]
enum Mutation {
    Flip(Index, u8),
    Cut(Index),
    Insert(Index, Vec<u8>),
    Remove(Index),
    Swap(Index, Value),
}

fn mutations() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, with)| Mutation::Flip(at, with)),
        any::<Index>().prop_map(Mutation::Cut),
        (any::<Index>(), any::<Vec<u8>>()).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        any::<Index>().prop_map(Mutation::Remove),
        (any::<Index>(), other_values()).prop_map(|(at, value)| Mutation::Swap(at, value)),
    ]
}

/// JSON pointers to every value below the root.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (format!("{here}/{name}"), value))
            .collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(nth, value)| (format!("{here}/{nth}"), value))
            .collect(),
        _ => Vec::new(),
    };
    for (place, value) in children {
        places(value, &place, found);
        found.push(place);
    }
}

fn place(body: &Value, at: Index) -> String {
    let mut all = Vec::new();
    places(body, "", &mut all);
    all.swap_remove(at.index(all.len()))
}

fn remove(body: &mut Value, place: &str) {
    let (parent, name) = place.rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap() {
        Value::Object(fields) => drop(fields.remove(name)),
        Value::Array(list) => drop(list.remove(name.parse().unwrap())),
        _ => unreachable!("only these have children"),
    }
}

fn mutate(recording: &Value, mutation: Mutation) -> Vec<u8> {
    let mut body = recording.clone();
    match mutation {
        Mutation::Remove(at) => {
            let place = place(&body, at);
            remove(&mut body, &place);
        }
        Mutation::Swap(at, value) => {
            let place = place(&body, at);
            *body.pointer_mut(&place).unwrap() = value;
        }
        Mutation::Flip(at, with) => {
            let mut bytes = body.to_string().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= with;
            return bytes;
        }
        Mutation::Cut(at) => {
            let mut bytes = body.to_string().into_bytes();
            bytes.truncate(at.index(bytes.len()));
            return bytes;
        }
        Mutation::Insert(at, more) => {
            let mut bytes = body.to_string().into_bytes();
            let at = at.index(bytes.len());
            bytes.splice(at..at, more);
            return bytes;
        }
    }
    body.to_string().into_bytes()
}

/// Makes an account of the bytes, with the functions that [`BeeminderArm`] uses for a reply of the API. Also
/// calls the functions for other replies, which must not panic. The elements that can be read come with it.
fn parse(bytes: &[u8]) -> Option<(Vec<Result<Value, repair::Broken>>, Account)> {
    let reply = crate::outbound::Reply {
        status: http::StatusCode::OK,
        body: bytes::Bytes::copy_from_slice(bytes),
        retry_after: None,
    };
    let document = error::json(&reply, "x", &"canary".to_owned().into()).ok()?;
    let _ = convert::datapoints(document.clone());
    if let Ok(user) = document.clone().whole("x") {
        let _ = convert::account(Some(user), json!([]), &[], recorded_at());
    }
    let account = convert::account(None, document.clone(), &[], recorded_at()).ok()?;
    Some((document.elements("x").ok()?, account))
}

fn check(bytes: &[u8]) {
    let Some((elements, account)) = parse(bytes) else {
        return;
    };
    assert_eq!(
        account.goals.len() + account.unreadable.len(),
        elements.len(),
        "a goal was lost"
    );
    let readable = elements.iter().flatten().filter(|element| {
        element["slug"]
            .as_str()
            .is_some_and(|s| s.parse::<Slug>().is_ok())
    });
    for (goal, element) in account.goals.iter().zip(readable) {
        assert_eq!(goal.slug.as_str(), element["slug"]);
        if let Some(days) = goal.safebuf {
            assert_eq!(
                Some(days as f64),
                element["safebuf"].as_f64(),
                "safebuf was made up"
            );
        }
        assert!(
            goal.state == GoalState::Active
                || ["won", "frozen"].iter().any(|flag| element[flag] == true)
                || element["archivedate"].is_number(),
            "{:?} was made up",
            goal.state
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_recordings_never_panic_and_never_become_safe(which in any::<Index>(), mutation in mutations()) {
        let recordings = RECORDINGS.with(Vec::clone);
        check(&mutate(which.get(&recordings), mutation));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn noise_never_panics(bytes in any::<Vec<u8>>()) {
        check(&bytes);
    }
}

thread_local! {
    static RECORDINGS: Vec<Value> = recordings();
}

#[test]
fn json_that_is_nested_too_deeply_is_refused() {
    let deep = "[".repeat(100_000);
    assert!(parse(deep.as_bytes()).is_none());
}
