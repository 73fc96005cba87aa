//! One pass, and one alert that somebody asked for: both through the same ledger, limits and outbox.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Mutex;

use super::{
    assess::{AssessSettings, Observed, assess},
    decide::decide,
    observe::Arms,
    policy::Policy,
    record,
    report::{DecisionView, NotificationView, Observations, Report},
};
use crate::{
    arms::{beeminder::BeeminderArm, budget::BudgetArm},
    clock::{self, Clock},
    config::Settings,
    domain::{Condition, Decision},
    notify::outbox::Outbox,
    store::{Store, StoreError, outbox, runs},
};

/// Why a pass could not be made. An upstream's failure is not among them: that is an observation.
#[derive(Debug, thiserror::Error)]
pub enum HeuristicError {
    /// The state could not be read or written, so nothing was decided and nothing is sent.
    #[error("nothing was decided: {0}")]
    Store(#[from] StoreError),
}

/// Who asked for a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// `mecris-agent run`.
    Cli,
    /// The daemon's scheduler.
    Schedule,
    /// An endpoint.
    Http,
}

impl Trigger {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::Schedule => "schedule",
            Self::Http => "http",
        }
    }
}

/// The heuristic with all it needs. Cheap to clone; passes of all clones are made one after the other.
#[derive(Clone)]
pub struct Heuristic {
    arms: Arms,
    assess: AssessSettings,
    policy: Policy,
    clock: Clock,
    store: Store,
    outbox: Outbox,
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
            one_at_a_time: Arc::default(),
        }
    }

    /// Observes, assesses, decides and records. The message, if there is one, is in the outbox then; the caller lets the outbox work.
    ///
    /// # Errors
    /// If the state cannot be used. Nothing was sent and nothing is claimed then.
    pub async fn pass(&self, trigger: Trigger) -> Result<Report, HeuristicError> {
        let _turn = self.one_at_a_time.lock().await;
        let now = self.clock.now();
        let run_id = clock::time_ordered_id(now);
        let observed = self.arms.observe(&self.store, now).await?;
        let conditions = self.assess(&observed, now)?;
        let decisions = self.decide(conditions, now)?;
        let mut report = Report {
            run_id,
            at: now,
            changed: false,
            observations: Observations::new(&observed),
            conditions: decisions.iter().map(|decision| decision.condition.clone()).collect(),
            decisions: decisions.iter().map(DecisionView::from).collect(),
            notifications: Vec::new(),
        };
        let message = self.record(&report, trigger, observed, decisions).await?;
        report.changed = message.is_some();
        self.refresh(&mut report, message)?;
        Ok(report)
    }

    /// Decides about conditions that did not come from observing (`send-alert`), records and plans a message like a pass does.
    ///
    /// # Errors
    /// As [`Heuristic::pass`].
    pub async fn alert(&self, conditions: Vec<Condition>) -> Result<(Vec<Decision>, Option<String>), HeuristicError> {
        let _turn = self.one_at_a_time.lock().await;
        let now = self.clock.now();
        let decisions = self.decide(conditions, now)?;
        let (outbox, recorded, zone) = (self.outbox.clone(), decisions.clone(), self.policy.zone.clone());
        let message =
            self.store.write(move |tx| record::decisions_and_message(tx, &outbox, None, &recorded, &zone, now)).await?;
        Ok((decisions, message))
    }

    /// Adds the messages of earlier passes that turned out since this one began to have reached nobody.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn add_failures(&self, report: &mut Report) -> Result<(), HeuristicError> {
        let failed = self.store.read(|connection| outbox::failed_since(connection, report.at))?;
        let known = |message: &outbox::Notification| report.notifications.iter().any(|view| view.id == message.id);
        let new: Vec<_> = failed.into_iter().filter(|message| !known(message)).map(view).collect();
        report.notifications.extend(new);
        Ok(())
    }

    /// Brings the report's message up to date.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn refresh(&self, report: &mut Report, message: Option<String>) -> Result<(), HeuristicError> {
        let ids: Vec<String> = message.into_iter().chain(report.notifications.drain(..).map(|old| old.id)).collect();
        for id in ids {
            report.notifications.extend(self.store.read(|connection| outbox::get(connection, &id))?.map(view));
        }
        Ok(())
    }

    fn assess(&self, observed: &Observed, now: Timestamp) -> Result<Vec<Condition>, StoreError> {
        let failed = observed.beeminder.fresh().is_none();
        let history = self.store.read(|connection| record::history(connection, failed, self.arms.deadline, now))?;
        Ok(assess(observed, &history, &self.assess, now))
    }

    fn decide(&self, conditions: Vec<Condition>, now: Timestamp) -> Result<Vec<Decision>, StoreError> {
        let zone = &self.policy.zone;
        let ledger = self.store.read(|connection| record::ledger(connection, &conditions, zone, now))?;
        Ok(decide(conditions, &ledger, &self.policy, now))
    }

    async fn record(
        &self,
        report: &Report,
        trigger: Trigger,
        observed: Observed,
        decisions: Vec<Decision>,
    ) -> Result<Option<String>, StoreError> {
        let finished_at = self.clock.now().max(report.at);
        let run = runs::RunRow {
            id: report.run_id.clone(),
            started_at: report.at,
            finished_at,
            trigger: trigger.as_str().to_owned(),
            outcome: if report.something_unknown() { "unknown" } else { "done" }.to_owned(),
            succeeded: observed.beeminder.fresh().is_some(),
            overran: observed.elapsed > self.arms.deadline,
            changed: decisions.iter().any(|decision| decision.action == crate::domain::Action::Notify),
            observations: serde_json::to_value(&report.observations).unwrap_or_default(),
        };
        let (outbox, zone, now) = (self.outbox.clone(), self.policy.zone.clone(), report.at);
        self.store
            .write(move |tx| {
                record::reading(tx, &observed, now)?;
                runs::insert(tx, &run)?;
                record::decisions_and_message(tx, &outbox, Some(&run.id), &decisions, &zone, now)
            })
            .await
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
