//! Activity: was there a walk today? The datapoints of a Beeminder goal give the answer, never the colour of
//! the goal.
//!
//! A walk is a datapoint that was entered today by the rule for all goals ([`Today`]), and that is for today.
//!
//! If nobody can say whether there was a walk, the answer is `Unknown`, never "needed" and never "done".

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::beeminder::{Account, BeeminderArm, Counting, EnteredToday, Goal, GoalState, Today};
use crate::domain::{Daystamp, Observation, Slug};

/// Whether the walk of a day was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Walk {
    /// The goal whose datapoints are walks.
    pub goal: Slug,
    /// The day, in the person's zone.
    pub day: Daystamp,
    /// Whether a datapoint that a person or their device made counts for that day.
    pub done: bool,
}

/// Whether the goal's own datapoints show a walk today; `None` if they leave a doubt.
pub fn walked(goal: &Goal, now: Timestamp, local_zone: &TimeZone, account_zone: &TimeZone) -> Option<bool> {
    let today = Today::of(goal, now, local_zone, account_zone);
    is_walk(today.entered(goal, Counting::TodayOnly))
}

fn is_walk(entered: EnteredToday<'_>) -> Option<bool> {
    match entered {
        EnteredToday::Yes(_) => Some(true),
        EnteredToday::No => Some(false),
        EnteredToday::Unknown => None,
    }
}

/// Today's walk, from the observed account. Beeminder is asked for more datapoints only if the account leaves
/// a doubt. `within` bounds that request.
pub async fn observe(
    goal: &Slug,
    account: &Observation<Account>,
    arm: &BeeminderArm,
    now: Timestamp,
    local_zone: &TimeZone,
    within: Duration,
) -> Observation<Walk> {
    match find_out(goal, account, arm, now, local_zone, within).await {
        Ok((walk, at)) => Observation::Fresh { value: walk, at },
        Err(why) => Observation::Unknown { why },
    }
}

async fn find_out(
    slug: &Slug,
    account: &Observation<Account>,
    arm: &BeeminderArm,
    now: Timestamp,
    local_zone: &TimeZone,
    within: Duration,
) -> Result<(Walk, Timestamp), String> {
    let (account, at) = match account {
        Observation::Fresh { value, at } => (value, *at),
        Observation::Stale { at, why, .. } => {
            return Err(format!(
                "the goals were last read at {at}, so a later walk is not seen: {why}"
            ));
        }
        Observation::Unknown { why } => return Err(format!("the goals could not be read: {why}")),
    };
    let goal = account
        .goals
        .iter()
        .find(|goal| goal.slug == *slug)
        .ok_or_else(|| not_there(slug, account))?;
    let account_zone = &account.zone(local_zone);
    let today = Today::of(goal, now, local_zone, account_zone);
    let answer = |done, at| {
        (
            Walk {
                goal: slug.clone(),
                day: today.local,
                done,
            },
            at,
        )
    };

    match walked(goal, now, local_zone, account_zone) {
        Some(true) => return Ok(answer(true, at)),
        _ if matches!(goal.state, GoalState::Frozen | GoalState::Archived) => {
            return Err(format!(
                "the goal {slug} is frozen or archived and takes no data: restart it or change walk.goal"
            ));
        }
        Some(false) => return Ok(answer(false, at)),
        None => {}
    }
    let recent = arm
        .datapoints(slug, within)
        .await
        .map_err(|error| error.to_string())?;
    match is_walk(today.entered_among(goal, &recent.points, Counting::TodayOnly)) {
        Some(false) if recent.unreadable > 0 => Err(format!(
            "{} datapoints of the goal {slug} cannot be read",
            recent.unreadable
        )),
        Some(done) => Ok(answer(done, now)),
        None => Err(format!(
            "the goal {slug} has a datapoint today, but it does not tell whether anything was done"
        )),
    }
}

fn not_there(slug: &Slug, account: &Account) -> String {
    let mut why = format!(
        "walk.goal = \"{slug}\" is not among the {} goals that were read: check the spelling of walk.goal, that the goal is not archived, \
         and that beeminder.ignore does not name it",
        account.goals.len()
    );
    if !account.unreadable.is_empty() {
        why += &format!(" ({} more could not be read)", account.unreadable.len());
    }
    why
}

#[cfg(test)]
mod tests;
