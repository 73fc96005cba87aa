//! Turns conditions into decisions. Pure. `step` looks at what was said before.

mod step;

use std::{cmp::Reverse, collections::HashSet};

use jiff::Timestamp;

use super::policy::{Ledger, Policy, Weight};
use crate::domain::{
    Action, ChannelKind, Condition, Decision, Reason, Severity, Silence, SilenceKind, Step, Subject, Word,
};

/// Makes one decision for each condition, in the same order, each with exactly one reason. These questions
/// are asked about the condition. The first question whose answer is yes decides. The reason stands behind
/// it. The numbers are those of "The decision" in docs/Heuristic_Notification_CDD.md.
///
/// 1. Is its severity UNKNOWN? `unknown_data`, or `explained_by_upstream`. (After `heuristic.unknown_after`
///    such a condition is a WARNING, and this question does not stop it.)
/// 2. Has it no step, so that there is nothing to say? `below_threshold`. A goal at risk: `not_last_day`
/// 3. Has its `expires_at` passed, so that it no longer holds? `unknown_data`
/// 4. Is it a promise, and is the person on vacation? `vacation`
/// 5. Does a silence cover it? `silenced`
/// 6. Did a person acknowledge the alert about it? `acknowledged`
/// 7. Was its step said already, or a higher one of the occasion or of the day? `already_notified_today`. Of
///    a budget: `share_already_told`
/// 8. Was it warned of ahead, or said to be unknown, so lately or so often that it is no news?
///    `warned_lately`
/// 9. Does its step carry a reason not to be said (`Ask::silent`)? `done_today`, `too_little_history`,
///    `below_threshold`, `silenced` (`[[goal]] silent = true`), `other_role`
/// 10. Does it wait, and is there no message that it may go with? `before_alertstart`, `before_usual_time`,
///     `not_last_day`, `unknown_data`
/// 11. Are these quiet hours? `quiet_hours`
/// 12. Would one more message exceed a limit? `rate_limited`
///
/// If every answer is no, the condition goes into the message: `escalated` (14) or `first_of_day` (15). If
/// the message has no room for it, `tell` makes it `no_room` (13).
///
/// Questions 4 to 6 are about what a person told us. Such a decision names that person.
pub fn decide(conditions: Vec<Condition>, ledger: &Ledger, policy: &Policy, now: Timestamp) -> Vec<Decision> {
    let verdicts = verdicts(&conditions, ledger, policy, now);
    let departures = departures(&conditions, &verdicts, ledger, policy, now);
    conditions
        .into_iter()
        .zip(verdicts)
        .map(|(condition, verdict)| {
            let channels = policy.channels_of(&condition.subject);
            let departure = departures.iter().find(|departure| departure.channels == channels);
            let held_back = departure.and_then(|departure| departure.held_back);
            let leaves = departure.is_some() && held_back.is_none();
            let (notify, reason, word) = match verdict {
                Verdict::Silent(reason) => (false, reason, None),
                Verdict::Asked(reason, word) => (false, reason, Some(word)),
                Verdict::Worth(reason, _) => (leaves, held_back.unwrap_or(reason), None),
                Verdict::Rides { reason, .. } if leaves => (true, reason, None),
                Verdict::Rides { waits, .. } => (false, waits, None),
            };
            Decision {
                condition,
                action: if notify { Action::Notify } else { Action::Suppress },
                reason,
                word,
            }
        })
        .collect()
}

/// A message that something makes leave.
struct Departure<'a> {
    /// The channels by which it goes; `None`: all that are configured.
    channels: Option<&'a [ChannelKind]>,
    /// Why it does not leave now after all. Then nothing that it would mention is said.
    held_back: Option<Reason>,
}

