//! How much the recorded Beeminder account is worth now.

use std::{sync::Arc, time::Duration};

use jiff::{Timestamp, tz::TimeZone};

use super::when::ago;
use crate::{
    arms::beeminder::{Account, Goal, GoalState},
    domain::Severity,
    heuristic::assess::derail_risk,
};

/// The newest recorded account, and whether it can be trusted.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What was read last; `None`: nothing ever was.
    pub account: Option<Arc<Account>>,
    /// When it was read.
    pub as_of: Option<Timestamp>,
    /// Why it cannot be trusted now; `None`: it can.
    pub doubt: Option<String>,
}

/// A goal, and how close it is to derailing.
#[derive(Clone, Debug)]
pub struct Judged<'reading> {
    /// The goal.
    pub goal: &'reading Goal,
    /// Its `derail_risk`.
    pub risk: Severity,
    /// Why it is that, in one sentence.
    pub why: String,
}

/// The newest try of an upstream: when, whether it answered, why not.
pub type Try = (Timestamp, bool, Option<String>);

impl Reading {
    /// Judges the recorded account: it is trusted if the newest try worked and it is not older than two
    /// intervals. `recorded` is when it was read, and what came of parsing it.
    ///
    /// "All safe" while Beeminder was down is the failure that this ends.
    pub fn judge(
        recorded: Option<(Timestamp, serde_json::Result<Arc<Account>>)>,
        newest_try: Option<Try>,
        interval: Duration,
        now: Timestamp,
    ) -> Self {
        let failure = newest_try.and_then(|(at, ok, why)| {
            (!ok).then(|| {
                let why = why.unwrap_or_else(|| "no reason is on record".to_owned());
                format!(
                    "the newest try to read Beeminder ({}) failed: {why}",
                    ago(at, now)
                )
            })
        });
        let Some((at, parsed)) = recorded else {
            let doubt = failure.unwrap_or_else(|| "Beeminder was not read yet".to_owned());
            return Self {
                account: None,
                as_of: None,
                doubt: Some(doubt),
            };
        };
        match parsed {
            Err(error) => {
                let doubt = format!("the recorded reading cannot be parsed: {error}");
                Self {
                    account: None,
                    as_of: Some(at),
                    doubt: Some(doubt),
                }
            }
            Ok(account) => {
                let doubt = failure.or_else(|| too_old(at, interval, now));
                Self {
                    account: Some(account),
                    as_of: Some(at),
                    doubt,
                }
            }
        }
    }

    /// The account if it can be trusted.
    pub fn trusted(&self) -> Option<&Account> {
        self.account.as_deref().filter(|_| self.doubt.is_none())
    }

    /// All goals that were ever read, trusted or not.
    pub fn goals(&self) -> &[Goal] {
        self.account.as_ref().map_or(&[], |account| &account.goals)
    }

    /// Every goal with its `derail_risk`, in Beeminder's order. In a reading that cannot be trusted, each is
    /// UNKNOWN.
    pub fn judged(&self) -> Vec<Judged<'_>> {
        let zone = self.zone(&TimeZone::UTC);
        let judge = |goal| {
            let (risk, why) = self.judge_goal(goal, &zone);
            Judged { goal, risk, why }
        };
        self.goals().iter().map(judge).collect()
    }

    fn judge_goal(&self, goal: &Goal, zone: &TimeZone) -> (Severity, String) {
        match (&self.doubt, self.as_of) {
            (Some(doubt), _) => (Severity::Unknown, doubt.clone()),
            (None, None) => (Severity::Unknown, "Beeminder was not read yet".to_owned()),
            (None, Some(_)) if goal.state != GoalState::Active => (
                Severity::Safe,
                "frozen, won and archived goals cannot derail".to_owned(),
            ),
            (None, Some(read_at)) => {
                let risk = derail_risk(goal, zone, read_at);
                (risk.severity, risk.evidence)
            }
        }
    }

    /// The account's zone, in which its goals' days end; the configured one if Beeminder sent none that is
    /// known.
    pub fn zone(&self, configured: &TimeZone) -> TimeZone {
        self.account
            .as_ref()
            .map_or_else(|| configured.clone(), |account| account.zone(configured))
    }
}

fn too_old(at: Timestamp, interval: Duration, now: Timestamp) -> Option<String> {
    let age = Duration::try_from(now.duration_since(at)).unwrap_or(Duration::ZERO);
    (age > interval * 2).then(|| format!("the last reading of Beeminder is from {}", ago(at, now)))
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    fn read_at(at: Timestamp) -> Option<(Timestamp, serde_json::Result<Arc<Account>>)> {
        Some((at, Ok(Arc::new(account()))))
    }

    const INTERVAL: Duration = Duration::from_secs(900);

    #[test]
    fn a_recent_reading_after_a_good_try_is_trusted() {
        let reading = Reading::judge(
            read_at(minutes_ago(20)),
            Some((minutes_ago(20), true, None)),
            INTERVAL,
            now(),
        );
        assert_eq!(reading.doubt, None);
        assert!(reading.trusted().is_some());
    }

    #[test]
    fn a_failed_try_makes_every_goal_unknown() {
        let failed = Some((
            minutes_ago(1),
            false,
            Some("beeminder did not answer within 5s".to_owned()),
        ));
        let reading = Reading::judge(read_at(minutes_ago(16)), failed, INTERVAL, now());
        assert_eq!(
            reading.doubt.as_deref(),
            Some(
                "the newest try to read Beeminder (1 minute ago) failed: beeminder did not answer within 5s"
            )
        );
        assert!(!reading.goals().is_empty());
        assert!(
            reading
                .judged()
                .iter()
                .all(|judged| judged.risk == Severity::Unknown)
        );
    }

    #[test]
    fn two_intervals_are_the_limit() {
        let judge = |seconds| {
            let at = now() - jiff::SignedDuration::from_secs(seconds);
            Reading::judge(read_at(at), Some((at, true, None)), INTERVAL, now()).doubt
        };
        assert_eq!(judge(1800), None);
        assert_eq!(
            judge(1801).as_deref(),
            Some("the last reading of Beeminder is from 30 minutes ago")
        );
    }

    #[test]
    fn nothing_on_record_is_not_nothing_to_do() {
        let reading = Reading::judge(None, None, INTERVAL, now());
        assert_eq!(reading.doubt.as_deref(), Some("Beeminder was not read yet"));
        let broken = Reading::judge(
            Some((now(), serde_json::from_str::<Account>("{}").map(Arc::new))),
            None,
            INTERVAL,
            now(),
        );
        assert!(
            broken
                .doubt
                .unwrap()
                .starts_with("the recorded reading cannot be parsed")
        );
    }
}
