//! `/groq/odometer/...`: what a person read off Groq's console.

use std::sync::Arc;

use axum::extract::{Path, State};

use super::{Reply, detached, usage::unreadable};
use crate::{
    budget::NewReading,
    domain::Provider,
    http::{
        ApiError, App, Json,
        args::{Args, NoArguments},
        views::usage::{OdometerContextView, OdometerStatusView, ReadingRecorded, ReadingTakenBack},
    },
};

/// Records a month-to-date total.
///
/// Arguments in the query or as a JSON body.
#[utoipa::path(post, path = "/groq/odometer/record", tag = "groq", params(NewReading),
    responses((status = 200, body = ReadingRecorded)))]
pub(in crate::http) async fn record(
    State(app): State<Arc<App>>,
    Args(reading): Args<NewReading>,
) -> Reply<ReadingRecorded> {
    let now = app.clock.now();
    let recorded =
        detached(async move { app.budget.record_odometer(Provider::Groq, reading, now).await }).await?;
    Ok(Json(ReadingRecorded::new(recorded)))
}

/// Takes a reading back that was recorded by mistake.
///
/// The budget is computed without it.
#[utoipa::path(delete, path = "/groq/odometer/readings/{id}", tag = "groq",
    params(("id" = String, Path, description = "Its id, as `/groq/odometer/record` showed it")),
    responses((status = 200, body = ReadingTakenBack), (status = 404, description = "there is no such reading")))]
pub(in crate::http) async fn take_back(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    _: Args<NoArguments>,
) -> Reply<ReadingTakenBack> {
    let now = app.clock.now();
    let taken = detached(async move { app.budget.take_back_reading(Provider::Groq, id, now).await }).await?;
    let (reading, usage) = taken.ok_or_else(|| ApiError::not_found("there is no reading with this id"))?;
    Ok(Json(ReadingTakenBack::new(&reading, &usage)))
}

/// The readings of this month and the last ones, and what to do.
#[utoipa::path(get, path = "/groq/odometer/status", tag = "groq",
    responses((status = 200, body = OdometerStatusView)))]
pub(in crate::http) async fn status(
    State(app): State<Arc<App>>,
    _: Args<NoArguments>,
) -> Reply<OdometerStatusView> {
    let now = app.clock.now();
    let odometer = app.budget.odometer(now).map_err(unreadable)?;
    Ok(Json(OdometerStatusView::new(odometer, now)))
}

/// Whether the odometer needs a reading, for a narrator.
#[utoipa::path(get, path = "/groq/odometer/context", tag = "groq",
    responses((status = 200, body = OdometerContextView)))]
pub(in crate::http) async fn context(
    State(app): State<Arc<App>>,
    _: Args<NoArguments>,
) -> Reply<OdometerContextView> {
    let now = app.clock.now();
    let odometer = app.budget.odometer(now).map_err(unreadable)?;
    Ok(Json(OdometerContextView::new(odometer, now)))
}
