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
        window_guard::{self, WindowGuard},
    },
    store::tables::snapshots,
    telemetry::{
        emf::{Emf, Metric},
        live::{LiveStatus, Phase},
        metrics::Metrics,
    },
};

/// The time from SIGTERM to the last copy of the state. That copy takes 4 s at most, and systemd's
/// TimeoutStopSec is longer than both together.
const GRACE: Duration = Duration::from_secs(14);

/// The time for the last deliveries during a stop.
const LAST_DELIVERIES: Duration = Duration::from_secs(8);

/// How long a start waits for the remote copies of the state. After that the start fails, and systemd starts
/// the daemon again.
const RESTORE_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) async fn serve(config: Option<&Path>) -> anyhow::Result<Exit> {
    let notifier = Notifier::from_environment();
    let (loaded, tokens) = retry_start::load(config, &notifier).await?;
    let clock = Clock::system();
    notifier.extend_timeout(RESTORE_TIMEOUT);
    let agent = context::agent(&loaded, clock.clone(), RESTORE_TIMEOUT).await?;

    let metrics = Metrics::new();
    let live = LiveStatus::new(clock.now());
    let emf = Emf::of(&loaded.settings.telemetry);
    let heuristic = loaded.settings.heuristic;
    let scheduler = Scheduler::new(
        agent.clone(),
        live.clone(),
        metrics.clone(),
        notifier.clone(),
        heuristic.interval,
    );
    let scheduler = scheduler.with_emf(emf.clone());
    if let Err(error) = agent.outbox.retry_broken_channels().await {
        tracing::warn!(%error, "cannot let broken channels try again");
    }
    scheduler.load_history()?;
    let heartbeat_bound = Scheduler::heartbeat_bound(heuristic.deadline);

    let listen = loaded.settings.http.listen;
    let server = Server::bind(listen, Limits::default()).await.with_context(|| {
        format!("cannot listen on {listen}: change http.listen, or stop the process that has the port")
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
    let guard = WindowGuard::new(&loaded.settings);
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
        .is_some_and(window_guard::watchdog_ended_last_process)
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
        let agent = agent.clone();
        tasks.spawn(watchdog.run(move || write_probe(agent.clone()), stop.clone()));
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
        // A pass that was just being recorded may have left a message, and the next start may be tomorrow.
        agent.outbox.drain(LAST_DELIVERIES).await;
    };
    if tokio::time::timeout(GRACE, last).await.is_err() {
        tracing::warn!(after = ?GRACE, "unfinished work is cut off; the outbox settles its messages at the next start");
    }
    agent.finish().await;
    Ok(Exit::Done)
}

/// Makes one small durable write for the watchdog.
async fn write_probe(agent: Agent) -> Result<(), crate::store::StoreError> {
    let now = agent.clock.now();
    agent
        .store
        .note(move |tx| snapshots::put(tx, snapshots::WATCHDOG, now, "null"))
        .await
}
