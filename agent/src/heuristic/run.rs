//! A pass, and an alert of `send-alert`: both use the same ledger, limits and outbox.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    task::spawn_blocking,
};

use super::{
    assess::Observed,
    later::set_right,
    observe::Arms,
    record,
    report::{NotificationView, Report},
    rules::{Decided, Pass, Rules},
    time_limit::{Stage, TimeLimit, TooSlow},
};
use crate::{
    arms::beeminder::BeeminderArm,
    budget::BudgetArm,
    clock::Clock,
    config::Settings,
    domain::{Condition, Decision, Trigger},
    failpoint,
    notify::outbox::Outbox,
    store::{
        Store, StoreError,
        tables::{broken_channels, later, outbox},
    },
};

/// Why a pass failed. If an upstream fails, that is an observation, not an error.
#[derive(Debug, thiserror::Error)]
pub enum HeuristicError {
    /// The state could not be read, so nothing was decided and nothing is sent.
    #[error("nothing was decided: {0}")]
    Store(#[from] StoreError),
    /// The pass took too long before it could record, so nothing is recorded, claimed or sent.
    #[error("nothing was decided: {0}")]
    TooSlow(#[from] TooSlow),
    /// The state could not be written. The pass decided, but nothing was recorded or sent. The next pass
    /// decides again.
    #[error("decided, but nothing was recorded and nothing is sent: {source}")]
    NotRecorded {
        /// The decisions.
        report: Box<Report>,
        /// Why the state could not be written.
        source: StoreError,
    },
}

/// The heuristic with all it needs. Cheap to clone; passes of all clones run one after the other.
#[derive(Clone)]
pub struct Heuristic {
    arms: Arms,
    rules: Rules,
    clock: Clock,
    store: Store,
    outbox: Outbox,
    /// How long a pass waits until its record is copied off the machine. The lease of its message runs
    /// meanwhile.
    checkpoint: Duration,
    one_at_a_time: Arc<Mutex<()>>,
}

impl Heuristic {
    /// The rules of its passes.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// From settings and the parts that do I/O.
    pub fn new(
        settings: &Settings,
        clock: Clock,
        store: Store,
        outbox: Outbox,
        beeminder: BeeminderArm,
        budget: BudgetArm,
    ) -> Self {
        Self {
            arms: Arms {
                beeminder,
                budget,
                walk: settings.walk.clone(),
                zone: settings.time_zone.clone(),
                deadline: settings.heuristic.deadline,
            },
            rules: Rules::new(settings, outbox.configured()),
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
    /// repeated on the state of that instance.
    ///
    /// The pass ends without recording anything if `heuristic.deadline` is over when it has decided. What it
    /// computes does not run on the thread that serves everything else.
    ///
    /// Logs one warning with the reasons if something could not be found out.
    ///
    /// # Errors
    /// If the state cannot be used. Then nothing is sent and nothing is claimed. The error holds the
    /// decisions if the pass could still decide.
    pub async fn pass(&self, trigger: Trigger) -> Result<Report, HeuristicError> {
        let turn = Arc::clone(&self.one_at_a_time).lock_owned().await;
        let limit = TimeLimit::begin(self.arms.deadline);
        let now = self.clock.now();
        self.set_right(now).await;
        let (observed, histories) = self.arms.observe(&self.store, &self.rules, trigger, now).await?;
        failpoint!("pass.observed");
        let (_turn, mut pass) = self.assess(turn, limit, observed, trigger, now).await?;
        pass.finished_at = self.clock.now().max(now);
        pass.histories = histories;
        pass.warn_of_unknown();
        let pass = Arc::new(pass);
        let (this, recorded) = (self.clone(), Arc::clone(&pass));
        failpoint!("pass.assessed");
        match self
            .store
            .write_and_copy(self.checkpoint, move |tx| {
                this.decide_and_record(tx, &recorded, limit)
            })
            .await
        {
            Ok((mut report, messages)) => {
                failpoint!("pass.recorded");
                report.changed = !messages.is_empty();
                self.refresh(&mut report, messages)?;
                Ok(report)
            }
            Err(source) => Err(self.not_recorded(pass, source).await),
        }
    }

    /// Assesses what was observed. If that takes too long, nobody waits for it any more; but the next pass waits
    /// until it has ended, so that there is never more than one.
    async fn assess(
        &self,
        turn: OwnedMutexGuard<()>,
        limit: TimeLimit,
        observed: Observed,
        trigger: Trigger,
        now: Timestamp,
    ) -> Result<(OwnedMutexGuard<()>, Pass), HeuristicError> {
        let this = self.clone();
        let assessing = spawn_blocking(move || {
            failpoint!("pass.assessing");
            let pass = this
                .store
                .read(|connection| this.rules.assess(connection, observed, trigger, now));
            (turn, pass)
        });
        let ended = limit.of_computing().wait(Stage::Assessing, assessing).await?;
        let (turn, pass) = ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        Ok((turn, pass?))
    }

    /// Decides about conditions that no pass made (`send-alert`), and records and plans a message as a pass
    /// does. Each condition gets the step `alert`, if it is WARNING or worse. Returns the decisions and the id
    /// of the message, of several of the first.
    ///
    /// # Errors
    /// As [`Heuristic::pass`].
    pub async fn alert(
        &self,
        mut conditions: Vec<Condition>,
    ) -> Result<(Vec<Decision>, Option<String>), HeuristicError> {
        for condition in &mut conditions {
            condition.ask = Condition::alert(condition.severity, condition.day);
        }
        let _turn = self.one_at_a_time.lock().await;
        let (this, now) = (self.clone(), self.clock.now());
        let write = self.store.write_and_copy(self.checkpoint, move |tx| {
            set_right(tx, this.rules.zone(), now)?;
            record::expire_waiting(tx, now)?;
            let decided = this.decide(tx, conditions.clone(), None, now)?;
            let insert = |message| this.outbox.insert(tx, message);
            let messages = this.rules.record(tx, None, &decided, now, insert)?;
            Ok((decided.decisions, messages.into_iter().next()))
        });
        Ok(write.await?)
    }

    /// Sets right what a clock that was ahead recorded. A pass that cannot do so goes on: it decides, and says that it
    /// cannot record.
    async fn set_right(&self, now: Timestamp) {
        if !matches!(
            self.store.read(|connection| later::exist(connection, now)),
            Ok(true)
        ) {
            return;
        }
        let zone = self.rules.zone().clone();
        let written = self.store.write(move |tx| set_right(tx, &zone, now)).await;
        if let Err(error) = written {
            tracing::warn!(%error, "what is recorded for a time to come cannot be set right");
        }
    }

    /// Adds the messages of earlier passes that a provider took, or that failed for good, since this pass began.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn add_earlier(&self, report: &mut Report) -> Result<(), HeuristicError> {
        let ended = self.store.read(|connection| {
            let told = outbox::told_since(connection, report.at)?;
            Ok(told
                .into_iter()
                .chain(outbox::failed_since(connection, report.at)?))
        })?;
        let known =
            |message: &outbox::Notification| report.notifications.iter().any(|view| view.id == message.id);
        let new: Vec<_> = ended.filter(|message| !known(message)).map(view).collect();
        report.notifications.extend(new);
        Ok(())
    }

    /// Brings the report's messages and its broken channels up to date. `messages` are ids that it does not have
    /// yet.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn refresh(
        &self,
        report: &mut Report,
        messages: impl IntoIterator<Item = String>,
    ) -> Result<(), HeuristicError> {
        let ids: Vec<String> = messages
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

    fn decide(
        &self,
        connection: &Connection,
        conditions: Vec<Condition>,
        pass: Option<&Pass>,
        now: Timestamp,
    ) -> rusqlite::Result<Decided> {
        // The silences are read only now. Observing takes a while, and a person who asked for silence
        // meanwhile was told that it holds.
        self.rules
            .decide(connection, conditions, pass, now, self.clock.now())
    }

    fn decide_and_record(
        &self,
        tx: &Transaction<'_>,
        pass: &Pass,
        limit: TimeLimit,
    ) -> rusqlite::Result<(Report, Vec<String>)> {
        let limit = limit.of_computing();
        let in_time = |stage| {
            failpoint!("pass.deciding");
            limit.check(stage)
        };
        let insert = |message| self.outbox.insert(tx, message);
        // The silences are read only now, for the same reason as in `decide`.
        let recorded = self
            .rules
            .decide_and_record(tx, pass, self.clock.now(), in_time, insert)?;
        failpoint!("pass.recording");
        Ok(recorded)
    }

    /// The error of a pass that could not be recorded. It holds the decisions if they can still be computed:
    /// they are worth knowing even if nothing is sent.
    async fn not_recorded(&self, pass: Arc<Pass>, source: StoreError) -> HeuristicError {
        if let Some(slow) = TooSlow::of(&source) {
            return slow.into();
        }
        let this = self.clone();
        let deciding = spawn_blocking(move || {
            let decided = this
                .store
                .read(|connection| this.decide(connection, pass.conditions.clone(), Some(&pass), pass.now))?;
            Ok::<_, StoreError>(pass.report(&decided.decisions))
        });
        match deciding.await {
            Ok(Ok(report)) => HeuristicError::NotRecorded {
                report: Box::new(report),
                source,
            },
            _ => HeuristicError::Store(source),
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
