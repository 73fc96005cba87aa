use serde_json::{Value, json};

use super::*;
use crate::{
    budget::{
        NewSession, UpdateBudget,
        tests::{BudgetOnDisk, TOKENS_FOR_A_DOLLAR, at, session, usd},
    },
    domain::Provider,
};

fn usage(bench: &BudgetOnDisk, now: &str) -> Value {
    value(UsageView::new(&bench.arm.usage(at(now)).unwrap()))
}

fn value(view: impl serde::Serialize) -> Value {
    serde_json::to_value(view).unwrap()
}

#[tokio::test]
async fn usage_keeps_its_old_fields_and_adds_a_row_for_each_provider() {
    let bench = BudgetOnDisk::new();
    bench
        .session("2026-01-13T15:00:00Z", 5 * TOKENS_FOR_A_DOLLAR)
        .await;
    bench.session("2026-01-16T15:00:00Z", TOKENS_FOR_A_DOLLAR).await;
    assert_eq!(
        usage(&bench, "2026-01-16T15:05:00Z"),
        json!({
            "total_budget": 25.0, "remaining_budget": 19.0, "used_budget": 6.0, "days_remaining": 15,
            "today_spend": 1.0, "daily_burn_rate": 2.0, "projected_spend": 30.0, "period_end": "2026-01-31",
            "alerts": ["BURN_RATE_HIGH"], "budget_health": "WARNING",
            "providers": [
                {
                    "provider": "anthropic", "total_budget": 25.0, "remaining_budget": 19.0, "used_budget": 6.0,
                    "spent_today": 1.0, "period_start": "2026-01-01", "period_end": "2026-01-31", "days_remaining": 15,
                    "projected_exhaustion": "2026-01-25", "budget_health": "WARNING", "source": "ledger",
                    "as_of": "2026-01-16T15:00:00Z", "stale": false, "doubt": null,
                    "bases": {"used_budget": "estimated", "spent_today": "estimated", "daily_burn_rate": "estimated"},
                    "why": "$19.00 is left; at $2.00 a day it lasts until 2026-01-25, but the period ends on 2026-01-31"
                },
                {
                    "provider": "groq", "total_budget": 5.0, "remaining_budget": null, "used_budget": null,
                    "spent_today": null, "period_start": "2026-01-01", "period_end": "2026-01-31", "days_remaining": 15,
                    "projected_exhaustion": null, "budget_health": "UNKNOWN", "source": "odometer",
                    "as_of": null, "stale": false,
                    "bases": {"used_budget": null, "spent_today": null, "daily_burn_rate": null},
                    "doubt": "no groq reading for 2026-01 yet: read the month's total off the console and POST \
                              /groq/odometer/record?value=<usd>",
                    "why": "no groq reading for 2026-01 yet: read the month's total off the console and POST \
                            /groq/odometer/record?value=<usd>"
                }
            ]
        })
    );
}

#[tokio::test]
async fn usage_without_a_budget_is_not_configured_and_never_zero() {
    let usage = usage(&BudgetOnDisk::new(), "2026-01-16T15:05:00Z");
    for field in [
        "total_budget",
        "remaining_budget",
        "used_budget",
        "days_remaining",
        "today_spend",
        "daily_burn_rate",
    ] {
        assert_eq!(usage[field], Value::Null, "{field}");
    }
    assert_eq!(usage["budget_health"], "NOT_CONFIGURED");
    assert_eq!(usage["providers"][1]["budget_health"], "NOT_CONFIGURED");
    assert_eq!(usage["providers"][1]["stale"], true);
    assert_eq!(usage["providers"][1]["source"], "none");
}

#[tokio::test]
async fn a_recorded_session_is_echoed_with_its_cost_and_the_status_after_it() {
    let bench = BudgetOnDisk::new();
    let new = NewSession {
        output_tokens: 50_000,
        ..session(Provider::Anthropic, 120_000)
    };
    let mut reply = value(SessionRecorded::new(
        bench
            .arm
            .record_session(new, at("2026-01-16T15:00:00Z"))
            .await
            .unwrap(),
    ));
    assert_eq!(reply["updated_status"].take()["used_budget"], 0.62);
    let id = reply["id"].clone();
    assert!(id.is_string());
    assert_eq!(
        reply,
        json!({
            "recorded": true, "repeated": false, "billed": true, "id": id, "provider": "anthropic",
            "input_tokens": 120_000, "output_tokens": 50_000,
            "pricing": {"by": "listed", "line": "m", "why": "at the price of m"},
            "estimated_cost": 0.62, "model": "m", "session_type": "interactive", "updated_status": null,
            "timestamp": "2026-01-16T15:00:00Z"
        })
    );
    assert_eq!(
        value(RecentView::new(
            bench.arm.recent(10).unwrap(),
            at("2026-01-16T15:01:00Z")
        )),
        json!({
            "sessions": [{
                "id": id, "timestamp": "2026-01-16T15:00:00Z", "provider": "anthropic", "model": "m", "input_tokens": 120_000,
                "output_tokens": 50_000, "estimated_cost": 0.62, "session_type": "interactive", "notes": "",
                "pricing": {"by": "listed", "line": "m", "why": "at the price of m"}, "billed": true,
                "cache_write_tokens": 0, "cache_write_1h_tokens": 0, "cache_read_tokens": 0, "web_searches": 0,
                "request_id": null, "speed": "standard", "service_tier": "", "inference_geo": "",
                "source": "recorded"
            }],
            "count": 1, "timestamp": "2026-01-16T15:01:00Z"
        })
    );
}

