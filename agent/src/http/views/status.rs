//! `GET /beeminder/status`.

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Emergency, GoalView, Reading};
use crate::domain::Severity;

/// The account at a glance. The first five fields are those of the Python system.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BeeminderStatus {
    /// All goals, in Beeminder's order, most urgent first.
    pub goals: Vec<GoalView>,
    /// The goals that are not known to be safe. If no goal was ever read, one emergency that says so.
    pub emergencies: Vec<Emergency>,
    /// How many goals are known to be safe. 0 while Beeminder cannot be read, because no goal is known to be
    /// safe then. This and the other counts are `null` if no goal was ever read.
    pub safe_count: Option<usize>,
    /// How many goals are WARNING or CAUTION, counted together as in the Python system.
    pub warning_count: Option<usize>,
    /// How many goals are CRITICAL.
    pub critical_count: Option<usize>,
    /// How many goals are UNKNOWN. Entries of Beeminder's reply that cannot be read as a goal are counted
    /// too.
    pub unknown_count: Option<usize>,
    /// The worst risk of all goals; UNKNOWN while Beeminder cannot be read.
    #[schema(value_type = String)]
    pub derail_risk: Severity,
    /// When the goals were read; `null`: never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Timestamp>,
    /// Whether there should be a newer reading but is none.
    pub stale: bool,
    /// Why the reading is stale; `null`: it is not.
    pub why: Option<String>,
    /// The entries of Beeminder's reply that cannot be read as a goal, each with the reason.
    pub unreadable: Vec<String>,
    /// Beeminder cannot charge the account; `null`: not known.
    pub deadbeat: Option<bool>,
}

impl BeeminderStatus {
    /// A reading at an instant.
    pub fn new(reading: &Reading, zone: &TimeZone, now: Timestamp) -> Self {
        let judged = reading.judged();
        let goals: Vec<_> = judged.iter().map(|goal| GoalView::new(goal, now)).collect();
        let account = reading.account();
        let count = |risks: &[Severity]| {
            let of_risk = goals.iter().filter(|goal| risks.contains(&goal.derail_risk));
            account.map(|_| of_risk.count())
        };
        let unreadable = account
            .map(|account| account.unreadable.clone())
            .unwrap_or_default();
        Self {
            safe_count: count(&[Severity::Safe]),
            warning_count: count(&[Severity::Warning, Severity::Caution]),
            critical_count: count(&[Severity::Critical]),
            unknown_count: count(&[Severity::Unknown]).map(|goals| goals + unreadable.len()),
            derail_risk: worst(reading, &goals),
            emergencies: Emergency::all(reading, zone, now),
            goals,
            as_of: reading.as_of,
            stale: reading.doubt.is_some(),
            why: reading.doubt.clone(),
            unreadable,
            deadbeat: account.map(|account| account.deadbeat),
        }
    }
}

/// No goals at all are safe only if that was really read.
fn worst(reading: &Reading, goals: &[GoalView]) -> Severity {
    if reading.trusted().is_none() {
        return Severity::Unknown;
    }
    let unreadable = reading
        .trusted()
        .is_some_and(|account| !account.unreadable.is_empty());
    let risks = goals
        .iter()
        .map(|goal| goal.derail_risk)
        .chain(unreadable.then_some(Severity::Unknown));
    risks.max_by_key(|risk| risk.rank()).unwrap_or(Severity::Safe)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};
    use crate::arms::beeminder::Account;

    #[test]
    fn goals_are_counted_by_risk() {
        let status = BeeminderStatus::new(&trusted(), &zone(), now());
        let counts = (
            status.safe_count,
            status.warning_count,
            status.critical_count,
            status.unknown_count,
        );
        let expected = (Some(2), Some(2), Some(1), Some(1));
        assert_eq!((counts, status.derail_risk), (expected, Severity::Critical));
        assert!(!status.stale);
    }

    #[test]
    fn nothing_is_safe_while_beeminder_is_down() {
        let status = BeeminderStatus::new(&doubted(), &zone(), now());
        let counts = (
            status.safe_count,
            status.warning_count,
            status.critical_count,
            status.unknown_count,
        );
        let expected = (Some(0), Some(0), Some(0), Some(6));
        assert_eq!((counts, status.derail_risk), (expected, Severity::Unknown));
        assert_eq!(
            (status.stale, status.why.as_deref()),
            (true, Some("Beeminder is down"))
        );
        assert!(
            status
                .goals
                .iter()
                .all(|goal| goal.derail_risk == Severity::Unknown)
        );
    }

    #[test]
    fn nothing_is_counted_that_was_never_read() {
        let status = BeeminderStatus::new(&nothing_read(), &zone(), now());
        let counts = [
            status.safe_count,
            status.warning_count,
            status.critical_count,
            status.unknown_count,
        ];
        assert_eq!((counts, status.derail_risk), ([None; 4], Severity::Unknown));
        assert_eq!(status.emergencies.len(), 1);
    }

    #[test]
    fn what_is_no_goal_is_counted_as_unknown() {
        let mut account = Account {
            unreadable: vec!["goal 7: no slug".to_owned()],
            ..account()
        };
        let reading = reading_of(account.clone());
        assert_eq!(
            BeeminderStatus::new(&reading, &zone(), now()).unknown_count,
            Some(2)
        );
        account
            .goals
            .retain(|goal| goal.safebuf.is_some_and(|days| days > 3));
        assert_eq!(
            BeeminderStatus::new(&reading_of(account), &zone(), now()).derail_risk,
            Severity::Unknown
        );
    }
}
