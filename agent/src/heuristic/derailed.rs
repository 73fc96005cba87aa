//! Whether a goal derailed, from what was entered and how it stood. Pure.
//!
//! The pledge tells nothing: it may be at its cap and stay, and a person may raise it. `lost` alone does not
//! either, because Beeminder clears it again. What tells is, in this order:
//!
//! 1. a `#DERAIL` datapoint that Beeminder still shows;
//! 2. a losedate that passed with nothing entered before it, while a later losedate stands now;
//! 3. a goal that became frozen while it was off its line.
//!
//! A derailment that was undone is none: its datapoint was deleted.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    arms::beeminder::GoalKind,
    clock::{DeadlineOffset, beeminder_day},
    domain::{Daystamp, DerailSign, Derailment, GoalState},
    store::tables::{entries::Entry, readings::Reading},
};

/// Two signs of a derailment that are no further apart than this are about the same one.
const SAME: SignedDuration = SignedDuration::from_hours(36);

/// Beeminder makes the `#DERAIL` datapoint soon after the deadline.
const SOON: SignedDuration = SignedDuration::from_hours(12);

/// Between a derailment and the reading that shows the frozen goal may lie some days without a pass.
const DAYS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How many datapoints Beeminder sends with a goal. Of so many or more since a reading, others may be unknown.
const SHOWN: usize = 3;

/// What is known about one goal. All are of this goal, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// What was entered, from some days before `since` on.
    pub entries: &'a [Entry],
    /// How it stood, from the reading before `since` on.
    pub readings: &'a [Reading],
    /// When it was first read. What happened before was not Mecris's to tell.
    pub first_reading: Timestamp,
    /// What the goal wants, if that is known.
    pub kind: Option<GoalKind>,
}

/// The derailments of a goal at `since` or later and after its first reading, oldest first; each once. `zone`
/// is the account's.
pub fn derailments(past: Past<'_>, since: Timestamp, zone: &TimeZone) -> Vec<Derailment> {
    let told = |derailment: &Derailment| derailment.at > past.first_reading && derailment.at >= since;
    let mut found: Vec<Derailment> = Vec::new();
    for next in by_datapoint(past, zone)
        .into_iter()
        .chain(by_losedate(past, zone))
        .chain(by_freezing(past, zone))
    {
        let known = |other: &Derailment| {
            other.occasion == next.occasion || other.at.duration_since(next.at).abs() <= SAME
        };
        if !found.iter().any(known) {
            found.push(next);
        }
    }
    found.retain(told);
    found.sort_by_key(|derailment| derailment.at);
    found
}

fn by_datapoint(past: Past<'_>, zone: &TimeZone) -> Vec<Derailment> {
    past.entries
        .iter()
        .filter(|entry| entry.is_derail && entry.gone_at.is_none())
        .map(|entry| {
            let before = past
                .readings
                .iter()
                .rfind(|reading| reading.at < entry.entered_at);
            derailment(DerailSign::Datapoint, entry.entered_at, before, SOON, zone)
        })
        .collect()
}

/// A derailment whose sign appeared at `seen`. The losedate of the reading before is the one that passed if
/// it lies no further back than `within`: else something was entered after that reading.
fn derailment(
    sign: DerailSign,
    seen: Timestamp,
    before: Option<&Reading>,
    within: SignedDuration,
    zone: &TimeZone,
) -> Derailment {
    let deadline = before.map_or_else(DeadlineOffset::default, deadline);
    let losedate = before
        .and_then(|reading| reading.losedate)
        .filter(|losedate| *losedate <= seen && seen.duration_since(*losedate) <= within);
    let last_second = match losedate {
        Some(losedate) => losedate - SignedDuration::from_secs(1),
        None => seen.saturating_sub(SOON).unwrap_or(Timestamp::MIN),
    };
    Derailment {
        sign,
        at: losedate.unwrap_or(seen),
        losedate,
        occasion: beeminder_day(last_second, zone, deadline),
        stake: before.and_then(|reading| reading.pledge),
    }
}

fn by_losedate(past: Past<'_>, zone: &TimeZone) -> Vec<Derailment> {
    past.readings
        .windows(2)
        .filter_map(|pair| {
            let [before, after] = pair else { return None };
            // Readings that repeat a losedate that has passed belong to the one that was read in time.
            let (passed, stands) = (before.losedate?, after.losedate?);
            let in_time = past
                .readings
                .iter()
                .rfind(|reading| reading.losedate == Some(passed) && reading.at <= passed)?;
            let day = |losedate: Timestamp, reading: &Reading| {
                beeminder_day(losedate - SignedDuration::from_secs(1), zone, deadline(reading))
            };
            let lost = active(in_time)
                && active(after)
                && (active(before) || before.lost == Some(true))
                && after.at > passed
                && day(stands, after) > day(passed, in_time)
                && later_one_stands(past, passed)
                && !moved(past, in_time, after, passed, day(passed, in_time))
                && !was_undone(past, passed);
            lost.then(|| derailment(DerailSign::LosedatePassed, passed, Some(in_time), SOON, zone))
        })
        .collect()
}

/// Whether the goal's newest losedate is later than `passed`. If a derailment was undone, an earlier one may
/// stand again.
fn later_one_stands(past: Past<'_>, passed: Timestamp) -> bool {
    past.readings
        .last()
        .and_then(|newest| newest.losedate)
        .is_some_and(|losedate| losedate > passed)
}

/// Whether something was entered in time, or for that day, after the reading that showed the losedate, or may
/// have been. A value that changed was entered somehow, except where Beeminder adds its own guesses; there it
/// matters that no datapoint can have been missed.
fn moved(past: Past<'_>, before: &Reading, after: &Reading, passed: Timestamp, day: Daystamp) -> bool {
    let entered = past.entries.iter().any(|entry| {
        entry.is_real() && entry.entered_at > before.at && (entry.entered_at <= passed || entry.day <= day)
    });
    let since = past.entries.iter().filter(|entry| entry.entered_at > before.at);
    let all_known = since.count() < SHOWN;
    let guessed = past.kind.is_some_and(GoalKind::uses_up_room);
    let same_value = before.value.is_some() && before.value == after.value;
    entered || !(same_value || (guessed && all_known))
}

/// Whether the datapoint of this derailment was there and was deleted.
fn was_undone(past: Past<'_>, passed: Timestamp) -> bool {
    past.entries.iter().any(|entry| {
        entry.is_derail && entry.gone_at.is_some() && entry.entered_at.duration_since(passed).abs() <= SAME
    })
}

/// The goal froze while it was off its line, and is so still.
fn by_freezing(past: Past<'_>, zone: &TimeZone) -> Option<Derailment> {
    let newest = past.readings.last()?;
    if newest.state != GoalState::Frozen || newest.lost != Some(true) {
        return None;
    }
    let last_active = past.readings.iter().rposition(active)?;
    let frozen = past.readings.get(last_active + 1)?;
    Some(derailment(
        DerailSign::Frozen,
        frozen.at,
        past.readings.get(last_active),
        DAYS,
        zone,
    ))
}

fn active(reading: &Reading) -> bool {
    reading.state == GoalState::Active
}

fn deadline(reading: &Reading) -> DeadlineOffset {
    DeadlineOffset::from_seconds(reading.deadline.into()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
