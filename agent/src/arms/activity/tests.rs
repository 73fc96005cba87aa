use serde_json::{Value, json};

use super::*;
use crate::arms::beeminder::tests::{DATAPOINTS, Fake, account, body, merge, recorded_at};

const WITHIN: Duration = Duration::from_secs(5);

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn slug() -> Slug {
    "clean-view".parse().unwrap()
}

/// The recorded account (25 January, 16:40 local), its first goal changed.
fn changed(fields: Value) -> Account {
    account(|goals| merge(&mut goals[0], fields))
}

fn point(day: &str, more: Value) -> Value {
    let mut point = json!({"id": "p", "daystamp": day, "value": 1, "is_dummy": false, "is_initial": false});
    merge(&mut point, more);
    point
}

/// The recorded account. Its first goal comes with this one datapoint.
fn with_point(point: Value, more: Value) -> Account {
    account(|goals| {
        merge(&mut goals[0], json!({"recent_data": []}));
        goals[0]["last_datapoint"] = point;
        merge(&mut goals[0], more);
    })
}

fn says(account: &Account, now: Timestamp) -> Option<bool> {
    walked(&account.goals[0], now, &zone(), &zone())
}

#[test]
fn a_real_datapoint_of_today_is_a_walk_unless_it_is_zero() {
    assert_eq!(says(&changed(json!({})), recorded_at()), Some(true));
    let zero = |more| with_point(point("20260125", json!({"value": 0})), more);
    assert_eq!(says(&zero(json!({"todayta": true})), recorded_at()), None);
    assert_eq!(says(&zero(json!({"todayta": false})), recorded_at()), Some(false));
}

#[test]
fn yesterdays_walk_that_is_sent_today_is_not_todays_walk() {
    let late = point(
        "20260124",
        json!({"created_at": "2026-01-25T08:00:00-05:00", "updated_at": null}),
    );
    assert_eq!(
        says(&with_point(late, json!({"todayta": false})), recorded_at()),
        Some(false)
    );
}

#[test]
fn no_datapoint_today_is_no_walk_only_if_beeminder_says_so_and_is_not_recomputing() {
    let yesterday = || point("20260124", json!({}));
    let says = |more| says(&with_point(yesterday(), more), recorded_at());
    assert_eq!(says(json!({"todayta": false})), Some(false));
    assert_eq!(says(json!({"todayta": false, "queued": true})), None);
    assert_eq!(says(json!({"todayta": true})), None);
    assert_eq!(says(json!({"todayta": null})), None);
}

#[test]
fn a_dummy_and_the_initial_datapoint_are_no_walk() {
    for flag in ["is_dummy", "is_initial"] {
        let account = with_point(point("20260125", json!({ flag: true })), json!({"todayta": true}));
        assert_eq!(says(&account, recorded_at()), None, "{flag}");
    }
}

#[test]
fn after_midnight_yesterdays_walk_counts_until_the_goals_deadline() {
    let account = with_point(
        point("20260125", json!({})),
        json!({"deadline": 3 * 3600, "todayta": false}),
    );
    assert_eq!(says(&account, at("2026-01-26T02:59:00-05:00")), Some(true));
    assert_eq!(says(&account, at("2026-01-26T03:01:00-05:00")), Some(false));
}

#[test]
fn with_an_early_deadline_last_nights_walk_is_not_todays() {
    // The goal's day ends at 20:00, so Beeminder dates a walk at 21:00 on the 24th as the 25th.
    let entered = |when: &str| json!({"updated_at": at(when).as_second()});
    let says = |when, now| {
        let account = with_point(
            point("20260125", entered(when)),
            json!({"deadline": -4 * 3600, "todayta": false}),
        );
        says(&account, at(now))
    };
    assert_eq!(
        says("2026-01-25T15:00:00-05:00", "2026-01-25T16:00:00-05:00"),
        Some(true)
    );
    assert_eq!(
        says("2026-01-25T15:00:00-05:00", "2026-01-25T21:00:00-05:00"),
        Some(true),
        "entered today, before the deadline"
    );
    assert_eq!(
        says("2026-01-24T21:00:00-05:00", "2026-01-25T21:00:00-05:00"),
        Some(false),
        "entered yesterday"
    );
}

async fn nobody() -> Fake {
    Fake::start(|_| (500, String::new())).await
}

