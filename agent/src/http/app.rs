use std::{sync::Arc, time::Duration};

use jiff::{Timestamp, civil::Time, tz::TimeZone};
use serde::Serialize;

use super::{
    ApiError, Json, Passes, Tokens, auth::RateLimits, json::RenderedJson, rendered::Rendered,
    request_id::RequestIds, routes::beeminder::Rows,
};
use crate::{
    budget::BudgetArm,
    clock::Clock,
    config::{Auth, Settings, secrets::Renewable},
    domain::Slug,
    heuristic::Rules,
    status::Facts,
    store::{Memo, Store},
    telemetry::{live::LiveStatus, metrics::Metrics},
};

/// What every handler shares. The daemon makes one and puts it behind an `Arc`.
pub struct App {
    pub(super) settings: AppSettings,
    pub(super) clock: Clock,
    pub(super) store: Store,
    pub(super) metrics: Metrics,
    pub(super) live: LiveStatus,
    pub(super) budget: BudgetArm,
    pub(super) passes: Arc<dyn Passes>,
    pub(super) tokens: Renewable<Tokens>,
    pub(super) rates: RateLimits,
    pub(super) request_ids: RequestIds,
    pub(super) rendered: RenderedAnswers,
    pub(super) beeminder: Memo<Rows>,
}

impl App {
    /// An answer that depends on nothing but the state, the settings and the time, rendered once in a second and
    /// after every write. `view` makes it for a time.
    ///
    /// # Errors
    /// That of `view`, or if the view is not JSON.
    pub(super) fn render_once<T: Serialize>(
        &self,
        rendered: &Rendered,
        view: impl FnOnce(Timestamp) -> Result<T, ApiError>,
    ) -> Result<RenderedJson, ApiError> {
        let now = self.clock.now();
        let body = rendered.body(self.store.jobs(), now, || Json(view(now)?).render())?;
        Ok(RenderedJson(body))
    }
}

/// The answers that are asked for most often, each rendered once a second.
#[derive(Default)]
pub(super) struct RenderedAnswers {
    pub(super) health: Rendered,
    pub(super) usage: Rendered,
    pub(super) beeminder_status: Rendered,
}

/// What the endpoints need to know of the configuration.
#[derive(Clone, Debug)]
pub struct AppSettings {
    /// `http.auth`.
    pub auth: Auth,
    /// `http.requests_per_minute`.
    pub requests_per_minute: u32,
    /// What a status depends on: window, remote, channels.
    pub facts: Facts,
    /// `time_zone`.
    pub zone: TimeZone,
    /// The rules of the passes: the answer to a vacation depends on when they are promised.
    pub rules: Rules,
    /// `heuristic.interval`: a reading older than two intervals is stale.
    pub interval: Duration,
    /// `heuristic.deadline`: how long a triggered pass may take.
    pub pass_deadline: Duration,
    /// `notify.lease`: how long a request that records a person's word waits until the word is copied off the
    /// machine.
    pub lease: Duration,
    /// `walk.goal`.
    pub walk_goal: Option<Slug>,
    /// `walk.from`: the time of day from which a missing walk is mentioned.
    pub walk_from: Option<Time>,
    /// `walk.until`.
    pub walk_until: Option<Time>,
    /// Whether `notify.channels` has a channel of Twilio.
    pub twilio: bool,
    /// How old the scheduler's heartbeat may be before `/health` says `unhealthy`.
    pub heartbeat_bound: Duration,
}

impl AppSettings {
    /// Takes what the endpoints need from the settings. The watchdog gets the same `heartbeat_bound`.
    pub fn new(settings: &Settings, heartbeat_bound: Duration) -> Self {
        Self {
            auth: settings.http.auth,
            requests_per_minute: settings.http.requests_per_minute,
            facts: Facts::new(settings),
            zone: settings.time_zone.clone(),
            rules: Rules::new(settings, settings.notify.channels.clone()),
            interval: settings.heuristic.interval,
            pass_deadline: settings.heuristic.deadline,
            lease: settings.notify.lease,
            walk_goal: settings.walk.as_ref().map(|walk| walk.goal.clone()),
            walk_from: settings.walk.as_ref().map(|walk| walk.hours.from()),
            walk_until: settings.walk.as_ref().map(|walk| walk.hours.until()),
            twilio: settings.notify.sms.is_some()
                || settings.notify.whatsapp.is_some()
                || settings.notify.voice.is_some(),
            heartbeat_bound,
        }
    }
}

/// The parts that [`App::new`] puts together.
pub struct AppParts {
    /// Configuration.
    pub settings: AppSettings,
    /// Time.
    pub clock: Clock,
    /// Recorded state.
    pub store: Store,
    /// Who may call.
    pub tokens: Renewable<Tokens>,
    /// What is counted.
    pub metrics: Metrics,
    /// What the daemon knows of itself.
    pub live: LiveStatus,
    /// LLM budgets.
    pub budget: BudgetArm,
    /// Makes a pass when it is asked for one.
    pub passes: Arc<dyn Passes>,
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: AppParts) -> Arc<Self> {
        let AppParts {
            settings,
            clock,
            store,
            tokens,
            metrics,
            live,
            budget,
            passes,
        } = parts;
        let rates = RateLimits::new(settings.requests_per_minute);
        Arc::new(Self {
            settings,
            clock,
            store,
            metrics,
            live,
            budget,
            passes,
            tokens,
            rates,
            request_ids: RequestIds::new(),
            rendered: RenderedAnswers::default(),
            beeminder: Memo::default(),
        })
    }
}
