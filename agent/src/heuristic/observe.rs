//! Asks every arm at once, each within its own deadline. If an arm does not answer, its observation is stale
//! or unknown. It is never left out.

use std::{collections::HashMap, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use rusqlite::Connection;

use super::{assess::Observed, rules::Rules};
use crate::{
    arms::{
        activity::{self, Walk},
        beeminder::{Account, BeeminderArm, BeeminderError, Datapoint, Goal, GoalState},
    },
    budget::BudgetArm,
    config::WalkSettings,
    domain::{Observation, Slug, Trigger},
    store::{
        Store, StoreError,
        tables::{entry_histories, snapshots},
    },
};

/// Shares of the pass's deadline: first for the account, then for the datapoints of single goals (a walk in
/// doubt, new goals). The rest is for deciding and recording.
const ACCOUNT_SHARE: f64 = 0.6;
const DATAPOINTS_SHARE: f64 = 0.25;

/// How many new goals have their history read in one pass, at most.
const HISTORIES_PER_PASS: usize = 5;

/// Beeminder recomputes a goal within seconds. After this time an account with a goal that cannot wait is read
/// again.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(3);

/// What was entered into a goal before Mecris knew it.
#[derive(Clone, Debug)]
pub(super) struct History {
    /// The goal's id, or its slug if it has no id.
    pub(super) goal: String,
    /// Its newest datapoints; `None`: they could not be read.
    pub(super) points: Option<Vec<Datapoint>>,
}

/// The arms of one pass.
#[derive(Clone)]
pub(super) struct Arms {
    pub(super) beeminder: BeeminderArm,
    pub(super) budget: BudgetArm,
    pub(super) walk: Option<WalkSettings>,
    pub(super) zone: TimeZone,
    pub(super) deadline: Duration,
}

impl Arms {
    /// Asks all arms. Returns everything that can be known at `now`, and the histories of new goals.
    ///
    /// # Errors
    /// Only if the store cannot be read or written; an upstream's failure is an observation.
    pub(super) async fn observe(
        &self,
        store: &Store,
        rules: &Rules,
        trigger: Trigger,
        now: Timestamp,
    ) -> Result<(Observed, Vec<History>), StoreError> {
        let started = tokio::time::Instant::now();
        let account = self.account(store, rules, trigger, now);
        let (account, budgets) = tokio::join!(account, self.budget.observe(now));
        let (account, cure) = account?;
        let (walk, histories) = tokio::join!(self.walk(&account, now), self.histories(store, &account));
        let observed = Observed {
            beeminder: account,
            cure,
            walk,
            budgets: budgets?,
            elapsed: started.elapsed(),
        };
        Ok((observed, histories?))
    }

    async fn walk(&self, account: &Observation<Account>, now: Timestamp) -> Option<Observation<Walk>> {
        let walk = self.walk.as_ref()?;
        let within = self.deadline.mul_f64(DATAPOINTS_SHARE);
        Some(activity::observe(&walk.goal, account, &self.beeminder, now, &self.zone, within).await)
    }

    /// Reads what was entered into some of the goals that are new, so that a person's habit is known from the
    /// first day. If Beeminder fails, the rest waits for the next pass; the pass itself goes on.
    async fn histories(
        &self,
        store: &Store,
        account: &Observation<Account>,
    ) -> Result<Vec<History>, StoreError> {
        let Some(account) = account.fresh() else {
            return Ok(Vec::new());
        };
        let within = self.deadline.mul_f64(DATAPOINTS_SHARE);
        let started = tokio::time::Instant::now();
        let mut histories = Vec::new();
        for goal in new_goals(store, account)? {
            let left = within.saturating_sub(started.elapsed());
            if left.is_zero() {
                break;
            }
            let read = self.beeminder.history(&goal.slug, left).await;
            let failed = read.is_err();
            if let Err(error) = &read {
                tracing::info!(goal = %goal.slug, %error, "the earlier datapoints of a new goal cannot be read yet");
            }
            histories.push(History {
                goal: goal.key().to_owned(),
                points: read.ok().map(|recent| recent.points),
            });
            if failed {
                break;
            }
        }
        Ok(histories)
    }

    /// The account, and what a person must do so that it can be read.
    ///
    /// The account is read once more if Beeminder is recomputing a goal that cannot wait for the next pass.
    async fn account(
        &self,
        store: &Store,
        rules: &Rules,
        trigger: Trigger,
        now: Timestamp,
    ) -> Result<(Observation<Account>, Option<&'static str>), StoreError> {
        let started = tokio::time::Instant::now();
        let within = self.deadline.mul_f64(ACCOUNT_SHARE);
        // The arm keeps within this time. A second timer of the same length here would sometimes be first:
        // the call would be dropped, and neither the circuit breaker nor the log would hear of the failure.
        let read = self.beeminder.observe(now, within).await;
        let cure = read.as_ref().err().and_then(BeeminderError::cure);
        let read = read.map_err(|error| error.to_string());
        let account = store.read(|connection| settled(connection, read, now))?;
        let first = account.fresh();
        // Usually nothing is queued, and the state need not be asked when the next pass is.
        let Some(first) = first.filter(|first| first.goals.iter().any(|goal| goal.queued)) else {
            return Ok((account, cure));
        };
        let should_be_read_again =
            store.read(|connection| rules.should_be_read_again(connection, first, trigger, now))?;
        let left = within.saturating_sub(started.elapsed() + READ_AGAIN_AFTER);
        if !should_be_read_again || left.is_zero() {
            return Ok((account, cure));
        }
        tokio::time::sleep(READ_AGAIN_AFTER).await;
        let account = match self.beeminder.observe(now, left).await {
            Ok(again) => store.read(|connection| settled(connection, Ok(again), now))?,
            Err(error) => {
                tracing::info!(%error, "the account cannot be read again: the first reading counts");
                account
            }
        };
        Ok((account, cure))
    }
}

/// The goals whose history is to be read in this pass: those with the fewest failed tries first.
fn new_goals<'a>(store: &Store, account: &'a Account) -> Result<Vec<&'a Goal>, StoreError> {
    let can_matter = |goal: &&Goal| matches!(goal.state, GoalState::Active | GoalState::Frozen);
    let goals: Vec<&Goal> = account.goals.iter().filter(can_matter).collect();
    let mut wanted = store.read(|connection| {
        let mut wanted = Vec::new();
        for goal in goals {
            if let Some(tries) = entry_histories::wanted(connection, goal.key())? {
                wanted.push((tries, goal));
            }
        }
        Ok(wanted)
    })?;
    wanted.sort_by_key(|(tries, _)| *tries);
    wanted.truncate(HISTORIES_PER_PASS);
    Ok(wanted.into_iter().map(|(_, goal)| goal).collect())
}

