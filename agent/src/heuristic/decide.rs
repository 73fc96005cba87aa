//! Conditions into decisions. Pure.

use std::collections::HashSet;

use jiff::Timestamp;

use super::policy::{Claim, Ledger, Policy};
use crate::domain::{
    Action, Condition, Daystamp, Decision, Reason, Severity, Silence, SilenceKind, Subject, Word,
};

/// One decision for each condition, in the same order, each with its one reason. The first question with an
/// answer decides:
///
/// 1. Is it unknown? `unknown_data`
/// 2. Is it below `notify_at`? `below_threshold`
/// 3. Is it over (`expires_at` has passed)? What was known about it no longer holds: `unknown_data`
/// 4. Is it a promise, and the person on vacation? `vacation`
/// 5. Does a silence cover it? `silenced`
/// 6. Did they say that they know? `acknowledged`
/// 7. Was it said on its day, and did it not escalate since? `already_notified_today`
/// 8. Are these quiet hours? `quiet_hours`
/// 9. Would this pass's one message exceed a limit? `rate_limited`
/// 10. Then it is said: `first_of_day` or `escalated`
///
/// 4 to 6 follow a person's word, and the decision names the person.
pub fn decide(conditions: Vec<Condition>, ledger: &Ledger, policy: &Policy, now: Timestamp) -> Vec<Decision> {
    // If the message is held back, so is everything that would be in it.
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
            // claim.
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

/// A subject has one alert a day. With `escalate` it has a second one, if it turns CRITICAL after less was
/// said.
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
