//! What a fresh reading leaves behind for later passes: what was entered into each goal (`entries`), how each
//! goal stood (`readings`), and which derailments follow from both. All of it is written in the transaction
//! of the pass.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rusqlite::Transaction;
use sha2::{Digest as _, Sha256};

use super::{
    assess::Observed,
    derailed::{self, Past},
    observe::History,
};
use crate::{
    arms::beeminder::{Datapoint, Goal},
    domain::{Derailment, Observation},
    store::tables::{
        derailments,
        entries::{self, Entry},
        entry_histories,
        readings::{self, Reading},
        retention::GOALS_KEPT,
    },
};

/// The derailments of this time before a new reading are judged again.
const JUDGED_AGAIN: SignedDuration = SignedDuration::from_hours(8 * 24);

/// The entries and readings that prove these derailments are read from this much further back.
const EVIDENCE: SignedDuration = SignedDuration::from_hours(10 * 24);

/// Writes what was read in this pass. A stale or failed reading leaves nothing. `zone` is the person's.
pub(super) fn pass(
    tx: &Transaction<'_>,
    observed: &Observed,
    histories: &[History],
    zone: &TimeZone,
    now: Timestamp,
) -> rusqlite::Result<()> {
    for history in histories {
        entry_histories::tried(tx, &history.goal, now, history.points.is_some())?;
        if let Some(points) = &history.points {
            entered(tx, &history.goal, points, now)?;
        }
    }
    if let Observation::Fresh { value: account, at } = &observed.beeminder {
        let zone = account.zone(zone);
        for read in &account.goals {
            goal(tx, read, &zone, *at)?;
        }
    }
    Ok(())
}

/// Writes what was read of one goal. Most readings say the same as the reading before: then nothing is
/// written. While Beeminder is recomputing a goal (`queued`), its numbers may be old and are not kept as a
/// reading. Its datapoints are kept.
fn goal(tx: &Transaction<'_>, goal: &Goal, zone: &TimeZone, at: Timestamp) -> rusqlite::Result<()> {
    let changed = !goal.queued && readings::record(tx, &reading(goal, at))?;
    if goal.queued || changed {
        entered(tx, goal.key(), &goal.datapoints, at)?;
    }
    if changed {
        derailed(tx, goal, zone, at)?;
    }
    Ok(())
}

/// Judges again which derailments the goal had lately.
fn derailed(tx: &Transaction<'_>, goal: &Goal, zone: &TimeZone, at: Timestamp) -> rusqlite::Result<()> {
    let before = |time: Timestamp, span| time.saturating_sub(span).unwrap_or(Timestamp::MIN);
    let since = before(at, JUDGED_AGAIN);
    let Some(first_reading) = readings::first(tx, goal.key())? else {
        return Ok(());
    };
    let past = Past {
        entries: &entries::of_goal(tx, goal.key(), before(since, EVIDENCE))?,
        readings: &readings::of_goal(tx, goal.key(), before(since, EVIDENCE))?,
        first_reading,
        kind: goal.line.kind,
    };
    let mut found = derailed::derailments(past, since, zone);
    keep_occasions(&mut found, &derailments::of_goal(tx, goal.key(), since)?);
    derailments::replace(tx, goal.key(), since, &found)
}

/// Lets a derailment that is known keep its day. An account that moves to another zone has other days, and a
/// derailment with another day would be told again.
fn keep_occasions(found: &mut [Derailment], known: &[Derailment]) {
    for derailment in found {
        let is_same = |known: &&Derailment| known.at == derailment.at;
        if let Some(known) = known.iter().find(is_same) {
            derailment.occasion = known.occasion;
        }
    }
}

fn reading(goal: &Goal, at: Timestamp) -> Reading {
    Reading {
        goal: goal.key().to_owned(),
        at,
        state: goal.state,
        lost: goal.lost,
        safebuf: goal.safebuf,
        losedate: goal.losedate,
        deadline: goal.deadline.seconds(),
        value: goal.current_value,
        pledge: goal.pledge,
        entered: sum(&goal.datapoints),
    }
}

/// A checksum of 32 bits over everything that `entries` keeps of these datapoints. It is only compared with
/// the checksum of the goal's previous reading, so 32 bits are enough.
fn sum(points: &[Datapoint]) -> String {
    let mut sum = Sha256::new();
    for point in points {
        let id = point.id.as_deref().unwrap_or_default();
        sum.update(format!(
            "{id} {} {:?} {} {}\n",
            point.day,
            point.value,
            own(point),
            point.is_derail
        ));
    }
    hex::encode(sum.finalize().get(..4).unwrap_or_default())
}

/// Whether Beeminder made the datapoint itself.
fn own(point: &Datapoint) -> bool {
    point.is_dummy || point.is_initial
}

/// Keeps the newest datapoints of a goal. A datapoint without an id or without a time of entering is left
/// out: without an id it would be kept again by the next reading, and without a time it says nothing about
/// habits.
fn entered(tx: &Transaction<'_>, goal: &str, points: &[Datapoint], at: Timestamp) -> rusqlite::Result<()> {
    let shown: Vec<Entry> = points.iter().filter_map(|point| entry(goal, point)).collect();
    let oldest_kept = at.saturating_sub(GOALS_KEPT).unwrap_or(Timestamp::MIN);
    for entry in shown.iter().filter(|entry| entry.entered_at >= oldest_kept) {
        entries::put(tx, entry)?;
    }
    if shown.len() == points.len() {
        mark_deleted(tx, goal, &shown, at)?;
    }
    Ok(())
}

/// Marks the entries that Beeminder does not show any more, although it shows older datapoints. "Older" means
/// older by day and by the time of entering. So it does not matter which of the two Beeminder uses to choose
/// the newest.
fn mark_deleted(tx: &Transaction<'_>, goal: &str, shown: &[Entry], at: Timestamp) -> rusqlite::Result<()> {
    let (Some(day), Some(since)) = (
        shown.iter().map(|entry| entry.day).min(),
        shown.iter().map(|entry| entry.entered_at).min(),
    ) else {
        return Ok(());
    };
    let ids: HashSet<&str> = shown.iter().map(|entry| entry.datapoint.as_str()).collect();
    for known in entries::of_goal(tx, goal, since)? {
        if known.day > day && known.entered_at > since && !ids.contains(known.datapoint.as_str()) {
            entries::mark_gone(tx, &known, at)?;
        }
    }
    Ok(())
}

fn entry(goal: &str, point: &Datapoint) -> Option<Entry> {
    Some(Entry {
        goal: goal.to_owned(),
        datapoint: point.id.clone()?,
        day: point.day,
        entered_at: point.entered_at()?,
        value: point.value,
        is_dummy: own(point),
        is_derail: point.is_derail,
        gone_at: None,
    })
}

#[cfg(test)]
mod tests;
