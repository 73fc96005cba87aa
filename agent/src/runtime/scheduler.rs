//! The daemon's two loops: one makes passes, one lets the outbox work. The heart beats only while both of
//! them turn.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

use super::{Agent, systemd::Notifier};
use crate::{
    domain::Freshness,
    hangpoint,
    heuristic::{DecisionView, HeuristicError, Report, Trigger},
    http::passes::{PassFuture, Passes},
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
        metrics::{Metrics, RunOutcome},
    },
};

/// How often an idle loop turns: it may be that the wall clock jumped or the machine slept.
const TURN: Duration = Duration::from_secs(5);
/// After a pass that could not be recorded: space may be back, and nobody was told.
const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// How often what no checkpoint was asked for is copied, and old rows are looked for.
const COPY: Duration = Duration::from_secs(60);
/// How long one copy may take.
const COPY_TIME: Duration = Duration::from_secs(10);
/// When copies that nobody needs are first let go after the start, and how often after that: the machine may
/// exist for five hours only.
const PRUNE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3600));
/// How long that may take. What is left is left for the next time.
const PRUNE_TIME: Duration = Duration::from_secs(30);
/// How long one turn of the delivery loop may take: several attempts with their leases, one after the other.
const LONGEST_DELIVERY: Duration = Duration::from_secs(120);

/// Makes passes and deliveries until it is cancelled. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Scheduler {
    agent: Agent,
    live: LiveStatus,
    metrics: Metrics,
    notifier: Notifier,
    interval: Duration,
    emf: Emf,
    failed_messages: Arc<Mutex<Option<u32>>>,
    new_message: Arc<Notify>,
    last_delivery_turn: Arc<Mutex<Instant>>,
}

impl Scheduler {
    /// For an agent; nothing runs yet.
    pub fn new(
        agent: Agent,
        live: LiveStatus,
        metrics: Metrics,
        notifier: Notifier,
        interval: Duration,
    ) -> Self {
        let (new_message, last_delivery_turn) = (Arc::default(), Arc::new(Mutex::new(Instant::now())));
        let (emf, failed_messages) = (Emf::default(), Arc::default());
        Self {
            agent,
            live,
            metrics,
            notifier,
            interval,
            emf,
            failed_messages,
            new_message,
            last_delivery_turn,
        }
    }

    /// Writes what matters to operators into the log too.
    #[must_use]
    pub fn with_emf(mut self, emf: Emf) -> Self {
        self.emf = emf;
        self
    }

    /// How old the heartbeat may get while all is well: one pass at its deadline, and a few turns.
    pub fn heartbeat_bound(deadline: Duration) -> Duration {
        deadline + 4 * TURN
    }

