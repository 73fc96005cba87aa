//! What the endpoints need of the rest of Mecris, as two narrow traits: things to do, and views that are
//! computed elsewhere.
//!
//! `serve` implements them over the heuristic, the outbox and the budget arm; tests implement them in ten
//! lines.

use std::pin::Pin;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::IntoParams;

use crate::{
    domain::{Provider, Silence, Subject},
    store::tables::outbox::Notification,
};

/// A future of an action or a view. It owns what it needs, so that it can outlive the request.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, ActionError>> + Send>>;

/// What may be asked of Mecris.
///
/// The endpoints run each action as a task of its own: a client that hangs up does not cut a pass or a send
/// in two.
pub trait Actions: Send + Sync {
    /// One pass of the heuristic now; the object of `run --json`.
    fn trigger_pass(&self) -> Answer<Value>;

    /// A message about the goals that are CRITICAL, through the same ledger, limits and channels as
    /// everything else.
    fn beeminder_alert(&self) -> Answer<AlertReply>;

    /// One LLM session for the ledger; see [`RecordSession`].
    fn record_session(&self, session: RecordSession) -> Answer<Value>;

    /// What a person read off a console about a limit or what is left of it.
    fn update_budget(&self, update: UpdateBudget) -> Answer<Value>;

    /// A month-to-date total that a person read off a provider's console.
    fn record_odometer(&self, reading: RecordOdometer) -> Answer<Value>;

    /// The person knows about what a message says: no more of it on its day. The message as it is then.
    fn acknowledge(&self, notification_id: String, author: String) -> Answer<Notification>;

    /// Begins a silence or a vacation. The silence as it was recorded.
    fn silence(&self, silence: Silence) -> Answer<Silence>;

    /// Ends one before its time. The silence as it is then.
    fn unsilence(&self, id: String, author: String) -> Answer<Silence>;
}

/// What is computed elsewhere from recorded state.
pub trait Views: Send + Sync {
    /// `GET /usage`.
    fn usage(&self) -> Answer<Value>;

    /// The `summary` of `GET /usage/summary`.
    fn usage_summary(&self, days: u32) -> Answer<Value>;

    /// The `sessions` of `GET /usage/recent`, an array, newest first.
    fn usage_recent(&self, limit: u32) -> Answer<Value>;

    /// `GET /groq/odometer/status`.
    fn odometer_status(&self) -> Answer<Value>;

    /// The `groq_context` of `GET /groq/odometer/context`.
    fn odometer_context(&self) -> Answer<Value>;
}

/// Why an action or a view gave nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ActionError {
    /// The arguments cannot be used; the sentence is for the caller and names the argument.
    #[error("{0}")]
    Invalid(String),
    /// There is no such thing; the sentence is for the caller.
    #[error("{0}")]
    NotFound(String),
    /// It may work later. The text is for the log only.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// It failed. The text is for the log only.
    #[error("failed: {0}")]
    Failed(String),
}

/// What became of `POST /beeminder/alert`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertReply {
    /// Whether a provider took a message (old meaning: "sent"). Never true for one that was only planned.
    pub alert_sent: bool,
    /// Goals that are CRITICAL; `None` if nobody knows.
    pub critical_count: Option<u64>,
    /// What happened, for a person.
    pub message: String,
    /// Why nothing was sent: a reason of the decision log, or `cooldown_active` for `already_notified_today`,
    /// as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The message, if one was made.
    pub notification_id: Option<String>,
    /// What it is about.
    pub subjects: Vec<Subject>,
}

/// Arguments of `POST /usage/record`.
#[derive(Clone, Debug, Deserialize, IntoParams, PartialEq)]
#[into_params(parameter_in = Query)]
pub struct RecordSession {
    /// Tokens that went in.
    pub input_tokens: u64,
    /// Tokens that came out.
    pub output_tokens: u64,
    /// Who bills; `anthropic` unless said otherwise.
    #[serde(default = "anthropic")]
    #[param(value_type = Option<String>)]
    pub provider: Provider,
    /// The model id; prices are by model.
    #[serde(default = "default_model")]
    #[param(required = false)]
    pub model: String,
    /// What it was for.
    #[serde(default = "interactive")]
    #[param(required = false)]
    pub session_type: String,
    /// Anything.
    #[serde(default)]
    #[param(required = false)]
    pub notes: String,
}

/// Arguments of `POST /usage/update_budget`. Each may come alone.
#[derive(Clone, Debug, Deserialize, IntoParams, PartialEq)]
#[into_params(parameter_in = Query)]
pub struct UpdateBudget {
    /// Whose budget; `anthropic` unless said otherwise.
    #[serde(default = "anthropic")]
    #[param(value_type = Option<String>)]
    pub provider: Provider,
    /// Dollars left now.
    pub remaining_budget: Option<f64>,
    /// Dollars of the whole period.
    pub total_budget: Option<f64>,
    /// Last day of the period.
    #[param(value_type = Option<String>, format = Date)]
    pub period_end: Option<jiff::civil::Date>,
}

/// Arguments of `POST /groq/odometer/record`.
#[derive(Clone, Debug, Deserialize, IntoParams, PartialEq)]
#[into_params(parameter_in = Query)]
pub struct RecordOdometer {
    /// Dollars since the month began, as the console shows them.
    pub value: f64,
    /// `YYYY-MM`; the present month unless said otherwise.
    pub month: Option<String>,
    /// Anything.
    #[serde(default)]
    #[param(required = false)]
    pub notes: String,
    /// The last reading of that month was wrong, so this one may be lower.
    #[serde(default)]
    #[param(required = false)]
    pub correction: bool,
}

fn anthropic() -> Provider {
    Provider::Anthropic
}

/// What the Python system assumed when nothing was said.
fn default_model() -> String {
    "claude-3-5-sonnet-20241022".to_owned()
}

fn interactive() -> String {
    "interactive".to_owned()
}
