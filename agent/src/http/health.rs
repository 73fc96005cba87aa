//! The answers of `/health` and `/ready`, from memory only. `/health` is rendered once in a second and after each
//! change of the live status, `/ready` for each request.

use std::{collections::BTreeMap, convert::Infallible};

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::App;
use crate::{
    status::Vitals,
    store::tables::lineage::Saved,
    telemetry::live::{Live, Phase},
};

/// The answer of `/health`. Its status code is always 200 and says only that the daemon answers. `status` is
/// the verdict.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `healthy`, or `unhealthy` if the scheduler stands still, the state cannot be written, the last pass failed, or
    /// every configured channel is broken.
    #[schema(value_type = String)]
    pub status: &'static str,
    /// A word for each service that the Python system listed. `beeminder` is as the newest recorded pass found it:
    /// no upstream is asked for this answer.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    pub services: BTreeMap<&'static str, &'static str>,
    /// How long it took to make this answer, in milliseconds.
    pub response_time_ms: f64,
    /// When this answer was made, to the second.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// The release.
    #[schema(value_type = String)]
    pub version: &'static str,
    /// `starting`, `ready` or `stopping`.
    #[schema(value_type = String)]
    pub phase: &'static str,
    /// When the daemon started.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When the newest pass began.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_run_started_at: Option<Timestamp>,
    /// When a pass last ended, however it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_run_finished_at: Option<Timestamp>,
    /// When a pass last read Beeminder; `null`: never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_success_at: Option<Timestamp>,
    /// Seconds since `last_success_at`.
    pub last_success_age_seconds: Option<i64>,
    /// Seconds since the scheduler last showed that it works.
    pub scheduler_heartbeat_age_seconds: u64,
    /// The newest copy of the state that is safe off the machine; `null`: there is none.
    pub state_copy: Option<StateCopy>,
    /// When this machine is meant to run.
    pub window: WindowState,
    /// What does not work as it should, by name; the reasons are in the log.
    #[schema(value_type = Vec<String>)]
    pub degraded: Vec<&'static str>,
}

/// The window, and whether the daemon has outlived it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WindowState {
    /// Whether the machine is meant to run now. Always true with `window.mode = "always"`.
    pub open: bool,
    /// The end of the window that is open, else of the next one; `null` with `window.mode = "always"`.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    /// Seconds since the last window ended. `null` in a window, and within `window.grace` after a window or before
    /// the next one. Computed once a minute.
    pub over_seconds: Option<i64>,
}

/// A copy of the state off the machine.
#[derive(Debug, Serialize, ToSchema)]
pub struct StateCopy {
    /// The number of its generation.
    pub generation: u64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Seconds since it was made.
    pub age_seconds: i64,
    /// Its compressed size, in bytes.
    pub bytes: u64,
}

impl StateCopy {
    fn new(saved: Saved, age_seconds: i64) -> Self {
        Self {
            generation: saved.generation,
            at: saved.at,
            age_seconds,
            bytes: saved.bytes,
        }
    }
}

/// What `/ready` says: 200 if ready, else 503.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ready {
    /// Whether the daemon answers requests and makes passes.
    pub ready: bool,
    /// `starting`, `ready` or `stopping`.
    #[schema(value_type = String)]
    pub phase: &'static str,
    /// What does not work as it should, by name.
    #[schema(value_type = Vec<String>)]
    pub degraded: Vec<&'static str>,
}

impl App {
    /// The body of `/health`.
    pub(super) fn health_body(&self) -> Bytes {
        let (changes, now) = (self.live.changes(), self.clock.now());
        let rendered = &self.rendered.health;
        let Ok(body) = rendered.body(Some(changes), now, || {
            Ok::<_, Infallible>(render(&self.health_at(now)))
        });
        body
    }

    /// The status and body of `/ready`.
    pub(super) fn ready(&self) -> (StatusCode, Bytes) {
        let live = self.live.read();
        let (phase, degraded) = (live.phase, live.degraded.keys().copied().collect());
        let ready = phase == Phase::Ready;
        let status = if ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        (
            status,
            render(&Ready {
                ready,
                phase: phase_word(phase),
                degraded,
            }),
        )
    }

    fn health_at(&self, now: Timestamp) -> Health {
        let started = Instant::now();
        let live = self.live.read();
        let heartbeat_age = live.heartbeat_age();
        let healthy =
            writes(&live) && self.reaches_someone(&live) && heartbeat_age <= self.settings.heartbeat_bound;
        let vitals = Vitals::of(&live, &self.settings.facts, now);
        Health {
            status: if healthy { "healthy" } else { "unhealthy" },
            services: self.services(&live, healthy),
            timestamp: Timestamp::from_second(now.as_second()).unwrap_or(now),
            version: env!("CARGO_PKG_VERSION"),
            phase: phase_word(live.phase),
            started_at: live.started_at,
            last_run_started_at: vitals.last_run_started_at,
            last_run_finished_at: vitals.last_run_finished_at,
            last_success_at: vitals.last_success,
            last_success_age_seconds: vitals.last_success_age_seconds,
            scheduler_heartbeat_age_seconds: heartbeat_age.as_secs(),
            state_copy: vitals
                .copy
                .map(|(saved, age_seconds)| StateCopy::new(saved, age_seconds)),
            window: WindowState {
                open: vitals.window.open,
                ends_at: vitals.window.end,
                over_seconds: vitals.window.over_seconds,
            },
            degraded: live.degraded.keys().copied().collect(),
            response_time_ms: (started.elapsed().as_secs_f64() * 1e6).round() / 1e3,
        }
    }

    /// Whether a message can reach the person: not every configured channel is broken.
    fn reaches_someone(&self, live: &Live) -> bool {
        let mut channels = self.settings.facts.channels.iter();
        channels.any(|channel| !live.degraded.contains_key(channel.degraded_name()))
    }

    /// The services that the Python system listed. What a pass found out about an upstream replaces its word here.
    fn services(&self, live: &Live, healthy: bool) -> BTreeMap<&'static str, &'static str> {
        let word = |ok: bool| if ok { "ok" } else { "error" };
        let mut services = BTreeMap::from([
            ("mecris", word(healthy)),
            ("obsidian", "not_configured"),
            ("beeminder", "unknown"),
            ("usage_tracker", word(writes(live))),
            ("anthropic_cost_tracker", "not_available"),
            (
                "twilio",
                if self.settings.twilio {
                    "configured"
                } else {
                    "not_configured"
                },
            ),
        ]);
        services.extend(live.upstreams.iter().map(|(&name, &ok)| (name, word(ok))));
        services
    }
}

/// Whether the state can be used and the last pass was recorded.
fn writes(live: &Live) -> bool {
    live.store_ok && !live.degraded.contains_key("state")
}

fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Ready => "ready",
        Phase::Stopping => "stopping",
    }
}

fn render(document: &impl Serialize) -> Bytes {
    serde_json::to_vec(document)
        .expect("text, numbers and lists are JSON")
        .into()
}
