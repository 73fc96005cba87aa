//! The step of a goal, which says what a message may say about it now: `last` on the last day on which Mecris
//! can speak before the goal derails, `last_call` shortly before it derails, `ahead` on the days before the
//! last day, and `last_seen` if Beeminder cannot be read.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{AssessSettings, hold::hold};
use crate::{
    arms::beeminder::{Counting, EnteredToday, Goal, Today},
    clock::{Outlook, Timetable, beeminder_day, local_day},
    config::Role,
    domain::{Ask, Daystamp, Reason, Severity, Step},
    heuristic::{habit::Habit, policy::LAST_CALL_AFTER},
};

/// A derailment this close is CRITICAL on its last day.
const CRITICAL_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// How many days back the last chance before a derailment is looked for: more than any pause between two
/// windows.
const LONGEST_PAUSE_DAYS: u16 = 9;

/// `last_seen` uses readings that are no older than this. An older reading says nothing about today.
pub(in crate::heuristic) const SEEN_LATELY: SignedDuration = SignedDuration::from_hours(3 * 24);

/// The step of a goal that derails at `derails_at`, by a fresh reading. `None`: its last day is further away
/// than `heuristic.lead_days`, so that there is nothing to say yet.
pub(super) fn ask(
    goal: &Goal,
    derails_at: Timestamp,
    outlook: &Outlook,
    settings: &AssessSettings,
    habit: Option<&Habit>,
    account_zone: &TimeZone,
) -> Option<Ask> {
    let last_day = last_day(goal, derails_at, outlook, settings);
    if last_day > outlook.today().plus(settings.lead_days_of(goal).into()) {
        return None;
    }
    let occasion = occasion(goal, derails_at, account_zone);
    if last_day > outlook.today() {
        return Some(ahead(goal, occasion, outlook, settings, account_zone));
    }
    if let Some(last_call) = last_call(goal, derails_at, occasion, outlook, settings) {
        return Some(last_call);
    }
    let hold = hold(goal, derails_at, occasion, outlook, settings, habit, account_zone);
    Some(Ask {
        step: Step::Last,
        occasion,
        alone_from: hold.until,
        rides_from: hold.rides_from,
        waits: hold.reason,
        is_last_chance: hold.is_last_chance,
        silent: is_silent(goal, settings),
    })
}

/// The step `last_call` of a goal with much at stake. It begins at the last chance that is at least
/// `heuristic.last_call` before the goal derails.
fn last_call(
    goal: &Goal,
    derails_at: Timestamp,
    occasion: Daystamp,
    outlook: &Outlook,
    settings: &AssessSettings,
) -> Option<Ask> {
    let is_dear = goal
        .pledge
        .is_some_and(|pledge| pledge >= settings.last_call_stake);
    let call = derails_at.saturating_sub(settings.last_call).ok()?;
    let from = outlook.last_today(call)?;
    // `last` must have had a chance two hours earlier. Otherwise the step stays `last`, which is said at this
    // chance or shortly before it and also serves as the call.
    // What a backup's call follows is said by the main installation. After midnight `last` was said yesterday, if
    // today has no chance that leaves a person the time to act.
    let earlier = from.saturating_sub(LAST_CALL_AFTER).ok()?;
    let follows_last = settings.role == Role::Backup
        || outlook.last_today(earlier).is_some()
        || (outlook.last_today(limit(goal, derails_at, settings)).is_none()
            && outlook.had_chance_yesterday(earlier));
    (is_dear && follows_last && from <= outlook.now()).then_some(Ask {
        step: Step::LastCall,
        occasion,
        alone_from: from,
        rides_from: from,
        waits: Reason::NotLastDay,
        is_last_chance: true,
        silent: is_silent(goal, settings),
    })
}

/// The step `last_seen` of a goal that cannot be read now, and that by the reading of `seen_at` has its last
/// day today. It is said at the last chance but one, or at the last chance if the pass before it did not take
/// place. `None` before that chance, if the reading is too old, or if by the reading another day is the last
/// day.
pub(super) fn last_seen(
    goal: &Goal,
    derails_at: Timestamp,
    seen_at: Timestamp,
    outlook: &Outlook,
    settings: &AssessSettings,
    account_zone: &TimeZone,
) -> Option<Ask> {
    let now = outlook.now();
    let limit = limit(goal, derails_at, settings);
    let from = outlook.last_but_one_today(limit).unwrap_or(now);
    let is_recent = now.duration_since(seen_at) <= SEEN_LATELY;
    (is_recent && cannot_wait(goal, derails_at, outlook, settings)).then(|| Ask {
        step: Step::LastSeen,
        occasion: occasion(goal, derails_at, account_zone),
        alone_from: from,
        rides_from: from,
        waits: Reason::NotLastDay,
        is_last_chance: outlook.is_last_chance(limit),
        silent: is_silent(goal, settings),
    })
}

