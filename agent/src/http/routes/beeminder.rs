//! `/beeminder/...`: the recorded account.

use std::sync::Arc;

use axum::extract::{Path, State};
use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Reply, detached};
use crate::{
    arms::activity::{self, Walk},
    clock,
    domain::Slug,
    http::{
        ApiError, App, AppSettings, Json,
        args::{Args, NoArguments},
        json::RenderedJson,
        views::{
            ActivityStatus, AlertReply, BeeminderStatus, Emergency, Reading,
            activity::{NoSuchGoal, Recorded},
            reading::{Read, RecordedAccount, Try},
        },
    },
    store::{
        StoreError,
        tables::{
            snapshots::{self, BEEMINDER, WALK},
            upstreams,
        },
    },
};

/// The answer of `/beeminder/emergency`.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct Emergencies {
    /// What is not known to be safe, most urgent first.
    emergencies: Vec<Emergency>,
    /// How many emergencies are listed.
    count: usize,
    /// When this was answered.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    /// When the goals were read.
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Timestamp>,
    /// Whether there should be a newer reading but is none: then an empty list means nothing.
    stale: bool,
    /// Why the reading is stale; `null`: it is not.
    why: Option<String>,
}

/// The answer of `/beeminder/daily-activity`.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct Activity {
    /// What is known of today.
    activity_status: ActivityStatus,
    /// When this was answered.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
}

/// All goals with their risk, and what is not safe.
///
/// Computed when something was recorded since, and else at most once a second.
#[utoipa::path(get, path = "/beeminder/status", tag = "beeminder", responses((status = 200, body = BeeminderStatus)))]
pub(in crate::http) async fn status(
    State(app): State<Arc<App>>,
    _: Args<NoArguments>,
) -> Result<RenderedJson, ApiError> {
    app.render_once(&app.rendered.beeminder_status, |now| {
        let reading = app.beeminder(now)?.reading;
        Ok(BeeminderStatus::new(&reading, &app.settings.zone, now))
    })
}

/// What is not known to be safe, most urgent first.
#[utoipa::path(get, path = "/beeminder/emergency", tag = "beeminder", responses((status = 200, body = Emergencies)))]
pub(in crate::http) async fn emergency(
    State(app): State<Arc<App>>,
    _: Args<NoArguments>,
) -> Reply<Emergencies> {
    let now = app.clock.now();
    let reading = app.beeminder(now)?.reading;
    let emergencies = Emergency::all(&reading, &app.settings.zone, now);
    Ok(Json(Emergencies {
        count: emergencies.len(),
        emergencies,
        timestamp: now,
        as_of: reading.as_of,
        stale: reading.doubt.is_some(),
        why: reading.doubt,
    }))
}

/// Sends a message about CRITICAL goals, once per goal and day.
#[utoipa::path(post, path = "/beeminder/alert", tag = "beeminder",
    responses((status = 200, body = AlertReply)))]
pub(in crate::http) async fn alert(State(app): State<Arc<App>>, _: Args<NoArguments>) -> Reply<AlertReply> {
    let report = detached(app.passes.pass()).await?;
    Ok(Json(AlertReply::new(&report)))
}

/// Whether the walk of today was done.
#[utoipa::path(get, path = "/beeminder/daily-activity", tag = "beeminder", responses((status = 200, body = Activity)))]
pub(in crate::http) async fn walk_activity(
    State(app): State<Arc<App>>,
    _: Args<NoArguments>,
) -> Reply<Activity> {
    let detail = "no walk is configured ([walk] goal): ask for /beeminder/daily-activity/{goal}";
    let goal = app
        .settings
        .walk_goal
        .clone()
        .ok_or_else(|| ApiError::not_found(detail))?;
    activity_of(&app, &goal)
}

/// Whether a goal has a real datapoint today.
#[utoipa::path(get, path = "/beeminder/daily-activity/{goal}", tag = "beeminder",
    params(("goal" = inline(Slug), Path, description = "The goal's slug")), responses((status = 200, body = Activity)))]
pub(in crate::http) async fn goal_activity(
    State(app): State<Arc<App>>,
    Path(goal): Path<String>,
    _: Args<NoArguments>,
) -> Reply<Activity> {
    let goal = goal
        .parse()
        .map_err(|error: crate::domain::SlugError| ApiError::invalid(error.to_string()))?;
    activity_of(&app, &goal)
}

fn activity_of(app: &App, goal: &Slug) -> Reply<Activity> {
    let now = app.clock.now();
    let status = app
        .beeminder(now)?
        .activity(goal, &app.settings, now)
        .map_err(|error| ApiError::not_found(error.to_string()))?;
    Ok(Json(Activity {
        activity_status: status,
        timestamp: now,
    }))
}

/// What passes recorded of Beeminder, of one moment and not judged yet.
#[derive(Debug)]
pub(in crate::http) struct Rows {
    account: Option<RecordedAccount>,
    newest_try: Option<Try>,
    walk: Option<(Timestamp, Walk)>,
}

/// What is known of Beeminder at one instant.
pub(in crate::http) struct Known {
    /// The account.
    pub(in crate::http) reading: Reading,
    /// The newest walk that a pass found out about, and when.
    walk: Option<(Timestamp, Walk)>,
}

impl Rows {
    /// Reads and parses them on this connection.
    pub(in crate::http) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let parse = |(at, json): (Timestamp, String)| {
            let account = serde_json::from_str(&json).map_err(|error| error.to_string());
            (at, account.map(|account| Arc::new(Read::new(account, at))))
        };
        // A walk that cannot be parsed is no walk that was found: the goal's own datapoints decide then.
        let parse_walk = |(at, json): (Timestamp, String)| Some((at, serde_json::from_str(&json).ok()?));
        Ok(Self {
            account: snapshots::get(connection, BEEMINDER)?.map(parse),
            newest_try: upstreams::latest(connection, BEEMINDER)?,
            walk: snapshots::get(connection, WALK)?.and_then(parse_walk),
        })
    }

    /// Judges them at `now`.
    pub(in crate::http) fn judge(&self, app: &App, now: Timestamp) -> Known {
        Known {
            reading: Reading::judge(
                self.account.clone(),
                self.newest_try.clone(),
                app.settings.interval,
                now,
            ),
            walk: self.walk.clone(),
        }
    }
}

impl Known {
    /// What is known of a goal's day.
    ///
    /// # Errors
    /// If the account was just read and has no such goal.
    pub(in crate::http) fn activity(
        &self,
        goal: &Slug,
        settings: &AppSettings,
        now: Timestamp,
    ) -> Result<ActivityStatus, NoSuchGoal> {
        let local = &settings.zone;
        let recorded = Recorded {
            reading: &self.reading,
            walk: self.walk.as_ref().map(|(at, walk)| (*at, walk)),
            today: clock::local_day(now, local),
        };
        let account_zone = self.reading.zone(local);
        ActivityStatus::of(goal, recorded, |goal| {
            activity::walked(goal, now, local, &account_zone)
        })
    }
}

impl App {
    fn beeminder(&self, now: Timestamp) -> Result<Known, StoreError> {
        let rows = self.store.read_once(&self.beeminder, Rows::read)?;
        Ok(rows.judge(self, now))
    }
}
