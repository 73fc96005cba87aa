//! Bytes as a reply of Beeminder: the first byte is its status, the rest its body.
//!
//! * A refusal is one sentence without the token, however often Beeminder repeats it.
//! * No goal is lost, and no number of a goal is made up.
//! * What is said of a goal is one line, and the account is the same when the state gives it back.

#![no_main]

use http::StatusCode;
use jiff::{Timestamp, tz::TimeZone};
use libfuzzer_sys::fuzz_target;
use mecris_agent::{
    arms::beeminder::{Account, Counting, Goal, GoalState, Today},
    domain::Slug,
    fuzzing::beeminder::{Reply, read},
};
use mecris_fuzz::{CANARY, assert_one_line};
use serde_json::Value;

const STATUSES: [StatusCode; 8] = [
    StatusCode::OK,
    StatusCode::UNAUTHORIZED,
    StatusCode::NOT_FOUND,
    StatusCode::FOUND,
    StatusCode::NOT_ACCEPTABLE,
    StatusCode::UNPROCESSABLE_ENTITY,
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::SERVICE_UNAVAILABLE,
];

/// More than any sentence of ours has, with the 200 characters of Beeminder's.
const LONGEST_SENTENCE: usize = 500;

/// Seconds since 1970: 21 November 2026, when the recorded goals were not yet due.
const NOW: i64 = 1_795_262_400;

fuzz_target!(|bytes: &[u8]| {
    let Some((&status, body)) = bytes.split_first() else {
        return;
    };
    let status = STATUSES[usize::from(status) % STATUSES.len()];
    match read(status, body, CANARY) {
        Ok(reply) => is_read(&reply),
        Err(error) => {
            let sentence = error.to_string();
            assert_one_line(&sentence);
            assert!(sentence.chars().count() <= LONGEST_SENTENCE, "{sentence}");
            assert!(!sentence.contains(CANARY), "{sentence}");
        }
    }
});

fn is_read(reply: &Reply) {
    let now = Timestamp::from_second(NOW).expect("a time of this century");
    if let Ok(user) = reply.clone().as_user(now) {
        let known = user.time_zone.as_deref().map(TimeZone::get);
        assert!(known.is_none_or(|zone| zone.is_ok()), "{:?}", user.time_zone);
    }
    let elements = reply.clone().elements();
    if let (Ok(points), Ok(elements)) = (reply.clone().as_datapoints(), &elements) {
        assert_eq!(points.points.len() + points.unreadable, elements.len());
        assert!(points.points.is_sorted_by(|a, b| a.day >= b.day), "{points:?}");
    }
    let (Ok(account), Ok(elements)) = (reply.clone().as_goals(&[], now), elements) else {
        return;
    };
    assert_eq!(
        account.goals.len() + account.unreadable.len(),
        elements.len(),
        "a goal was lost"
    );
    account
        .unreadable
        .iter()
        .for_each(|sentence| assert_one_line(sentence));
    let slug = |element: &Value| element.get("slug")?.as_str()?.parse::<Slug>().ok();
    let readable = elements
        .iter()
        .flatten()
        .filter(|element| slug(element).is_some());
    for (goal, element) in account.goals.iter().zip(readable) {
        is_what_was_sent(goal, element);
        is_said(goal, &account, now);
    }
    is_kept(&account);
    let ignored: Vec<Slug> = account.goals.iter().map(|goal| goal.slug.clone()).collect();
    let rest = reply
        .clone()
        .as_goals(&ignored, now)
        .expect("the list was read before");
    assert!(rest.goals.is_empty(), "an ignored goal is there");
}

fn is_what_was_sent(goal: &Goal, element: &Value) {
    let sent = |name: &str| element.get(name);
    assert_eq!(Some(goal.slug.as_str()), sent("slug").and_then(Value::as_str));
    let number = |name: &str| sent(name).and_then(Value::as_f64);
    let whole = |number: Option<i64>| number.map(|number| number as f64);
    for (name, found) in [
        ("safebuf", whole(goal.safebuf)),
        ("curval", goal.current_value),
        ("rate", goal.rate),
    ] {
        assert!(
            found.is_none() || found == number(name),
            "{name} was made up: {found:?}"
        );
    }
    let is_set = |name: &str| sent(name) == Some(&Value::Bool(true));
    let is_over = is_set("won") || is_set("frozen") || number("archivedate").is_some();
    assert!(
        goal.state == GoalState::Active || is_over,
        "{:?} was made up",
        goal.state
    );
}

fn is_said(goal: &Goal, account: &Account, now: Timestamp) {
    if let Some(amount) = goal.amount() {
        let said = amount.to_string();
        assert_one_line(&said);
        assert!(said.is_ascii() && said.len() < 60, "{said:?}");
    }
    let today = Today::of(goal, now, &TimeZone::UTC, &account.zone(&TimeZone::UTC));
    for counting in [Counting::AnyDay, Counting::TodayOnly] {
        let _ = today.entered(goal, counting);
    }
}

/// As the table of snapshots keeps it.
fn is_kept(account: &Account) {
    let kept = serde_json::to_string(account).expect("every account can be kept");
    let again: Account = serde_json::from_str(&kept).expect("what was kept can be read");
    assert_eq!(again, *account);
}
