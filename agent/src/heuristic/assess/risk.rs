use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};

use super::words::span;
use crate::{
    arms::beeminder::Goal,
    clock::{beeminder_day, beeminder_day_bounds},
    domain::Severity,
    heuristic::policy::QUEUED_TRUSTED_AFTER,
};

/// With more safe days than this, a century, it is not known when a goal derails: nobody will see whether the day
/// was right, and the calendar ends some time later.
const LONGEST_SAFE_DAYS: i64 = 36_525;

/// If the losedate is so many days later than the last of few safe days, the two contradict each other. Deadlines at
/// night and changes of zone make a day of difference.
const CONTRADICTION_DAYS: i64 = 3;

/// How close one active goal is to derailing, judged by one reading of Beeminder.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalRisk {
    /// The `derail_risk`.
    pub severity: Severity,
    /// Whole safe days; `None` if unknown.
    pub safe_days: Option<i64>,
    /// When it derails: `losedate`, else the end of the last safe day. If the two contradict each other, the end of the
    /// last safe day too: of two days the nearer one.
    pub derails_at: Option<Timestamp>,
    /// Why, in one sentence.
    pub evidence: String,
}

/// The rule that turns a goal into a `derail_risk`. `read_at` is when Beeminder was read, `zone` is the
/// account's.
///
/// `safebuf` decides (0 is what Beeminder calls a beemergency day). If `safebuf` is missing, it is computed
/// from `losedate`, which is the end of today plus `safebuf` days. But that can only warn: a goal without a
/// readable `safebuf` is never safe. If the numbers of a goal contradict each other, it is UNKNOWN. So it is
/// while Beeminder is recomputing it, for up to an hour. (A pass takes it at face value if it cannot wait.)
pub fn derail_risk(goal: &Goal, zone: &TimeZone, read_at: Timestamp) -> GoalRisk {
    let by_safe_days_left = || end_of_safe_days(goal, zone, read_at);
    let derails_at = match too_late(goal, zone, read_at) {
        Some(_) => by_safe_days_left(),
        None => goal.losedate.or_else(by_safe_days_left),
    };
    let unknown = |evidence| GoalRisk {
        severity: Severity::Unknown,
        safe_days: None,
        derails_at,
        evidence,
    };

    let queued_for = queued_for(goal, read_at);
    if let Some(length) = queued_for.filter(|_| is_recomputed(goal, read_at)) {
        return unknown(format!(
            "Beeminder is recomputing it (queued for {})",
            span(length)
        ));
    }
    let (safe_days, mut evidence) = match (goal.safebuf, goal.losedate) {
        (None, None) => return unknown("neither its safebuf nor its losedate can be read".to_owned()),
        (Some(days), Some(losedate)) if losedate <= read_at => {
            let ago = span(read_at.duration_since(losedate));
            return unknown(if days > 0 {
                format!("Beeminder contradicts itself: losedate was {ago} ago, safebuf is {days}")
            } else {
                format!("losedate was {ago} ago, Beeminder has not said yet what follows")
            });
        }
        (None, Some(losedate)) if losedate <= read_at => {
            return unknown(format!(
                "losedate was {} ago and there is no safebuf",
                span(read_at.duration_since(losedate))
            ));
        }
        (Some(days), Some(losedate)) => (
            days,
            format!(
                "safebuf {days}, {} to losedate{}",
                span(losedate.duration_since(read_at)),
                too_late(goal, zone, read_at).unwrap_or_default()
            ),
        ),
        (Some(days), None) => (days, format!("safebuf {days}, no losedate")),
        (None, Some(losedate)) => {
            let days = days_until(losedate, goal, zone, read_at);
            let left = span(losedate.duration_since(read_at));
            // Half an answer can warn, but it cannot show that a goal is safe.
            if !by_safe_days(days).at_least(Severity::Warning) {
                return unknown(format!(
                    "Beeminder sent no safebuf that can be read; {left} to losedate"
                ));
            }
            (days, format!("no safebuf; {left} to losedate, {days} safe days"))
        }
    };
    if let Some(length) = queued_for {
        evidence.push_str(&format!("; queued for {}, taken at face value", span(length)));
    }
    GoalRisk {
        severity: by_safe_days(safe_days),
        safe_days: Some(safe_days),
        derails_at,
        evidence,
    }
}

/// What to say of a losedate that is days later than safebuf allows; `None`: it is not. Beeminder's own rule is that
/// losedate is the end of today plus safebuf days.
fn too_late(goal: &Goal, zone: &TimeZone, read_at: Timestamp) -> Option<&'static str> {
    let (days, losedate) = goal.safebuf.zip(goal.losedate)?;
    let is_warned = by_safe_days(days).at_least(Severity::Warning) && !goal.queued;
    (is_warned && days_until(losedate, goal, zone, read_at) - days.max(0) >= CONTRADICTION_DAYS)
        .then_some("; the two contradict each other, and the nearer day counts")
}

/// Whether Beeminder is recomputing a goal, and has not been for too long: its numbers may change any minute.
pub(super) fn is_recomputed(goal: &Goal, read_at: Timestamp) -> bool {
    queued_for(goal, read_at).is_some_and(|length| length <= QUEUED_TRUSTED_AFTER)
}

/// The risk of a goal that Beeminder is recomputing, by the numbers that it shows meanwhile. At the last chance
/// but one there is no time to wait for better ones.
pub(super) fn at_face_value(goal: &Goal, zone: &TimeZone, read_at: Timestamp) -> GoalRisk {
    let settled = Goal {
        queued: false,
        ..goal.clone()
    };
    let mut risk = derail_risk(&settled, zone, read_at);
    risk.evidence
        .push_str("; Beeminder is recomputing it, taken at face value because it cannot wait");
    risk
}

fn queued_for(goal: &Goal, read_at: Timestamp) -> Option<SignedDuration> {
    goal.queued
        .then(|| read_at.duration_since(goal.queued_since.unwrap_or(read_at)))
}

fn by_safe_days(days: i64) -> Severity {
    match days {
        ..=0 => Severity::Critical,
        1 => Severity::Warning,
        2..=3 => Severity::Caution,
        4.. => Severity::Safe,
    }
}

/// Beeminder days from today's to the one that ends at `losedate`.
fn days_until(losedate: Timestamp, goal: &Goal, zone: &TimeZone, now: Timestamp) -> i64 {
    let today = beeminder_day(now, zone, goal.deadline).date();
    // losedate is the last second of its day (23:59:59) or the first instant after that day. One second
    // earlier is on that day in both cases.
    let last_instant = losedate
        .saturating_sub(SignedDuration::from_secs(1))
        .unwrap_or(losedate);
    let last = beeminder_day(last_instant, zone, goal.deadline).date();
    last.since(today)
        .map_or(i64::MAX, |span| span.get_days().into())
        .max(0)
}

fn end_of_safe_days(goal: &Goal, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let days = goal.safebuf.filter(|&days| days <= LONGEST_SAFE_DAYS)?.max(0);
    let today = beeminder_day(now, zone, goal.deadline).date();
    Some(beeminder_day_bounds(today.saturating_add(days.days()).into(), zone, goal.deadline).1)
}
