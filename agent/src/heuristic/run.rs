//! A pass, and an alert of `send-alert`: both use the same ledger, limits and outbox.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction};
use tokio::sync::Mutex;

use super::{
    assess::{AssessSettings, Observed, assess},
    decide::decide,
    observe::{Arms, History},
    policy::Policy,
    record, remember,
    report::{self, DecisionView, NotificationView, Report},
    unknown,
};
use crate::{
    arms::beeminder::BeeminderArm,
    budget::BudgetArm,
    clock::{self, Clock},
    config::Settings,
    domain::{Action, Condition, Decision, RunOutcome, Trigger},
    failpoint,
    notify::outbox::Outbox,
    store::{
        Store, StoreError,
        tables::{broken_channels, outbox, runs, silences},
    },
};

/// Why a pass could not be made. An upstream's failure is an observation, not an error.
#[derive(Debug, thiserror::Error)]
pub enum HeuristicError {
    /// The state could not be read, so nothing was decided and nothing is sent.
    #[error("nothing was decided: {0}")]
    Store(#[from] StoreError),
    /// The state could not be written. The pass decided, but nothing was recorded or sent. The next pass
    /// decides again.
    #[error("decided, but nothing was recorded and nothing is sent: {source}")]
    NotRecorded {
        /// The decisions.
        report: Box<Report>,
        /// What the state said.
        source: StoreError,
    },
}

/// The heuristic with all it needs. Cheap to clone; passes of all clones run one after the other.
#[derive(Clone)]
pub struct Heuristic {
    arms: Arms,
    assess: AssessSettings,
    policy: Policy,
    clock: Clock,
    store: Store,
    outbox: Outbox,
    /// How long a pass waits for its copy off the machine; the lease of its message runs meanwhile.
    checkpoint: Duration,
    one_at_a_time: Arc<Mutex<()>>,
}

impl Heuristic {
    /// From settings and the parts that do I/O.
    pub fn new(
        settings: &Settings,
        clock: Clock,
        store: Store,
        outbox: Outbox,
        beeminder: BeeminderArm,
        budget: BudgetArm,
    ) -> Self {
        let zone = settings.time_zone.clone();
        Self {
            arms: Arms {
                beeminder,
                budget,
                walk: settings.walk.clone(),
                zone: zone.clone(),
                deadline: settings.heuristic.deadline,
            },
            assess: AssessSettings {
                zone: zone.clone(),
                walk: settings.walk.clone(),
                deadline: settings.heuristic.deadline,
                budget_thresholds: settings.budget.thresholds,
            },
            policy: Policy {
                zone,
                notify_at: settings.heuristic.notify_at,
                max_messages_per_hour: settings.policy.max_messages_per_hour,
                max_messages_per_day: settings.policy.max_messages_per_day,
                quiet_hours: settings.policy.quiet_hours,
                escalate: settings.policy.escalate,
            },
            clock,
            store,
            outbox,
            checkpoint: settings.notify.lease / 3,
            one_at_a_time: Arc::default(),
        }
    }

    /// Observes, assesses, decides and records. The message, if there is one, is then in the outbox; the
    /// caller lets the outbox work.
    ///
    /// Deciding and recording are one transaction. If another instance wrote first, the transaction is
    /// repeated on top of its state.
    ///
    /// Logs one warning with the reasons if something could not be found out.
    ///
    /// # Errors
    /// If the state cannot be used. Then nothing is sent and nothing is claimed. The error holds the
    /// decisions if the pass could still decide.
    pub async fn pass(&self, trigger: Trigger) -> Result<Report, HeuristicError> {
        let _turn = self.one_at_a_time.lock().await;
        let now = self.clock.now();
        let (observed, histories) = self.arms.observe(&self.store, now).await?;
        failpoint!("pass.observed");
        let conditions = self.assess(&observed, now)?;
        let finished_at = self.clock.now().max(now);
        let pass = Arc::new(Pass {
            run_id: clock::time_ordered_id(now),
            trigger,
            now,
            finished_at,
            observed,
            histories,
            conditions,
        });
        pass.warn_of_unknown();
        let (this, recorded) = (self.clone(), Arc::clone(&pass));
        failpoint!("pass.assessed");
        match self
            .store
            .write_and_copy(self.checkpoint, move |tx| this.decide_and_record(tx, &recorded))
            .await
        {
            Ok((mut report, message)) => {
                failpoint!("pass.recorded");
                report.changed = message.is_some();
                self.refresh(&mut report, message)?;
                Ok(report)
            }
            Err(source) => Err(self.not_recorded(&pass, source)),
        }
    }

    /// Decides about conditions that did not come from observing (`send-alert`); records and plans a message
    /// as a pass does.
    ///
    /// # Errors
    /// As [`Heuristic::pass`].
    pub async fn alert(
        &self,
        conditions: Vec<Condition>,
    ) -> Result<(Vec<Decision>, Option<String>), HeuristicError> {
        let _turn = self.one_at_a_time.lock().await;
        let (this, now) = (self.clone(), self.clock.now());
        let write = self.store.write_and_copy(self.checkpoint, move |tx| {
            let decisions = this.decide(tx, &conditions, now)?;
            let zone = &this.policy.zone;
            let message = record::decisions_and_message(tx, &this.outbox, None, &decisions, zone, now)?;
            Ok((decisions, message))
        });
        Ok(write.await?)
    }

