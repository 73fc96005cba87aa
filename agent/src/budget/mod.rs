//! Budgets: what the LLM providers cost, against a limit and a period. From the ledger of recorded sessions
//! or from odometer readings.
//!
//! [`BudgetArm::observe`] computes both providers' rows and records them; what a person tells over HTTP is
//! recorded the same way, and every endpoint reads the recorded rows. Money is integer micro-dollars. No
//! network lives here and no shape of an answer: those are in `http::views::usage`.

mod adjust;
mod arm;
mod error;
mod figures;
pub mod health;
mod ledger;
mod odometer;
mod outlook;
pub mod period;
pub mod pricing;
mod reads;
mod reminders;
mod requests;
mod row;
mod summary;
#[cfg(test)]
pub(crate) mod tests;
mod writes;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

pub use arm::BudgetArm;
pub use error::BudgetError;
pub use odometer::{Odometer, PastMonth, Total};
pub use outlook::{BudgetToday, Outlook};
pub use reminders::{OdometerState, Reminder, ReminderKind, Reminders, Urgency};
pub use requests::{NewReading, NewSession, UpdateBudget};
pub use row::Recorded;
pub use summary::{Summary, Tally};
pub use writes::{RecordedReading, RecordedSession};

use crate::{
    config::BudgetSource,
    domain::{Money, Provider},
};

/// How a budget stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = BudgetHealth)]
pub enum Health {
    /// Within the plan.
    Good,
    /// Money will run out before the period does, or much of it is used, or the period is over.
    Warning,
    /// Spent, or nearly.
    Critical,
    /// Not known.
    Unknown,
}

impl Health {
    /// The word as JSON and the database spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "GOOD",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// From a word; one that is not known is [`Health::Unknown`].
    pub fn from_word(word: &str) -> Self {
        [Self::Good, Self::Warning, Self::Critical]
            .into_iter()
            .find(|h| h.as_str() == word)
            .unwrap_or(Self::Unknown)
    }
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

    /// The word for [`Budget::source`]: `none`, `ledger` or `odometer`.
    pub fn source_word(&self) -> &'static str {
        row::source_word(self.source)
    }

    /// A budget of which nothing is known.
    fn unknown(provider: Provider, why: impl Into<String>) -> Self {
        Self {
            provider,
            source: None,
            limit: None,
            used: None,
            spent_today: None,
            daily_burn: None,
            period_start: None,
            period_end: None,
            health: Health::Unknown,
            as_of: None,
            why: why.into(),
        }
    }
}
