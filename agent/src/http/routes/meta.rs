//! About Mecris itself.

use std::sync::Arc;

use axum::{extract::State, response::IntoResponse};
use http::header::CONTENT_TYPE;

use crate::{
    http::{
        ApiError, App, Json,
        args::{Args, NoArguments},
        error::Kind,
        health::{Health, Ready},
        openapi as contract,
    },
    telemetry::{BuildInfo, build_info, metrics},
};

/// How the daemon and what it reads fare.
///
/// Status 200 says that the daemon answers; `status` is the verdict. Arguments are ignored.
// `GET` is answered by the outermost service; this handler is for `HEAD`.
#[utoipa::path(get, path = "/health", tag = "meta", security(()), responses((status = 200, body = Health)))]
pub(in crate::http) async fn health(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], app.health_body())
}

/// Whether the daemon answers requests and makes passes.
///
/// Arguments are ignored.
// `GET` is answered by the outermost service; this handler is for `HEAD`.
#[utoipa::path(get, path = "/ready", tag = "meta", security(()),
    responses((status = 200, body = Ready), (status = 503, body = Ready)))]
pub(in crate::http) async fn ready(State(app): State<Arc<App>>) -> Result<impl IntoResponse, ApiError> {
    let (status, body) = app.ready();
    if !status.is_success() {
        return Err(ApiError::new(Kind::Unavailable, "not ready"));
    }
    Ok(([(CONTENT_TYPE, "application/json")], body))
}

/// The release.
#[utoipa::path(get, path = "/version", tag = "meta", responses((status = 200, body = BuildInfo)))]
pub(in crate::http) async fn version(_: Args<NoArguments>) -> Json<BuildInfo> {
    Json(build_info())
}

/// Metrics for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "meta",
    responses((status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text")))]
pub(in crate::http) async fn metrics(
    State(app): State<Arc<App>>,
    _: Args<NoArguments>,
) -> Result<impl IntoResponse, ApiError> {
    app.metrics.degraded(!app.live.read().degraded.is_empty());
    let text = app
        .metrics
        .render()
        .map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text))
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "meta", responses((status = 200, body = Object)))]
pub(in crate::http) async fn openapi(_: Args<NoArguments>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], contract::DOCUMENT)
}