#[tokio::test]
async fn an_update_answers_with_the_budget_after_it() {
    let bench = BudgetOnDisk::new();
    let update = UpdateBudget {
        provider: Provider::Anthropic,
        remaining: Some(usd(19.54)),
        total: None,
        period_end: None,
    };
    assert_eq!(
        value(UpdateRecorded::new(
            &bench
                .arm
                .update_budget(update, at("2026-01-16T15:00:00Z"))
                .await
                .unwrap(),
            at("2026-01-16T15:00:00Z")
        )),
        json!({
            "updated": true, "provider": "anthropic",
            "budget_info": {
                "total": 25.0, "remaining": 19.54, "period_start": "2026-01-01", "period_end": "2026-01-31",
                "last_updated": "2026-01-16T15:00:00Z"
            },
            "timestamp": "2026-01-16T15:00:00Z"
        })
    );
}

#[tokio::test]
async fn a_summary_counts_by_day_type_and_provider() {
    let bench = BudgetOnDisk::new();
    bench
        .session("2026-01-09T15:00:00Z", 9 * TOKENS_FOR_A_DOLLAR)
        .await;
    bench.session("2026-01-10T15:00:00Z", TOKENS_FOR_A_DOLLAR).await;
    let batch = NewSession {
        session_type: "batch".to_owned(),
        ..session(Provider::Groq, 2 * TOKENS_FOR_A_DOLLAR)
    };
    bench
        .arm
        .record_session(batch, at("2026-01-16T15:00:00Z"))
        .await
        .unwrap();
    let summary = value(SummaryView::new(
        bench.arm.summary(7, at("2026-01-16T16:00:00Z")).unwrap(),
        at("2026-01-16T16:00:00Z"),
    ));
    assert_eq!(
        summary,
        json!({
            "summary": {
                "period_days": 7, "total_sessions": 2, "total_input_tokens": 3_000_000, "total_output_tokens": 0,
                "total_cost": 3.0,
                "daily_usage": [
                    {"date": "2026-01-16", "sessions": 1, "cost": 2.0}, {"date": "2026-01-10", "sessions": 1, "cost": 1.0}
                ],
                "usage_by_type": [
                    {"type": "batch", "sessions": 1, "cost": 2.0}, {"type": "interactive", "sessions": 1, "cost": 1.0}
                ],
                "usage_by_provider": [
                    {"provider": "groq", "sessions": 1, "cost": 2.0}, {"provider": "anthropic", "sessions": 1, "cost": 1.0}
                ],
                "budget": {
                    "total": 25.0, "remaining": 15.0, "period_start": "2026-01-01", "period_end": "2026-01-31",
                    "last_updated": "2026-01-16T15:00:00Z"
                }
            },
            "timestamp": "2026-01-16T16:00:00Z"
        })
    );
}

#[tokio::test]
async fn the_odometer_answers_as_it_always_did() {
    let bench = BudgetOnDisk::new();
    let mut recorded = value(ReadingRecorded::new(
        bench.reading("2026-01-15T15:00:00Z", 1.5).await.unwrap(),
    ));
    assert!(
        recorded["result"]["id"].take().is_string(),
        "new beside the old fields"
    );
    assert_eq!(
        recorded,
        json!({
            "success": true,
            "result": {
                "recorded": true, "id": null, "month": "2026-01", "cumulative_value": 1.5, "reset_detected": false,
                "daily_usage_estimate": 0.1,
                "reminder_status": {
                    "status": "normal", "reminders": [], "days_until_reset": 16, "last_reading_age_days": 0
                },
                "timestamp": "2026-01-15T15:00:00Z", "historical_record": false, "warning": null
            },
            "timestamp": "2026-01-15T15:00:00Z"
        })
    );
    assert_eq!(
        value(OdometerStatusView::new(
            bench.arm.odometer(at("2026-01-30T15:00:00Z")).unwrap(),
            at("2026-01-30T15:00:00Z")
        )),
        json!({
            "status": "stale",
            "reminders": [
                {"type": "month_end", "urgency": "high", "message": "Groq reading needed: the month's total resets in 2 days"},
                {"type": "stale_data", "urgency": "low", "message": "Groq reading is 15 days old"}
            ],
            "days_until_reset": 1, "last_reading_age_days": 15, "current_month": "2026-01", "current_cost": 1.5,
            "daily_average": 0.1,
            "history": [{"month": "2026-01", "cost": 1.5, "finalized": false, "readings": 1}],
            "timestamp": "2026-01-30T15:00:00Z"
        })
    );
    assert_eq!(
        value(OdometerContextView::new(
            bench.arm.odometer(at("2026-01-30T15:00:00Z")).unwrap(),
            at("2026-01-30T15:00:00Z")
        )),
        json!({
            "groq_context": {"groq_tracking": {
                "status": "stale", "has_current_data": true, "days_until_reset": 1, "needs_action": true,
                "urgent_reminder": "Groq reading needed: the month's total resets in 2 days",
                "current_month_spend": 1.5, "daily_average": 0.1
            }},
            "timestamp": "2026-01-30T15:00:00Z"
        })
    );
    let empty = value(OdometerContextView::new(
        bench.arm.odometer(at("2026-02-10T15:00:00Z")).unwrap(),
        at("2026-02-10T15:00:00Z"),
    ));
    let tracking = &empty["groq_context"]["groq_tracking"];
    assert_eq!(
        (&tracking["status"], &tracking["has_current_data"]),
        (&json!("needs_reading"), &json!(false))
    );
    assert_eq!(tracking.get("current_month_spend"), None, "absent, not zero");
}
