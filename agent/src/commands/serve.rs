//! `serve`: the daemon.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio::time::MissedTickBehavior;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Exit, context};
use crate::{
    clock::Clock,
    commands::retry_start,
    config::{Loaded, secrets::Renewable},
    http::{App, AppParts, AppSettings, Limits, Server, Tokens, service::HttpService},
    runtime::{
        Agent, Scheduler, renewal, shutdown,
        systemd::{self, Notifier},
        watchdog::Watchdog,
        window_guard::{self, WindowGuard},
    },
    store::{StoreError, tables::snapshots},
    telemetry::{
        emf::{Emf, Metric},
        live::{LiveStatus, Phase},
        metrics::Metrics,
    },
};

/// The time from SIGTERM to the last copy of the state. That copy takes 4 s at most, moving everything into the file
/// 8 s, closing it 2 s. systemd's TimeoutStopSec is longer than all four together.
const GRACE: Duration = Duration::from_secs(14);

/// The time for the last deliveries during a stop.
const LAST_DELIVERIES: Duration = Duration::from_secs(8);

/// How often the daemon looks whether its state is still where its name leads to. Every write looks as well.
const LOOK_AT_STATE: Duration = Duration::from_secs(2);

/// How long a start waits for the remote copies of the state. After that the start fails, and systemd starts
/// the daemon again.
const RESTORE_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) async fn serve(config: Option<&Path>) -> anyhow::Result<Exit> {
    let notifier = Notifier::from_environment();
    let (loaded, tokens) = retry_start::load(config, &notifier).await?;
    notifier.extend_timeout(RESTORE_TIMEOUT);
    let agent = context::agent(&loaded, Clock::system(), RESTORE_TIMEOUT).await?;
    let daemon = Daemon::new(loaded, agent, notifier);
    daemon.take_up_history().await?;
    let server = daemon.bind().await?;
    let address = server.address();
    let app = daemon.app(tokens);

    let stop = shutdown::on_signal()?;
    let tasks = TaskTracker::new();
    tasks.spawn(server.serve(HttpService::new(app), stop.clone()));
    daemon.start_loops(&tasks, &stop);
    daemon.start_guards(&tasks, address, &stop);
    tasks.close();
    daemon.say_ready(address);

    let ended = daemon.until_stopped_or_displaced(&stop).await;
    daemon.finish(&tasks).await;
    Ok(ended.map(|()| Exit::Done)?)
}

/// The parts of the daemon that its tasks share.
struct Daemon {
    loaded: Loaded,
    agent: Agent,
    notifier: Notifier,
    metrics: Metrics,
    live: LiveStatus,
    emf: Emf,
    scheduler: Scheduler,
}

impl Daemon {
    fn new(loaded: Loaded, agent: Agent, notifier: Notifier) -> Self {
        let metrics = Metrics::new();
        let live = LiveStatus::new(agent.clock.now());
        let emf = Emf::of(&loaded.settings.telemetry);
        let scheduler = Scheduler::new(
            agent.clone(),
            live.clone(),
            metrics.clone(),
            notifier.clone(),
            loaded.settings.heuristic.interval,
        );
        Self {
            scheduler: scheduler
                .with_emf(emf.clone())
                .with_window(loaded.settings.window.daily, loaded.settings.time_zone.clone()),
            loaded,
            agent,
            notifier,
            metrics,
            live,
            emf,
        }
    }

    /// Gives broken channels a new chance, and loads what earlier processes recorded.
    async fn take_up_history(&self) -> anyhow::Result<()> {
        if let Err(error) = self.agent.outbox.retry_broken_channels().await {
            tracing::warn!(%error, "cannot let broken channels try again");
        }
        Ok(self.scheduler.load_history()?)
    }

    async fn bind(&self) -> anyhow::Result<Server> {
        let listen = self.loaded.settings.http.listen;
        Server::bind(listen, Limits::default()).await.with_context(|| {
            format!("cannot listen on {listen}: change http.listen, or stop the process that has the port")
        })
    }

