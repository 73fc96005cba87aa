//! What a person or a client may tell Mecris about a budget.
//!
//! The endpoints parse the arguments of a request into these types. An argument that the Python system had
//! keeps its name and its default.

use std::fmt;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::IntoParams;

use super::{
    BudgetError,
    bounds::{
        Amount, Balance, Condition, Limit, Model, MonthName, Notes, ProviderName, RequestId, Searches,
        SessionType, SpeedName, Tokens,
    },
    period::Month,
};
use crate::domain::{Conditions, Money, Provider, Speed, Used};

/// One LLM session for the ledger.
#[derive(Clone, Debug, Deserialize, IntoParams, PartialEq, Serialize)]
#[into_params(parameter_in = Query)]
pub struct NewSession {
    /// Who bills the session; `anthropic` unless said otherwise.
    #[serde(default = "anthropic")]
    #[param(value_type = ProviderName, inline, required = false)]
    pub provider: Provider,
    /// The model id. If the table of prices does not have it, each class of tokens counts at the dearest price that
    /// the table has of the provider, and the answer says so. Without it, the session counts as one of
    /// claude-3-5-sonnet-20241022, which is assumed too.
    #[param(value_type = Model, inline, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Tokens sent, without those that were written to a cache or read from one: `input_tokens` of Anthropic's
    /// API. (Where a provider counts cached tokens among those sent, subtract them.)
    #[serde(deserialize_with = "whole")]
    #[param(value_type = Tokens, inline)]
    pub input_tokens: u64,
    /// Tokens received.
    #[serde(deserialize_with = "whole")]
    #[param(value_type = Tokens, inline)]
    pub output_tokens: u64,
    /// Tokens written to a cache. Those of them that the next two do not explain count as written for five
    /// minutes.
    #[serde(
        default,
        deserialize_with = "whole_if_given",
        skip_serializing_if = "Option::is_none"
    )]
    #[param(value_type = Tokens, inline, required = false)]
    pub cache_creation_input_tokens: Option<u64>,
    /// Tokens written to a cache for five minutes.
    #[serde(default, deserialize_with = "whole")]
    #[param(value_type = Tokens, inline, required = false)]
    pub ephemeral_5m_input_tokens: u64,
    /// Tokens written to a cache for an hour.
    #[serde(default, deserialize_with = "whole")]
    #[param(value_type = Tokens, inline, required = false)]
    pub ephemeral_1h_input_tokens: u64,
    /// Tokens read from a cache.
    #[serde(default, deserialize_with = "whole")]
    #[param(value_type = Tokens, inline, required = false)]
    pub cache_read_input_tokens: u64,
    /// Web searches that the provider made.
    #[serde(default, deserialize_with = "whole")]
    #[param(value_type = Searches, inline, required = false)]
    pub web_search_requests: u64,
    /// How fast the model was asked to answer.
    #[serde(default)]
    #[param(value_type = SpeedName, inline, required = false)]
    pub speed: Speed,
    /// The service tier that the provider reported, such as `standard` or `batch`.
    #[serde(default)]
    #[param(value_type = Condition, inline, required = false)]
    pub service_tier: String,
    /// Where the model ran, as the provider reported it, such as `us`.
    #[serde(default)]
    #[param(value_type = Condition, inline, required = false)]
    pub inference_geo: String,
    /// What the session cost in dollars, if whoever records it knows. It counts instead of the table of prices.
    #[param(value_type = Amount, inline, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<Money>,
    /// What the provider calls the request. A request that is recorded already is not recorded again. Of the two
    /// costs a reported one stays before a listed one, and that before an assumed one; of two that are known equally
    /// well the dearer stays.
    #[param(value_type = RequestId, inline, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What the provider calls the message that it answered with. A transcript can have a message again under another
    /// `request_id`: of sessions that `/usage/records` brings from `transcripts`, these are one.
    #[param(value_type = RequestId, inline, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// When it ran; now unless said otherwise. It counts for the budget and at the prices of that time: a session of before
    /// a person said what remained is in what was said. At most 366 days ago.
    #[param(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Whether anybody pays for it; true unless said otherwise. A session within a plan is not billed: it is
    /// shown, and no budget counts it. A request that was billed once stays so.
    #[serde(default = "yes")]
    #[param(required = false)]
    pub billed: bool,
    /// The session really costs more than ten times the budget of a period. Without this it is refused as a slip.
    #[serde(default)]
    #[param(required = false)]
    pub confirmed: bool,
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

