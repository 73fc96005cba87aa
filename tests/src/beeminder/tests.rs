use super::*;
use crate::http_client::{Answer, request};

fn fake() -> Beeminder {
    let clock = FakeClock::default();
    clock.set("2026-03-03T15:00:00-05:00".parse().unwrap());
    Beeminder::start(&clock).unwrap()
}

fn get(fake: &Beeminder, path: &str) -> io::Result<Answer> {
    request(
        fake.address(),
        "GET",
        &format!("/api/v1/{path}auth_token={TOKEN}"),
        &[],
        None,
    )
}

#[test]
fn it_answers_with_the_account_most_urgent_goal_first() {
    let fake = fake();
    fake.set_goals([
        GoalSpec::new("later", 5),
        GoalSpec::new("now", 0),
        GoalSpec::new("ice", -1).frozen(),
    ]);
    let user = get(&fake, "users/me.json?").unwrap().json();
    assert_eq!(
        (user["timezone"].as_str(), user["goals"][0].as_str()),
        (Some("America/New_York"), Some("later"))
    );
    let goals = get(&fake, "users/me/goals.json?emaciated=true&").unwrap().json();
    let slugs: Vec<_> = goals
        .as_array()
        .unwrap()
        .iter()
        .map(|g| g["slug"].as_str().unwrap())
        .collect();
    assert_eq!(slugs, ["now", "later", "ice"]);
    assert_eq!(
        get(&fake, "users/me/goals/now/datapoints.json?count=1&")
            .unwrap()
            .json()[0]["daystamp"],
        "20260302"
    );
    assert_eq!(get(&fake, "users/me/goals/none.json?").unwrap().status, 404);
    assert_eq!((fake.requests(), fake.writes()), (4, 0));
}

#[test]
fn a_wrong_token_is_refused_and_a_write_is_counted() {
    let fake = fake();
    let answer = request(
        fake.address(),
        "GET",
        "/api/v1/users/me.json?auth_token=other",
        &[],
        None,
    )
    .unwrap();
    assert_eq!(
        (answer.status, answer.json()["errors"]["auth_token"].as_str()),
        (401, Some("bad_token"))
    );
    let path = format!("/api/v1/users/me/goals/g/datapoints.json?auth_token={TOKEN}");
    assert_eq!(
        request(fake.address(), "POST", &path, &[], None).unwrap().status,
        405
    );
    assert_eq!(fake.writes(), 1);
}

#[test]
fn faults_last_as_long_as_they_were_planned() {
    let fake = fake();
    fake.fail_next(1, Fault::Status(503));
    fake.fail_next(1, Fault::DropConnection);
    fake.fail_next(1, Fault::HalfBody);
    fake.fail_next(1, Fault::Html);
    assert_eq!(get(&fake, "users/me.json?").unwrap().status, 503);
    assert!(get(&fake, "users/me.json?").is_err());
    let half = get(&fake, "users/me.json?");
    assert!(half.is_err() || half.is_ok_and(|a| serde_json::from_str::<serde_json::Value>(&a.body).is_err()));
    assert!(
        get(&fake, "users/me.json?")
            .unwrap()
            .body
            .starts_with("<!DOCTYPE")
    );
    assert_eq!(get(&fake, "users/me.json?").unwrap().status, 200);
}

#[test]
fn the_control_endpoints_do_what_the_methods_do() {
    let fake = fake();
    let put = |path: &str, body: serde_json::Value| {
        request(
            fake.address(),
            "PUT",
            &format!("/_control/{path}"),
            &[],
            Some(&body),
        )
        .unwrap()
        .status
    };
    assert_eq!(
        put("goals", serde_json::json!([{"slug": "a", "safebuf": 0}])),
        204
    );
    assert_eq!(put("now", serde_json::json!("2026-07-01T12:00:00Z")), 204);
    assert_eq!(
        put(
            "fault",
            serde_json::json!({"fault": {"status": 500}, "requests": 1})
        ),
        204
    );
    assert_eq!(get(&fake, "users/me.json?").unwrap().status, 500);
    let goals = get(&fake, "users/me/goals.json?").unwrap().json();
    assert_eq!(
        goals[0]["losedate"],
        "2026-07-02T03:59:59Z"
            .parse::<jiff::Timestamp>()
            .unwrap()
            .as_second()
    );
}