    /// Adds the messages of earlier passes that failed for good since this pass began.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn add_failures(&self, report: &mut Report) -> Result<(), HeuristicError> {
        let failed = self
            .store
            .read(|connection| outbox::failed_since(connection, report.at))?;
        let known =
            |message: &outbox::Notification| report.notifications.iter().any(|view| view.id == message.id);
        let new: Vec<_> = failed
            .into_iter()
            .filter(|message| !known(message))
            .map(view)
            .collect();
        report.notifications.extend(new);
        Ok(())
    }

    /// Brings the report's message and its broken channels up to date.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn refresh(&self, report: &mut Report, message: Option<String>) -> Result<(), HeuristicError> {
        let ids: Vec<String> = message
            .into_iter()
            .chain(report.notifications.drain(..).map(|old| old.id))
            .collect();
        let configured = self.outbox.configured();
        let (broken_channels, messages) = self.store.read(|connection| {
            let messages: Result<Vec<_>, _> = ids.iter().map(|id| outbox::get(connection, id)).collect();
            Ok((broken_channels::among(connection, &configured)?, messages?))
        })?;
        report.nobody_to_tell = broken_channels.len() == configured.len();
        report.broken_channels = broken_channels;
        report.notifications = messages.into_iter().flatten().map(view).collect();
        Ok(())
    }

    fn assess(&self, observed: &Observed, now: Timestamp) -> Result<Vec<Condition>, StoreError> {
        let failed = observed.beeminder.fresh().is_none();
        let history = self.store.read(|connection| {
            record::history(
                connection,
                &self.outbox.configured(),
                failed,
                self.arms.deadline,
                now,
            )
        })?;
        Ok(assess(observed, &history, &self.assess, now))
    }

    fn decide(
        &self,
        connection: &Connection,
        conditions: &[Condition],
        now: Timestamp,
    ) -> rusqlite::Result<Vec<Decision>> {
        let mut ledger = record::ledger(connection, conditions, &self.policy.zone, now)?;
        // Read the silences only now: observing takes a while, and a person who asked for silence meanwhile
        // was told that it holds.
        ledger.silences = silences::active(connection, self.clock.now())?;
        Ok(decide(conditions.to_vec(), &ledger, &self.policy, now))
    }

    fn decide_and_record(
        &self,
        tx: &Transaction<'_>,
        pass: &Pass,
    ) -> rusqlite::Result<(Report, Option<String>)> {
        remember::pass(tx, &pass.observed, &pass.histories, pass.now)?;
        let decisions = self.decide(tx, &pass.conditions, pass.now)?;
        let report = pass.report(&decisions);
        record::reading(tx, &pass.observed, pass.now)?;
        runs::insert(tx, &pass.row(&report, &decisions, self.arms.deadline))?;
        let (zone, now) = (&self.policy.zone, pass.now);
        let message =
            record::decisions_and_message(tx, &self.outbox, Some(&pass.run_id), &decisions, zone, now)?;
        failpoint!("pass.recording");
        Ok((report, message))
    }

    /// The decisions are worth knowing even if they cannot be acted on.
    fn not_recorded(&self, pass: &Pass, source: StoreError) -> HeuristicError {
        match self
            .store
            .read(|connection| self.decide(connection, &pass.conditions, pass.now))
        {
            Ok(decisions) => HeuristicError::NotRecorded {
                report: Box::new(pass.report(&decisions)),
                source,
            },
            Err(_) => HeuristicError::Store(source),
        }
    }
}

/// A pass up to its decisions.
struct Pass {
    run_id: String,
    trigger: Trigger,
    now: Timestamp,
    finished_at: Timestamp,
    observed: Observed,
    histories: Vec<History>,
    conditions: Vec<Condition>,
}

impl Pass {
    /// Logs before anything is recorded: the reasons are needed most when the state cannot be written either.
    fn warn_of_unknown(&self) {
        let reasons = unknown::reasons(&report::observations(&self.observed), &self.conditions);
        if !reasons.is_empty() {
            let why = reasons.join("; ");
            tracing::warn!(
                run_id = self.run_id,
                why,
                "the pass could not find out everything"
            );
        }
    }

    fn report(&self, decisions: &[Decision]) -> Report {
        Report {
            run_id: self.run_id.clone(),
            at: self.now,
            changed: false,
            observations: report::observations(&self.observed),
            conditions: decisions
                .iter()
                .map(|decision| decision.condition.clone())
                .collect(),
            decisions: decisions.iter().map(DecisionView::from).collect(),
            notifications: Vec::new(),
            broken_channels: Vec::new(),
            nobody_to_tell: false,
        }
    }

    fn row(&self, report: &Report, decisions: &[Decision], deadline: Duration) -> runs::RunRow {
        runs::RunRow {
            id: self.run_id.clone(),
            started_at: self.now,
            finished_at: self.finished_at,
            trigger: self.trigger,
            outcome: if report.something_unknown() {
                RunOutcome::Unknown
            } else {
                RunOutcome::Done
            },
            succeeded: self.observed.beeminder.fresh().is_some(),
            overran: self.observed.elapsed > deadline,
            changed: decisions.iter().any(|decision| decision.action == Action::Notify),
            observations: Some(report.observations.clone()),
        }
    }
}

fn view(message: outbox::Notification) -> NotificationView {
    NotificationView {
        id: message.id,
        channel: message.channel,
        state: message.state,
        provider_id: message.provider_id,
        subjects: message.subjects,
        text: message.body,
    }
}
