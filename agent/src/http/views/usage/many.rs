use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::UsageView;
use crate::{
    budget::{BudgetToday, Outcome},
    domain::{PricedBy, on_one_line},
};

/// The longest reason for a refusal, in characters.
const LONGEST_WHY: usize = 300;

/// `POST /usage/records`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SessionsRecorded {
    /// How many are new.
    pub recorded: usize,
    /// How many were on record.
    pub repeated: usize,
    /// How many a person took back.
    pub taken_back: usize,
    /// How many are not recorded.
    pub refused: usize,
    /// What became of each, in the order in which they came.
    pub sessions: Vec<SessionAnswer>,
    /// `GET /usage` after it.
    pub updated_status: UsageView,
    /// When they were recorded.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
}

/// What became of one of many sessions.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct SessionAnswer {
    /// As it was sent.
    pub request_id: Option<String>,
    /// What became of it.
    pub result: SessionResult,
    /// Its id: `DELETE /usage/sessions/{id}` takes it back. `null`: it is not recorded.
    pub id: Option<String>,
    /// What it cost, in dollars. `null`: it is not recorded.
    pub estimated_cost: Option<f64>,
    /// How that is known: `listed`, `assumed` or `reported`. `null`: it is not recorded.
    #[schema(value_type = Option<String>)]
    pub priced_by: Option<PricedBy>,
    /// Why it is not recorded.
    pub why: Option<String>,
}

/// What can become of a session.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionResult {
    /// It is new.
    Recorded,
    /// Its request was on record.
    Repeated,
    /// A person took it back, and a transcript does not bring it again.
    #[serde(rename = "taken_back")]
    TakenBack,
    /// It is not recorded.
    Refused,
}

impl SessionsRecorded {
    /// The answers to sessions with these request ids.
    pub fn new(
        outcomes: impl Iterator<Item = (Option<String>, Result<Outcome, String>)>,
        usage: &[BudgetToday],
        now: Timestamp,
    ) -> Self {
        let sessions: Vec<SessionAnswer> = outcomes
            .map(|(id, outcome)| SessionAnswer::new(id, outcome))
            .collect();
        let count = |result| sessions.iter().filter(|session| session.result == result).count();
        Self {
            recorded: count(SessionResult::Recorded),
            repeated: count(SessionResult::Repeated),
            taken_back: count(SessionResult::TakenBack),
            refused: count(SessionResult::Refused),
            updated_status: UsageView::new(usage),
            timestamp: now,
            sessions,
        }
    }
}

impl SessionAnswer {
    fn new(request_id: Option<String>, outcome: Result<Outcome, String>) -> Self {
        let (result, kept, why) = match outcome {
            Ok(Outcome::Recorded(kept)) => (SessionResult::Recorded, Some(kept), None),
            Ok(Outcome::Repeated(kept)) => (SessionResult::Repeated, Some(kept), None),
            Ok(Outcome::TakenBack) => (SessionResult::TakenBack, None, None),
            Ok(Outcome::Refused(error)) => (SessionResult::Refused, None, Some(error.to_string())),
            Err(why) => (SessionResult::Refused, None, Some(why)),
        };
        Self {
            request_id,
            result,
            estimated_cost: kept.as_ref().map(|kept| kept.session.cost.usd()),
            priced_by: kept.as_ref().and_then(|kept| kept.session.priced_by),
            id: kept.map(|kept| kept.id),
            why: why.map(|why| on_one_line(&why, LONGEST_WHY)),
        }
    }
}
