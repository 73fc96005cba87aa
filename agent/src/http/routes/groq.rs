//! `/groq/odometer/...`: what a person read off Groq's console.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::{Reply, detached};
use crate::http::{App, actions::RecordOdometer, args::Args};

/// Records a month-to-date total; arguments in the query or as a JSON body.
#[utoipa::path(post, path = "/groq/odometer/record", tag = "groq", params(RecordOdometer),
    responses((status = 200, description = "success, result, timestamp", body = Object)))]
pub(in crate::http) async fn record(
    State(app): State<Arc<App>>,
    Args(reading): Args<RecordOdometer>,
) -> Reply<Value> {
    let result = detached(app.actions.record_odometer(reading)).await?;
    Ok(Json(
        json!({ "success": true, "result": result, "timestamp": app.clock.now() }),
    ))
}

/// The readings of this month and the last ones, and what to do.
#[utoipa::path(get, path = "/groq/odometer/status", tag = "groq", responses((status = 200, body = Object)))]
pub(in crate::http) async fn status(State(app): State<Arc<App>>) -> Reply<Value> {
    Ok(Json(app.views.odometer_status().await?))
}

/// The same for a narrator.
#[utoipa::path(get, path = "/groq/odometer/context", tag = "groq",
    responses((status = 200, description = "groq_context, timestamp", body = Object)))]
pub(in crate::http) async fn context(State(app): State<Arc<App>>) -> Reply<Value> {
    let context = app.views.odometer_context().await?;
    Ok(Json(
        json!({ "groq_context": context, "timestamp": app.clock.now() }),
    ))
}