/// The observation that follows from a try to read the account at `now`. If the try failed, the last reading
/// on this connection is observed as stale; without one the account is unknown. If a goal was queued at the
/// last reading and still is, it keeps the time since when it is queued.
///
/// # Errors
/// If the last reading cannot be read.
pub fn settled(
    connection: &Connection,
    read: Result<Account, String>,
    now: Timestamp,
) -> rusqlite::Result<Observation<Account>> {
    Ok(match read {
        Ok(mut account) => {
            if account.goals.iter().any(|goal| goal.queued) {
                let before = last_account(connection)?.map(|(_, account)| account);
                carry_queued_since(&mut account, before.as_ref(), now);
            }
            Observation::Fresh {
                value: account,
                at: now,
            }
        }
        Err(why) => match last_account(connection)? {
            Some((at, value)) => Observation::Stale { value, at, why },
            None => Observation::Unknown { why },
        },
    })
}

/// The last account that was read, if this version can still read it.
pub(super) fn last_account(connection: &Connection) -> rusqlite::Result<Option<(Timestamp, Account)>> {
    let snapshot = snapshots::get(connection, snapshots::BEEMINDER)?;
    Ok(snapshot.and_then(|(at, json)| match serde_json::from_str(&json) {
        Ok(account) => Some((at, account)),
        Err(error) => {
            tracing::warn!(%error, "the recorded Beeminder snapshot is not readable and is ignored");
            None
        }
    }))
}

/// Fills in since when goals are queued. Beeminder does not say it, so it is computed from the last snapshot.
fn carry_queued_since(account: &mut Account, before: Option<&Account>, now: Timestamp) {
    let queued = |goal: &&Goal| goal.queued;
    let before = before
        .into_iter()
        .flat_map(|account| account.goals.iter().filter(queued));
    let since: HashMap<&Slug, Option<Timestamp>> =
        before.map(|goal| (&goal.slug, goal.queued_since)).collect();
    for goal in account.goals.iter_mut().filter(|goal| goal.queued) {
        let earlier = since.get(&goal.slug).copied().flatten();
        goal.queued_since = Some(earlier.unwrap_or(now));
    }
}
