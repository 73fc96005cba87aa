//! `/narrator/context`: the day in one document.

use std::sync::Arc;

use axum::{Json, extract::State};

use super::Reply;
use crate::{
    http::{
        App,
        args::{Args, NoArguments},
        views::{
            ActivityStatus,
            narrator::{NarratorContext, Sources},
            usage::UsageView,
        },
    },
    status::Status,
};

/// Everything that a language model needs to talk about the day.
#[utoipa::path(get, path = "/narrator/context", tag = "narrator", responses((status = 200, body = NarratorContext)))]
pub(in crate::http) async fn context(
    State(app): State<Arc<App>>,
    _: Args<NoArguments>,
) -> Reply<NarratorContext> {
    let now = app.clock.now();
    // One part that fails does not hide the others: it is unknown, and says why.
    let usage = match app.budget.usage(now) {
        Ok(budgets) => UsageView::new(&budgets),
        Err(error) => {
            tracing::warn!(%error, "the budgets are missing in the narrator's context");
            UsageView::unknown(Some("the budgets cannot be read at the moment".to_owned()))
        }
    };
    let reading = app.reading(now)?;
    let walk = app.settings.walk_goal.as_ref().map(|goal| {
        app.activity(goal, &reading, now)
            .unwrap_or_else(|error| ActivityStatus::unknown(goal, reading.as_of, error.detail().to_owned()))
    });
    let machine = app
        .store
        .read(|connection| Status::recorded(Some(connection), &app.settings.facts, now))
        .inspect_err(|error| tracing::warn!(%error, "the machine is missing in the narrator's context"))
        .ok();
    let sources = Sources {
        reading: &reading,
        walk: walk.as_ref(),
        walk_from: app.settings.walk_from,
        walk_until: app.settings.walk_until,
        usage: &usage,
        machine: machine.as_ref(),
        zone: &app.settings.zone,
    };
    Ok(Json(NarratorContext::new(sources, now)))
}
