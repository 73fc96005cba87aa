//! What a person or a client may tell about a budget.
//!
//! The endpoints read these straight from the arguments of a request, so field names and defaults are those
//! of the Python system.

use jiff::civil::Date;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    bounds::{Amount, Balance, Limit, Model, Notes, SessionType},
    period::Month,
};
use crate::domain::{Money, Provider};

/// One LLM session for the ledger.
#[derive(Clone, Debug, Deserialize, IntoParams, PartialEq)]
#[into_params(parameter_in = Query)]
pub struct NewSession {
    /// Who bills the session; `anthropic` unless said otherwise.
    #[serde(default = "anthropic")]
    #[param(value_type = Option<String>)]
    pub provider: Provider,
    /// The model id, as the price table has it.
    #[serde(default = "default_model")]
    #[param(value_type = Model, inline, required = false)]
    pub model: String,
    /// Tokens sent.
    pub input_tokens: u64,
    /// Tokens received.
    pub output_tokens: u64,
    /// What the session was for, a free word such as `interactive`.
    #[serde(default = "interactive")]
    #[param(value_type = SessionType, inline, required = false)]
    pub session_type: String,
    /// Free text.
    #[serde(default)]
    #[param(value_type = Notes, inline, required = false)]
    pub notes: String,
}

/// What a person read off a console about a limit or about what is left of it. What is `None` stays as it is;
/// each works alone.
#[derive(Clone, Debug, Deserialize, IntoParams, PartialEq)]
#[into_params(parameter_in = Query)]
pub struct UpdateBudget {
    /// Whose budget; `anthropic` unless said otherwise.
    #[serde(default = "anthropic")]
    #[param(value_type = Option<String>)]
    pub provider: Provider,
    /// Dollars left now. Sessions count from here on.
    #[serde(rename = "remaining_budget")]
    #[param(value_type = Balance, inline, required = false)]
    pub remaining: Option<Money>,
    /// The limit of the present period in dollars.
    #[serde(rename = "total_budget")]
    #[param(value_type = Limit, inline, required = false)]
    pub total: Option<Money>,
    /// The last day of the present period, at most two years away.
    #[param(value_type = Option<String>, format = Date)]
    pub period_end: Option<Date>,
}

/// A month-to-date total that a person read off a provider's console.
#[derive(Clone, Debug, Deserialize, IntoParams, PartialEq)]
#[into_params(parameter_in = Query)]
pub struct NewReading {
    /// Dollars since the month began, as the console shows them.
    #[param(value_type = Amount, inline)]
    pub value: Money,
    /// The month as `YYYY-MM`; the present local month unless said otherwise.
    #[param(value_type = Option<String>)]
    pub month: Option<Month>,
    /// Free text.
    #[serde(default)]
    #[param(value_type = Notes, inline, required = false)]
    pub notes: String,
    /// The last reading of that month was wrong, so this one may be lower.
    #[serde(default)]
    #[param(required = false)]
    pub correction: bool,
}

fn anthropic() -> Provider {
    Provider::Anthropic
}

/// What the Python system assumed when no model was named.
fn default_model() -> String {
    "claude-3-5-sonnet-20241022".to_owned()
}

fn interactive() -> String {
    "interactive".to_owned()
}
