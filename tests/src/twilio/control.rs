//! The control endpoints under `/_control/`: how another process steers the fake (`mecris-fakes`, the bench).

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, put},
};
use serde_json::{Value, json};

use super::{Chaos, Fate, Fault, Shared};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/accepted", get(accepted))
        .route("/calls", get(calls))
        .route("/stats", get(stats))
        .route("/fault", put(fault))
        .route("/fate", put(fate))
        .route("/chaos", put(chaos))
        .route("/credentials", axum::routing::delete(revoke))
}

async fn accepted(State(shared): State<Shared>) -> Json<Value> {
    let state = shared.lock();
    let messages = state.messages.iter().map(|m| {
        json!({"sid": m.sid, "to": m.to, "body": m.body, "accepted_at": m.accepted_at.to_string(), "status": m.status()})
    });
    Json(messages.collect())
}

async fn calls(State(shared): State<Shared>) -> Json<Value> {
    let state = shared.lock();
    let calls = state.calls.iter().map(|c| {
        json!({"sid": c.sid, "to": c.to, "said": c.said, "accepted_at": c.accepted_at.to_string(), "status": c.status()})
    });
    Json(calls.collect())
}

async fn stats(State(shared): State<Shared>) -> Json<Value> {
    let state = shared.lock();
    Json(json!({
        "accepted": state.messages.len(), "calls": state.calls.len(), "creates": state.creates, "lists": state.lists, "violations": state.violations,
    }))
}

async fn fault(State(shared): State<Shared>, Json(fault): Json<Fault>) -> StatusCode {
    shared.lock().faults.push_back(fault);
    StatusCode::NO_CONTENT
}

async fn fate(State(shared): State<Shared>, Json(fate): Json<Fate>) -> StatusCode {
    shared.lock().fate = fate;
    StatusCode::NO_CONTENT
}

async fn chaos(State(shared): State<Shared>, Json(chaos): Json<Chaos>) -> StatusCode {
    shared.lock().set_chaos(chaos);
    StatusCode::NO_CONTENT
}

async fn revoke(State(shared): State<Shared>) -> StatusCode {
    shared.lock().credentials.clear();
    StatusCode::NO_CONTENT
}
