//! Messages that wait for their provider. Each pass checks them against what it has just read. A message
//! tells one or more steps (a *part* of the message). A part *holds* if it is still true: the walk is still
//! missing, the goal still derails on that day.
//!
//! * No part holds any more, and the message certainly reached nobody: it is `withdrawn`, and its claims are
//!   released. If a subject is at risk again, it is said again.
//! * No part holds any more, but an attempt may have arrived: the message is not sent again, and keeps its
//!   claims.
//! * Some part holds, and the message certainly reached nobody: its text is made anew. A part drops out and
//!   is released if it does not hold any more, if a newer message says it, or if it finds no room. So does a part of
//!   which less holds: this pass decides whether that is said, and what the part says can be said when it is so.
//! * Some part holds, and an attempt may have arrived: the message stays as it is.
//!
//! It may be too late to say a part: the walk's hours are over. If that is so of some parts, no other part
//! holds, and the message certainly reached nobody, the message has expired.
//!
//! If nobody can tell whether some part holds, the message stays as it is. A message that no pass made
//! (`send-alert`, `notify test`) says nothing that a pass could check.

mod standing;

use std::collections::HashSet;

use jiff::{Timestamp, tz::TimeZone};
use rusqlite::Transaction;

use super::{
    assess::Observed,
    record::{worst, worth_until},
    rules::Decided,
    tell::tell,
};
use crate::{
    domain::{Action, Condition, Decision, Reason, Subject},
    store::tables::{
        broken_channels,
        outbox::{self, Retold, Row, State, Waiting},
        steps::{self, Held},
    },
};
use standing::{Found, Standing, has_derailed};

/// A message that reached nobody and of which some part still holds.
pub(super) struct Remaining {
    row: Row,
    told: Vec<(Held, Condition)>,
}

/// Withdraws the messages of which no part holds any more, and releases the parts that do not hold. A pass
/// calls this before it decides. Returns the messages whose text may have to be made anew.
///
/// # Errors
/// The error of SQLite.
pub(super) fn check(
    tx: &Transaction<'_>,
    observed: &Observed,
    conditions: &[Condition],
    now: Timestamp,
) -> rusqlite::Result<Vec<Remaining>> {
    let broken: Vec<Subject> = broken_channels::all(tx)?
        .iter()
        .map(|mark| Subject::channel(mark.channel.as_str()))
        .collect();
    let found = Found::new(observed, conditions, &broken, now);
    let mut remaining = Vec::new();
    for waiting in outbox::of_passes(tx)? {
        // If `now` is outside this time, the clock was set back or the message has ended. Then what this pass
        // found out says nothing about the message.
        if !(waiting.row.created_at..waiting.row.deadline()).contains(&now) {
            continue;
        }
        let held = steps::held(tx, &waiting.row.id)?;
        remaining.extend(check_one(tx, waiting, held, &found)?);
    }
    Ok(remaining)
}