/// The messages of a pass: one for all that goes by the same channels.
fn departures<'a>(
    conditions: &[Condition],
    verdicts: &[Verdict],
    ledger: &Ledger,
    policy: &'a Policy,
    now: Timestamp,
) -> Vec<Departure<'a>> {
    let mut messages: Vec<(Option<&[ChannelKind]>, Weight)> = Vec::new();
    for (condition, verdict) in conditions.iter().zip(verdicts) {
        let Some(weight) = verdict.weight() else { continue };
        let channels = policy.channels_of(&condition.subject);
        match messages.iter_mut().find(|(known, _)| *known == channels) {
            Some((_, heaviest)) => *heaviest = weight.max(*heaviest),
            None => messages.push((channels, weight)),
        }
    }
    // The heaviest first: if the limits leave room for some only, they are those that matter most.
    messages.sort_by_key(|(_, weight)| Reverse(*weight));
    let mut leaving = 0;
    let departs = |(channels, weight)| {
        let held_back = held_back(weight, ledger, leaving, policy, now);
        leaving += u32::from(held_back.is_none());
        Departure { channels, held_back }
    };
    messages.into_iter().map(departs).collect()
}

/// Why a message of this weight does not leave now, beside `leaving` others.
fn held_back(
    weight: Weight,
    ledger: &Ledger,
    leaving: u32,
    policy: &Policy,
    now: Timestamp,
) -> Option<Reason> {
    let is_quiet = policy
        .quiet_hours
        .is_some_and(|hours| hours.contains(now, &policy.zone));
    if is_quiet {
        Some(Reason::QuietHours)
    } else if policy.allows_one_more(ledger, leaving, weight) {
        None
    } else {
        Some(Reason::RateLimited)
    }
}

/// The decision on a condition by itself, before the questions about the message as a whole.
enum Verdict {
    /// It is not said, for this reason.
    Silent(Reason),
    /// It is not said, because a person asked for silence.
    Asked(Reason, Word),
    /// It is worth a message of this weight.
    Worth(Reason, Weight),
    /// It goes with a message that leaves anyway, and makes no message leave. If none leaves, it waits for
    /// the second reason.
    Rides { reason: Reason, waits: Reason },
}

impl Verdict {
    /// How much it matters that a message leaves because of this condition; `None`: it makes no message
    /// leave.
    fn weight(&self) -> Option<Weight> {
        match self {
            Self::Worth(_, weight) => Some(*weight),
            _ => None,
        }
    }
}

fn verdicts(conditions: &[Condition], ledger: &Ledger, policy: &Policy, now: Timestamp) -> Vec<Verdict> {
    let mut claimed_now: HashSet<(&Subject, bool)> = HashSet::new();
    conditions
        .iter()
        .map(|condition| {
            let verdict = verdict(condition, ledger, policy, now);
            // Two conditions of the same subject in one pass (Beeminder listed a goal twice) share a claim, so
            // only the first of them notifies.
            let speaks = matches!(verdict, Verdict::Worth(..) | Verdict::Rides { .. });
            let is_past = condition.ask.is_some_and(|ask| ask.step == Step::Derailed);
            if speaks && !claimed_now.insert((&condition.subject, is_past)) {
                return Verdict::Silent(Reason::AlreadyNotifiedToday);
            }
            verdict
        })
        .collect()
}

fn verdict(condition: &Condition, ledger: &Ledger, policy: &Policy, now: Timestamp) -> Verdict {
    if condition.severity == Severity::Unknown {
        let explained = condition.ask.and_then(|ask| ask.silent);
        return Verdict::Silent(explained.unwrap_or(Reason::UnknownData));
    }
    let Some(ask) = &condition.ask else {
        let is_bad = condition.severity.at_least(Severity::Warning);
        let later = condition.subject.is_goal() && is_bad;
        return Verdict::Silent(if later {
            Reason::NotLastDay
        } else {
            Reason::BelowThreshold
        });
    };
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
    let past = step::Past {
        said: ledger.said_about(&condition.subject),
        last_safe: ledger.last_safe.get(&condition.subject).copied(),
    };
    step::verdict(ask, past, policy, now)
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

#[cfg(test)]
mod tests;