    fn app(&self, tokens: Renewable<Tokens>) -> Arc<App> {
        App::new(AppParts {
            settings: AppSettings::new(&self.loaded.settings, self.heartbeat_bound()),
            clock: self.agent.clock.clone(),
            store: self.agent.store.clone(),
            tokens,
            metrics: self.metrics.clone(),
            live: self.live.clone(),
            budget: self.agent.budget.clone(),
            passes: Arc::new(self.scheduler.clone()),
        })
    }

    fn heartbeat_bound(&self) -> Duration {
        Scheduler::heartbeat_bound(self.loaded.settings.heuristic.deadline)
    }

    /// What the daemon is for: passes, deliveries, copies, and new secrets when they rotate.
    fn start_loops(&self, tasks: &TaskTracker, stop: &CancellationToken) {
        tasks.spawn(self.scheduler.clone().deliveries(stop.clone()));
        tasks.spawn(self.scheduler.clone().copies(stop.clone()));
        tasks.spawn(self.scheduler.clone().passes(stop.clone()));
        let (secrets, agent) = (self.loaded.secrets.clone(), self.agent.clone());
        tasks.spawn(renewal::of_agent(secrets, agent, stop.clone()));
    }

    /// What watches the daemon: the window guard, and systemd's watchdog if the unit has one.
    fn start_guards(&self, tasks: &TaskTracker, address: SocketAddr, stop: &CancellationToken) {
        let folder = self.loaded.settings.state.path.parent();
        if folder.is_some_and(window_guard::watchdog_ended_last_process) {
            let now = self.agent.clock.now();
            self.emf.count(now, &[(Metric::WatchdogRestart, 1)]);
        }
        tasks.spawn(window_guard::every_minute(
            WindowGuard::new(&self.loaded.settings),
            self.agent.clone(),
            self.emf.clone(),
            self.live.clone(),
            self.notifier.clone(),
            stop.clone(),
        ));
        if let Some(timeout) = systemd::watchdog_timeout() {
            let watchdog = Watchdog {
                notifier: self.notifier.clone(),
                timeout,
                live: self.live.clone(),
                heartbeat_bound: self.heartbeat_bound(),
                address,
            };
            let agent = self.agent.clone();
            tasks.spawn(watchdog.run(move || write_probe(agent.clone()), stop.clone()));
        }
    }

    fn say_ready(&self, address: SocketAddr) {
        self.live.enter(Phase::Ready);
        self.notifier.status(&format!("listening on {address}"));
        self.notifier.ready();
        tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "ready");
    }

    /// Waits for the stop. If somebody takes the state away from under the daemon, stops it: it could send what
    /// another process sends as well, and remember nothing.
    async fn until_stopped_or_displaced(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        let mut looks = tokio::time::interval(LOOK_AT_STATE);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                _ = looks.tick() => {}
            }
            if let Err(error @ StoreError::Displaced(_)) = self.agent.store.check_place().await {
                tracing::error!(%error, "this daemon stops");
                stop.cancel();
                return Err(error);
            }
        }
    }

    /// Lets the tasks end, delivers what is left, and copies the state.
    async fn finish(self, tasks: &TaskTracker) {
        self.live.enter(Phase::Stopping);
        self.notifier.stopping();
        let last = async {
            tasks.wait().await;
            // A pass that was just being recorded may have left a message, and the next start may be
            // tomorrow.
            self.agent.outbox.drain(LAST_DELIVERIES).await;
        };
        if tokio::time::timeout(GRACE, last).await.is_err() {
            tracing::warn!(after = ?GRACE, "unfinished work is cut off; the outbox settles its messages at the next start");
        }
        self.agent.finish().await;
    }
}

/// Makes one small durable write for the watchdog.
async fn write_probe(agent: Agent) -> Result<(), StoreError> {
    let now = agent.clock.now();
    agent
        .store
        .note(move |tx| snapshots::put(tx, snapshots::WATCHDOG, now, "null"))
        .await
}
