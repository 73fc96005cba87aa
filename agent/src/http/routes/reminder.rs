//! `/intelligent-reminder/trigger`: one pass now, what the Python system's cron called.

use std::sync::Arc;

use axum::extract::State;

use super::{Reply, detached};
use crate::http::{
    App, Json,
    args::{Args, NoArguments},
    views::TriggerReply,
};

/// Runs one pass of the heuristic and says what came of it.
#[utoipa::path(post, path = "/intelligent-reminder/trigger", tag = "heuristic", 
    responses((status = 200, body = TriggerReply)))]
pub(in crate::http) async fn trigger(
    State(app): State<Arc<App>>,
    _: Args<NoArguments>,
) -> Reply<TriggerReply> {
    let report = detached(app.passes.pass()).await?;
    Ok(Json(TriggerReply::new(report, app.clock.now())))
}
