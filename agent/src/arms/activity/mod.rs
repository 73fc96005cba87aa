//! Activity: was there a walk today? The datapoints of a Beeminder goal give the answer, never the colour of
//! the goal.
//!
//! A walk is a datapoint of the goal that a person or their device made, whatever its value. A dummy
//! datapoint is no walk, because Beeminder itself made it: a `#DERAIL` point or a pessimistic presumption.
//! The initial datapoint is no walk either, because Beeminder makes it on the day the goal is created. The
//! daystamp of a walk must be today, as `today.rs` defines it.
//!
//! If nobody can say whether there was a walk, the answer is `Unknown`, never "needed" and never "done".

mod today;

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use self::today::Today;
use super::beeminder::{Account, BeeminderArm, Datapoint, Goal, GoalState};
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
///
/// Beeminder sends only the last few datapoints with a goal. If none of them is a walk of today, "not done"
/// is certain only if Beeminder says that the goal has no datapoint today (`todayta`) and is not recomputing
/// the goal (`queued`).
pub fn walked(goal: &Goal, now: Timestamp, local_zone: &TimeZone, account_zone: &TimeZone) -> Option<bool> {
    if is_walked(&goal.datapoints, &Today::of(goal, now, local_zone, account_zone)) {
        return Some(true);
    }
    (goal.has_data_today == Some(false) && !goal.queued).then_some(false)
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
    let done = is_walked(&recent.points, &today);
    if !done && recent.unreadable > 0 {
        return Err(format!(
            "{} datapoints of the goal {slug} cannot be read",
            recent.unreadable
        ));
    }
    Ok(answer(done, now))
}

fn is_walked(datapoints: &[Datapoint], today: &Today) -> bool {
    datapoints
        .iter()
        .any(|point| !point.is_dummy && !point.is_initial && today.covers(point))
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
