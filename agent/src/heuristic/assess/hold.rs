//! Until when the message about a goal's last day (step `last`) waits. The person may still act without it,
//! and usually does.

use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};

use super::AssessSettings;
use crate::{
    arms::beeminder::Goal,
    clock::{Outlook, local_instant},
    domain::{Daystamp, Reason},
    heuristic::habit::Habit,
};

/// If a step would wait no longer than this, it goes with a message that leaves now.
const GROUP_WAIT: SignedDuration = SignedDuration::from_mins(60);

/// How long the step `last` of one goal waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hold {
    /// From when on the step makes a message leave.
    pub(super) until: Timestamp,
    /// From when on the step goes with a message that leaves anyway.
    pub(super) rides_from: Timestamp,
    /// Why the step waits.
    pub(super) reason: Reason,
    /// Whether no later pass can say the step in time.
    pub(super) is_last_chance: bool,
}

/// How long the step `last` waits: until the goal's own reminders start, or until the person's usual time has
/// passed, whichever is later. `from` in the goal's `[[goal]]` table replaces both.
///
/// The step never waits beyond the last chance but one of today. Chances count up to the derailment less the
/// margin (the time that a person needs to act). So one missed pass loses nothing. For a goal that is
/// settled, `heuristic.habit_margin` is the margin, because its person acts without being told. A `margin` in the
/// goal's `[[goal]]` table comes before both.
pub(super) fn hold(
    goal: &Goal,
    derails_at: Timestamp,
    occasion: Daystamp,
    outlook: &Outlook,
    settings: &AssessSettings,
    habit: Option<&Habit>,
    zone: &TimeZone,
) -> Hold {
    let is_settled = habit.is_some_and(|habit| habit.is_settled);
    let has_own_margin = settings.rule(goal).is_some_and(|rule| rule.margin.is_some());
    let margin = if is_settled && !has_own_margin {
        settings.habit_margin
    } else {
        settings.margin_of(goal)
    };
    let limit = derails_at.saturating_sub(margin).unwrap_or(Timestamp::MIN);
    let now = outlook.now();
    let from = settings.rule(goal).and_then(|rule| rule.from);
    let reminders = from
        .or(goal.alert_start)
        .map(|time| latest_before(derails_at, time, zone));
    let usual = habit
        .filter(|_| from.is_none())
        .and_then(|habit| habit.usual.ok())
        .map(|usual| usual.on(occasion, zone));
    let (wished, reason) = if usual > reminders {
        (usual, Reason::BeforeUsualTime)
    } else {
        (reminders, Reason::BeforeAlertstart)
    };
    let latest = outlook.last_but_one_today(limit).unwrap_or(now);
    let until = wished.unwrap_or(now).min(latest);
    Hold {
        until,
        rides_from: until.saturating_sub(GROUP_WAIT).unwrap_or(Timestamp::MIN),
        reason,
        is_last_chance: outlook.is_last_chance(limit),
    }
}

/// The latest instant before `end` at which the clock of `zone` shows `time`.
fn latest_before(end: Timestamp, time: Time, zone: &TimeZone) -> Timestamp {
    let date = zone.to_datetime(end).date();
    let on = |date: jiff::civil::Date| local_instant(date.to_datetime(time), zone);
    match on(date) {
        same_day if same_day < end => same_day,
        _ => date.yesterday().map_or(end, on),
    }
}
