//! What is on record: passes, decisions, messages, newest first.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::Freshness,
    store::tables::{decisions::DecisionRow, outbox::Notification, runs::RunRow},
};

/// `GET /runs`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Runs {
    /// How many are listed.
    pub count: usize,
    /// The passes, newest first.
    pub runs: Vec<RunView>,
}

/// `GET /decisions`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Decisions {
    /// How many are listed.
    pub count: usize,
    /// The decisions, newest first.
    pub decisions: Vec<DecisionRow>,
}

/// `GET /notifications`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Notifications {
    /// How many are listed.
    pub count: usize,
    /// The messages, newest first.
    pub notifications: Vec<Notification>,
}

/// One finished pass.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RunView {
    /// Time-ordered unique id.
    pub id: String,
    /// When it started.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When its record was written.
    #[schema(value_type = String, format = DateTime)]
    pub finished_at: Timestamp,
    /// `cli`, `schedule` or `http`.
    pub trigger: String,
    /// `done`, or `unknown`: something could not be found out.
    pub outcome: String,
    /// Whether Beeminder was read: what the dead-man's switch counts.
    pub succeeded: bool,
    /// Whether it took longer than `heuristic.deadline`.
    pub overran: bool,
    /// Whether it made a message.
    pub changed: bool,
    /// What could be found out.
    pub observations: RecordedObservations,
}

/// What a pass could find out, as far as its record says so.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct RecordedObservations {
    /// The account and its goals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beeminder: Option<RecordedObservation>,
    /// The worst of all configured budgets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<RecordedObservation>,
    /// The walk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub walk: Option<RecordedObservation>,
}

/// One observation without its value.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct RecordedObservation {
    /// How good it is.
    pub status: Freshness,
    /// When it was read.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// Why it is not fresh.
    pub why: Option<String>,
}

impl Runs {
    /// As they were read.
    pub fn new(rows: Vec<RunRow>) -> Self {
        Self {
            count: rows.len(),
            runs: rows.into_iter().map(RunView::from).collect(),
        }
    }
}

impl Decisions {
    /// As they were read.
    pub fn new(decisions: Vec<DecisionRow>) -> Self {
        Self {
            count: decisions.len(),
            decisions,
        }
    }
}

impl Notifications {
    /// As they were read.
    pub fn new(notifications: Vec<Notification>) -> Self {
        Self {
            count: notifications.len(),
            notifications,
        }
    }
}

impl From<RunRow> for RunView {
    fn from(row: RunRow) -> Self {
        Self {
            id: row.id,
            started_at: row.started_at,
            finished_at: row.finished_at,
            trigger: row.trigger,
            outcome: row.outcome,
            succeeded: row.succeeded,
            overran: row.overran,
            changed: row.changed,
            // A record in words that this release does not know tells nothing, and hides no other pass.
            observations: serde_json::from_value(row.observations).unwrap_or_default(),
        }
    }
}
