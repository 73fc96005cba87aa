//! What is on record: passes, decisions, messages. Newest first.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::{Reply, detached, within};
use crate::{
    http::{ApiError, App, args::Args},
    store::{decisions as decision_table, outbox, runs as run_table},
};

/// How many rows come at once, and at most.
const USUAL: u32 = 50;
const MOST: u32 = 500;

/// Arguments of `/runs`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Page {
    /// How many, 1 to 500; 50 unless said otherwise.
    limit: Option<u32>,
    /// Only what began before this instant: the `started_at` of the last row of the page before.
    #[param(value_type = Option<String>, format = DateTime)]
    before: Option<Timestamp>,
}

/// Arguments of `/decisions`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct DecisionPage {
    /// How many, 1 to 500; 50 unless said otherwise.
    limit: Option<u32>,
    /// Only what was decided before this one: the `id` of the last row of the page before (those of one pass share an instant).
    before: Option<i64>,
    /// Only the decisions of this pass.
    run_id: Option<String>,
}

/// Arguments of `/notifications`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Limit {
    /// How many, 1 to 500; 50 unless said otherwise.
    limit: Option<u32>,
}

/// The passes.
#[utoipa::path(get, path = "/runs", tag = "records", params(Page),
    responses((status = 200, description = "runs, count", body = Object)))]
pub(in crate::http) async fn runs(State(app): State<Arc<App>>, Args(page): Args<Page>) -> Reply<Value> {
    let limit = within("limit", page.limit, USUAL, MOST)?;
    let rows = app.store.read(|connection| run_table::page(connection, limit, page.before))?;
    Ok(Json(json!({ "count": rows.len(), "runs": rows })))
}

/// Every decision, the ones to stay silent too, with its reason.
#[utoipa::path(get, path = "/decisions", tag = "records", params(DecisionPage),
    responses((status = 200, description = "decisions, count", body = Object)))]
pub(in crate::http) async fn decisions(State(app): State<Arc<App>>, Args(page): Args<DecisionPage>) -> Reply<Value> {
    let limit = within("limit", page.limit, USUAL, MOST)?;
    let run_id = page.run_id.as_deref();
    let rows = app.store.read(|connection| decision_table::page(connection, limit, run_id, page.before))?;
    Ok(Json(json!({ "count": rows.len(), "decisions": rows })))
}

/// The messages and where they stand.
#[utoipa::path(get, path = "/notifications", tag = "records", params(Limit),
    responses((status = 200, description = "notifications, count", body = Object)))]
pub(in crate::http) async fn notifications(State(app): State<Arc<App>>, Args(page): Args<Limit>) -> Reply<Value> {
    let limit = within("limit", page.limit, USUAL, MOST)?;
    let rows = app.store.read(|connection| outbox::list(connection, limit))?;
    Ok(Json(json!({ "count": rows.len(), "notifications": rows })))
}

/// One message.
#[utoipa::path(get, path = "/notifications/{id}", tag = "records", params(("id" = String, Path, description = "Its id")),
    responses((status = 200, body = Object), (status = 404, description = "there is no such message")))]
pub(in crate::http) async fn notification(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Reply<outbox::Notification> {
    let row = app.store.read(|connection| outbox::get(connection, &id))?;
    row.map(Json).ok_or_else(|| ApiError::not_found("there is no notification with this id"))
}

/// The person knows: no more of what it says today.
#[utoipa::path(post, path = "/notifications/{id}/ack", tag = "records", params(("id" = String, Path, description = "Its id")),
    responses((status = 200, body = Object), (status = 404, description = "there is no such message")))]
pub(in crate::http) async fn acknowledge(State(app): State<Arc<App>>, Path(id): Path<String>) -> Reply<Value> {
    detached(app.actions.acknowledge(id)).await.map(Json)
}
