//! The report of a pass: the object of `run --json`, and of `POST /intelligent-reminder/trigger`.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{assess::Observed, unknown};
use crate::{
    domain::{Action, Condition, Decision, ObservationView, Observations, Reason, Severity, Subject},
    notify::{channels::ChannelKind, outbox::State},
    store::tables::broken_channels::BrokenChannel,
};

/// One pass.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Report {
    /// The id of the pass. Ids sort by time.
    pub run_id: String,
    /// The instant that the pass took as the present.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Whether the pass made a message.
    pub changed: bool,
    /// Which upstreams could be read, and why not.
    pub observations: Observations,
    /// What the pass found about each promise and about Mecris, most urgent first.
    pub conditions: Vec<Condition>,
    /// One decision for each condition, in the same order.
    pub decisions: Vec<DecisionView>,
    /// The message that the pass made, if any, as it stands now.
    pub notifications: Vec<NotificationView>,
    /// The channels that are broken now.
    pub broken_channels: Vec<BrokenChannel>,
    /// Whether every channel is broken. Then no message reaches anybody.
    pub nobody_to_tell: bool,
}

/// A decision about one condition.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DecisionView {
    /// What the decision is about.
    #[schema(value_type = String)]
    pub subject: Subject,
    /// The severity of the condition.
    #[schema(value_type = String)]
    pub severity: Severity,
    /// Whether the condition is told.
    pub action: Action,
    /// Why it is told, or not.
    pub reason: Reason,
    /// The person whose request the decision follows: a silence, a vacation or an acknowledgement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// When that request ends; missing: with the condition's day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// The id of that silence or vacation; missing: it was an acknowledgement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silence_id: Option<String>,
    /// The person's reason, if they gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A message of this pass.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NotificationView {
    /// The id of the message.
    pub id: String,
    /// The channel that is tried now.
    #[schema(value_type = String)]
    pub channel: ChannelKind,
    /// The state of the message.
    pub state: State,
    /// The provider's id; `null` until the provider accepted the message.
    pub provider_id: Option<String>,
    /// What it tells: first what it names, in the order of the text, then what it counts.
    #[schema(value_type = Vec<String>)]
    pub subjects: Vec<Subject>,
    /// Its text, without its tag.
    pub text: String,
}

impl Report {
    /// Whether anything could not be found out that this pass was to find out.
    pub fn is_incomplete(&self) -> bool {
        self.observations.something_unknown() || self.conditions.iter().any(unknown::was_to_be_found_out)
    }

    /// Whether anything could not be found out, or nobody knows yet what became of a message: exit code 3.
    pub fn something_unknown(&self) -> bool {
        self.is_incomplete()
            || self
                .notifications
                .iter()
                .any(|message| message.state.is_unsettled())
    }

    /// Whether a message reached nobody, or the next one would: exit code 1.
    pub fn something_failed(&self) -> bool {
        self.nobody_to_tell
            || self
                .notifications
                .iter()
                .any(|message| message.state == State::Failed)
    }
}

/// What this pass found out, without the values.
pub(super) fn observations(observed: &Observed) -> Observations {
    let budgets = observed
        .budgets
        .iter()
        .map(|(_, budget)| ObservationView::from(budget));
    Observations {
        beeminder: (&observed.beeminder).into(),
        budget: budgets
            .max_by_key(ObservationView::doubt)
            .unwrap_or(ObservationView::NOT_CONFIGURED),
        walk: observed
            .walk
            .as_ref()
            .map_or(ObservationView::NOT_CONFIGURED, ObservationView::from),
    }
}

impl From<&Decision> for DecisionView {
    fn from(decision: &Decision) -> Self {
        let word = decision.word.as_ref();
        Self {
            subject: decision.condition.subject.clone(),
            severity: decision.condition.severity,
            action: decision.action,
            reason: decision.reason,
            author: word.map(|word| word.author.clone()),
            until: word.and_then(|word| word.until),
            silence_id: word.and_then(|word| word.silence_id.clone()),
            comment: word
                .map(|word| word.comment.clone())
                .filter(|comment| !comment.is_empty()),
        }
    }
}
