//! The daemon's loops: one makes passes, one delivers messages, one copies the state off the machine. The
//! heartbeat continues only while the first two loops turn.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

use super::{Agent, asked::Asked, systemd::Notifier};
use crate::{
    clock::Window,
    domain::{Freshness, RunOutcome},
    hangpoint,
    heuristic::{DecisionView, HeuristicError, Report, Trigger},
    http::passes::{PassFuture, Passed, Passes},
    notify::{channels::ChannelKind, outbox::State},
    store::{
        StoreError,
        tables::{
            broken_channels::{self, BrokenChannel},
            outbox, runs,
        },
    },
    telemetry::{
        emf::{Emf, Metric},
        live::LiveStatus,
        metrics::Metrics,
    },
};

/// How often an idle loop turns. It turns without work too, because the wall clock may have jumped or the
/// machine may have slept.
const TURN: Duration = Duration::from_secs(5);
/// The time until the next pass after a failed one. It is short: the cause may be gone, and no message was
/// sent.
const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// How often old rows are deleted, and rows copied that no checkpoint has copied yet.
const COPY_EVERY: Duration = Duration::from_secs(60);
/// The time for one copy.
const COPY_TIMEOUT: Duration = Duration::from_secs(10);
/// When old copies are first deleted after the start. It is soon: the machine may run for only five hours a
/// day.
const FIRST_PRUNE: Duration = Duration::from_secs(60);
/// How often old copies are deleted after that.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);
/// The time for deleting old copies. Copies that are left are deleted the next time.
const PRUNE_TIMEOUT: Duration = Duration::from_secs(30);
/// A pass this close to the last one of the window is the last one.
const LAST_PASS_IS_THIS: SignedDuration = SignedDuration::from_mins(1);
/// The longest turn of the delivery loop: several attempts with their leases, one after the other.
const LONGEST_DELIVERY_TURN: Duration = Duration::from_secs(120);

/// Makes passes, deliveries and copies until it is cancelled. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Scheduler {
    agent: Agent,
    live: LiveStatus,
    metrics: Metrics,
    notifier: Notifier,
    interval: Duration,
    window: Option<(Window, TimeZone)>,
    emf: Emf,
    failed_messages: Arc<Mutex<Option<u32>>>,
    new_message: Arc<Notify>,
    last_delivery_turn: Arc<Mutex<Instant>>,
    asked: Asked<Passed>,
}

impl Scheduler {
    /// Makes a scheduler for `agent`, with a pass every `interval`. No loop runs yet.
    pub fn new(
        agent: Agent,
        live: LiveStatus,
        metrics: Metrics,
        notifier: Notifier,
        interval: Duration,
    ) -> Self {
        Self {
            agent,
            live,
            metrics,
            notifier,
            interval,
            window: None,
            emf: Emf::default(),
            failed_messages: Arc::default(),
            new_message: Arc::default(),
            last_delivery_turn: Arc::new(Mutex::new(Instant::now())),
            asked: Asked::default(),
        }
    }

    /// Also writes the metrics that alarms need into the log, in CloudWatch's embedded metric format.
    #[must_use]
    pub fn with_emf(mut self, emf: Emf) -> Self {
        self.emf = emf;
        self
    }

    /// Also makes a pass shortly before the window ends: the last moment at which this machine can speak.
    #[must_use]
    pub fn with_window(mut self, window: Option<Window>, zone: TimeZone) -> Self {
        self.window = window.map(|window| (window, zone));
        self
    }

    /// The greatest age of the heartbeat in a healthy daemon: the deadline of a pass and a few turns.
    pub fn heartbeat_bound(deadline: Duration) -> Duration {
        deadline + 4 * TURN
    }