/// Whether today is the last day of a goal, and this pass is its last chance but one or a later one: what is not
/// said now may never be said.
pub(super) fn cannot_wait(
    goal: &Goal,
    derails_at: Timestamp,
    outlook: &Outlook,
    settings: &AssessSettings,
) -> bool {
    let now = outlook.now();
    let limit = limit(goal, derails_at, settings);
    derails_at > now
        && outlook.is_last_day(limit)
        && outlook.last_but_one_today(limit).is_none_or(|from| from <= now)
}

/// Whether a goal may have its last day today. This is cheaper than [`ask`], and never `false` if [`ask`]
/// returns the step `last`. A goal without a losedate may always have it.
pub(super) fn may_be_last(goal: &Goal, outlook: &Outlook, settings: &AssessSettings) -> bool {
    goal.losedate
        .is_none_or(|losedate| outlook.is_last_day(limit(goal, losedate, settings)))
}

/// Whether at `at` the last day of a goal lay further ahead than `heuristic.lead_days`. The timetable knows
/// only vacations that have not ended. So the chances of a vacation that is over count, although Mecris was
/// silent then.
pub(super) fn lies_ahead(
    goal: &Goal,
    derails_at: Timestamp,
    at: Timestamp,
    settings: &AssessSettings,
    timetable: &Timetable,
) -> bool {
    let lead = settings.lead_days_of(goal);
    let warned_from = local_day(at, &timetable.zone).plus(lead.into());
    let last_day = timetable.last_day(limit(goal, derails_at, settings), LONGEST_PAUSE_DAYS);
    last_day.is_some_and(|last_day| last_day > warned_from)
}

/// The step `ahead`. It makes a message leave only at the day's last chance but one, because until then the
/// person may still act. Before that it goes with a message that leaves anyway.
fn ahead(
    goal: &Goal,
    occasion: Daystamp,
    outlook: &Outlook,
    settings: &AssessSettings,
    account_zone: &TimeZone,
) -> Ask {
    let now = outlook.now();
    let today = Today::of(goal, now, &settings.zone, account_zone);
    let is_done = matches!(today.entered(goal, Counting::AnyDay), EnteredToday::Yes(_));
    Ask {
        step: Step::Ahead,
        occasion,
        alone_from: outlook.last_but_one_today(Timestamp::MAX).unwrap_or(now),
        rides_from: Timestamp::MIN,
        waits: Reason::NotLastDay,
        is_last_chance: false,
        silent: is_silent(goal, settings).or(is_done.then_some(Reason::DoneToday)),
    }
}

/// The last day of a derailment: the local day of the last chance before it that leaves a person the time to
/// act.
fn last_day(goal: &Goal, derails_at: Timestamp, outlook: &Outlook, settings: &AssessSettings) -> Daystamp {
    outlook.last_day(limit(goal, derails_at, settings))
}

/// The reason to stay silent about a goal whose `[[goal]]` table has `silent = true`.
fn is_silent(goal: &Goal, settings: &AssessSettings) -> Option<Reason> {
    let rule = settings.rule(goal)?;
    rule.is_silent.then_some(Reason::Silenced)
}

/// The latest instant at which speaking still helps.
pub(in crate::heuristic) fn limit(
    goal: &Goal,
    derails_at: Timestamp,
    settings: &AssessSettings,
) -> Timestamp {
    derails_at
        .saturating_sub(settings.margin_of(goal))
        .unwrap_or(Timestamp::MIN)
}

/// Whether today is the last day of a goal although it derails more than a day from now. Then no pass watches
/// it until it derails.
pub(super) fn is_unwatched(ask: &Ask, derails_at: Timestamp, now: Timestamp) -> bool {
    ask.step == Step::Last && derails_at.duration_since(now) > CRITICAL_WITHIN
}

/// The severity of a goal that has a step. The endpoints show the goal's `derail_risk`, which is not this
/// severity.
pub(super) fn severity(ask: &Ask, derails_at: Timestamp, now: Timestamp) -> Severity {
    match ask.step {
        Step::Last if derails_at.duration_since(now) <= CRITICAL_WITHIN => Severity::Critical,
        Step::LastCall => Severity::Critical,
        _ => Severity::Warning,
    }
}

/// Beeminder's day on which the goal derails. `losedate` is the last second of that day or the first instant
/// after that day. One second earlier is on that day in both cases.
pub(in crate::heuristic) fn occasion(goal: &Goal, derails_at: Timestamp, zone: &TimeZone) -> Daystamp {
    let last_instant = derails_at
        .saturating_sub(SignedDuration::from_secs(1))
        .unwrap_or(derails_at);
    beeminder_day(last_instant, zone, goal.deadline)
}
