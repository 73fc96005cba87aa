//! Turns conditions into decisions. Pure.

use std::collections::HashSet;

use jiff::Timestamp;

use super::policy::{Claim, Ledger, Policy};
use crate::domain::{
    Action, Condition, Daystamp, Decision, Reason, Severity, Silence, SilenceKind, Subject, Word,
};

/// Makes one decision for each condition, in the same order, each with exactly one reason. The first question
/// whose answer is yes decides:
///
/// 1. Is its severity unknown? `unknown_data`
/// 2. Is its severity below `notify_at`? `below_threshold`
/// 3. Has its `expires_at` passed? What we knew about it no longer holds: `unknown_data`
/// 4. Is it a promise, and is the person on vacation? `vacation`
/// 5. Does a silence cover it? `silenced`
/// 6. Did a person acknowledge the alert about it? `acknowledged`
/// 7. Was there an alert about it for its day already, and has it not escalated since?
///    `already_notified_today`
/// 8. Are these quiet hours? `quiet_hours`
/// 9. Would one more message exceed a limit? `rate_limited`
/// 10. Otherwise we notify: `first_of_day` or `escalated`
///
/// Questions 4 to 6 are about what a person told us. Such a decision names that person.
pub fn decide(conditions: Vec<Condition>, ledger: &Ledger, policy: &Policy, now: Timestamp) -> Vec<Decision> {
    // A pass sends one message. If it is held back, so is every condition that it would mention.
    let held_back = if policy
        .quiet_hours
        .is_some_and(|hours| hours.contains(now, &policy.zone))
    {
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
            Verdict::Silent(reason) => Decision {
                condition,
                action: Action::Suppress,
                reason,
                word: None,
            },
            Verdict::Asked(reason, word) => Decision {
                condition,
                action: Action::Suppress,
                reason,
                word: Some(word),
            },
            Verdict::Worth(reason) => match held_back {
                Some(reason) => Decision {
                    condition,
                    action: Action::Suppress,
                    reason,
                    word: None,
                },
                None => Decision {
                    condition,
                    action: Action::Notify,
                    reason,
                    word: None,
                },
            },
        })
        .collect()
}

/// The decision on a condition by itself, before the questions about the message as a whole.
enum Verdict {
    Silent(Reason),
    /// Silent because a person asked for it.
    Asked(Reason, Word),
    Worth(Reason),
}

fn verdicts(conditions: &[Condition], ledger: &Ledger, policy: &Policy, now: Timestamp) -> Vec<Verdict> {
    let mut claimed_now: HashSet<(&Subject, Daystamp)> = HashSet::new();
    conditions
        .iter()
        .map(|condition| {
            let verdict = verdict(condition, ledger, policy, now);
            // Two conditions of the same subject and day in one pass (Beeminder listed a goal twice) share a
            // claim, so only the first of them notifies.
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
    for (kind, reason) in [
        (SilenceKind::Vacation, Reason::Vacation),
        (SilenceKind::Silence, Reason::Silenced),
    ] {
        if let Some(silence) = ledger.silenced(kind, &condition.subject) {
            return Verdict::Asked(reason, word(silence));
        }
    }
    let Some(claim) = ledger.claims.get(&(condition.subject.clone(), condition.day)) else {
        return Verdict::Worth(Reason::FirstOfDay);
    };
    match &claim.acknowledged_by {
        Some(author) => Verdict::Asked(Reason::Acknowledged, knows(author)),
        None if claim.holds(now) => after_claim(claim, condition.severity, policy),
        None => Verdict::Worth(Reason::FirstOfDay),
    }
}

fn word(silence: &Silence) -> Word {
    Word {
        author: silence.author.clone(),
        until: Some(silence.ends_at),
        silence_id: Some(silence.id.clone()),
        comment: silence.comment.clone(),
    }
}

fn knows(author: &str) -> Word {
    Word {
        author: author.to_owned(),
        until: None,
        silence_id: None,
        comment: String::new(),
    }
}

/// A subject gets one alert a day. With `escalate` it gets a second alert if it turns CRITICAL after an alert
/// of a lower severity.
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
