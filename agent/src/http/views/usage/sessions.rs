use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use utoipa::ToSchema;

use super::{BudgetInfo, UsageView};
use crate::{
    budget::{self, RecordedSession, Tally},
    domain::{PricedBy, Provider, SessionSource, Speed},
    store::tables::sessions::{Kept, Session},
};

/// `POST /usage/record`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SessionRecorded {
    /// Always true: a refusal is an error.
    pub recorded: bool,
    /// Whether its request had been recorded before. Then this answer shows what is known best of it.
    pub repeated: bool,
    /// Whether anybody pays for it.
    pub billed: bool,
    /// Its id: `DELETE /usage/sessions/{id}` takes it back.
    pub id: String,
    /// Who bills it.
    #[schema(value_type = String)]
    pub provider: Provider,
    /// Tokens sent, without those that were written to a cache or read from one.
    pub input_tokens: i64,
    /// Tokens received.
    pub output_tokens: i64,
    /// What it cost, in dollars.
    pub estimated_cost: f64,
    /// How that is known.
    pub pricing: Pricing,
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
    /// A session that was just recorded.
    pub fn new(recorded: RecordedSession) -> Self {
        let RecordedSession {
            kept: Kept { id, session },
            is_repeated,
            usage,
        } = recorded;
        Self {
            recorded: true,
            repeated: is_repeated,
            billed: session.billed,
            id,
            provider: session.provider,
            input_tokens: session.used.input,
            output_tokens: session.used.output,
            estimated_cost: session.cost.usd(),
            pricing: Pricing::of(&session),
            model: session.model,
            session_type: session.session_type,
            updated_status: UsageView::new(&usage),
            timestamp: session.at,
        }
    }
}

/// How the cost of a session is known.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Pricing {
    /// `listed`: the table of prices has the model. `assumed`: it does not, or no model was named. `reported`: the
    /// caller said the cost. `null`: recorded before that was noted.
    #[schema(value_type = Option<String>)]
    pub by: Option<PricedBy>,
    /// The model whose line of the table counted.
    pub line: Option<String>,
    /// One sentence for a person.
    pub why: String,
}

impl Pricing {
    fn of(session: &Session) -> Self {
        Self {
            by: session.priced_by,
            line: session.priced_as.clone(),
            why: budget::why_priced(session),
        }
    }
}

/// `DELETE /usage/sessions/{id}`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SessionTakenBack {
    /// The session that the ledger no longer has.
    pub session: SessionView,
    /// `GET /usage` without it.
    pub updated_status: UsageView,
}