    /// Loads what earlier processes recorded into the live status and the metrics. Called once at the start.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn load_history(&self) -> Result<(), StoreError> {
        let last_success = self.agent.store.read(runs::last_success)?;
        self.live.remember_success(last_success);
        if let Some(at) = last_success {
            self.metrics.last_success(at);
        }
        self.report_messages();
        Ok(())
    }

    /// Makes a pass at once, then a pass every interval.
    pub async fn passes(self, stop: CancellationToken) {
        let mut due = Instant::now();
        let mut turn = tokio::time::interval(TURN);
        turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            hangpoint!("scheduler.turn");
            if self.delivery_loop_turns() {
                self.live.beat();
            }
            if Instant::now() >= due {
                due = Instant::now() + self.until_next_pass();
                tokio::select! {
                    // A pass can be dropped while it observes. If it has recorded a message, the last drain
                    // of `serve` delivers that message.
                    () = stop.cancelled() => {}
                    // `pass` has already logged and counted its failure.
                    passed = self.pass(Trigger::Schedule) => {
                        if passed.is_err() {
                            due = due.min(Instant::now() + AFTER_FAILURE);
                        }
                    }
                }
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep_until(due) => {}
                _ = turn.tick() => {}
            }
        }
    }

    /// Decides about waiting alerts and delivers messages, whenever one is due.
    pub async fn deliveries(self, stop: CancellationToken) {
        let mut alerts = self.agent.pickup();
        while !stop.is_cancelled() {
            *self
                .last_delivery_turn
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Instant::now();
            alerts.decide_waiting().await;
            self.agent.outbox.work().await;
            self.report_messages();
            let wait = self.until(self.agent.outbox.next_due());
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.new_message.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Copies the state off the machine: at every turn while copies fail, else every `COPY_EVERY`. Also
    /// deletes old rows and old copies.
    pub async fn copies(self, stop: CancellationToken) {
        let mut due = Instant::now();
        let mut prune_due = Instant::now() + FIRST_PRUNE;
        while !stop.is_cancelled() {
            let copies_fail = self.report_copies();
            if copies_fail || Instant::now() >= due {
                due = Instant::now() + COPY_EVERY;
                if let Err(error) = self
                    .agent
                    .store
                    .forget(self.agent.retention, self.agent.clock.now())
                    .await
                {
                    tracing::warn!(%error, "cannot delete old rows");
                }
                self.agent.store.catch_up(COPY_TIMEOUT).await;
                self.report_copies();
            }
            if Instant::now() >= prune_due {
                prune_due = Instant::now() + PRUNE_EVERY;
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = self.prune() => {}
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(TURN) => {}
            }
        }
    }

    /// Deletes copies that no rule keeps, and reports damaged copies to `/health`.
    async fn prune(&self) {
        match self.agent.store.prune(0, PRUNE_TIMEOUT).await {
            Ok(Some(pruned)) if pruned.damaged.is_empty() => self.live.recover("state_generations"),
            Ok(Some(pruned)) => {
                let damaged: Vec<_> = pruned.damaged.into_values().collect();
                self.live.degrade("state_generations", damaged.join("; "));
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "cannot delete old copies of the state"),
        }
    }

    /// Reports the copies to the metrics and to `/health`. Returns whether they fail.
    fn report_copies(&self) -> bool {
        let Some(copies) = self.agent.store.copies() else {
            return false;
        };
        match &copies.trouble {
            Some(trouble) => self.live.degrade("state_remote", trouble.why.clone()),
            None => self.live.recover("state_remote"),
        }
        self.metrics.copies(&copies);
        let copies_fail = copies.trouble.is_some();
        self.live.copied(copies.saved);
        copies_fail
    }

    /// Makes a pass and reports it to the log, the metrics, the live status and systemd.
    ///
    /// # Errors
    /// As [`crate::heuristic::Heuristic::pass`].
    pub async fn pass(&self, trigger: Trigger) -> Result<Report, HeuristicError> {
        let started = Instant::now();
        self.live.run_started(self.agent.clock.now());
        let passed = self.agent.heuristic.pass(trigger).await;
        let finished_at = self.agent.clock.now();
        match &passed {
            Ok(report) => self.passed(report, started.elapsed(), finished_at),
            Err(error) => {
                if let HeuristicError::NotRecorded { report, .. } = error {
                    log_decisions(report, true);
                }
                self.live.run_finished(finished_at, false);
                self.emf.count(finished_at, &[(Metric::FailedPass, 1)]);
                self.live.degrade("state", error.to_string());
                self.metrics.run_finished(RunOutcome::Failed, started.elapsed());
                self.notifier.status(&format!("the last pass failed: {error}"));
                tracing::error!(%error, "pass failed");
            }
        }
        self.report_copies();
        self.new_message.notify_one();
        passed
    }

    /// Makes a pass for callers of the endpoints, and one attempt at each message that is due.
    async fn pass_and_deliver(&self) -> Result<Report, HeuristicError> {
        let mut report = self.pass(Trigger::Http).await?;
        self.agent.outbox.drain(self.agent.lease).await;
        self.agent.heuristic.refresh(&mut report, None)?;
        Ok(report)
    }

    fn passed(&self, report: &Report, took: Duration, finished_at: Timestamp) {
        let beeminder_read = report.observations.beeminder.status == Freshness::Fresh;
        self.live.recover("state");
        self.live.run_finished(finished_at, beeminder_read);
        self.live.upstream("beeminder", beeminder_read);
        self.emf.count(finished_at, &[(pass_metric(beeminder_read), 1)]);
        self.metrics.upstream("beeminder", beeminder_read);
        match &report.observations.beeminder.why {
            Some(why) if !beeminder_read => self.live.degrade("beeminder", why.clone()),
            _ => self.live.recover("beeminder"),
        }
        // The message of this pass is on its way: that says nothing about what the pass found out.
        let is_incomplete = report.is_incomplete();
        self.metrics.run_finished(
            if is_incomplete {
                RunOutcome::Unknown
            } else {
                RunOutcome::Done
            },
            took,
        );
        if beeminder_read {
            self.metrics.last_success(finished_at);
        }
        for decision in &report.decisions {
            self.metrics.decided(decision.reason);
        }
        log_decisions(report, false);
        let unknown = if is_incomplete {
            ", something was unknown"
        } else {
            ""
        };
        self.notifier.status(&format!(
            "last pass {}{unknown}",
            finished_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        ));
        tracing::info!(run_id = report.run_id, changed = report.changed, ?took, "pass");
    }

    fn delivery_loop_turns(&self) -> bool {
        self.last_delivery_turn
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
            < LONGEST_DELIVERY_TURN
    }

    /// Reports messages and channels to the metrics and to `/health`: an agent whose messages do not arrive
    /// must not look healthy.
    fn report_messages(&self) {
        let read = self.agent.store.read(|connection| {
            let newest = outbox::list(connection, 1)?.into_iter().next();
            let broken = broken_channels::among(connection, &self.agent.outbox.configured())?;
            Ok((
                outbox::counts(connection)?,
                outbox::accepted(connection)?,
                newest,
                broken,
            ))
        });
        match read {
            Ok((counts, accepted, newest, broken)) => {
                self.channels(&broken);
                self.count_failures(counts.get(&State::Failed).copied().unwrap_or(0));
                self.metrics.set_notifications(&counts);
                self.metrics.messages_accepted(&accepted);
                let trouble = |message: &outbox::Notification| {
                    let matters = message.acknowledged_at.is_none() && message.no_longer_so_since.is_none();
                    message.state.is_trouble() && matters
                };
                match newest.filter(trouble).and_then(|message| message.why) {
                    Some(why) => self.live.degrade("delivery", why),
                    None => self.live.recover("delivery"),
                }
            }
            Err(error) => tracing::warn!(%error, "cannot count the messages of the outbox"),
        }
    }

    /// Counts the messages that failed since the last call.
    fn count_failures(&self, failed: u32) {
        let mut known = self
            .failed_messages
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let before = known.replace(failed).unwrap_or(failed);
        if failed > before {
            self.emf.count(
                self.agent.clock.now(),
                &[(Metric::NotificationFailed, u64::from(failed - before))],
            );
        }
    }

    fn channels(&self, broken: &[BrokenChannel]) {
        for channel in ChannelKind::ALL {
            let mark = broken.iter().find(|mark| mark.channel == channel);
            self.metrics.channel_broken(channel, mark.is_some());
            match mark {
                Some(mark) => self.live.degrade(channel.degraded_name(), mark.why.clone()),
                None => self.live.recover(channel.degraded_name()),
            }
        }
    }

    /// How long after a pass the next one is made.
    fn until_next_pass(&self) -> Duration {
        let now = self.agent.clock.now();
        let last = self
            .window
            .as_ref()
            .and_then(|(window, zone)| window.last_pass(now, zone));
        let until_last = last.map(|last| last.duration_since(now));
        until_last
            .filter(|&wait| wait > LAST_PASS_IS_THIS)
            .and_then(|wait| Duration::try_from(wait).ok())
            .map_or(self.interval, |wait| wait.min(self.interval))
    }

    fn until(&self, due: Option<Timestamp>) -> Duration {
        let wait = due.map(|due| due.duration_since(self.agent.clock.now()));
        wait.map_or(TURN, |wait| Duration::try_from(wait).unwrap_or(Duration::ZERO))
            .min(TURN)
    }
}

impl Passes for Scheduler {
    fn pass(&self) -> PassFuture {
        let this = self.clone();
        Box::pin(
            self.asked
                .clone()
                .ask(move || async move { this.pass_and_deliver().await.map_err(Arc::new) }),
        )
    }
}

/// The metric of a finished pass. A pass that could not read Beeminder counts as failed.
pub(crate) const fn pass_metric(beeminder_read: bool) -> Metric {
    if beeminder_read {
        Metric::SuccessfulPass
    } else {
        Metric::FailedPass
    }
}

/// Logs the decisions of a pass: as warnings if the database does not hold them.
fn log_decisions(report: &Report, only_record: bool) {
    for DecisionView {
        subject,
        severity,
        action,
        reason,
        ..
    } in &report.decisions
    {
        if only_record {
            tracing::warn!(%subject, %severity, action = action.as_str(), %reason, "decision, not recorded");
        } else {
            tracing::debug!(%subject, %severity, %reason, "decision");
        }
    }
}
