//! `/usage...`: what the language models cost. The numbers are the budget arm's; the shapes around them are
//! here.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::{Reply, detached, within};
use crate::http::{
    ApiError, App,
    actions::{RecordSession, UpdateBudget},
    args::Args,
};

/// Arguments of `/usage/summary`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Days {
    /// How many days back, 1 to 366; 7 unless said otherwise.
    days: Option<u32>,
}

/// Arguments of `/usage/recent`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Recent {
    /// How many, 1 to 500; 10 unless said otherwise.
    limit: Option<u32>,
}

/// The Anthropic budget at the top level, as it was, and every provider's in `providers`.
#[utoipa::path(get, path = "/usage", tag = "usage", responses((status = 200, description =
    "total_budget, remaining_budget, used_budget, days_remaining, today_spend, daily_burn_rate, projected_spend, period_end, alerts, \
     budget_health, providers", body = Object)))]
pub(in crate::http) async fn usage(State(app): State<Arc<App>>) -> Reply<Value> {
    Ok(Json(app.views.usage().await?))
}

/// Sessions and costs of the last days.
#[utoipa::path(get, path = "/usage/summary", tag = "usage", params(Days),
    responses((status = 200, description = "summary, timestamp", body = Object)))]
pub(in crate::http) async fn summary(State(app): State<Arc<App>>, Args(args): Args<Days>) -> Reply<Value> {
    let summary = app
        .views
        .usage_summary(within("days", args.days, 7, 366)?)
        .await?;
    Ok(Json(json!({ "summary": summary, "timestamp": app.clock.now() })))
}

/// The newest recorded sessions.
#[utoipa::path(get, path = "/usage/recent", tag = "usage", params(Recent),
    responses((status = 200, description = "sessions, count, timestamp", body = Object)))]
pub(in crate::http) async fn recent(State(app): State<Arc<App>>, Args(args): Args<Recent>) -> Reply<Value> {
    let sessions = app
        .views
        .usage_recent(within("limit", args.limit, 10, 500)?)
        .await?;
    let count = sessions.as_array().map(Vec::len);
    Ok(Json(
        json!({ "sessions": sessions, "count": count, "timestamp": app.clock.now() }),
    ))
}

/// Records one session; arguments in the query or as a JSON body.
#[utoipa::path(post, path = "/usage/record", tag = "usage", params(RecordSession), responses((status = 200, description =
    "recorded, input_tokens, output_tokens, estimated_cost, model, session_type, updated_status, timestamp", body = Object)))]
pub(in crate::http) async fn record(
    State(app): State<Arc<App>>,
    Args(session): Args<RecordSession>,
) -> Reply<Value> {
    detached(app.actions.record_session(session)).await.map(Json)
}

/// Sets what a person read off a console; arguments in the query or as a JSON body, each may come alone.
#[utoipa::path(post, path = "/usage/update_budget", tag = "usage", params(UpdateBudget),
    responses((status = 200, description = "updated, budget_info, timestamp", body = Object)))]
pub(in crate::http) async fn update_budget(
    State(app): State<Arc<App>>,
    Args(update): Args<UpdateBudget>,
) -> Reply<Value> {
    if update.remaining_budget.is_none() && update.total_budget.is_none() && update.period_end.is_none() {
        let detail = "nothing to update: expected remaining_budget, total_budget or period_end";
        return Err(ApiError::invalid(detail));
    }
    detached(app.actions.update_budget(update)).await.map(Json)
}