    /// Tells status and metrics what earlier processes left, once at start.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn recall(&self) -> Result<(), StoreError> {
        let last_success = self.agent.store.read(runs::last_success)?;
        self.live.remember_success(last_success);
        if let Some(at) = last_success {
            self.metrics.last_success(at);
        }
        self.count_notifications();
        Ok(())
    }

    /// A pass at once, then one every interval.
    pub async fn passes(self, stop: CancellationToken) {
        let mut due = Instant::now();
        let mut turn = tokio::time::interval(TURN);
        turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            hangpoint!("scheduler.turn");
            if self.deliveries_turn() {
                self.live.beat();
            }
            if Instant::now() >= due {
                due = Instant::now() + self.interval;
                tokio::select! {
                    // Observing has no effect; what is recorded all the same is delivered by the last drain
                    // of `serve`.
                    () = stop.cancelled() => {}
                    // A failed pass was logged and counted where it happened.
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

    /// Lets the outbox work whenever something is due.
    pub async fn deliveries(self, stop: CancellationToken) {
        let mut alerts = self.agent.pickup();
        while !stop.is_cancelled() {
            *self
                .last_delivery_turn
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Instant::now();
            alerts.decide_waiting().await;
            self.agent.outbox.work().await;
            self.count_notifications();
            let wait = self.until(self.agent.outbox.next_due());
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.new_message.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Copies the state off the machine whenever that failed before, and now and then; forgets what is old,
    /// here and there.
    pub async fn copies(self, stop: CancellationToken) {
        let (mut due, mut prune_due) = (Instant::now(), Instant::now() + PRUNE.0);
        while !stop.is_cancelled() {
            let in_trouble = self.tell_copies();
            if in_trouble || Instant::now() >= due {
                due = Instant::now() + COPY;
                if let Err(error) = self
                    .agent
                    .store
                    .forget(self.agent.retention, self.agent.clock.now())
                    .await
                {
                    tracing::warn!(%error, "old rows cannot be removed");
                }
                self.agent.store.catch_up(COPY_TIME).await;
                self.tell_copies();
            }
            if Instant::now() >= prune_due {
                prune_due = Instant::now() + PRUNE.1;
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

    /// Lets copies go that nobody needs, and tells of those that are damaged.
    async fn prune(&self) {
        match self.agent.store.prune(0, PRUNE_TIME).await {
            Ok(Some(pruned)) if pruned.damaged.is_empty() => self.live.recover("state_generations"),
            Ok(Some(pruned)) => {
                let damaged: Vec<_> = pruned.damaged.into_values().collect();
                self.live.degrade("state_generations", damaged.join("; "));
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "old copies of the state cannot be let go now"),
        }
    }

    /// Tells metrics and `/health` how the copies fare. Returns whether they fail.
    fn tell_copies(&self) -> bool {
        let Some(copies) = self.agent.store.copies() else {
            return false;
        };
        match &copies.trouble {
            Some(trouble) => self.live.degrade("state_remote", trouble.why.clone()),
            None => self.live.recover("state_remote"),
        }
        self.metrics.copies(&copies);
        let in_trouble = copies.trouble.is_some();
        self.live.copied(copies.saved);
        in_trouble
    }

    /// One pass, with its log line, its metrics and its place in the live status.
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
        self.tell_copies();
        self.new_message.notify_one();
        passed
    }

    fn passed(&self, report: &Report, took: Duration, finished_at: Timestamp) {
        let beeminder_read = report.observations.beeminder.status == Freshness::Fresh;
        self.live.recover("state");
        self.live.run_finished(finished_at, beeminder_read);
        self.live.upstream("beeminder", beeminder_read);
        self.emf.count(finished_at, &[(pass_metric(beeminder_read), 1)]);
        self.metrics.upstream("beeminder", beeminder_read);
        self.metrics.run_finished(
            if report.something_unknown() {
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
        let unknown = if report.something_unknown() {
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

    fn deliveries_turn(&self) -> bool {
        self.last_delivery_turn
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
            < LONGEST_DELIVERY
    }

    /// Tells metrics and `/health` how the messages and the channels stand: an agent that cannot tell its
    /// person must not look healthy.
    fn count_notifications(&self) {
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
                    message.state.is_trouble() && message.acknowledged_at.is_none()
                };
                match newest.filter(trouble).and_then(|message| message.why) {
                    Some(why) => self.live.degrade("delivery", why),
                    None => self.live.recover("delivery"),
                }
            }
            Err(error) => tracing::warn!(%error, "the outbox cannot be counted"),
        }
    }

    /// Messages that failed since this was last looked at.
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

    fn until(&self, due: Option<Timestamp>) -> Duration {
        let wait = due.map(|due| due.duration_since(self.agent.clock.now()));
        wait.map_or(TURN, |wait| Duration::try_from(wait).unwrap_or(Duration::ZERO))
            .min(TURN)
    }
}

impl Passes for Scheduler {
    fn pass(&self) -> PassFuture {
        let this = self.clone();
        Box::pin(async move {
            let mut report = Scheduler::pass(&this, Trigger::Http).await?;
            this.agent.outbox.drain(this.agent.lease).await;
            this.agent.heuristic.refresh(&mut report, None)?;
            Ok(report)
        })
    }
}

/// A pass that could not read Beeminder is no success, whatever else it found out.
pub(crate) const fn pass_metric(beeminder_read: bool) -> Metric {
    if beeminder_read {
        Metric::SuccessfulPass
    } else {
        Metric::FailedPass
    }
}

/// What is on no record is at least in the log.
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
