//! `/intelligent-reminder/trigger`: one pass now, what the Python system's cron called.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::Value;

use super::{Reply, detached};
use crate::http::{App, views::trigger};

/// Runs one pass of the heuristic and says what came of it.
#[utoipa::path(post, path = "/intelligent-reminder/trigger", tag = "heuristic", responses((status = 200, description =
    "triggered, reason, tier, check_result, send_result, timestamp, and the object of `run --json` as run", body = Object)))]
pub(in crate::http) async fn trigger(State(app): State<Arc<App>>) -> Reply<Value> {
    let report = detached(app.actions.trigger_pass()).await?;
    Ok(Json(trigger::reply(&report, app.clock.now())))
}
