//! Conditions into decisions. Pure.

use std::collections::HashSet;

use jiff::Timestamp;

use super::policy::{Claim, Ledger, Policy};
use crate::domain::{Action, Condition, Daystamp, Decision, Reason, Severity, Subject};

/// One decision for each condition, in the same order, each with its one reason. The first question with an answer decides:
///
/// 1. Is it unknown? `unknown_data`
/// 2. Is it below `notify_at`? `below_threshold`
/// 3. Is it over (`expires_at` has passed)? What was known about it no longer holds: `unknown_data`
/// 4. Is the person on vacation? `vacation`
/// 5. Did they say that they know? `acknowledged`
/// 6. Was it said on its day, and did it not escalate since? `already_notified_today`
/// 7. Are these quiet hours? `quiet_hours`
/// 8. Would this pass's one message exceed a limit? `rate_limited`
/// 9. Then it is said: `first_of_day` or `escalated`
pub fn decide(conditions: Vec<Condition>, ledger: &Ledger, policy: &Policy, now: Timestamp) -> Vec<Decision> {
    // What holds back the message holds back all that would be in it.
    let held_back = if policy.quiet_hours.is_some_and(|hours| hours.contains(now, &policy.zone)) {
        Some(Reason::QuietHours)
    } else if policy.allows_one_more(ledger) {
        None
    } else {
        Some(Reason::RateLimited)
    };
    let verdicts = verdicts(&conditions, ledger, policy, now);
    conditions
        .into_iter()
        .zip(verdicts)
        .map(|(condition, verdict)| match verdict {
            Verdict::Silent(reason) => Decision { condition, action: Action::Suppress, reason },
            Verdict::Worth(reason) => match held_back {
                Some(reason) => Decision { condition, action: Action::Suppress, reason },
                None => Decision { condition, action: Action::Notify, reason },
            },
        })
        .collect()
}

/// What a condition deserves by itself, before anything is asked about the message as a whole.
#[derive(Clone, Copy)]
enum Verdict {
    Silent(Reason),
    Worth(Reason),
}

fn verdicts(conditions: &[Condition], ledger: &Ledger, policy: &Policy, now: Timestamp) -> Vec<Verdict> {
    let mut claimed_now: HashSet<(&Subject, Daystamp)> = HashSet::new();
    conditions
        .iter()
        .map(|condition| {
            let verdict = verdict(condition, ledger, policy, now);
            // Two conditions of one subject and day in one pass (Beeminder listed a goal twice) are one claim.
            let worth = matches!(verdict, Verdict::Worth(_));
            if worth && !claimed_now.insert((&condition.subject, condition.day)) {
                return Verdict::Silent(Reason::AlreadyNotifiedToday);
            }
            verdict
        })
        .collect()
}

fn verdict(condition: &Condition, ledger: &Ledger, policy: &Policy, now: Timestamp) -> Verdict {
    if condition.severity == Severity::Unknown {
        return Verdict::Silent(Reason::UnknownData);
    }
    if !condition.severity.at_least(policy.notify_at) {
        return Verdict::Silent(Reason::BelowThreshold);
    }
    if condition.expires_at.is_some_and(|at| at <= now) {
        return Verdict::Silent(Reason::UnknownData);
    }
    if ledger.on_vacation(now) {
        return Verdict::Silent(Reason::Vacation);
    }
    match ledger.claims.get(&(condition.subject.clone(), condition.day)) {
        Some(claim) if claim.acknowledged => Verdict::Silent(Reason::Acknowledged),
        Some(claim) if claim.holds(now) => after_claim(claim, condition.severity, policy),
        _ => Verdict::Worth(Reason::FirstOfDay),
    }
}

/// A day has one alert, and with `escalate` one more: when it turns CRITICAL after less was said.
fn after_claim(claim: &Claim, severity: Severity, policy: &Policy) -> Verdict {
    let turned_critical = severity == Severity::Critical && !claim.severity.at_least(Severity::Critical);
    if policy.escalate && turned_critical && !claim.escalated {
        Verdict::Worth(Reason::Escalated)
    } else {
        Verdict::Silent(Reason::AlreadyNotifiedToday)
    }
}

#[cfg(test)]
mod tests;
