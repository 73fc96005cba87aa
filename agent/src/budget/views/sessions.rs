use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use utoipa::ToSchema;

use super::{BudgetInfo, UsageView};
use crate::{domain::Provider, store::tables::sessions::Session};

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
    pub(in super::super) fn new(session: &Session, updated_status: UsageView) -> Self {
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
