//! Activity: was there a walk today? The datapoints of a Beeminder goal give the answer. How close the goal
//! is to derailing (its colour at Beeminder) says nothing about a walk.
//!
//! [`Counting::TodayOnly`] says which datapoints are today's walk: those that a person entered for today.
//!
//! If the datapoints do not tell whether there was a walk, the answer is `Unknown`, never "needed" and never
//! "done".

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::beeminder::{
    Account, BeeminderArm, Counting, EnteredToday, Goal, GoalState, RecentDatapoints, Today,
};
use crate::domain::{Daystamp, Observation, Slug};

/// Whether the walk of a day was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Walk {
    /// The goal whose datapoints are walks.
    pub goal: Slug,
    /// The day, in the person's zone.
    pub day: Daystamp,
    /// Whether there was a walk on that day.
    pub done: bool,
}

/// Whether the datapoints that came with the goal show a walk today; `None` if they do not tell.
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
    match Seen::of(goal, account, now, local_zone) {
        Seen::Known(walk) => walk,
        Seen::InDoubt(doubt) => {
            let recent = arm.datapoints(goal, within).await;
            doubt.settle(recent.map_err(|error| error.to_string()))
        }
    }
}

/// What the observed account says about today's walk.
#[derive(Debug)]
pub enum Seen {
    /// The account answers whether there was a walk, or why that cannot be known. Nothing more has to be
    /// read.
    Known(Observation<Walk>),
    /// The account leaves a doubt: the newest datapoints of the goal have to be read.
    InDoubt(Box<Doubt>),
}

/// The question whether there was a walk. It stays open until the newest datapoints of the goal are read.
#[derive(Debug)]
pub struct Doubt {
    goal: Goal,
    today: Today,
    now: Timestamp,
}

impl Seen {
    /// Looks for today's walk in the account.
    pub fn of(slug: &Slug, account: &Observation<Account>, now: Timestamp, local_zone: &TimeZone) -> Self {
        Self::find(slug, account, now, local_zone)
            .unwrap_or_else(|why| Self::Known(Observation::Unknown { why }))
    }

    fn find(
        slug: &Slug,
        account: &Observation<Account>,
        now: Timestamp,
        local_zone: &TimeZone,
    ) -> Result<Self, String> {
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
        match walked(goal, now, local_zone, account_zone) {
            Some(true) => Ok(Self::Known(answer(goal, &today, true, at))),
            _ if matches!(goal.state, GoalState::Frozen | GoalState::Archived) => Err(format!(
                "the goal {slug} is frozen or archived and takes no data: restart it or change walk.goal"
            )),
            Some(false) => Ok(Self::Known(answer(goal, &today, false, at))),
            None => Ok(Self::InDoubt(Box::new(Doubt {
                goal: goal.clone(),
                today,
                now,
            }))),
        }
    }
}

impl Doubt {
    /// Answers with the newest datapoints of the goal, or with the reason why they could not be read.
    pub fn settle(self, recent: Result<RecentDatapoints, String>) -> Observation<Walk> {
        match self.find_out(recent) {
            Ok(done) => answer(&self.goal, &self.today, done, self.now),
            Err(why) => Observation::Unknown { why },
        }
    }

    fn find_out(&self, recent: Result<RecentDatapoints, String>) -> Result<bool, String> {
        let (recent, slug) = (recent?, &self.goal.slug);
        let entered = self
            .today
            .entered_among(&self.goal, &recent.points, Counting::TodayOnly);
        match is_walk(entered) {
            Some(false) if recent.unreadable > 0 => Err(format!(
                "{} datapoints of the goal {slug} cannot be read",
                recent.unreadable
            )),
            Some(done) => Ok(done),
            None => Err(format!(
                "the goal {slug} has a datapoint today, but it does not tell whether anything was done"
            )),
        }
    }
}

fn answer(goal: &Goal, today: &Today, done: bool, at: Timestamp) -> Observation<Walk> {
    let value = Walk {
        goal: goal.slug.clone(),
        day: today.local,
        done,
    };
    Observation::Fresh { value, at }
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
