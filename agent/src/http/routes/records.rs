//! What is on record: passes, decisions, messages. Newest first.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Reply, silences::author};
use crate::{
    http::{
        ApiError, App, Json,
        args::{Args, Count, NoArguments},
        gate::Caller,
        views::records::{Decisions, Notifications, Runs},
    },
    silences::{record, shape::Author},
    store::tables::{decisions as decision_table, outbox, runs as run_table},
};

/// How many rows come at once.
type Rows = Count<50, 500>;

/// Arguments of `/runs`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Page {
    /// How many, 1 to 500; 50 unless said otherwise.
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Rows,
    /// Only what began before this instant: the `started_at` of the last row of the page before.
    #[param(value_type = Option<String>, format = DateTime)]
    before: Option<Timestamp>,
}

/// Arguments of `/decisions`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct DecisionPage {
    /// How many, 1 to 500; 50 unless said otherwise.
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Rows,
    /// Only what was decided before this one: the `id` of the last row of the page before (those of one pass
    /// share an instant).
    before: Option<i64>,
    /// Only the decisions of this pass.
    run_id: Option<String>,
}

/// Arguments of `/notifications`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct MessagePage {
    /// How many, 1 to 500; 50 unless said otherwise.
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Rows,
    /// Only what was made before this one: the `id` of the last message of the page before.
    before: Option<String>,
}

/// Arguments of `/notifications/{id}/ack`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Acknowledgement {
    /// Who knows; the name of the token unless said otherwise.
    #[param(value_type = Author, inline, required = false)]
    author: Option<String>,
}

/// The passes.
#[utoipa::path(get, path = "/runs", tag = "records", params(Page),
    responses((status = 200, body = Runs)))]
pub(in crate::http) async fn runs(State(app): State<Arc<App>>, Args(page): Args<Page>) -> Reply<Runs> {
    let limit = page.limit.get();
    let rows = app
        .store
        .read(|connection| run_table::page(connection, limit, page.before))?;
    Ok(Json(Runs::new(rows)))
}

/// Every decision with its reason, also the decisions to stay silent.
///
/// What a person decided is among them: `silence`, `unsilence`, `acknowledge`.
#[utoipa::path(get, path = "/decisions", tag = "records", params(DecisionPage),
    responses((status = 200, body = Decisions), (status = 404, description = "there is no pass with this `run_id`")))]
pub(in crate::http) async fn decisions(
    State(app): State<Arc<App>>,
    Args(page): Args<DecisionPage>,
) -> Reply<Decisions> {
    let limit = page.limit.get();
    let run_id = page.run_id.as_deref();
    let rows = app.store.read(|connection| {
        let rows = decision_table::page(connection, limit, run_id, page.before)?;
        let is_known = match run_id {
            Some(id) if rows.is_empty() => run_table::exists(connection, id)?,
            _ => true,
        };
        Ok(is_known.then_some(rows))
    })?;
    let rows = rows.ok_or_else(|| {
        ApiError::not_found(
            "run_id: expected the id of a pass as /runs shows it, there is none with this one",
        )
    })?;
    Ok(Json(Decisions::new(rows)))
}

/// The messages and where they stand.
#[utoipa::path(get, path = "/notifications", tag = "records", params(MessagePage),
    responses((status = 200, body = Notifications), (status = 404, description = "`before` names no message")))]
pub(in crate::http) async fn notifications(
    State(app): State<Arc<App>>,
    Args(page): Args<MessagePage>,
) -> Reply<Notifications> {
    let limit = page.limit.get();
    let rows = app
        .store
        .read(|connection| outbox::page(connection, limit, page.before.as_deref()))?;
    let rows = rows.ok_or_else(|| {
        ApiError::not_found("before: expected the id of a notification, there is none with this one")
    })?;
    Ok(Json(Notifications::new(rows)))
}

/// One message.
#[utoipa::path(get, path = "/notifications/{id}", tag = "records", params(("id" = String, Path, description = "Its id")),
    responses((status = 200, body = outbox::Notification), (status = 404, description = "there is no such message")))]
pub(in crate::http) async fn notification(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    _: Args<NoArguments>,
) -> Reply<outbox::Notification> {
    let row = app.store.read(|connection| outbox::get(connection, &id))?;
    row.map(Json)
        .ok_or_else(|| ApiError::not_found("there is no notification with this id"))
}

/// Records that the person knows what a message says.
///
/// Nothing that the message says is sent again on its day, and what waits to be sent about it is withdrawn.
/// If several people acknowledge it, the first counts.
#[utoipa::path(post, path = "/notifications/{id}/ack", tag = "records",
    params(("id" = String, Path, description = "Its id"), Acknowledgement),
    responses((status = 200, body = outbox::Notification), (status = 404, description = "there is no such message")))]
pub(in crate::http) async fn acknowledge(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Extension(caller): Extension<Caller>,
    Args(args): Args<Acknowledgement>,
) -> Reply<outbox::Notification> {
    let (now, zone) = (app.clock.now(), app.settings.zone.clone());
    let author = author(args.author, &caller)?;
    let missing = format!("there is no notification {id}");
    let found = app
        .note(move |tx| record::acknowledge(tx, &id, &author, now, &zone))
        .await?;
    found.map(Json).ok_or_else(|| ApiError::not_found(missing))
}
