//! `GET /beeminder/daily-activity`: was something done today? Recorded state only; a doubt is `unknown`,
//! never `needed`.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Reading;
use crate::{
    arms::{activity::Walk, beeminder::Goal},
    domain::{Daystamp, Slug},
};

/// Whether a goal has a real datapoint today. The fields are those of the Python system.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ActivityStatus {
    /// The goal's slug.
    #[schema(value_type = String)]
    pub goal_slug: Slug,
    /// Whether the goal has a real datapoint today; `null`: it is not known.
    pub has_activity_today: Option<bool>,
    /// `completed`, `needed` or `unknown`.
    #[schema(value_type = String)]
    pub status: &'static str,
    /// When Beeminder was last read.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub check_time: Option<Timestamp>,
    /// The same instant as `check_time`. The Python system had both names.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_check: Option<Timestamp>,
    /// The status as one sentence for a person.
    #[schema(value_type = String)]
    pub message: &'static str,
    /// Always true: requests read what was recorded.
    pub cached: bool,
    /// Why the status is `unknown`; `null`: it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What is on record about a goal's day.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// The account.
    pub reading: &'a Reading,
    /// The newest walk that a pass found out about, and when.
    pub walk: Option<(Timestamp, &'a Walk)>,
    /// The local day now.
    pub today: Daystamp,
}

/// The account was read, and it has no such goal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the account has no goal {0}")]
pub struct NoSuchGoal(pub Slug);

impl ActivityStatus {
    /// What is known of today. `walked` says what a goal's own datapoints prove, or `None` where they leave a
    /// doubt.
    ///
    /// # Errors
    /// If the account was just read and has no such goal.
    pub fn of(
        slug: &Slug,
        recorded: Recorded<'_>,
        walked: impl FnOnce(&Goal) -> Option<bool>,
    ) -> Result<Self, NoSuchGoal> {
        let Recorded { reading, walk, today } = recorded;
        let walk = walk.filter(|(_, walk)| walk.goal == *slug && walk.day == today);
        // What was done today stays done, whether or not Beeminder can be read since.
        if let Some((at, _)) = walk.filter(|(_, walk)| walk.done) {
            return Ok(Self::known(slug, true, Some(at)));
        }
        let Some(account) = reading.trusted() else {
            let why = reading
                .doubt
                .clone()
                .unwrap_or_else(|| "Beeminder was not read yet".to_owned());
            return Ok(Self::unknown(slug, reading.as_of, why));
        };
        let goal = account
            .goals
            .iter()
            .find(|goal| goal.slug == *slug)
            .ok_or_else(|| NoSuchGoal(slug.clone()))?;
        let asked = walk
            .filter(|(at, _)| Some(*at) >= reading.as_of)
            .map(|(_, walk)| walk.done);
        Ok(match walked(goal).or(asked) {
            Some(done) => Self::known(slug, done, reading.as_of),
            None => Self::unknown(
                slug,
                reading.as_of,
                "the datapoints on record do not tell".to_owned(),
            ),
        })
    }

    fn known(slug: &Slug, done: bool, at: Option<Timestamp>) -> Self {
        let (status, message) = if done {
            ("completed", "Walk logged today")
        } else {
            ("needed", "No walk detected today")
        };
        Self {
            goal_slug: slug.clone(),
            has_activity_today: Some(done),
            status,
            check_time: at,
            last_check: at,
            message,
            cached: true,
            error: None,
        }
    }

    /// Not known, and why.
    pub fn unknown(slug: &Slug, at: Option<Timestamp>, why: String) -> Self {
        Self {
            goal_slug: slug.clone(),
            has_activity_today: None,
            status: "unknown",
            check_time: at,
            last_check: at,
            message: "Unable to check activity status",
            cached: true,
            error: Some(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    fn bike() -> Slug {
        "bike".parse().unwrap()
    }

    fn today() -> Daystamp {
        "2026-11-21".parse().unwrap()
    }

    fn walk(done: bool, day: &str) -> Walk {
        Walk {
            goal: bike(),
            day: day.parse().unwrap(),
            done,
        }
    }

    fn status(reading: &Reading, walk: Option<(Timestamp, &Walk)>, walked: Option<bool>) -> &'static str {
        let recorded = Recorded {
            reading,
            walk,
            today: today(),
        };
        ActivityStatus::of(&bike(), recorded, |_| walked).unwrap().status
    }

    #[test]
    fn the_goals_own_datapoints_decide() {
        assert_eq!(status(&trusted(), None, Some(true)), "completed");
        assert_eq!(status(&trusted(), None, Some(false)), "needed");
        assert_eq!(status(&trusted(), None, None), "unknown");
    }

    #[test]
    fn where_they_leave_a_doubt_the_pass_that_asked_decides() {
        let needed = walk(false, "2026-11-21");
        assert_eq!(status(&trusted(), Some((now(), &needed)), None), "needed");
        assert_eq!(
            status(&trusted(), Some((minutes_ago(60), &needed)), None),
            "unknown"
        );
    }

    #[test]
    fn a_walk_is_not_asked_for_again_and_never_on_a_doubt() {
        let done = walk(true, "2026-11-21");
        assert_eq!(
            status(&doubted(), Some((minutes_ago(60), &done)), Some(false)),
            "completed"
        );
        assert_eq!(status(&doubted(), None, Some(false)), "unknown");
        let yesterday = walk(true, "2026-11-20");
        assert_eq!(
            status(&trusted(), Some((minutes_ago(60), &yesterday)), Some(false)),
            "needed"
        );
    }

    #[test]
    fn a_goal_that_is_not_there_is_said() {
        let recorded = Recorded {
            reading: &trusted(),
            walk: None,
            today: today(),
        };
        let missing: Slug = "swim".parse().unwrap();
        assert_eq!(
            ActivityStatus::of(&missing, recorded, |_| None),
            Err(NoSuchGoal(missing.clone()))
        );
    }
}
