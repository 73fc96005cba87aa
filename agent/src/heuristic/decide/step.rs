//! The decision on the step of a condition, given what was said before.

use jiff::Timestamp;

use super::{Verdict, knows};
use crate::{
    clock::local_day,
    domain::{Ask, Daystamp, Reason, Step},
    heuristic::policy::{
        LAST_CALL_AFTER, Policy, REPEAT_AHEAD_DAYS, REPEAT_UNKNOWN_DAYS, Said, WARNINGS_WITHOUT_SAFETY,
        Weight,
    },
};

/// What is known of a subject.
#[derive(Clone, Copy)]
pub(super) struct Past<'a> {
    /// What was said about the subject.
    pub(super) said: &'a [Said],
    /// When the subject was last safe; `None`: not since the last two warnings ahead, or nobody looked.
    pub(super) last_safe: Option<Timestamp>,
}

/// A subject speaks twice on a day only if its second step is higher than the first, and only if
/// `policy.escalate` allows it. The step `last` needs no permission: on the last day a goal is told even if
/// it was warned of ahead on the same day. A derailment that has happened is told beside what is still to
/// come: neither keeps the other silent.
pub(super) fn verdict(ask: &Ask, past: Past<'_>, policy: &Policy, now: Timestamp) -> Verdict {
    let today = local_day(now, &policy.zone);
    let has_happened = ask.step == Step::Derailed;
    let beside = |said: &&Said| (said.step == Step::Derailed) == has_happened;
    // An acknowledgement counts even if its message reached nobody: the person knows.
    let known = |said: &&Said| {
        let of_today = said.on == today && !has_happened;
        of_today || said.says(ask)
    };
    if let Some(author) = past
        .said
        .iter()
        .filter(beside)
        .filter(known)
        .find_map(|said| said.acknowledged_by.as_ref())
    {
        return Verdict::Asked(Reason::Acknowledged, knows(author));
    }
    let holding: Vec<&Said> = past
        .said
        .iter()
        .filter(beside)
        .filter(|said| said.holds(now))
        .collect();
    let of_today = holding
        .iter()
        .filter(|said| said.on == today && !has_happened)
        .map(|said| said.step)
        .max();
    if let Some(told) = told_before(ask, &holding, of_today, policy, now) {
        return Verdict::Silent(told);
    }
    if ask.step == Step::Ahead && warned_enough(&holding, past.last_safe) {
        return Verdict::Silent(Reason::WarnedLately);
    }
    let reason = match of_today {
        None => Reason::FirstOfDay,
        Some(_) if policy.escalate || ask.step == Step::Last => Reason::Escalated,
        Some(_) => return Verdict::Silent(Reason::AlreadyNotifiedToday),
    };
    match ask.silent {
        Some(silent) => Verdict::Silent(silent),
        None if now < ask.rides_from => Verdict::Silent(ask.waits),
        None if now < ask.alone_from => Verdict::Rides {
            reason,
            waits: ask.waits,
        },
        None => Verdict::Worth(reason, weight(ask)),
    }
}

/// Why a step is not said because of what was said before. A higher step of the same occasion also counts as
/// having said the lower ones.
fn told_before(
    ask: &Ask,
    holding: &[&Said],
    of_today: Option<Step>,
    policy: &Policy,
    now: Timestamp,
) -> Option<Reason> {
    let today = local_day(now, &policy.zone);
    let of_occasion = holding.iter().any(|said| said.says(ask));
    let since = |day: Daystamp| holding.iter().any(|said| said.step == ask.step && said.on >= day);
    let said_just_now = || {
        holding
            .iter()
            .filter(|said| said.occasion == ask.occasion && said.step == Step::Last)
            .any(|said| now.duration_since(said.at) <= LAST_CALL_AFTER)
    };
    match ask.step {
        Step::Pace | Step::Share(_) if of_occasion => Some(Reason::ShareAlreadyTold),
        Step::Alert | Step::LastSeen | Step::Last | Step::LastCall | Step::Derailed if of_occasion => {
            Some(Reason::AlreadyNotifiedToday)
        }
        step if of_today >= Some(step) => Some(Reason::AlreadyNotifiedToday),
        Step::LastCall if said_just_now() => Some(Reason::AlreadyNotifiedToday),
        Step::Unknown => {
            // What was said before this time was about an earlier trouble: it could be told in between.
            let lately = today.minus(REPEAT_UNKNOWN_DAYS - 1);
            let is_told = |said: &Said| {
                let of_this_trouble = said.at >= ask.rides_from && said.on >= lately;
                said.step == Step::Unknown && (of_this_trouble || said.occasion == ask.occasion)
            };
            let told = holding.iter().any(|said| is_told(said));
            told.then_some(Reason::WarnedLately)
        }
        _ if of_occasion => Some(Reason::WarnedLately),
        Step::Ahead => since(today.minus(REPEAT_AHEAD_DAYS - 1)).then_some(Reason::WarnedLately),
        _ => None,
    }
}

/// Whether a goal was warned of so often, without having been safe since, that one more warning is not news.
fn warned_enough(holding: &[&Said], last_safe: Option<Timestamp>) -> bool {
    let since = |said: &&&Said| last_safe.is_none_or(|safe| said.at > safe);
    let warnings = holding.iter().filter(|said| said.step == Step::Ahead);
    warnings.filter(since).count() >= WARNINGS_WITHOUT_SAFETY
}

fn weight(ask: &Ask) -> Weight {
    match ask.step {
        Step::Last | Step::LastSeen | Step::LastCall if ask.is_last_chance => Weight::LastChance,
        Step::Last | Step::LastSeen | Step::LastCall => Weight::LastDay,
        _ => Weight::Other,
    }
}
