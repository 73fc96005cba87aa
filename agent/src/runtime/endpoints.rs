//! What the endpoints may ask, over the parts of a working agent: [`Actions`] and [`Views`].

use rusqlite::Transaction;
use serde::Serialize;
use serde_json::Value;

use super::{Agent, Scheduler};
use crate::{
    budget::{BudgetError, NewReading, NewSession, UpdateBudget},
    domain::{Action, Freshness, Money, Provider, Reason, Severity, Silence, Subject},
    heuristic::{HeuristicError, Report, Trigger},
    http::actions::{self, ActionError, Actions, AlertReply, Answer, RecordOdometer, RecordSession, Views},
    notify::outbox::State,
    silences::person,
    store::{StoreError, tables::outbox::Notification},
};

/// The parts that the endpoints work with.
#[derive(Clone)]
pub struct Endpoints {
    agent: Agent,
    scheduler: Scheduler,
}

impl Endpoints {
    /// Over an agent and the scheduler that makes its passes.
    pub fn new(agent: Agent, scheduler: Scheduler) -> Self {
        Self { agent, scheduler }
    }

    /// One pass now, and what is due in the outbox, as far as one attempt gets.
    async fn pass(&self) -> Result<Report, ActionError> {
        let mut report = self.scheduler.pass(Trigger::Http).await?;
        self.agent.outbox.drain(self.agent.lease).await;
        self.agent.heuristic.refresh(&mut report, None)?;
        Ok(report)
    }
}

impl Actions for Endpoints {
    fn trigger_pass(&self) -> Answer<Value> {
        let this = self.clone();
        Box::pin(async move { json(this.pass().await?) })
    }

    fn beeminder_alert(&self) -> Answer<AlertReply> {
        let this = self.clone();
        Box::pin(async move { Ok(alert_reply(&this.pass().await?)) })
    }

    fn record_session(&self, session: RecordSession) -> Answer<Value> {
        let this = self.clone();
        Box::pin(async move {
            let RecordSession {
                provider,
                model,
                input_tokens,
                output_tokens,
                session_type,
                notes,
            } = session;
            let new = NewSession {
                provider,
                model,
                input_tokens,
                output_tokens,
                session_type,
                notes,
            };
            json(
                this.agent
                    .budget
                    .record_session(new, this.agent.clock.now())
                    .await?,
            )
        })
    }

    fn update_budget(&self, update: actions::UpdateBudget) -> Answer<Value> {
        let this = self.clone();
        Box::pin(async move {
            let update = UpdateBudget {
                provider: update.provider,
                remaining: money("remaining_budget", update.remaining_budget)?,
                total: money("total_budget", update.total_budget)?,
                period_end: update.period_end,
            };
            json(
                this.agent
                    .budget
                    .update_budget(update, this.agent.clock.now())
                    .await?,
            )
        })
    }

    fn record_odometer(&self, reading: RecordOdometer) -> Answer<Value> {
        let this = self.clone();
        Box::pin(async move {
            let month = reading.month.map(|month| month.parse()).transpose();
            let new = NewReading {
                provider: Provider::Groq,
                value: money("value", Some(reading.value))?.unwrap_or_default(),
                month: month.map_err(|error| ActionError::Invalid(format!("month: {error}")))?,
                notes: reading.notes,
                correction: reading.correction,
            };
            json(
                this.agent
                    .budget
                    .record_odometer(new, this.agent.clock.now())
                    .await?
                    .result,
            )
        })
    }

    fn acknowledge(&self, id: String, author: String) -> Answer<Notification> {
        let this = self.clone();
        Box::pin(async move {
            let (known, now, zone) = (id.clone(), this.agent.clock.now(), this.agent.zone);
            let write = move |tx: &Transaction<'_>| person::acknowledge(tx, &id, &author, now, &zone);
            let found = this.agent.store.write_durably(this.agent.lease, write).await?;
            found.ok_or_else(|| ActionError::NotFound(format!("there is no notification {known}")))
        })
    }

    fn silence(&self, silence: Silence) -> Answer<Silence> {
        let this = self.clone();
        Box::pin(async move {
            let (recorded, zone) = (silence.clone(), this.agent.zone);
            let write = move |tx: &Transaction<'_>| person::silence(tx, &silence, &zone);
            this.agent.store.write_durably(this.agent.lease, write).await?;
            Ok(recorded)
        })
    }

