use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use utoipa::ToSchema;

use super::usd;
use crate::{
    budget::{Budget, BudgetToday, Health, health::Alert},
    domain::{Bases, Basis, Money, Provider},
};

/// How a budget stands, as clients see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BudgetHealth {
    /// Within the plan.
    Good,
    /// Money will run out before the period does, or much of it is used, or the period is over.
    Warning,
    /// Spent, or nearly.
    Critical,
    /// Not known.
    Unknown,
    /// There is no such budget, so there is nothing to know.
    NotConfigured,
}

impl BudgetHealth {
    fn of(budget: &Budget) -> Self {
        match budget.health {
            _ if budget.source.is_none() => Self::NotConfigured,
            Health::Good => Self::Good,
            Health::Warning => Self::Warning,
            Health::Critical => Self::Critical,
            Health::Unknown => Self::Unknown,
        }
    }
}

/// `GET /usage`: the old fields are Anthropic's.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct UsageView {
    /// The limit of the period.
    pub total_budget: Option<f64>,
    /// The limit minus what was used.
    pub remaining_budget: Option<f64>,
    /// Spent in the period.
    pub used_budget: Option<f64>,
    /// Days to the last day of the period; 0 on that day and afterwards.
    pub days_remaining: Option<i64>,
    /// Spent on the local day.
    pub today_spend: Option<f64>,
    /// Spent per day lately; `null`: not known, or known for less than three days.
    pub daily_burn_rate: Option<f64>,
    /// What the remaining days cost at `daily_burn_rate`; `null`: not known, or more than can be counted.
    pub projected_spend: Option<f64>,
    /// Last day of the period.
    #[schema(value_type = Option<String>, format = Date)]
    pub period_end: Option<Date>,
    /// What stands out.
    pub alerts: Vec<Alert>,
    /// How it stands.
    pub budget_health: BudgetHealth,
    /// One row for each provider.
    pub providers: Vec<ProviderView>,
    /// Why nothing is known; absent if the budgets could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// One row of `providers`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ProviderView {
    /// The provider whose budget this is.
    #[schema(value_type = String)]
    pub provider: Provider,
    /// The limit of the period.
    pub total_budget: Option<f64>,
    /// The limit minus what was used.
    pub remaining_budget: Option<f64>,
    /// Spent in the period.
    pub used_budget: Option<f64>,
    /// Spent on the local day.
    pub spent_today: Option<f64>,
    /// First day of the period.
    #[schema(value_type = Option<String>, format = Date)]
    pub period_start: Option<Date>,
    /// Last day of the period.
    #[schema(value_type = Option<String>, format = Date)]
    pub period_end: Option<Date>,
    /// Days to the last day of the period; 0 on that day and afterwards.
    pub days_remaining: Option<i64>,
    /// The day on which the money ends at the present burn rate.
    #[schema(value_type = Option<String>, format = Date)]
    pub projected_exhaustion: Option<Date>,
    /// How it stands.
    pub budget_health: BudgetHealth,
    /// `none`, `ledger` or `odometer`.
    pub source: &'static str,
    /// When the numbers were true.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Timestamp>,
    /// The row is older than `budget.ttl`, or its numbers are older than `budget.thresholds.reading_max_age_days`.
    pub stale: bool,
    /// Where the numbers are from.
    pub bases: BasesView,
    /// What is wrong with the numbers; `null`: nothing.
    pub doubt: Option<String>,
    /// Why it stands so, and what a person should know about the numbers.
    pub why: String,
}

/// Where each number is from: `billed` (the provider says so), `metered` (Mecris saw each request), `estimated` (clients
/// said what they used, and the table of prices says what that costs), `typed` (a person or a program said the sum) or
/// `assumed` (there is no price for a model in it). A sum is called by its weakest part. `null`: the number is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BasesView {
    /// Of `used_budget`, and so of `remaining_budget`.
    #[schema(value_type = Option<String>)]
    pub used_budget: Option<Basis>,
    /// Of `spent_today`.
    #[schema(value_type = Option<String>)]
    pub spent_today: Option<Basis>,
    /// Of the burn rate, and so of `projected_exhaustion`.
    #[schema(value_type = Option<String>)]
    pub daily_burn_rate: Option<Basis>,
}

impl From<Bases> for BasesView {
    fn from(bases: Bases) -> Self {
        Self {
            used_budget: bases.used,
            spent_today: bases.spent_today,
            daily_burn_rate: bases.daily_burn,
        }
    }
}

impl ProviderView {
    /// One provider's budget.
    pub fn new(today: &BudgetToday) -> Self {
        let BudgetToday { recorded, outlook } = today;
        let budget = &recorded.budget;
        Self {
            provider: budget.provider,
            total_budget: usd(budget.limit),
            remaining_budget: usd(budget.remaining()),
            used_budget: usd(budget.used),
            spent_today: usd(budget.spent_today),
            period_start: budget.period_start,
            period_end: budget.period_end,
            days_remaining: outlook.days_remaining,
            projected_exhaustion: outlook.projected_exhaustion,
            budget_health: BudgetHealth::of(budget),
            source: budget.source_word(),
            as_of: budget.as_of,
            stale: recorded.stale,
            bases: budget.bases.into(),
            doubt: budget.doubt.clone(),
            why: budget.why.clone(),
        }
    }
}

impl UsageView {
    /// Anthropic's budget at the top level, and the rows of all providers beside it.
    pub fn new(budgets: &[BudgetToday]) -> Self {
        let providers = budgets.iter().map(ProviderView::new).collect();
        let anthropic = budgets
            .iter()
            .find(|today| today.recorded.budget.provider == Provider::Anthropic);
        let Some(BudgetToday { recorded, outlook }) = anthropic else {
            return Self {
                providers,
                ..Self::unknown(None)
            };
        };
        let budget = &recorded.budget;
        let projected = |burn: Money| {
            let days = outlook.days_remaining?;
            Some(Money::from_micros(burn.micros().checked_mul(days)?).usd())
        };
        Self {
            total_budget: usd(budget.limit),
            remaining_budget: usd(budget.remaining()),
            used_budget: usd(budget.used),
            days_remaining: outlook.days_remaining,
            today_spend: usd(budget.spent_today),
            daily_burn_rate: usd(budget.daily_burn),
            projected_spend: budget.daily_burn.and_then(projected),
            period_end: budget.period_end,
            alerts: outlook.alerts.clone(),
            budget_health: BudgetHealth::of(budget),
            providers,
            why: None,
        }
    }

    /// Nothing is known, and why.
    pub fn unknown(why: Option<String>) -> Self {
        Self {
            total_budget: None,
            remaining_budget: None,
            used_budget: None,
            days_remaining: None,
            today_spend: None,
            daily_burn_rate: None,
            projected_spend: None,
            period_end: None,
            alerts: Vec::new(),
            budget_health: BudgetHealth::Unknown,
            providers: Vec::new(),
            why,
        }
    }
}