/// A person's word that all that was spent at a provider is recorded.
#[derive(Clone, Debug, Deserialize, IntoParams, PartialEq)]
#[into_params(parameter_in = Query)]
pub struct NothingMore {
    /// At whom; `anthropic` unless said otherwise.
    #[serde(default = "anthropic")]
    #[param(value_type = ProviderName, inline, required = false)]
    pub provider: Provider,
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

/// The same for an argument that may be missing.
fn whole_if_given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    whole(deserializer).map(Some)
}

impl NewSession {
    /// A session of which nobody says more than this.
    pub fn new(provider: Provider, model: &str, input_tokens: u64, output_tokens: u64) -> Self {
        Self {
            provider,
            model: Some(model.to_owned()),
            input_tokens,
            output_tokens,
            cache_creation_input_tokens: None,
            ephemeral_5m_input_tokens: 0,
            ephemeral_1h_input_tokens: 0,
            cache_read_input_tokens: 0,
            web_search_requests: 0,
            speed: Speed::Standard,
            service_tier: String::new(),
            inference_geo: String::new(),
            cost_usd: None,
            request_id: None,
            message_id: None,
            at: None,
            billed: true,
            confirmed: false,
            session_type: interactive(),
            notes: String::new(),
        }
    }

    /// The model, or the one that the Python system assumed when no model was named.
    pub(super) fn model(&self) -> &str {
        self.model.as_deref().unwrap_or("claude-3-5-sonnet-20241022")
    }

    /// What it used.
    ///
    /// # Errors
    /// If a number is out of bounds, or fewer tokens were written to a cache than for five minutes and for an
    /// hour together.
    pub(super) fn used(&self) -> Result<Used, BudgetError> {
        let for_5m = Tokens::check("ephemeral_5m_input_tokens", self.ephemeral_5m_input_tokens)?;
        let for_1h = Tokens::check("ephemeral_1h_input_tokens", self.ephemeral_1h_input_tokens)?;
        let written = match self.cache_creation_input_tokens {
            Some(written) => Tokens::check("cache_creation_input_tokens", written)?,
            None => for_5m + for_1h,
        };
        if written < for_5m + for_1h {
            return Err(BudgetError::not_now(
                "cache_creation_input_tokens",
                written,
                format!(
                    "at least {}, which is ephemeral_5m_input_tokens and ephemeral_1h_input_tokens together",
                    for_5m + for_1h
                ),
            ));
        }
        Ok(Used {
            input: Tokens::check("input_tokens", self.input_tokens)?,
            output: Tokens::check("output_tokens", self.output_tokens)?,
            cache_write: written - for_1h,
            cache_write_1h: for_1h,
            cache_read: Tokens::check("cache_read_input_tokens", self.cache_read_input_tokens)?,
            web_searches: Searches::check("web_search_requests", self.web_search_requests)?,
        })
    }

    /// How it ran.
    ///
    /// # Errors
    /// If a text is too long.
    pub(super) fn conditions(&self) -> Result<Conditions, BudgetError> {
        Condition::check("service_tier", &self.service_tier)?;
        Condition::check("inference_geo", &self.inference_geo)?;
        Ok(Conditions {
            speed: self.speed,
            service_tier: self.service_tier.trim().to_lowercase(),
            inference_geo: self.inference_geo.trim().to_lowercase(),
        })
    }
}

fn anthropic() -> Provider {
    Provider::Anthropic
}

fn yes() -> bool {
    true
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
