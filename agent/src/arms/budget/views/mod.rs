//! What the endpoints answer: every field of the Python system with its old meaning, and the new ones beside it.
//!
//! Dollars are JSON numbers, times RFC 3339 UTC, days local. What is not known is `null`, never 0.

mod odometer;

use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use utoipa::ToSchema;

pub use odometer::{
    GroqContext, GroqTracking, MonthView, OdometerContextView, OdometerState, OdometerStatusView, ReadingRecorded,
    ReadingResult, Reminder, ReminderKind, ReminderStatus, Urgency,
};

use super::{Budget, Health, Recorded, health::Alert, row::source_word};
use crate::{
    domain::{Money, Provider},
    store::sessions::Session,
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
pub(super) struct Derived {
    pub(super) days_remaining: Option<i64>,
    pub(super) projected_exhaustion: Option<Date>,
    pub(super) alerts: Vec<Alert>,
}

impl ProviderView {
    pub(super) fn new(recorded: &Recorded, derived: &Derived) -> Self {
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
    pub(super) fn new(anthropic: &Budget, derived: Derived, providers: Vec<ProviderView>) -> Self {
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

/// `POST /usage/record`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SessionRecorded {
    /// Always true: a refusal is an error.
    pub recorded: bool,
    /// Who bills it.
    #[schema(value_type = String)]
    pub provider: Provider,
    /// Tokens sent.
    pub input_tokens: i64,
    /// Tokens received.
    pub output_tokens: i64,
    /// What it cost by the price table.
    pub estimated_cost: f64,
    /// The model id.
    pub model: String,
    /// As given.
    pub session_type: String,
    /// `GET /usage` after it.
    pub updated_status: UsageView,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
}

impl SessionRecorded {
    pub(super) fn new(session: &Session, updated_status: UsageView) -> Self {
        Self {
            recorded: true,
            provider: session.provider,
            input_tokens: session.input_tokens,
            output_tokens: session.output_tokens,
            estimated_cost: session.cost.usd(),
            model: session.model.clone(),
            session_type: session.session_type.clone(),
            updated_status,
            timestamp: session.at,
        }
    }
}

/// `POST /usage/update_budget`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct UpdateRecorded {
    /// Always true: a refusal is an error.
    pub updated: bool,
    /// Whose.
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
    /// Limit less used.
    pub remaining: Option<f64>,
    /// First day.
    #[schema(value_type = Option<String>, format = Date)]
    pub period_start: Option<Date>,
    /// Last day.
    #[schema(value_type = Option<String>, format = Date)]
    pub period_end: Option<Date>,
    /// When it was computed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_updated: Option<Timestamp>,
}

impl BudgetInfo {
    /// `None` if the provider has no budget.
    pub(super) fn of(recorded: &Recorded) -> Option<Self> {
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

/// `GET /usage/summary`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SummaryView {
    /// The sums.
    pub summary: Summary,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
}

/// Every provider's sessions of the last local days, today included.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Summary {
    /// How many days.
    pub period_days: u32,
    /// Sessions.
    pub total_sessions: usize,
    /// Tokens sent.
    pub total_input_tokens: i64,
    /// Tokens received.
    pub total_output_tokens: i64,
    /// What they cost.
    pub total_cost: f64,
    /// By local day, newest first; days without sessions are left out.
    pub daily_usage: Vec<DayUsage>,
    /// By session type, dearest first.
    pub usage_by_type: Vec<TypeUsage>,
    /// By provider, dearest first.
    pub usage_by_provider: Vec<ProviderUsage>,
    /// Anthropic's budget.
    pub budget: Option<BudgetInfo>,
}

/// One day of a summary.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DayUsage {
    /// The local day.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// How many sessions.
    pub sessions: usize,
    /// What they cost.
    pub cost: f64,
}

/// One session type of a summary.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TypeUsage {
    /// The word that was given.
    #[serde(rename = "type")]
    pub session_type: String,
    /// How many sessions.
    pub sessions: usize,
    /// What they cost.
    pub cost: f64,
}

/// One provider of a summary.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ProviderUsage {
    /// Who bills.
    #[schema(value_type = String)]
    pub provider: Provider,
    /// How many sessions.
    pub sessions: usize,
    /// What they cost.
    pub cost: f64,
}

/// `GET /usage/recent`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RecentView {
    /// Newest first.
    pub sessions: Vec<SessionView>,
    /// How many are listed.
    pub count: usize,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
}

/// One recorded session.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SessionView {
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// Who bills it.
    #[schema(value_type = String)]
    pub provider: Provider,
    /// The model id.
    pub model: String,
    /// Tokens sent.
    pub input_tokens: i64,
    /// Tokens received.
    pub output_tokens: i64,
    /// What it cost by the price table of its day.
    pub estimated_cost: f64,
    /// As given.
    pub session_type: String,
    /// As given.
    pub notes: String,
}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        Self {
            timestamp: session.at,
            provider: session.provider,
            model: session.model,
            input_tokens: session.input_tokens,
            output_tokens: session.output_tokens,
            estimated_cost: session.cost.usd(),
            session_type: session.session_type,
            notes: session.notes,
        }
    }
}

fn usd(money: Option<Money>) -> Option<f64> {
    money.map(Money::usd)
}