impl SessionTakenBack {
    /// A session that was just taken back.
    pub fn new(taken: RecordedSession) -> Self {
        Self {
            session: taken.kept.into(),
            updated_status: UsageView::new(&taken.usage),
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
    /// Sessions, with those that nobody is billed for.
    pub total_sessions: usize,
    /// Tokens sent, with those that were written to a cache or read from one.
    pub total_input_tokens: i64,
    /// Tokens received.
    pub total_output_tokens: i64,
    /// What the billed ones cost, in dollars.
    pub total_cost: f64,
    /// By local day, newest first; days without sessions are left out.
    pub daily_usage: Vec<DayUsage>,
    /// By session type, the most expensive first.
    pub usage_by_type: Vec<TypeUsage>,
    /// By provider, the most expensive first.
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
    /// How many sessions, with those that nobody is billed for.
    pub sessions: usize,
    /// What the billed ones of that day cost, in dollars.
    pub cost: f64,
}

/// One session type of a summary.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TypeUsage {
    /// The session type, as it was given.
    #[serde(rename = "type")]
    pub session_type: String,
    /// How many sessions, with those that nobody is billed for.
    pub sessions: usize,
    /// What the billed ones cost, in dollars.
    pub cost: f64,
}

/// One provider of a summary.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ProviderUsage {
    /// The provider that bills the sessions.
    #[schema(value_type = String)]
    pub provider: Provider,
    /// How many sessions, with those that nobody is billed for.
    pub sessions: usize,
    /// What the billed ones cost, in dollars.
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
    /// Its id: `DELETE /usage/sessions/{id}` takes it back.
    pub id: String,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// Who bills it.
    #[schema(value_type = String)]
    pub provider: Provider,
    /// The model id.
    pub model: String,
    /// Tokens sent, without those that were written to a cache or read from one.
    pub input_tokens: i64,
    /// Tokens received.
    pub output_tokens: i64,
    /// What it cost by the prices of its day, in dollars.
    pub estimated_cost: f64,
    /// How that is known.
    pub pricing: Pricing,
    /// Tokens written to a cache for five minutes, or for a time that nobody said.
    pub cache_write_tokens: i64,
    /// Tokens written to a cache for an hour.
    pub cache_write_1h_tokens: i64,
    /// Tokens read from a cache.
    pub cache_read_tokens: i64,
    /// Web searches that the provider made.
    pub web_searches: i64,
    /// How fast the model was asked to answer.
    #[schema(value_type = String)]
    pub speed: Speed,
    /// The service tier, as the provider reported it; empty: nobody said.
    pub service_tier: String,
    /// Where the model ran, as the provider reported it; empty: nobody said.
    pub inference_geo: String,
    /// What the provider calls the request.
    pub request_id: Option<String>,
    /// Whether anybody pays for it.
    pub billed: bool,
    /// How it came here: `recorded`, `transcripts`, `otlp` or `proxy`.
    #[schema(value_type = String)]
    pub source: SessionSource,
    /// As given.
    pub session_type: String,
    /// As given.
    pub notes: String,
}

impl From<Kept> for SessionView {
    fn from(kept: Kept) -> Self {
        let Kept { id, session } = kept;
        Self {
            id,
            timestamp: session.at,
            provider: session.provider,
            input_tokens: session.used.input,
            output_tokens: session.used.output,
            estimated_cost: session.cost.usd(),
            pricing: Pricing::of(&session),
            model: session.model,
            cache_write_tokens: session.used.cache_write,
            cache_write_1h_tokens: session.used.cache_write_1h,
            cache_read_tokens: session.used.cache_read,
            web_searches: session.used.web_searches,
            speed: session.conditions.speed,
            service_tier: session.conditions.service_tier,
            inference_geo: session.conditions.inference_geo,
            request_id: session.request_id,
            billed: session.billed,
            source: session.source,
            session_type: session.session_type,
            notes: session.notes,
        }
    }
}

impl RecentView {
    /// The sessions, newest first, as they were at `now`.
    pub fn new(sessions: Vec<Kept>, now: Timestamp) -> Self {
        Self {
            count: sessions.len(),
            sessions: sessions.into_iter().map(SessionView::from).collect(),
            timestamp: now,
        }
    }
}

impl SummaryView {
    /// The sums as they were at `now`.
    pub fn new(summary: budget::Summary, now: Timestamp) -> Self {
        Self {
            summary: summary.into(),
            timestamp: now,
        }
    }
}

impl From<budget::Summary> for Summary {
    fn from(summary: budget::Summary) -> Self {
        let day = |(date, Tally { sessions, cost })| DayUsage {
            date,
            sessions,
            cost: cost.usd(),
        };
        let of_type = |(session_type, Tally { sessions, cost })| TypeUsage {
            session_type,
            sessions,
            cost: cost.usd(),
        };
        let of_provider = |(provider, Tally { sessions, cost })| ProviderUsage {
            provider,
            sessions,
            cost: cost.usd(),
        };
        Self {
            period_days: summary.days,
            total_sessions: summary.total.sessions,
            total_input_tokens: summary.input_tokens,
            total_output_tokens: summary.output_tokens,
            total_cost: summary.total.cost.usd(),
            daily_usage: summary.by_day.into_iter().map(day).collect(),
            usage_by_type: summary.by_type.into_iter().map(of_type).collect(),
            usage_by_provider: summary.by_provider.into_iter().map(of_provider).collect(),
            budget: summary.anthropic.as_ref().and_then(BudgetInfo::of),
        }
    }
}
