//! Whether a goal derailed, judged by its entries and its readings. Pure.
//!
//! The pledge proves nothing: at its cap it does not change, and a person may raise it without a derailment.
//! `lost` alone proves nothing either, because Beeminder clears it again. These signs prove a derailment, the
//! surest first:
//!
//! 1. a `#DERAIL` datapoint that Beeminder still shows;
//! 2. a losedate that passed although nothing was entered before it, and the goal has a later losedate now;
//! 3. a goal that became frozen while it was off its line.
//!
//! If a derailment was undone, Beeminder deleted its datapoint. Such a derailment does not count.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    arms::beeminder::GoalKind,
    clock::{DeadlineOffset, beeminder_day},
    domain::{Daystamp, DerailSign, Derailment, GoalState},
    store::tables::{entries::Entry, readings::Reading},
};

/// Two signs of different kinds that are no further apart than this are signs of the same derailment.
const SAME: SignedDuration = SignedDuration::from_hours(36);

/// Beeminder makes the `#DERAIL` datapoint within this time after the deadline.
const SOON: SignedDuration = SignedDuration::from_hours(12);

/// The reading that shows the frozen goal may be this much later than the derailment: some days may have no
/// pass.
const DAYS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How many datapoints Beeminder sends with a goal. If this many or more were entered since a reading, there
/// may be further ones that Mecris never saw.
const SHOWN: usize = 3;

/// What is known about one goal. Entries and readings are oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// What was entered. Begins some days before the derailments that are looked for (`since`).
    pub entries: &'a [Entry],
    /// How the goal stood. Begins with the reading before `since`.
    pub readings: &'a [Reading],
    /// When the goal was first read. Mecris does not tell what happened before that.
    pub first_reading: Timestamp,
    /// The kind of the goal (do more, do less ...), if it is known.
    pub kind: Option<GoalKind>,
}

/// The derailments of a goal that happened at `since` or later and after its first reading: oldest first,
/// each once. `zone` is the account's.
pub fn derailments(past: Past<'_>, since: Timestamp, zone: &TimeZone) -> Vec<Derailment> {
    let told = |derailment: &Derailment| derailment.at > past.first_reading && derailment.at >= since;
    let mut found: Vec<Derailment> = Vec::new();
    for next in by_datapoint(past, zone)
        .into_iter()
        .chain(by_losedate(past, zone))
        .chain(by_freezing(past, zone))
    {
        // Beeminder makes one `#DERAIL` datapoint for each derailment, and without a respite a goal can derail on
        // two days in a row.
        let both_have_a_datapoint =
            |other: &Derailment| other.sign == DerailSign::Datapoint && next.sign == DerailSign::Datapoint;
        let known = |other: &Derailment| {
            let is_close = other.at.duration_since(next.at).abs() <= SAME;
            other.occasion == next.occasion || (is_close && !both_have_a_datapoint(other))
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

/// A derailment whose sign appeared at `seen`. `before` is the last reading before that. If its losedate
/// passed no longer than `within` before `seen`, the goal derailed at that losedate. Otherwise something was
/// entered after that reading, and the losedate of the derailment is not known.
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
            // Several readings may show the same losedate, some after it had passed. The last reading before
            // it had passed says how the goal stood then.
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

/// Whether the goal's newest losedate is later than `passed`. If a derailment was undone, the goal may have
/// an earlier losedate again.
fn later_one_stands(past: Past<'_>, passed: Timestamp) -> bool {
    past.readings
        .last()
        .and_then(|newest| newest.losedate)
        .is_some_and(|losedate| losedate > passed)
}

/// Whether something was entered after the reading that showed the losedate (`before`), either in time or for
/// the day of the losedate. Also true if that may be so:
///
/// * The goal's value changed, and its kind is not one for which Beeminder adds guesses of its own.
/// * The value changed, Beeminder may have added a guess, and so many datapoints are known that others may
///   have been missed.
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

/// Whether a `#DERAIL` datapoint near `passed` was deleted: then the derailment was undone.
fn was_undone(past: Past<'_>, passed: Timestamp) -> bool {
    past.entries.iter().any(|entry| {
        entry.is_derail && entry.gone_at.is_some() && entry.entered_at.duration_since(passed).abs() <= SAME
    })
}

/// The derailment of a goal that became frozen while it was off its line, and that is still frozen and off
/// its line.
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
