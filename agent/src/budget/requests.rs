//! What a person or a client may tell Mecris about a budget.
//!
//! The endpoints parse the arguments of a request into these types. An argument that the Python system had
//! keeps its name and its default.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de};
use utoipa::IntoParams;

use super::{
    bounds::{Amount, Balance, Limit, Model, MonthName, Notes, ProviderName, SessionType, Tokens},
    period::Month,
};
use crate::domain::{Money, Provider};

/// One LLM session for the ledger.
#[derive(Clone, Debug, Deserialize, IntoParams, PartialEq)]
#[into_params(parameter_in = Query)]
pub struct NewSession {
    /// Who bills the session; `anthropic` unless said otherwise.
    #[serde(default = "anthropic")]
    #[param(value_type = ProviderName, inline, required = false)]
    pub provider: Provider,
    /// The model id. The price table must have a price for it, or for `*`.
    #[serde(default = "default_model")]
    #[param(value_type = Model, inline, required = false)]
    pub model: String,
    /// Tokens sent.
    #[serde(deserialize_with = "whole")]
    #[param(value_type = Tokens, inline)]
    pub input_tokens: u64,
    /// Tokens received.
    #[serde(deserialize_with = "whole")]
    #[param(value_type = Tokens, inline)]
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

/// What a person read off a console: what is left of a budget, its limit, or the end of its period. At least
/// one of the three is needed. A field that is `None` stays as the person last said it in this period, or else
/// as it is configured.
#[derive(Clone, Debug, Deserialize, IntoParams, PartialEq)]
#[into_params(parameter_in = Query)]
pub struct UpdateBudget {
    /// Whose budget; `anthropic` unless said otherwise.
    #[serde(default = "anthropic")]
    #[param(value_type = ProviderName, inline, required = false)]
    pub provider: Provider,
    /// Dollars left now. If the budget is summed from sessions, later sessions are subtracted from this. If it comes
    /// from an odometer, this holds until the next reading.
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
    #[param(value_type = MonthName, inline, required = false)]
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

/// A whole number. JSON does not tell `7.0` from `7`, and some clients write every number the first way.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    struct Whole;

    impl de::Visitor<'_> for Whole {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number from 0 on")
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<u64, E> {
            Ok(number)
        }

        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number from 0 on; one that is too large becomes the largest, which is refused"
        )]
        fn visit_f64<E: de::Error>(self, number: f64) -> Result<u64, E> {
            if number >= 0.0 && number.fract() == 0.0 {
                Ok(number as u64)
            } else {
                Err(E::invalid_type(de::Unexpected::Float(number), &self))
            }
        }
    }

    deserializer.deserialize_u64(Whole)
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

#[cfg(test)]
mod tests {
    use super::NewSession;

    fn input_tokens(number: &str) -> Result<u64, String> {
        let body = format!(r#"{{"input_tokens": {number}, "output_tokens": 0}}"#);
        let read = serde_json::from_str::<NewSession>(&body);
        read.map(|session| session.input_tokens)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_whole_number_may_have_a_point() {
        for (number, read) in [
            ("7", 7),
            ("7.0", 7),
            ("-0.0", 0),
            ("1e3", 1_000),
            ("1e300", u64::MAX),
        ] {
            assert_eq!(input_tokens(number), Ok(read), "{number}");
        }
        for number in ["7.5", "-1", "-1.0", "\"7\""] {
            let refused = input_tokens(number).unwrap_err();
            assert!(refused.contains("expected a whole number from 0 on"), "{refused}");
        }
    }
}
