use serde_json::json;

use super::*;

const WITHIN: Duration = Duration::from_secs(5);

fn good(path: &str) -> (u16, String) {
    let recording = match path {
        "/api/v1/users/me.json" => USER,
        "/api/v1/users/me/goals.json" => GOALS,
        "/api/v1/users/me/goals/work/datapoints.json" => DATAPOINTS,
        _ => return (404, r#"{"error":"The requested resource was not found."}"#.into()),
    };
    (200, body(recording).to_string())
}

#[tokio::test]
async fn an_account_is_read_with_two_gets_and_ignored_goals_are_left_out() {
    let fake = Fake::start(good).await;
    let account = fake.arm.observe(recorded_at(), WITHIN).await.unwrap();
    let slugs: Vec<_> = account.goals.iter().map(|goal| goal.slug.as_str()).collect();
    assert_eq!(slugs, ["clean-view", "caffeine-cutoff"]);
    let mut seen = fake.seen.lock().unwrap().clone();
    seen.sort();
    assert_eq!(
        seen,
        [
            "GET /api/v1/users/me.json?auth_token=canary&emaciated=true HTTP/1.1",
            "GET /api/v1/users/me/goals.json?auth_token=canary&emaciated=true HTTP/1.1",
        ]
    );
}

#[tokio::test]
async fn datapoints_are_read_by_daystamp() {
    let fake = Fake::start(good).await;
    let recent = fake
        .arm
        .datapoints(&"work".parse().unwrap(), WITHIN)
        .await
        .unwrap();
    assert_eq!((recent.points.len(), recent.unreadable), (3, 0));
    let line = fake.seen.lock().unwrap()[0].clone();
    assert!(
        line.ends_with("/goals/work/datapoints.json?auth_token=canary&sort=daystamp&count=25 HTTP/1.1"),
        "{line}"
    );
}

#[tokio::test]
async fn every_bad_reply_is_an_error_that_explains_it_and_hides_the_token() {
    let half = body(GOALS).to_string()[..2000].to_owned();
    let cases = [
        (
            401,
            r#"{"errors":{"auth_token":"canary","message":"No such auth_token found."}}"#.to_owned(),
            "BEEMINDER_AUTH_TOKEN",
        ),
        (
            404,
            r#"{"error":"canary was not found."}"#.to_owned(),
            "check beeminder.username",
        ),
        (
            422,
            r#"{"errors":"canary"}"#.to_owned(),
            "refused the request for the goals of me (status 422: ***)",
        ),
        (
            200,
            "<html>canary</html>".to_owned(),
            "answer is HTML, not JSON (status 200)",
        ),
        (
            200,
            half,
            "an incomplete JSON document (status 200, line 1 column 2000)",
        ),
        (
            200,
            r#"{"goals":[]}"#.to_owned(),
            "the goals should be an array, not an object",
        ),
        (301, String::new(), "https://www.beeminder.com/api/v1/"),
        (503, "canary".to_owned(), "failed (status 503"),
    ];
    for (status, text, expected) in cases {
        let fake = Fake::start(move |path| {
            if path.ends_with("goals.json") {
                (status, text.clone())
            } else {
                good(path)
            }
        });
        let error = fake.await.arm.observe(recorded_at(), WITHIN).await.unwrap_err();
        let (shown, debugged) = (error.to_string(), format!("{error:?}"));
        assert!(shown.contains(expected), "{shown}");
        assert!(
            !shown.contains("canary") && !debugged.contains("canary"),
            "{debugged}"
        );
    }
}

/// The recorded goals as JSON text. `value` stands unquoted as the `graphsum` of `caffeine-cutoff`, a field that
/// Mecris does not read.
fn with_an_odd(value: &str) -> String {
    let mut goals = body(GOALS);
    goals[2]["graphsum"] = json!("ODD");
    goals.to_string().replace("\"ODD\"", value)
}

#[tokio::test]
async fn a_repairable_value_loses_no_goal_and_a_broken_goal_loses_only_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("goals.json");
    for (value, goals, unreadable) in [
        (r#""\ud83d""#, ["clean-view", "caffeine-cutoff"].as_slice(), ""),
        ("-Infinity", &["clean-view", "caffeine-cutoff"], ""),
        (
            "undefined",
            &["clean-view"],
            "goal 3 in the list, caffeine-cutoff: expected value at line 1 column ",
        ),
        (
            r#""he said "no"""#,
            &["clean-view"],
            "goal 3 in the list, caffeine-cutoff: expected `,` or `}` at line 1 column ",
        ),
    ] {
        let said = with_an_odd(value);
        std::fs::write(&path, format!("{{\"user\": {}, \"goals\": {said}}}", body(USER))).unwrap();
        let fake = Fake::start(move |path| match path.ends_with("goals.json") {
            true => (200, said.clone()),
            false => good(path),
        });
        let file = arm(BeeminderSource::File(path.clone()), None);
        for arm in [&fake.await.arm, &file] {
            let account = arm.observe(recorded_at(), WITHIN).await.unwrap();
            let slugs: Vec<_> = account.goals.iter().map(|goal| goal.slug.as_str()).collect();
            assert_eq!(
                (slugs.as_slice(), account.time_zone.is_some()),
                (goals, true),
                "{value}"
            );
            let why = account.unreadable.join("; ");
            assert!(
                why.starts_with(unreadable) && why.is_empty() == unreadable.is_empty(),
                "{value}: {why}"
            );
        }
    }
}

#[tokio::test]
async fn a_broken_goal_that_is_ignored_is_no_concern() {
    let mut goals = body(GOALS);
    goals[1]["graphsum"] = json!("ODD");
    assert_eq!(goals[1]["slug"], "free");
    let said = goals.to_string().replace("\"ODD\"", "undefined");
    let fake = Fake::start(move |path| match path.ends_with("goals.json") {
        true => (200, said.clone()),
        false => good(path),
    });
    let account = fake.await.arm.observe(recorded_at(), WITHIN).await.unwrap();
    assert_eq!((account.goals.len(), account.unreadable.len()), (2, 0));
}

#[tokio::test]
async fn one_unreadable_datapoint_does_not_hide_the_others() {
    let fake = Fake::start(|path| match path.ends_with("datapoints.json") {
        true => (
            200,
            body(DATAPOINTS)
                .to_string()
                .replacen("[{", "[{\"a\": undefined}, {\"b\": NaN,", 1),
        ),
        false => good(path),
    });
    let recent = fake
        .await
        .arm
        .datapoints(&"work".parse().unwrap(), WITHIN)
        .await
        .unwrap();
    assert_eq!((recent.points.len(), recent.unreadable), (3, 1));
}

#[tokio::test]
async fn without_the_user_there_is_no_account() {
    let fake = Fake::start(|path| {
        if path.ends_with("me.json") {
            (401, String::new())
        } else {
            good(path)
        }
    })
    .await;
    assert!(matches!(
        fake.arm.observe(recorded_at(), WITHIN).await,
        Err(BeeminderError::Unauthorized { .. })
    ));
}

#[tokio::test]
async fn without_a_token_no_request_is_made() {
    let source = BeeminderSource::Api {
        base_url: "http://127.0.0.1:9/".parse().unwrap(),
        username: "me".into(),
    };
    let error = arm(source, None)
        .observe(recorded_at(), WITHIN)
        .await
        .unwrap_err();
    assert!(matches!(error, BeeminderError::MissingToken), "{error}");
}

#[tokio::test]
async fn nobody_listening_is_a_transport_error() {
    let source = BeeminderSource::Api {
        base_url: "http://127.0.0.1:9/".parse().unwrap(),
        username: "me".into(),
    };
    let error = arm(source, Some("canary"))
        .observe(recorded_at(), WITHIN)
        .await
        .unwrap_err();
    assert!(
        error.to_string().starts_with("cannot connect to beeminder: "),
        "{error}"
    );
}