async fn ask(fake: &Fake, goal: &Slug, account: Observation<Account>) -> Observation<Walk> {
    observe(goal, &account, &fake.arm, recorded_at(), &zone(), WITHIN).await
}

fn fresh(account: Account) -> Observation<Account> {
    Observation::Fresh {
        value: account,
        at: at("2026-01-25T21:39:00Z"),
    }
}

#[tokio::test]
async fn what_the_account_says_needs_no_further_request() {
    let fake = nobody().await;
    let walk = ask(&fake, &slug(), fresh(changed(json!({})))).await;
    let done = Walk {
        goal: slug(),
        day: "2026-01-25".parse().unwrap(),
        done: true,
    };
    assert_eq!(
        walk,
        Observation::Fresh {
            value: done,
            at: at("2026-01-25T21:39:00Z")
        }
    );
    let none = with_point(point("20260124", json!({})), json!({"todayta": false}));
    assert!(!ask(&fake, &slug(), fresh(none)).await.fresh().unwrap().done);
    assert!(fake.seen.lock().unwrap().is_empty());
}

/// An account that says there is a datapoint today, but does not show it.
fn in_doubt() -> Observation<Account> {
    fresh(with_point(point("20260124", json!({})), json!({"todayta": true})))
}

#[tokio::test]
async fn a_doubt_is_settled_by_the_datapoints() {
    let points = |points: Value| Fake::start(move |_| (200, points.to_string()));
    let done = points(json!([point("20260125", json!({}))])).await;
    assert_eq!(
        ask(&done, &slug(), in_doubt())
            .await
            .fresh()
            .map(|walk| walk.done),
        Some(true)
    );
    let not_done = points(body(DATAPOINTS)).await;
    let walk = ask(&not_done, &slug(), in_doubt()).await;
    assert_eq!(
        (walk.fresh().map(|walk| walk.done), walk.at()),
        (Some(false), Some(recorded_at()))
    );
    let dummy = points(json!([point("20260125", json!({"is_dummy": true}))])).await;
    assert_eq!(
        ask(&dummy, &slug(), in_doubt())
            .await
            .fresh()
            .map(|walk| walk.done),
        Some(false)
    );
}

#[tokio::test]
async fn a_doubt_that_cannot_be_settled_is_unknown() {
    for (status, text) in [
        (500, ""),
        (200, "<html>"),
        (200, "{}"),
        (200, r#"[{"daystamp":"?"}]"#),
    ] {
        let fake = Fake::start(move |_| (status, text.to_owned())).await;
        let walk = ask(&fake, &slug(), in_doubt()).await;
        assert!(matches!(walk, Observation::Unknown { .. }), "{text}: {walk:?}");
    }
}

#[tokio::test]
async fn without_fresh_goals_the_walk_is_unknown_never_needed() {
    let fake = nobody().await;
    let none = with_point(point("20260124", json!({})), json!({"todayta": false}));
    let stale = Observation::Stale {
        value: none,
        at: recorded_at(),
        why: "it is down".into(),
    };
    for account in [
        stale,
        Observation::Unknown {
            why: "it is down".into(),
        },
    ] {
        let walk = ask(&fake, &slug(), account).await;
        assert!(
            matches!(&walk, Observation::Unknown { why } if why.ends_with("it is down")),
            "{walk:?}"
        );
    }
}

#[tokio::test]
async fn a_goal_that_is_not_there_or_takes_no_data_is_unknown_with_what_to_check() {
    let fake = nobody().await;
    let walk = ask(&fake, &"bike".parse().unwrap(), fresh(changed(json!({})))).await;
    assert_eq!(
        walk.why().unwrap(),
        "walk.goal = \"bike\" is not among the 3 goals that were read: check the spelling of walk.goal, that the goal is not archived, \
         and that beeminder.ignore does not name it"
    );
    let frozen = with_point(
        point("20260124", json!({})),
        json!({"frozen": true, "todayta": false}),
    );
    assert!(
        ask(&fake, &slug(), fresh(frozen))
            .await
            .why()
            .unwrap()
            .contains("frozen or archived")
    );
    let walked = changed(json!({"frozen": true}));
    assert!(ask(&fake, &slug(), fresh(walked)).await.fresh().unwrap().done);
}
