//! How much the recorded Beeminder account is worth now.

use std::{sync::Arc, time::Duration};

use jiff::{Timestamp, tz::TimeZone};

use super::when::ago;
use crate::{
    arms::beeminder::{Account, Goal, GoalState},
    domain::Severity,
    heuristic::assess::{GoalRisk, derail_risk},
};

/// An account as Beeminder sent it, and what it says of each goal.
#[derive(Debug, PartialEq)]
pub struct Read {
    /// The account.
    pub account: Account,
    /// The risk of each goal by this reading, in the order of the goals. It does not change with time, and every
    /// request about goals needs it.
    risks: Vec<GoalRisk>,
}

impl Read {
    /// An account that was read at `at`.
    pub fn new(account: Account, at: Timestamp) -> Self {
        let zone = account.zone(&TimeZone::UTC);
        let risks = account
            .goals
            .iter()
            .map(|goal| derail_risk(goal, &zone, at))
            .collect();
        Self { account, risks }
    }
}

/// The newest recorded account, and whether it can be trusted.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What was read last; `None`: nothing ever was, or it cannot be parsed.
    pub read: Option<Arc<Read>>,
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
    pub why: &'reading str,
}

/// When an account was read; and the account, or why its record cannot be parsed.
pub type RecordedAccount = (Timestamp, Result<Arc<Read>, String>);

/// The newest try of an upstream: when, whether it answered, why not.
pub type Try = (Timestamp, bool, Option<String>);

impl Reading {
    /// Judges the recorded account: it is trusted if the newest try worked and it is not older than two
    /// intervals. `recorded` is when it was read, and what came of parsing it.
    ///
    /// "All safe" while Beeminder was down is the failure that this ends.
    pub fn judge(
        recorded: Option<RecordedAccount>,
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
                read: None,
                as_of: None,
                doubt: Some(doubt),
            };
        };
        match parsed {
            Err(error) => {
                let doubt = format!("the recorded reading cannot be parsed: {error}");
                Self {
                    read: None,
                    as_of: Some(at),
                    doubt: Some(doubt),
                }
            }
            Ok(read) => {
                let doubt = failure.or_else(|| too_old(at, interval, now));
                Self {
                    read: Some(read),
                    as_of: Some(at),
                    doubt,
                }
            }
        }
    }

    /// The account that was read last, trusted or not.
    pub fn account(&self) -> Option<&Account> {
        self.read.as_ref().map(|read| &read.account)
    }

    /// The account if it can be trusted.
    pub fn trusted(&self) -> Option<&Account> {
        self.account().filter(|_| self.doubt.is_none())
    }

    /// All goals that were ever read, trusted or not.
    pub fn goals(&self) -> &[Goal] {
        self.account().map_or(&[], |account| &account.goals)
    }

    /// Every goal with its `derail_risk`, in Beeminder's order. In a reading that cannot be trusted, each is
    /// UNKNOWN.
    pub fn judged(&self) -> Vec<Judged<'_>> {
        let Some(read) = &self.read else {
            return Vec::new();
        };
        let goals = read.account.goals.iter().zip(&read.risks);
        goals.map(|(goal, risk)| self.judge_goal(goal, risk)).collect()
    }

    fn judge_goal<'reading>(
        &'reading self,
        goal: &'reading Goal,
        risk: &'reading GoalRisk,
    ) -> Judged<'reading> {
        let (risk, why) = match &self.doubt {
            Some(doubt) => (Severity::Unknown, doubt.as_str()),
            None if goal.state != GoalState::Active => {
                (Severity::Safe, "frozen, won and archived goals cannot derail")
            }
            None => (risk.severity, risk.evidence.as_str()),
        };
        Judged { goal, risk, why }
    }

    /// The account's zone, in which its goals' days end; the configured one if Beeminder sent none that is
    /// known.
    pub fn zone(&self, configured: &TimeZone) -> TimeZone {
        self.account()
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

    fn read_at(at: Timestamp) -> Option<RecordedAccount> {
        Some((at, Ok(Arc::new(Read::new(account(), at)))))
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
        assert_eq!(reading.trusted(), Some(&account()));
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
            Some((now(), Err("missing field `goals`".to_owned()))),
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
