//! The fields of the Python system: every one that it had is still there.

use super::*;
use crate::{
    domain::{RunOutcome, Trigger},
    http::views::testing::{minutes_ago, snapshot_at},
    store::tables::{runs, snapshots, upstreams},
};

/// The account of [`crate::http::views::testing::account`], read just now or not readable since.
async fn with_account(failure: Option<&'static str>) -> Harness {
    let server = serve_with(
        |settings| settings.walk_goal = Some("swim".parse().unwrap()),
        Limits::default(),
    )
    .await;
    let (at, json) = snapshot_at(minutes_ago(5)).unwrap();
    let write = server.store.write(move |tx| {
        snapshots::put(tx, "beeminder", at, &json)?;
        upstreams::record(tx, "beeminder", at, None)?;
        match failure {
            Some(why) => upstreams::record(tx, "beeminder", now(), Some(why)),
            None => Ok(()),
        }
    });
    write.await.unwrap();
    server
}

fn assert_fields(value: &Value, fields: &str) {
    let object = value.as_object().unwrap_or_else(|| panic!("no object: {value}"));
    for field in fields.split_whitespace() {
        assert!(object.contains_key(field), "{field} is missing in {value}");
    }
}

#[tokio::test]
async fn health_keeps_its_fields() {
    let server = serve().await;
    server.live.upstream("beeminder", false);
    server.live.run_finished(minutes_ago(3), true);
    let health = server.request("GET", "/health", &[], "").await.json();
    assert_fields(&health, "status services response_time_ms timestamp version");
    assert_fields(
        &health["services"],
        "mecris obsidian beeminder usage_tracker anthropic_cost_tracker twilio",
    );
    assert_eq!(
        (&health["status"], &health["services"]["beeminder"]),
        (&json!("healthy"), &json!("error"))
    );
    assert_eq!(health["last_success_age_seconds"], 180);
}

#[tokio::test]
async fn health_is_unhealthy_when_the_state_cannot_be_written_or_the_scheduler_stands_still() {
    let server = serve().await;
    server
        .live
        .degrade("state_remote", "the bucket at secret-place cannot be reached");
    let health = server.request("GET", "/health", &[], "").await;
    assert_eq!(
        (&health.json()["status"], &health.json()["degraded"]),
        (&json!("healthy"), &json!(["state_remote"]))
    );
    assert!(!health.body.contains("secret-place"));
    server.live.degrade("state", "a pass could not be recorded");
    let health = server.request("GET", "/health", &[], "").await.json();
    assert_eq!(
        (&health["status"], &health["services"]["usage_tracker"]),
        (&json!("unhealthy"), &json!("error"))
    );
    server.live.recover("state");
    server.live.degrade("channel_sms", "the sender is not registered");
    let health = server.request("GET", "/health", &[], "").await.json();
    assert_eq!(health["status"], "unhealthy", "no message can reach the person");
    server.live.recover("channel_sms");
    assert_eq!(
        server.request("GET", "/health", &[], "").await.json()["status"],
        "healthy"
    );
    server.live.store(false);
    assert_eq!(
        server.request("GET", "/health", &[], "").await.json()["status"],
        "unhealthy"
    );
    let still = serve_with(
        |settings| settings.heartbeat_bound = Duration::ZERO,
        Limits::default(),
    )
    .await;
    assert_eq!(
        still.request("GET", "/health", &[], "").await.json()["status"],
        "unhealthy"
    );
}

#[tokio::test]
async fn beeminder_keeps_its_fields() {
    let server = with_account(None).await;
    let status = server.get("/beeminder/status").await.json();
    assert_fields(
        &status,
        "goals emergencies safe_count warning_count critical_count unknown_count as_of stale why",
    );
    assert_fields(
        &status["goals"][0],
        "slug title current_value target_value safebuf deadline derail_risk pledge rate runits \
         hours_to_losedate losedate state queued",
    );
    let emergency = "goal_slug message urgency suggested_action time_remaining safebuf derail_risk pledge";
    assert_fields(&status["emergencies"][0], emergency);
    assert_eq!(status["stale"], false);
    assert_eq!(status["goals"][0]["deadline"], "2026-11-22T05:00:00Z");

    let emergencies = server.get("/beeminder/emergency").await.json();
    assert_fields(&emergencies, "emergencies count timestamp");
    assert_fields(&emergencies["emergencies"][0], emergency);
    server.fake.let_go.add_permits(1);
    server.fake.report.lock().unwrap().decisions = vec![decision(
        "goal:reading",
        Severity::Critical,
        Reason::AlreadyNotifiedToday,
    )];
    assert_fields(
        &server.post("/beeminder/alert").await.json(),
        "alert_sent critical_count message reason",
    );
}

#[tokio::test]
async fn beeminder_is_never_safe_while_it_is_down() {
    let server = with_account(Some("beeminder answered 503")).await;
    let status = server.get("/beeminder/status").await.json();
    assert_eq!(
        (&status["safe_count"], &status["unknown_count"]),
        (&json!(0), &json!(6))
    );
    assert_eq!(status["stale"], true);
    assert!(
        status["why"]
            .as_str()
            .unwrap()
            .ends_with("failed: beeminder answered 503"),
        "{status}"
    );
    assert!(
        status["goals"]
            .as_array()
            .unwrap()
            .iter()
            .all(|goal| goal["derail_risk"] == "UNKNOWN")
    );
    let empty = serve().await.get("/beeminder/status").await.json();
    assert_eq!(
        (&empty["stale"], &empty["why"]),
        (&json!(true), &json!("Beeminder was not read yet"))
    );
}

