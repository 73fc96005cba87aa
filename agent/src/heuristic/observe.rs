//! Asks every arm at once, each within its own deadline. An arm that does not answer is stale or unknown,
//! never absent.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

use super::assess::Observed;
use crate::{
    arms::{
        activity,
        beeminder::{Account, BeeminderArm},
    },
    budget::BudgetArm,
    config::WalkSettings,
    domain::Observation,
    store::{Store, StoreError, tables::snapshots},
};

/// Shares of the pass's deadline: the account first, then a walk in doubt; the rest is for deciding and
/// recording.
const ACCOUNT_SHARE: f64 = 0.6;
const WALK_SHARE: f64 = 0.25;

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
    /// Asks all arms; the result is everything that can be known at `now`.
    ///
    /// # Errors
    /// Only if the store cannot be read or written; an upstream's failure is an observation.
    pub(super) async fn observe(&self, store: &Store, now: Timestamp) -> Result<Observed, StoreError> {
        let started = tokio::time::Instant::now();
        let (account, budgets) = tokio::join!(self.account(store, now), self.budget.observe(now));
        let account = account?;
        let walk = match &self.walk {
            Some(walk) => {
                let within = self.deadline.mul_f64(WALK_SHARE);
                Some(activity::observe(&walk.goal, &account, &self.beeminder, now, &self.zone, within).await)
            }
            None => None,
        };
        Ok(Observed {
            beeminder: account,
            walk,
            budgets: budgets?,
            elapsed: started.elapsed(),
        })
    }

    async fn account(&self, store: &Store, now: Timestamp) -> Result<Observation<Account>, StoreError> {
        let within = self.deadline.mul_f64(ACCOUNT_SHARE);
        // The arm keeps within this time. A second timer of the same length here would sometimes be first:
        // the call would be dropped, and neither the circuit breaker nor the log would hear of the failure.
        let read = self.beeminder.observe(now, within).await;
        let read = read.map_err(|error| error.to_string());
        let before = last_account(store)?;
        Ok(match (read, before) {
            (Ok(mut account), before) => {
                carry_queued_since(&mut account, before.map(|(_, account)| account).as_ref(), now);
                Observation::Fresh {
                    value: account,
                    at: now,
                }
            }
            (Err(why), Some((at, value))) => Observation::Stale { value, at, why },
            (Err(why), None) => Observation::Unknown { why },
        })
    }
}

/// The last account that was read, if this version can still read it.
fn last_account(store: &Store) -> Result<Option<(Timestamp, Account)>, StoreError> {
    let snapshot = store.read(|connection| snapshots::get(connection, snapshots::BEEMINDER))?;
    Ok(snapshot.and_then(|(at, json)| match serde_json::from_str(&json) {
        Ok(account) => Some((at, account)),
        Err(error) => {
            tracing::warn!(%error, "the recorded Beeminder snapshot is not readable and is ignored");
            None
        }
    }))
}

/// Beeminder does not say since when a goal is queued, so this is computed from the snapshots.
fn carry_queued_since(account: &mut Account, before: Option<&Account>, now: Timestamp) {
    for goal in account.goals.iter_mut().filter(|goal| goal.queued) {
        let earlier = before
            .and_then(|account| account.goals.iter().find(|old| old.slug == goal.slug))
            .filter(|old| old.queued)
            .and_then(|old| old.queued_since);
        goal.queued_since = Some(earlier.unwrap_or(now));
    }
}