    fn unsilence(&self, id: String, author: String) -> Answer<Silence> {
        let this = self.clone();
        Box::pin(async move {
            let (known, now, zone) = (id.clone(), this.agent.clock.now(), this.agent.zone);
            let write = move |tx: &Transaction<'_>| person::unsilence(tx, &id, &author, now, &zone);
            let found = this.agent.store.write_durably(this.agent.lease, write).await?;
            found.ok_or_else(|| ActionError::NotFound(format!("there is no silence {known}")))
        })
    }
}

impl Views for Endpoints {
    fn usage(&self) -> Answer<Value> {
        let this = self.clone();
        Box::pin(async move { json(this.agent.budget.usage(this.agent.clock.now())?) })
    }

    fn usage_summary(&self, days: u32) -> Answer<Value> {
        let this = self.clone();
        Box::pin(async move { json(this.agent.budget.summary(days, this.agent.clock.now())?.summary) })
    }

    fn usage_recent(&self, limit: u32) -> Answer<Value> {
        let this = self.clone();
        Box::pin(async move { json(this.agent.budget.recent(limit, this.agent.clock.now())?.sessions) })
    }

    fn odometer_status(&self) -> Answer<Value> {
        let this = self.clone();
        Box::pin(async move { json(this.agent.budget.odometer_status(this.agent.clock.now())?) })
    }

    fn odometer_context(&self) -> Answer<Value> {
        let this = self.clone();
        Box::pin(async move {
            json(
                this.agent
                    .budget
                    .odometer_context(this.agent.clock.now())?
                    .groq_context,
            )
        })
    }
}

/// What a pass means for somebody who asked about the CRITICAL goals. Nothing is "none" while Beeminder
/// cannot be read.
fn alert_reply(report: &Report) -> AlertReply {
    let is_goal = |subject: &Subject| subject.as_str().starts_with("goal:");
    let critical: Vec<_> = report
        .decisions
        .iter()
        .filter(|decision| is_goal(&decision.subject) && decision.severity == Severity::Critical)
        .collect();
    let told = critical.iter().any(|decision| decision.action == Action::Notify);
    let accepted = report
        .notifications
        .iter()
        .any(|message| matches!(message.state, State::Accepted | State::Delivered));
    let unknown = |subject: &Subject| is_goal(subject) || *subject == Subject::unreadable_goals();
    let in_doubt = report
        .decisions
        .iter()
        .any(|d| unknown(&d.subject) && d.severity == Severity::Unknown)
        && critical.is_empty();
    let known = report.observations.beeminder.status == Freshness::Fresh && !in_doubt;
    let reason = critical
        .iter()
        .find(|decision| decision.action == Action::Suppress)
        .map(|decision| decision.reason);
    let message = match (told, accepted) {
        _ if in_doubt => "Some goals could not be read: nobody knows whether there are emergencies",
        _ if !known => "Beeminder could not be read: nobody knows whether there are emergencies",
        (true, true) => "Beemergency alert sent",
        (true, false) => "Beemergency alert is on its way, not accepted by a provider yet",
        (false, _) if critical.is_empty() => "No critical emergencies found",
        (false, _) if reason == Some(Reason::AlreadyNotifiedToday) => "Beemergency alert on cooldown",
        (false, _) => "Beemergency alert held back",
    };
    AlertReply {
        alert_sent: told && accepted,
        critical_count: known.then_some(critical.len() as u64),
        message: message.to_owned(),
        reason: (!told).then_some(reason).flatten().map(|reason| match reason {
            Reason::AlreadyNotifiedToday => "cooldown_active".to_owned(),
            other => other.to_string(),
        }),
        notification_id: report.notifications.first().map(|message| message.id.clone()),
        subjects: critical.iter().map(|decision| decision.subject.clone()).collect(),
    }
}

fn money(name: &str, usd: Option<f64>) -> Result<Option<Money>, ActionError> {
    usd.map(Money::from_usd)
        .transpose()
        .map_err(|error| ActionError::Invalid(format!("{name}: {error}")))
}

fn json(value: impl Serialize) -> Result<Value, ActionError> {
    serde_json::to_value(value).map_err(|error| ActionError::Failed(error.to_string()))
}

impl From<StoreError> for ActionError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<HeuristicError> for ActionError {
    fn from(error: HeuristicError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<BudgetError> for ActionError {
    fn from(error: BudgetError) -> Self {
        match error {
            BudgetError::Store(error) => error.into(),
            refused => Self::Invalid(refused.to_string()),
        }
    }
}
