//! Which path leads where.

use std::sync::Arc;

use axum::{
    Router,
    routing::{delete, get, post},
};
use http::Uri;

use super::{
    ApiError, App,
    error::Kind,
    routes::{beeminder, groq, meta, narrator, records, reminder, silences, usage},
};

/// All paths. Tokens, limits and the shape of errors are the gate's business.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/health", get(meta::health))
        .route("/ready", get(meta::ready))
        .route("/version", get(meta::version))
        .route("/metrics", get(meta::metrics))
        .route("/openapi.json", get(meta::openapi))
        .route("/narrator/context", get(narrator::context))
        .route("/beeminder/status", get(beeminder::status))
        .route("/beeminder/emergency", get(beeminder::emergency))
        .route("/beeminder/alert", post(beeminder::alert))
        .route("/beeminder/daily-activity", get(beeminder::walk_activity))
        .route("/beeminder/daily-activity/{goal}", get(beeminder::goal_activity))
        .route("/usage", get(usage::usage))
        .route("/usage/summary", get(usage::summary))
        .route("/usage/recent", get(usage::recent))
        .route("/usage/record", post(usage::record))
        .route("/usage/update_budget", post(usage::update_budget))
        .route("/groq/odometer/record", post(groq::record))
        .route("/groq/odometer/status", get(groq::status))
        .route("/groq/odometer/context", get(groq::context))
        .route("/intelligent-reminder/trigger", post(reminder::trigger))
        .route("/runs", get(records::runs))
        .route("/decisions", get(records::decisions))
        .route("/notifications", get(records::notifications))
        .route("/notifications/{id}", get(records::notification))
        .route("/notifications/{id}/ack", post(records::acknowledge))
        .route("/silences", get(silences::list).post(silences::create))
        .route("/silences/{id}", delete(silences::remove))
        .fallback(no_such_path)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app)
}

async fn no_such_path(uri: Uri) -> ApiError {
    ApiError::not_found(format!(
        "there is no {}; GET /openapi.json lists what there is",
        uri.path()
    ))
}

async fn wrong_method() -> ApiError {
    ApiError::new(
        Kind::MethodNotAllowed,
        "this path does not take this method; the allow header says which it takes",
    )
}
