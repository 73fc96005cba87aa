//! `serve`: the daemon.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio_util::task::TaskTracker;

use super::{Exit, context};
use crate::{
    clock::Clock,
    commands::retry_start,
    http::{App, AppParts, AppSettings, Limits, Server, service::HttpService},
    runtime::{
        Agent, Scheduler, renewal, shutdown,
        systemd::{self, Notifier},
        watchdog::Watchdog,
        window_guard::{self, Guard},
    },
    store::tables::snapshots,
    telemetry::{
        emf::{Emf, Metric},
        live::{LiveStatus, Phase},
        metrics::Metrics,
    },
};

/// From SIGTERM to the last copy of the state, which takes 4 s at most; systemd's TimeoutStopSec is longer
/// than both.
const GRACE: Duration = Duration::from_secs(14);

/// For messages that are on their way when it is time to go.
const LAST_WORDS: Duration = Duration::from_secs(8);

/// How long a start waits for the state off the machine; then systemd starts us again, and says so.
const RESTORE: Duration = Duration::from_secs(60);

pub(super) async fn serve(config: Option<&Path>) -> anyhow::Result<Exit> {
    let notifier = Notifier::from_environment();
    let (loaded, tokens) = retry_start::load(config, &notifier).await?;
    let clock = Clock::system();
    notifier.extend_timeout(RESTORE);
    let agent = context::agent(&loaded, clock.clone(), RESTORE).await?;

    let (metrics, live) = (Metrics::new(), LiveStatus::new(clock.now()));
    let (heuristic, emf) = (loaded.settings.heuristic, Emf::of(&loaded.settings.telemetry));
    let scheduler = Scheduler::new(
        agent.clone(),
        live.clone(),
        metrics.clone(),
        notifier.clone(),
        heuristic.interval,
    );
    let scheduler = scheduler.with_emf(emf.clone());
    if let Err(error) = agent.outbox.retry_broken_channels().await {
        tracing::warn!(%error, "broken channels get no new chance now");
    }
    scheduler.recall()?;
    let heartbeat_bound = Scheduler::heartbeat_bound(heuristic.deadline);

    let listen = loaded.settings.http.listen;
    let server = Server::bind(listen, Limits::default()).await.with_context(|| {
        format!("cannot listen on {listen}: change http.listen, or stop who has the port")
    })?;
    let address = server.address();
    let app = App::new(AppParts {
        settings: AppSettings::new(&loaded.settings, heartbeat_bound),
        clock: clock.clone(),
        store: agent.store.clone(),
        tokens,
        metrics,
        live: live.clone(),
        budget: agent.budget.clone(),
        passes: Arc::new(scheduler.clone()),
    });

    let stop = shutdown::on_signal()?;
    let tasks = TaskTracker::new();
    tasks.spawn(server.serve(HttpService::new(app), stop.clone()));
    tasks.spawn(scheduler.clone().deliveries(stop.clone()));
    tasks.spawn(scheduler.clone().copies(stop.clone()));
    tasks.spawn(scheduler.passes(stop.clone()));
    let guard = Guard::new(&loaded.settings);
    tasks.spawn(window_guard::every_minute(
        guard,
        agent.clone(),
        emf.clone(),
        live.clone(),
        notifier.clone(),
        stop.clone(),
    ));
    if loaded
        .settings
        .state
        .path
        .parent()
        .is_some_and(window_guard::watchdog_ended_it)
    {
        emf.count(clock.now(), &[(Metric::WatchdogRestart, 1)]);
    }
    tasks.spawn(renewal::of_agent(
        loaded.secrets.clone(),
        agent.clone(),
        stop.clone(),
    ));
    if let Some(timeout) = systemd::watchdog_timeout() {
        let watchdog = Watchdog {
            notifier: notifier.clone(),
            timeout,
            live: live.clone(),
            heartbeat_bound,
            address,
        };
        let (agent, stop) = (agent.clone(), stop.clone());
        tasks.spawn(watchdog.run(move || write_probe(agent.clone()), stop));
    }
    tasks.close();

    live.enter(Phase::Ready);
    notifier.status(&format!("listening on {address}"));
    notifier.ready();
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "ready");

    stop.cancelled().await;
    live.enter(Phase::Stopping);
    notifier.stopping();
    let last = async {
        tasks.wait().await;
        // A pass that was being recorded has left a message; the next start may be tomorrow.
        agent.outbox.drain(LAST_WORDS).await;
    };
    if tokio::time::timeout(GRACE, last).await.is_err() {
        tracing::warn!(after = ?GRACE, "gave up on what is in flight; the outbox settles it at the next start");
    }
    agent.finish().await;
    Ok(Exit::Done)
}

/// One small durable write, as the watchdog wants it.
async fn write_probe(agent: Agent) -> Result<(), crate::store::StoreError> {
    let now = agent.clock.now();
    agent
        .store
        .note(move |tx| snapshots::put(tx, snapshots::WATCHDOG, now, "null"))
        .await
}
