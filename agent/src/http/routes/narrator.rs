//! `/narrator/context`: the day in one document.

use std::sync::Arc;

use axum::extract::State;
use jiff::Timestamp;
use rusqlite::Connection;

use super::{Reply, beeminder::Rows};
use crate::{
    http::{
        App, Json,
        args::{Args, NoArguments},
        views::{
            ActivityStatus,
            narrator::{NarratorContext, Sources},
            usage::UsageView,
        },
    },
    status::{Facts, Status},
    store::tables::runs,
};

/// Everything that a language model needs to talk about the day.
#[utoipa::path(get, path = "/narrator/context", tag = "narrator", responses((status = 200, body = NarratorContext)))]
pub(in crate::http) async fn context(
    State(app): State<Arc<App>>,
    _: Args<NoArguments>,
) -> Reply<NarratorContext> {
    let now = app.clock.now();
    // If the budgets, the walk or the machine cannot be read, the other parts are answered all the same. The
    // budgets and the walk are then unknown and say why. The machine is left out, and the log says why.
    let (beeminder, budgets, machine) = app.store.read(|connection| {
        Ok((
            Rows::read(connection)?,
            app.budget.usage_on(connection, now),
            machine(connection, &app.settings.facts, now),
        ))
    })?;
    let usage = match budgets {
        Ok(budgets) => UsageView::new(&budgets),
        Err(error) => {
            tracing::warn!(%error, "the budgets are missing in the narrator's context");
            UsageView::unknown(Some("the budgets cannot be read at the moment".to_owned()))
        }
    };
    let beeminder = beeminder.judge(&app, now);
    let reading = &beeminder.reading;
    let walk = app.settings.walk_goal.as_ref().map(|goal| {
        beeminder
            .activity(goal, &app.settings, now)
            .unwrap_or_else(|error| ActivityStatus::unknown(goal, reading.as_of, error.to_string()))
    });
    let machine = machine
        .inspect_err(|error| tracing::warn!(%error, "the machine is missing in the narrator's context"))
        .ok();
    let sources = Sources {
        reading,
        walk: walk.as_ref(),
        walk_from: app.settings.walk_from,
        walk_until: app.settings.walk_until,
        usage: &usage,
        machine: machine.as_ref(),
        zone: &app.settings.zone,
    };
    Ok(Json(NarratorContext::new(sources, now)))
}

fn machine(connection: &Connection, facts: &Facts, now: Timestamp) -> rusqlite::Result<Status> {
    let newest_pass = runs::newest(connection, now)?;
    Status::recorded(connection, newest_pass.as_ref(), facts, now)
}
