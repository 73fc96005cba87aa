//! `/usage...`: what the language models cost.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Reply, detached};
use crate::{
    budget::{BudgetError, NewSession, NewSessions, NothingMore, UpdateBudget},
    http::{
        ApiError, App, Json,
        args::{Args, Count, NoArguments},
        bulk::{Body, Bulk},
        json::RenderedJson,
        views::usage::{
            RecentView, SessionRecorded, SessionTakenBack, SessionsRecorded, SummaryView, UpdateRecorded,
            UsageView,
        },
    },
    store::StoreError,
};

/// How many days a summary covers.
type LastDays = Count<7, 366>;

/// How many sessions come at once.
type Sessions = Count<10, 500>;

/// Arguments of `/usage/summary`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Days {
    /// How many days back, 1 to 366; 7 unless said otherwise.
    #[serde(default)]
    #[param(inline, required = false)]
    days: LastDays,
}

/// Arguments of `/usage/recent`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Recent {
    /// How many, 1 to 500; 10 unless said otherwise.
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Sessions,
}

/// Anthropic's budget at the top level, and every provider's in `providers`.
///
/// Computed when something was recorded since, and else at most once a second.
#[utoipa::path(get, path = "/usage", tag = "usage", responses((status = 200, body = UsageView)))]
pub(in crate::http) async fn usage(
    State(app): State<Arc<App>>,
    _: Args<NoArguments>,
) -> Result<RenderedJson, ApiError> {
    app.render_once(&app.rendered.usage, |now| {
        let budgets = app.budget.usage(now).map_err(unreadable)?;
        Ok(UsageView::new(&budgets))
    })
}

/// Sessions and costs of the last days.
#[utoipa::path(get, path = "/usage/summary", tag = "usage", params(Days),
    responses((status = 200, body = SummaryView)))]
pub(in crate::http) async fn summary(
    State(app): State<Arc<App>>,
    Args(args): Args<Days>,
) -> Reply<SummaryView> {
    let (now, days) = (app.clock.now(), args.days.get());
    let summary = app.budget.summary(days, now).map_err(unreadable)?;
    Ok(Json(SummaryView::new(summary, now)))
}

/// The newest recorded sessions.
#[utoipa::path(get, path = "/usage/recent", tag = "usage", params(Recent),
    responses((status = 200, body = RecentView)))]
pub(in crate::http) async fn recent(
    State(app): State<Arc<App>>,
    Args(args): Args<Recent>,
) -> Reply<RecentView> {
    let sessions = app.budget.recent(args.limit.get()).map_err(unreadable)?;
    Ok(Json(RecentView::new(sessions, app.clock.now())))
}

/// Records one session.
///
/// Arguments in the query or as a JSON body.
#[utoipa::path(post, path = "/usage/record", tag = "usage", params(NewSession),
    responses((status = 200, body = SessionRecorded)))]
pub(in crate::http) async fn record(
    State(app): State<Arc<App>>,
    Args(session): Args<NewSession>,
) -> Reply<SessionRecorded> {
    let now = app.clock.now();
    let recorded = detached(async move { app.budget.record_session(session, now).await }).await?;
    Ok(Json(SessionRecorded::new(recorded)))
}

/// Records many sessions in one write.
///
/// The answer says what became of each. One that is refused does not keep the others from being recorded. A session that
/// has a `request_id` can be sent again.
#[utoipa::path(post, path = "/usage/records", tag = "usage", request_body = Body,
    responses((status = 200, body = SessionsRecorded)))]
pub(in crate::http) async fn record_many(
    State(app): State<Arc<App>>,
    Bulk {
        source,
        sessions: read,
    }: Bulk,
) -> Reply<SessionsRecorded> {
    let now = app.clock.now();
    let (ids, read): (Vec<_>, Vec<_>) = read.into_iter().map(|one| (one.request_id, one.session)).unzip();
    let sessions = read
        .iter()
        .filter_map(|session| session.as_ref().ok().cloned())
        .collect();
    let new = NewSessions { source, sessions };
    let recorded = detached(async move { app.budget.record_sessions(new, now).await }).await?;
    let mut outcomes = recorded.outcomes.into_iter();
    let outcomes = read.into_iter().map(|read| match read {
        Ok(_) => outcomes.next().ok_or_else(|| "it was lost".to_owned()),
        Err(why) => Err(why),
    });
    Ok(Json(SessionsRecorded::new(
        ids.into_iter().zip(outcomes),
        &recorded.usage,
        now,
    )))
}

/// Takes a session back that was recorded by mistake.
///
/// It is removed from the ledger, and the budgets are computed without it.
#[utoipa::path(delete, path = "/usage/sessions/{id}", tag = "usage",
    params(("id" = String, Path, description = "Its id, as `/usage/record` and `/usage/recent` show it")),
    responses((status = 200, body = SessionTakenBack), (status = 404, description = "there is no such session")))]
pub(in crate::http) async fn take_back(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    _: Args<NoArguments>,
) -> Reply<SessionTakenBack> {
    let now = app.clock.now();
    let taken = detached(async move { app.budget.take_back_session(id, now).await }).await?;
    let taken = taken.ok_or_else(|| ApiError::not_found("there is no session with this id"))?;
    Ok(Json(SessionTakenBack::new(taken)))
}

/// Sets what a person read off a console.
///
/// Arguments in the query or as a JSON body; each may come alone.
#[utoipa::path(post, path = "/usage/update_budget", tag = "usage", params(UpdateBudget),
    responses((status = 200, body = UpdateRecorded)))]
pub(in crate::http) async fn update_budget(
    State(app): State<Arc<App>>,
    Args(update): Args<UpdateBudget>,
) -> Reply<UpdateRecorded> {
    let now = app.clock.now();
    let recorded = detached(async move { app.budget.update_budget(update, now).await }).await?;
    Ok(Json(UpdateRecorded::new(&recorded, now)))
}

/// Says that all that was spent at a provider is recorded.
///
/// A budget that is summed from sessions counts only while something shows that they are recorded: a session, or this.
/// Arguments in the query or as a JSON body.
#[utoipa::path(post, path = "/usage/complete", tag = "usage", params(NothingMore),
    responses((status = 200, body = UpdateRecorded)))]
pub(in crate::http) async fn complete(
    State(app): State<Arc<App>>,
    Args(said): Args<NothingMore>,
) -> Reply<UpdateRecorded> {
    let now = app.clock.now();
    let recorded = detached(async move { app.budget.complete(said.provider, now).await }).await?;
    Ok(Json(UpdateRecorded::new(&recorded, now)))
}

/// The ledger cannot be read now; the caller may ask again.
pub(super) fn unreadable(error: StoreError) -> ApiError {
    BudgetError::Store(error).into()
}
