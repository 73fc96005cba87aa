use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use utoipa::ToSchema;

use super::usd;
use crate::{
    budget::{Budget, Health, Recorded, health::Alert, row::source_word},
    domain::{Money, Provider},
};

/// `GET /usage`: the old fields are Anthropic's.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct UsageView {
    /// The limit of the period.
    pub total_budget: Option<f64>,
    /// Limit less used.
    pub remaining_budget: Option<f64>,
    /// Spent in the period.
    pub used_budget: Option<f64>,
    /// Days to the last day of the period; 0 on that day and afterwards.
    pub days_remaining: Option<i64>,
    /// Spent on the local day.
    pub today_spend: Option<f64>,
    /// Spent per day lately.
    pub daily_burn_rate: Option<f64>,
    /// What the remaining days cost at that rate.
    pub projected_spend: Option<f64>,
    /// Last day of the period.
    #[schema(value_type = Option<String>, format = Date)]
    pub period_end: Option<Date>,
    /// What stands out.
    pub alerts: Vec<Alert>,
    /// How it stands.
    pub budget_health: Health,
    /// One row for each provider.
    pub providers: Vec<ProviderView>,
}

/// One row of `providers`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ProviderView {
    /// Whose.
    #[schema(value_type = String)]
    pub provider: Provider,
    /// The limit of the period.
    pub total_budget: Option<f64>,
    /// Limit less used.
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
    pub budget_health: Health,
    /// `none`, `ledger` or `odometer`.
    pub source: &'static str,
    /// When the numbers were true.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Timestamp>,
    /// The row is older than `budget.ttl`, or its odometer reading is too old.
    pub stale: bool,
}

/// What follows from a recorded budget on a given day.
pub(in super::super) struct Derived {
    pub(in super::super) days_remaining: Option<i64>,
    pub(in super::super) projected_exhaustion: Option<Date>,
    pub(in super::super) alerts: Vec<Alert>,
}

impl ProviderView {
    pub(in super::super) fn new(recorded: &Recorded, derived: &Derived) -> Self {
        let budget = &recorded.budget;
        Self {
            provider: budget.provider,
            total_budget: usd(budget.limit),
            remaining_budget: usd(budget.remaining()),
            used_budget: usd(budget.used),
            spent_today: usd(budget.spent_today),
            period_start: budget.period_start,
            period_end: budget.period_end,
            days_remaining: derived.days_remaining,
            projected_exhaustion: derived.projected_exhaustion,
            budget_health: budget.health,
            source: source_word(budget.source),
            as_of: budget.as_of,
            stale: recorded.stale,
        }
    }
}

impl UsageView {
    /// Of Anthropic's budget; the rows of all providers beside it.
    pub(in super::super) fn new(anthropic: &Budget, derived: Derived, providers: Vec<ProviderView>) -> Self {
        let projected = |burn: Money| {
            let days = derived.days_remaining?;
            Some(Money::from_micros(burn.micros().saturating_mul(days)).usd())
        };
        Self {
            total_budget: usd(anthropic.limit),
            remaining_budget: usd(anthropic.remaining()),
            used_budget: usd(anthropic.used),
            days_remaining: derived.days_remaining,
            today_spend: usd(anthropic.spent_today),
            daily_burn_rate: usd(anthropic.daily_burn),
            projected_spend: anthropic.daily_burn.and_then(projected),
            period_end: anthropic.period_end,
            alerts: derived.alerts,
            budget_health: anthropic.health,
            providers,
        }
    }
}