#[tokio::test]
async fn daily_activity_keeps_its_fields_and_says_what_it_does_not_know() {
    let server = with_account(Some("beeminder answered 503")).await;
    for path in ["/beeminder/daily-activity", "/beeminder/daily-activity/bike"] {
        let activity = server.get(path).await.json();
        assert_fields(&activity, "activity_status timestamp");
        let status = &activity["activity_status"];
        assert_fields(
            status,
            "goal_slug has_activity_today status check_time last_check message cached error",
        );
        assert_eq!(
            (&status["status"], &status["has_activity_today"]),
            (&json!("unknown"), &Value::Null)
        );
    }
    let missing = with_account(None).await.get("/beeminder/daily-activity").await;
    assert_eq!(
        (missing.status, missing.json()["detail"].as_str()),
        (404, Some("the account has no goal swim"))
    );
}

#[tokio::test]
async fn narrator_context_keeps_its_fields() {
    let context = with_account(None).await.get("/narrator/context").await.json();
    assert_fields(
        &context,
        "summary goals_status urgent_items beeminder_alerts goal_runway budget_status recommendations daily_walk_status \
         last_updated",
    );
    assert_fields(&context["goals_status"], "total sources");
    assert_fields(
        &context["goal_runway"][0],
        "slug title safebuf runway rate runits derail_risk",
    );
    assert_fields(
        &context["daily_walk_status"],
        "goal_slug has_activity_today status check_time message cached error",
    );
    assert_eq!(context["urgent_items"], json!(["DERAILING: reading"]));
}

/// A writer records account and pass together, so every answer has to show them together.
#[tokio::test]
async fn narrator_context_tells_of_one_moment() {
    let server = with_account(None).await;
    let (stop, store) = (server.stop.clone(), server.store.clone());
    let writer = tokio::spawn(async move {
        for minutes in (0..600).cycle() {
            let (at, json) = snapshot_at(minutes_ago(minutes)).unwrap();
            let pass = pass_at(at);
            let write = store.write(move |tx| {
                tx.execute("DELETE FROM runs", [])?;
                runs::insert(tx, &pass)?;
                snapshots::put(tx, "beeminder", at, &json)
            });
            write.await.unwrap();
            if stop.is_cancelled() {
                break;
            }
        }
    });
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 30 {
        let answer = server.get("/narrator/context").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let context = answer.json();
        if !context["machine"]["last_run_started_at"].is_null() {
            assert_eq!(context["as_of"], context["machine"]["last_run_started_at"]);
            seen.insert(context["as_of"].to_string());
        }
    }
    server.stop.cancel();
    writer.await.unwrap();
}

fn pass_at(at: jiff::Timestamp) -> runs::RunRow {
    runs::RunRow {
        id: "a-pass".to_owned(),
        started_at: at,
        finished_at: at,
        trigger: Trigger::Schedule,
        outcome: RunOutcome::Done,
        succeeded: true,
        overran: false,
        changed: false,
        observations: None,
    }
}

#[tokio::test]
async fn usage_and_groq_keep_the_shapes_around_their_numbers() {
    let server = serve().await;
    server.app.budget.observe(now()).await.unwrap();
    let never_fed = server.get("/usage").await.json();
    assert_eq!(
        (&never_fed["budget_health"], &never_fed["used_budget"]),
        (&json!("UNKNOWN"), &json!(null)),
        "a ledger that nobody feeds is not $0"
    );
    let said = server.post("/usage/complete").await.json();
    assert_eq!(said["budget_info"]["remaining"], said["budget_info"]["total"]);
    assert_eq!(server.get("/usage").await.json()["budget_health"], "GOOD");
    let summary = server.get("/usage/summary").await.json();
    assert_fields(&summary, "summary timestamp");
    assert_eq!(summary["summary"]["period_days"], 7);
    for days in [0, 367] {
        let refused = server.get(&format!("/usage/summary?days={days}")).await;
        let detail = format!("the query cannot be used: days: {days} is not allowed, expected 1 to 366");
        assert_eq!((refused.status, &refused.json()["detail"]), (422, &json!(detail)));
    }
    for _ in 0..4 {
        let recorded = server.post("/usage/record?input_tokens=7&output_tokens=2").await;
        assert_eq!(recorded.status, 200, "{recorded:?}");
    }
    let recent = server.get("/usage/recent?limit=3").await.json();
    assert_fields(&recent, "sessions count timestamp");
    assert_eq!(recent["sessions"].as_array().unwrap().len(), 3);
    assert_fields(
        &server.get("/groq/odometer/context").await.json(),
        "groq_context timestamp",
    );
    let recorded = server.post("/groq/odometer/record?value=1.5").await.json();
    assert_fields(&recorded, "success result timestamp");
    assert_eq!(recorded["result"]["cumulative_value"], 1.5);
}

#[tokio::test]
async fn a_triggered_pass_keeps_its_fields() {
    let server = serve().await;
    server.fake.let_go.add_permits(1);
    let reply = server.post("/intelligent-reminder/trigger").await.json();
    assert_fields(&reply, "triggered check_result send_result timestamp tier run");
    assert_eq!(reply["send_result"]["sent"], true);
}
