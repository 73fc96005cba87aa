//! Budgets: what the LLM providers cost, against a limit and a period. From the ledger of recorded sessions or from odometer readings.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    config::settings::{BudgetSettings, BudgetSource},
    domain::{Money, Observation, Provider},
    store::{Store, StoreError},
};

/// How a budget stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Health {
    /// Within the plan.
    Good,
    /// Money will run out before the period does, or much of it is used, or the period is over.
    Warning,
    /// Spent, or nearly.
    Critical,
    /// Nobody knows.
    Unknown,
}

/// One provider's budget at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Whose.
    pub provider: Provider,
    /// How it is known; `None`: not configured.
    pub source: Option<BudgetSource>,
    /// The limit of the period.
    pub limit: Option<Money>,
    /// Spent in the period so far; `None`: unknown.
    pub used: Option<Money>,
    /// Spent on the local day.
    pub spent_today: Option<Money>,
    /// Dollars a day, over the last days.
    pub daily_burn: Option<Money>,
    /// First local day of the period.
    pub period_start: Option<Date>,
    /// Last local day of the period.
    pub period_end: Option<Date>,
    /// How it stands.
    pub health: Health,
    /// When the numbers were true.
    pub as_of: Option<Timestamp>,
    /// Why the health is what it is, one sentence.
    pub why: String,
}

impl Budget {
    /// Limit less used.
    pub fn remaining(&self) -> Option<Money> {
        Some(self.limit? - self.used?)
    }
}

/// The arm: computes budgets from the store. No network in this half.
#[derive(Clone)]
pub struct BudgetArm {
    _todo: (),
}

impl BudgetArm {
    /// From settings.
    pub fn new(_settings: &BudgetSettings, _zone: &TimeZone, _store: Store) -> Self {
        todo!()
    }

    /// Refreshes both providers' rows in the store and returns one observation for each *configured* provider.
    ///
    /// An odometer without a reading for the present month is `Unknown`; with an old one, `Stale`.
    pub async fn observe(&self, _now: Timestamp) -> Result<Vec<(Provider, Observation<Budget>)>, StoreError> {
        todo!()
    }
}
