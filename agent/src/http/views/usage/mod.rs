//! What the language models cost, as the endpoints answer it: every field of the Python system with its old
//! meaning, and the new ones beside it.
//!
//! Dollars are JSON numbers, times RFC 3339 UTC, days local. What is not known is `null`, never 0.

mod budgets;
mod many;
mod odometer;
mod sessions;
#[cfg(test)]
mod tests;

use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use utoipa::ToSchema;

pub use budgets::{BasesView, BudgetHealth, ProviderView, UsageView};
pub use many::{SessionAnswer, SessionResult, SessionsRecorded};
pub use odometer::{
    GroqContext, GroqTracking, MonthView, OdometerContextView, OdometerStatusView, ReadingRecorded,
    ReadingResult, ReadingTakenBack, Reminder, ReminderStatus,
};
pub use sessions::{
    DayUsage, ProviderUsage, RecentView, SessionRecorded, SessionTakenBack, SessionView, Summary,
    SummaryView, TypeUsage,
};

use crate::{
    budget::Recorded,
    domain::{Money, Provider},
};

/// `POST /usage/update_budget` and `POST /usage/complete`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct UpdateRecorded {
    /// Always true: a refusal is an error.
    pub updated: bool,
    /// The provider whose budget this is.
    #[schema(value_type = String)]
    pub provider: Provider,
    /// The budget after it.
    pub budget_info: Option<BudgetInfo>,
    /// When it was said.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
}

/// A budget in five fields, as `/usage/update_budget` and `/usage/summary` show it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BudgetInfo {
    /// The limit of the period.
    pub total: f64,
    /// The limit minus what was used.
    pub remaining: Option<f64>,
    /// The first day of the period.
    #[schema(value_type = Option<String>, format = Date)]
    pub period_start: Option<Date>,
    /// The last day of the period.
    #[schema(value_type = Option<String>, format = Date)]
    pub period_end: Option<Date>,
    /// When it was computed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_updated: Option<Timestamp>,
}

impl UpdateRecorded {
    /// The row after an update at `now`.
    pub fn new(recorded: &Recorded, now: Timestamp) -> Self {
        Self {
            updated: true,
            provider: recorded.budget.provider,
            budget_info: BudgetInfo::of(recorded),
            timestamp: now,
        }
    }
}

impl BudgetInfo {
    /// `None` if the provider has no budget.
    fn of(recorded: &Recorded) -> Option<Self> {
        let budget = &recorded.budget;
        Some(Self {
            total: budget.limit?.usd(),
            remaining: usd(budget.remaining()),
            period_start: budget.period_start,
            period_end: budget.period_end,
            last_updated: recorded.refreshed_at,
        })
    }
}

fn usd(money: Option<Money>) -> Option<f64> {
    money.map(Money::usd)
}
