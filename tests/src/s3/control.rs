//! The control endpoints under `/_control/`, for the demo and for tests that run elsewhere. No bucket can
//! have this name.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, put},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Chaos, Fault, Operation, Shared};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/objects", get(objects))
        .route("/stats", get(stats))
        .route("/fault", put(fault))
        .route("/chaos", put(chaos))
}

async fn objects(State(shared): State<Shared>) -> Json<Value> {
    let state = shared.lock();
    let all = state.objects.list("", "").map(|object| {
        json!({"key": object.key, "bytes": object.bytes.len(), "last_modified": object.last_modified.to_string()})
    });
    Json(all.collect())
}

async fn stats(State(shared): State<Shared>) -> Json<Value> {
    let state = shared.lock();
    Json(json!({"counts": state.counts, "violations": state.violations}))
}

/// `{"operation": "put", "fault": "drop_after"}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Planned {
    operation: Operation,
    fault: Fault,
}

async fn fault(State(shared): State<Shared>, Json(planned): Json<Planned>) -> StatusCode {
    shared.lock().faults.add_next(planned.operation, planned.fault);
    StatusCode::NO_CONTENT
}

async fn chaos(State(shared): State<Shared>, Json(chaos): Json<Chaos>) -> StatusCode {
    shared.lock().faults.set_chaos(chaos);
    StatusCode::NO_CONTENT
}
