//! What is on record: passes, decisions, messages, newest first.

use serde::Serialize;
use utoipa::ToSchema;

use crate::store::tables::{decisions::DecisionRow, outbox::Notification, runs::RunRow};

/// `GET /runs`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Runs {
    /// How many are listed.
    pub count: usize,
    /// The passes, newest first.
    pub runs: Vec<RunRow>,
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

impl Runs {
    /// As they were read.
    pub fn new(rows: Vec<RunRow>) -> Self {
        Self {
            count: rows.len(),
            runs: rows,
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
