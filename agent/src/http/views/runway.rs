//! The `goal_runway` of `/narrator/context`: the few goals that run out first.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Reading, reading::Judged, when};
use crate::{
    arms::beeminder::GoalState,
    domain::{Severity, Slug},
};

/// How many are shown.
const SHOWN: usize = 6;

/// One goal's runway, with the fields of the Python system.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Runway {
    /// The goal's slug.
    #[schema(value_type = String)]
    pub slug: Slug,
    /// For display only.
    pub title: String,
    /// Whole safe days.
    pub safebuf: Option<i64>,
    /// Time until it derails (`7 hours`, `3 days`), or `unknown`.
    pub runway: String,
    /// The slope of the line, in units per `runits`.
    pub rate: Option<f64>,
    /// `y`, `m`, `w`, `d` or `h`.
    pub runits: Option<String>,
    /// As in `/beeminder/status`.
    #[schema(value_type = String)]
    pub derail_risk: Severity,
}

impl Runway {
    /// The goals with the least runway first. The walk's goal is always among them, as in the
    /// Python system.
    pub fn all(reading: &Reading, walk_goal: Option<&Slug>, now: Timestamp) -> Vec<Self> {
        let mut goals = reading.judged();
        goals.retain(|judged| judged.goal.state == GoalState::Active);
        goals.sort_by_key(|Judged { goal, .. }| (goal.safebuf.is_none(), goal.safebuf, goal.losedate));
        if let Some(at) = goals
            .iter()
            .position(|judged| Some(&judged.goal.slug) == walk_goal)
            && at >= SHOWN
        {
            let walk = goals.remove(at);
            goals.insert(SHOWN - 1, walk);
        }
        goals.truncate(SHOWN);
        goals.iter().map(|judged| Self::new(judged, now)).collect()
    }

    fn new(judged: &Judged<'_>, now: Timestamp) -> Self {
        let goal = judged.goal;
        let left = goal.losedate.map(|at| when::span(at.duration_since(now)));
        let runway = left.or_else(|| goal.safebuf.map(|days| when::count(days, "day")));
        Self {
            slug: goal.slug.clone(),
            title: goal.title.clone(),
            safebuf: goal.safebuf,
            runway: runway.unwrap_or_else(|| "unknown".to_owned()),
            rate: goal.rate,
            runits: goal.rate_unit.clone(),
            derail_risk: judged.risk,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::testing::*, *};
    use crate::arms::beeminder::Account;

    #[test]
    fn the_walks_goal_is_always_shown() {
        let goals = (0..8).map(|n| goal(&format!("g{n}"), Some(n), json!({})));
        let reading = reading_of(Account {
            goals: goals.collect(),
            ..account()
        });
        let slugs = |walk: Option<&str>| -> Vec<String> {
            let walk = walk.map(|slug| slug.parse().unwrap());
            Runway::all(&reading, walk.as_ref(), now())
                .iter()
                .map(|r| r.slug.to_string())
                .collect()
        };
        assert_eq!(slugs(None), ["g0", "g1", "g2", "g3", "g4", "g5"]);
        assert_eq!(slugs(Some("g7")), ["g0", "g1", "g2", "g3", "g4", "g7"]);
        assert_eq!(slugs(Some("g1")), ["g0", "g1", "g2", "g3", "g4", "g5"]);
    }

    #[test]
    fn the_runway_is_in_hours_when_it_is_short() {
        let runways: Vec<_> = Runway::all(&trusted(), None, now())
            .into_iter()
            .map(|r| r.runway)
            .collect();
        assert_eq!(runways, ["10 hours", "34 hours", "2 days", "5 days", "7 days"]);
    }
}
