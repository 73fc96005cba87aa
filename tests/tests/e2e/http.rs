//! The endpoints: quick while everything else hangs, closed without a token, and compatible with clients of
//! the Python system.

use std::time::Duration;

use mecris_tests::{
    agent::Daemon,
    beeminder::{Fault, GoalSpec},
    http_client::request,
    twilio,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::stage::{Stage, assert_fields};

/// A daemon that has made one pass over a red, an orange and a safe goal.
fn after_one_pass() -> (Stage, Daemon) {
    let mut stage = Stage::of_the_daemon();
    stage.setup.config.set(
        "budget.groq",
        json!({"source": "odometer", "limit_usd": 5.0, "period": "monthly"}),
    );
    stage.setup.config.set(
        "budget.anthropic",
        json!({"source": "ledger", "limit_usd": 25.0, "period": "monthly"}),
    );
    stage
        .setup
        .config
        .set("walk", json!({"goal": "bike", "from": "00:00", "until": "23:59"}));
    stage.beeminder.set_goals([
        GoalSpec::new("reading", 0),
        GoalSpec::new("piano", 1),
        GoalSpec::new("bike", 9).walked(Some(0)),
    ]);
    let daemon = stage.setup.serve();
    let answer = daemon.post("/intelligent-reminder/trigger", None);
    assert_eq!(answer.status, 200, "{}\n{}", answer.body, daemon.logs());
    (stage, daemon)
}

#[test]
fn health_answers_at_once_while_every_upstream_hangs() {
    let mut stage = Stage::of_the_daemon();
    stage.setup.config.set("heuristic.interval", "1s");
    stage.beeminder.fail(Fault::Hang);
    stage.twilio.fail_always(Some(twilio::Fault::Hang));
    let daemon = stage.setup.serve();
    let asked = mecris_tests::wait::until(Duration::from_secs(10), || {
        (stage.beeminder.requests() > 0).then_some(())
    });
    assert!(asked.is_some(), "a pass is under way:\n{}", daemon.logs());
    let median = |path: &str| {
        let mut times: Vec<Duration> = (0..201)
            .map(|_| {
                let start = Instant::now();
                let answer = request(daemon.address(), "GET", path, &[], None).expect("an answer");
                assert_eq!(answer.status, 200, "{}", answer.body);
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        times[100]
    };
    // The machine is shared, so the best of three tries counts.
    let best = (0..3).map(|_| median("/health")).min().expect("three tries");
    println!("the median of /health while every upstream hangs: {best:?}");
    assert!(
        best < Duration::from_millis(5),
        "the median of /health is {best:?}"
    );
}

#[test]
fn nothing_but_health_and_ready_is_open() {
    let stage = Stage::of_the_daemon();
    let daemon = stage.setup.serve();
    let ask = |path: &str, headers: &[(&str, &str)]| {
        request(daemon.address(), "GET", path, headers, None).expect("an answer")
    };
    for path in ["/health", "/ready"] {
        assert_eq!(ask(path, &[]).status, 200, "{path}");
    }
    for path in [
        "/usage",
        "/beeminder/status",
        "/narrator/context",
        "/decisions",
        "/notifications",
        "/runs",
        "/metrics",
    ] {
        for headers in [
            &[][..],
            &[("authorization", "Bearer wrong")],
            &[("authorization", "Basic dGVzdHM6eA==")],
        ] {
            let answer = ask(path, headers);
            assert_eq!(answer.status, 401, "{path} {headers:?}: {}", answer.body);
            assert_fields(&answer.json(), &["detail", "code", "request_id"]);
        }
    }
}

#[test]
fn every_answer_has_a_request_id_and_errors_are_honest() {
    let stage = Stage::of_the_daemon();
    let daemon = stage.setup.serve();
    let answer = daemon.get("/no/such/path");
    assert_eq!(answer.status, 404);
    let error = answer.json();
    assert_fields(&error, &["detail", "code", "request_id"]);
    assert_eq!(answer.header("x-request-id"), error["request_id"].as_str());
    assert!(daemon.get("/health").header("x-request-id").is_some());
    let answer = daemon.post("/groq/odometer/record", Some(&json!({"value": "much"})));
    assert!(
        (400..500).contains(&answer.status),
        "{} {}",
        answer.status,
        answer.body
    );
    assert_fields(&answer.json(), &["detail", "code", "request_id"]);
}

#[test]
fn usage_keeps_its_fields_and_has_a_row_for_each_provider() {
    let (_stage, daemon) = after_one_pass();
    let recorded = daemon.post("/groq/odometer/record?value=6.5", None);
    assert_eq!(recorded.status, 200, "{}", recorded.body);
    assert_fields(&recorded.json(), &["success", "result", "timestamp"]);
    let session = json!({"input_tokens": 1_000_000, "output_tokens": 1_000, "model": "claude-sonnet-4-5"});
    let recorded = daemon.post("/usage/record", Some(&session));
    assert_eq!(recorded.status, 200, "{}", recorded.body);
    let fields = [
        "recorded",
        "input_tokens",
        "output_tokens",
        "estimated_cost",
        "model",
        "session_type",
        "updated_status",
        "timestamp",
    ];
    assert_fields(&recorded.json(), &fields);

    let usage = daemon.get("/usage").json();
    let old = [
        "total_budget",
        "remaining_budget",
        "used_budget",
        "days_remaining",
        "today_spend",
        "daily_burn_rate",
        "projected_spend",
        "period_end",
        "alerts",
        "budget_health",
        "providers",
    ];
    assert_fields(&usage, &old);
    let new = [
        "provider",
        "total_budget",
        "remaining_budget",
        "used_budget",
        "spent_today",
        "period_start",
        "period_end",
        "days_remaining",
        "projected_exhaustion",
        "budget_health",
        "source",
        "as_of",
        "stale",
    ];
    let rows = usage["providers"].as_array().expect("a list");
    assert_eq!(
        rows.iter()
            .map(|row| row["provider"].as_str())
            .collect::<Vec<_>>(),
        [Some("anthropic"), Some("groq")]
    );
    rows.iter().for_each(|row| assert_fields(row, &new));
    assert_eq!(rows[1]["budget_health"], "CRITICAL", "{usage:#}");
    assert_eq!(rows[1]["used_budget"], 6.5, "{usage:#}");
    assert!(
        usage["used_budget"].as_f64().is_some_and(|used| used > 0.0),
        "{usage:#}"
    );

    assert_fields(
        &daemon.get("/usage/summary").json()["summary"],
        &[
            "period_days",
            "total_sessions",
            "total_input_tokens",
            "total_output_tokens",
            "total_cost",
            "daily_usage",
            "usage_by_type",
            "budget",
        ],
    );
    let recent = daemon.get("/usage/recent").json();
    assert_fields(&recent, &["sessions", "count", "timestamp"]);
    assert_eq!(recent["count"], 1);
    assert_fields(&daemon.get("/groq/odometer/status").json(), &[]);
    assert_fields(
        &daemon.get("/groq/odometer/context").json(),
        &["groq_context", "timestamp"],
    );
}

#[test]
fn beeminder_status_keeps_its_fields() {
    let (_stage, daemon) = after_one_pass();
    let status = daemon.get("/beeminder/status").json();
    assert_fields(
        &status,
        &[
            "goals",
            "emergencies",
            "safe_count",
            "warning_count",
            "critical_count",
        ],
    );
    let counts = ["safe_count", "warning_count", "critical_count"].map(|name| status[name].as_i64());
    assert_eq!(counts, [Some(1), Some(1), Some(1)], "{status:#}");
    let goal = [
        "slug",
        "title",
        "current_value",
        "target_value",
        "safebuf",
        "deadline",
        "derail_risk",
        "pledge",
        "rate",
        "runits",
    ];
    for entry in status["goals"].as_array().expect("a list") {
        assert_fields(entry, &goal);
    }
    assert_fields(
        &daemon.get("/beeminder/emergency").json(),
        &["emergencies", "count", "timestamp"],
    );
    let emergency = [
        "goal_slug",
        "message",
        "urgency",
        "suggested_action",
        "time_remaining",
        "safebuf",
        "derail_risk",
        "pledge",
    ];
    assert_fields(&status["emergencies"][0], &emergency);
    assert_eq!(status["emergencies"][0]["goal_slug"], "reading");
    for path in ["/beeminder/daily-activity", "/beeminder/daily-activity/bike"] {
        let activity = daemon.get(path).json();
        assert_fields(&activity, &["activity_status", "timestamp"]);
        assert_fields(
            &activity["activity_status"],
            &["goal_slug", "has_activity_today", "status", "message", "cached"],
        );
        assert_eq!(activity["activity_status"]["status"], "completed", "{activity:#}");
    }
}

#[test]
fn the_narrators_context_keeps_its_fields() {
    let (_stage, daemon) = after_one_pass();
    let context = daemon.get("/narrator/context").json();
    assert_fields(
        &context,
        &[
            "summary",
            "goals_status",
            "urgent_items",
            "beeminder_alerts",
            "goal_runway",
            "budget_status",
            "recommendations",
            "daily_walk_status",
            "last_updated",
        ],
    );
    assert_fields(
        &context["goal_runway"][0],
        &[
            "slug",
            "title",
            "safebuf",
            "runway",
            "rate",
            "runits",
            "derail_risk",
        ],
    );
    assert_fields(
        &context["budget_status"],
        &["total_budget", "remaining_budget", "budget_health"],
    );
    assert!(
        context["urgent_items"]
            .as_array()
            .is_some_and(|items| items.contains(&json!("DERAILING: reading"))),
        "{context:#}"
    );
}

#[test]
fn a_failing_beeminder_is_not_shown_as_all_safe() {
    let stage = Stage::of_the_daemon();
    stage.beeminder.fail(Fault::Status(500));
    let daemon = stage.setup.serve();
    daemon.post("/intelligent-reminder/trigger", None);
    let answer = daemon.get("/beeminder/status");
    assert!(!answer.body.contains("\"SAFE\""), "{}", answer.body);
    let safe = answer.json()["safe_count"].as_i64().unwrap_or(0);
    assert_eq!(safe, 0, "{}", answer.body);
    assert_eq!(
        (answer.status, answer.json()["derail_risk"].as_str()),
        (200, Some("UNKNOWN")),
        "{}",
        answer.body
    );
}

#[test]
fn what_was_decided_and_sent_can_be_read() {
    let (stage, daemon) = after_one_pass();
    assert_eq!(stage.twilio.accepted_count(), 1, "{}", daemon.logs());
    for (path, word) in [
        ("/decisions", "first_of_day"),
        ("/notifications", "goal:reading"),
        ("/runs", "\"trigger\":\"http\""),
    ] {
        let answer = daemon.get(path);
        assert_eq!(answer.status, 200, "{path}");
        let _: Value = answer.json();
        assert!(answer.body.contains(word), "{path}: {}", answer.body);
    }
}