fn check_one(
    tx: &Transaction<'_>,
    waiting: Waiting,
    held: Vec<Held>,
    found: &Found<'_>,
) -> rusqlite::Result<Option<Remaining>> {
    let standings: Vec<(Held, Standing<'_>)> = held
        .into_iter()
        .map(|held| {
            let standing = found.standing(&held);
            (held, standing)
        })
        .collect();
    let all = |of: &[Standing<'_>]| standings.iter().all(|(_, standing)| of.contains(standing));
    // A message that was made by a release without steps has no parts that could be checked.
    if standings.is_empty()
        || standings
            .iter()
            .any(|(_, standing)| *standing == Standing::Unknown)
    {
        return Ok(None);
    }
    if all(&[Standing::Settled]) {
        no_longer_so(tx, &waiting, found.now)?;
        return Ok(None);
    }
    if waiting.no_longer_so_since.is_some() {
        outbox::mark_no_longer_so(tx, &waiting.row.id, None, found.now)?;
    }
    if !waiting.reached_nobody {
        return Ok(None);
    }
    if all(&[Standing::Settled, Standing::Over]) {
        outbox::replace(tx, &waiting.row, &waiting.row.expired(false), found.now)?;
        tracing::error!(
            id = waiting.row.id,
            "giving up: it is too late for all that the message says"
        );
        return Ok(None);
    }
    let mut told = Vec::new();
    for (held, standing) in standings {
        match standing {
            Standing::So(condition) => told.push((held, condition.clone())),
            _ => steps::release(tx, &waiting.row.id, &held)?,
        }
    }
    if told.is_empty() {
        no_longer_so(tx, &waiting, found.now)?;
        return Ok(None);
    }
    Ok(Some(Remaining {
        row: waiting.row,
        told,
    }))
}

/// Settles a message of which no part holds any more.
fn no_longer_so(tx: &Transaction<'_>, waiting: &Waiting, now: Timestamp) -> rusqlite::Result<()> {
    let row = &waiting.row;
    let reason = row.why.as_deref().unwrap_or("it had not left yet");
    if waiting.reached_nobody {
        tracing::info!(id = row.id, "withdrawn: nothing of the message is so any more");
        outbox::withdraw(tx, row, &format!("no longer so: {reason}"), now)?;
        return Ok(());
    }
    if waiting.no_longer_so_since.is_none() {
        tracing::info!(
            id = row.id,
            "the message is not sent again: nothing of it is so any more"
        );
        outbox::mark_no_longer_so(tx, &row.id, Some(now), now)?;
    }
    if row.state == State::Planned {
        // A message that was accepted and then not delivered has failed. Any other message may have arrived.
        let state = if row.accepted_at.is_some() && !outbox::stays_in_doubt(tx, row)? {
            State::Failed
        } else {
            State::Unknown
        };
        let over = Row {
            state,
            next_at: None,
            why: Some(format!("not sent again, no longer so: {reason}")),
            ..row.clone()
        };
        outbox::replace(tx, row, &over, now)?;
    }
    Ok(())
}

/// Makes the texts of waiting messages anew, after the pass has recorded its own message. A part that the
/// pass's own message tells drops out of the waiting messages.
///
/// # Errors
/// The error of SQLite.
pub(super) fn retell(
    tx: &Transaction<'_>,
    remaining: Vec<Remaining>,
    decided: &Decided,
    zone: &TimeZone,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let said = |condition: &'_ Condition| (condition.subject.clone(), has_derailed(condition));
    let told: HashSet<(Subject, bool)> = decided.told().map(|told| said(&told.condition)).collect();
    let said_now = |condition: &Condition| told.contains(&said(condition));
    for Remaining { row, told } in remaining {
        let (out, told): (Vec<_>, Vec<_>) = told.into_iter().partition(|(_, condition)| said_now(condition));
        for (held, _) in &out {
            steps::release(tx, &row.id, held)?;
        }
        retell_one(tx, &row, told, zone, now)?;
    }
    Ok(())
}

fn retell_one(
    tx: &Transaction<'_>,
    row: &Row,
    told: Vec<(Held, Condition)>,
    zone: &TimeZone,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let (held, conditions): (Vec<Held>, Vec<Condition>) = told.into_iter().unzip();
    let mut decisions: Vec<Decision> = conditions.into_iter().map(said).collect();
    let Some(text) = tell(&mut decisions, zone, now) else {
        tracing::info!(id = row.id, "withdrawn: a newer message says all of it");
        let why = "a newer message says what it said";
        return outbox::withdraw(tx, row, why, now).map(drop);
    };
    let in_text: HashSet<usize> = text.order.iter().copied().collect();
    for (index, held) in held.iter().enumerate() {
        if !in_text.contains(&index) {
            steps::release(tx, &row.id, held)?;
        }
    }
    let told: Vec<&Decision> = text
        .order
        .iter()
        .filter_map(|index| decisions.get(*index))
        .collect();
    for index in &text.order {
        if let (Some(held), Some(decision)) = (held.get(*index), decisions.get(*index)) {
            claim_what_it_says_now(tx, row, held, &decision.condition, now)?;
        }
    }
    let body = text.text.as_str();
    if body == row.body {
        return Ok(());
    }
    let subjects: Vec<Subject> = told.iter().map(|told| told.condition.subject.clone()).collect();
    let retold = Retold {
        body,
        severity: worst(&told),
        subjects: &subjects,
        expires_at: worth_until(&told, zone, now),
    };
    if outbox::retell(tx, row, retold, now)? {
        tracing::info!(
            id = row.id,
            "what the message says has changed: its text is made anew"
        );
    }
    Ok(())
}

/// A message that was made for one step and now says another, such as `last` instead of `last_seen`, holds that step
/// as well. Otherwise the next pass would say it in the same words.
fn claim_what_it_says_now(
    tx: &Transaction<'_>,
    row: &Row,
    held: &Held,
    condition: &Condition,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let Some(ask) = condition.ask.filter(|ask| ask.step != held.step) else {
        return Ok(());
    };
    match steps::insert(tx, &condition.subject, &ask, condition.severity, &row.id, now) {
        // Another message holds the step: it was said.
        Err(rusqlite::Error::StatementChangedRows(_)) => Ok(()),
        claimed => claimed,
    }
}

/// A condition as a part of a message.
fn said(condition: Condition) -> Decision {
    Decision {
        condition,
        action: Action::Notify,
        reason: Reason::FirstOfDay,
        word: None,
    }
}

#[cfg(test)]
mod tests;
