//! One goal, as `/beeminder/status` lists it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{reading::Judged, when};
use crate::{
    arms::beeminder::GoalState,
    domain::{Money, Severity, Slug},
};

/// A goal. The first ten fields are those of the Python system; numbers that Beeminder did not send are
/// `null`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GoalView {
    /// The last part of its URL.
    #[schema(value_type = String)]
    pub slug: Slug,
    /// For display only: the person can write anything there.
    pub title: String,
    /// Latest value.
    pub current_value: Option<f64>,
    /// Value at the end of the line.
    pub target_value: Option<f64>,
    /// Whole safe days; 0 is a beemergency day.
    pub safebuf: Option<i64>,
    /// The instant of derailment, as Beeminder says it. The Python system computed it from safebuf.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deadline: Option<Timestamp>,
    /// `SAFE`, `CAUTION`, `WARNING`, `CRITICAL`, or `UNKNOWN` if it cannot be told now.
    #[schema(value_type = String)]
    pub derail_risk: Severity,
    /// Dollars at risk.
    #[schema(value_type = Option<f64>)]
    pub pledge: Option<Money>,
    /// The slope of the line, in units per `runits`.
    pub rate: Option<f64>,
    /// `y`, `m`, `w`, `d` or `h`.
    pub runits: Option<String>,
    /// Hours until `losedate`; negative when it has passed.
    pub hours_to_losedate: Option<f64>,
    /// Same instant as `deadline`, by Beeminder's name for it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub losedate: Option<Timestamp>,
    /// `active`, `frozen`, `won` or `archived`.
    #[schema(value_type = String)]
    pub state: GoalState,
    /// Beeminder is recomputing it, so safebuf proves nothing.
    pub queued: bool,
}

impl GoalView {
    /// A judged goal, at an instant.
    pub fn new(judged: &Judged<'_>, now: Timestamp) -> Self {
        let goal = judged.goal;
        Self {
            slug: goal.slug.clone(),
            title: goal.title.clone(),
            current_value: goal.current_value,
            target_value: goal.target_value,
            safebuf: goal.safebuf,
            deadline: goal.losedate,
            derail_risk: judged.risk,
            pledge: goal.pledge,
            rate: goal.rate,
            runits: goal.rate_unit.clone(),
            hours_to_losedate: goal.losedate.map(|at| when::hours_until(at, now)),
            losedate: goal.losedate,
            state: goal.state,
            queued: goal.queued,
        }
    }
}
