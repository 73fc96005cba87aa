//! What one pass writes, in one transaction: the run, its decisions, the claims, the message, and what was
//! read. All of it is written, or nothing. Also what a pass reads before it decides: the history and the
//! ledger.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rusqlite::{Connection, Transaction};

use super::{
    assess::{History, Observed, UpstreamHistory, Vanished},
    habit::{self, Habit},
    observe::last_account,
    policy::{Ledger, MISSED_DAY, Said},
    rules::Decided,
    tell::Told,
};
use crate::{
    arms::beeminder::Goal,
    clock,
    domain::{
        Ask, Condition, Daystamp, Decision, Derailment, Observation, Reason, Severity, SilenceKind, Step,
        Subject,
    },
    notify::{channels::ChannelKind, outbox::NewMessage},
    store::tables::{
        broken_channels,
        claims::{self, NewClaim},
        decisions, derailments, entries, forewarned, goal_names, outbox, readings, runs, silences,
        snapshots::{self, BEEMINDER, WALK},
        sql::json,
        steps, untold, upstreams,
    },
};

/// A derailment may be told this long after it happened.
const DERAILED_LATELY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How many silences that have ended are searched for vacations, at most.
const MOST_SILENCES: u32 = 50;

/// For how long a gap between passes is still reported after its end.
const GAP_TOLD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// For this many days, what was said about a goal or a walk on one occasion matters for other occasions too.
/// The number must be larger than `REPEAT_UNKNOWN_DAYS`, so that an `unknown` is not said again too early.
const SAID_LATELY_DAYS: i64 = 8;

/// For this many days a warning ahead counts, if the goal has not been safe since.
const WARNED_DAYS: i64 = 90;

/// For this many days, what was said about any other subject matters. These are few steps, and their
/// occasions may be long ago: the first day of a budget's period, or the day on which a lasting trouble
/// began.
const ALERTED_DAYS: i64 = 400;

/// A person who goes on vacation hears which goals derail meanwhile. For this long, that counts as step
/// `last` of each goal that was named.
const FOREWARNED: SignedDuration = SignedDuration::from_hours(24);

/// What earlier passes recorded, including this pass's own try at Beeminder.
pub(super) fn history(
    connection: &Connection,
    channels: &[ChannelKind],
    beeminder_failed: bool,
    deadline: std::time::Duration,
    now: Timestamp,
) -> rusqlite::Result<History> {
    let checks = upstreams::summary(connection, BEEMINDER, now - SignedDuration::from_hours(1))?;
    let last_run = runs::list(connection, 1)?.into_iter().next();
    let one_more = u32::from(beeminder_failed);
    let broken_channels = broken_channels::among(connection, channels)?;
    Ok(History {
        beeminder: UpstreamHistory {
            consecutive_failures: if beeminder_failed {
                checks.consecutive_failures + 1
            } else {
                0
            },
            failures_last_hour: checks.failures_since + one_more,
            last_success: if beeminder_failed {
                checks.last_success
            } else {
                Some(now)
            },
        },
        last_success: runs::last_success(connection)?,
        first_run: runs::first(connection)?,
        nothing_was_due: false,
        gap: runs::gap_ended_since(connection, now - GAP_TOLD_FOR, MISSED_DAY)?,
        overran: last_run.filter(|run| run.overran).map(|run| {
            let took = run.finished_at.duration_since(run.started_at);
            (run.started_at, took.try_into().unwrap_or(deadline))
        }),
        healthy_channels: channels.len() - broken_channels.len(),
        broken_channels,
        untold: untold::all(connection)?,
        vanished: None,
        habits: HashMap::new(),
    })
}

/// The goals that could derail, for a pass at which Beeminder lists none.
pub(super) fn vanished(connection: &Connection) -> rusqlite::Result<Option<Vanished>> {
    let seen_before = last_account(connection)?.is_some_and(|(_, account)| account.lists_none());
    Ok(readings::active(connection)?.map(|(goals, changed_at)| Vanished {
        goals,
        changed_at,
        seen_before,
    }))
}

/// The derailments that may still be told: those of the last seven days, and those during a vacation that
/// ended within the last seven days.
pub(super) fn derailments(
    connection: &Connection,
    now: Timestamp,
) -> rusqlite::Result<Vec<(String, Derailment)>> {
    let lately = now.saturating_sub(DERAILED_LATELY).unwrap_or(Timestamp::MIN);
    let vacations = silences::ended(connection, now, MOST_SILENCES)?
        .into_iter()
        .filter(|silence| silence.kind == SilenceKind::Vacation && silence.ends_at >= lately);
    let from = vacations
        .map(|vacation| vacation.starts_at)
        .fold(lately, Timestamp::min);
    derailments::between(connection, from, now)
}

/// The habits of these goals, by their keys.
pub(super) fn habits<'a>(
    connection: &Connection,
    goals: impl Iterator<Item = &'a Goal>,
    zone: &TimeZone,
    now: Timestamp,
) -> rusqlite::Result<HashMap<String, Habit>> {
    let since = now.saturating_sub(habit::LATELY).unwrap_or(Timestamp::MIN);
    goals
        .map(|goal| {
            let entries = entries::of_goal(connection, goal.key(), since)?;
            Ok((goal.key().to_owned(), Habit::of(goal, &entries, zone, now)))
        })
        .collect()
}

/// Follows goals that have another name than at the last reading: what was said about such a goal gets the
/// new name.
pub(super) fn renamed_goals(tx: &Transaction<'_>, observed: &Observed) -> rusqlite::Result<()> {
    let Some(account) = observed.beeminder.fresh() else {
        return Ok(());
    };
    let named = account
        .goals
        .iter()
        .filter_map(|goal| Some((goal.id.as_deref()?, &goal.slug)));
    for renamed in goal_names::follow(tx, named)? {
        tracing::info!(
            from = %renamed.from,
            to = %renamed.to,
            "a goal has another name; what was said about it goes with it"
        );
    }
    Ok(())
}

/// Ends the messages whose time is over and that reached nobody, so that what they said can be said again.
pub(super) fn expire_waiting(tx: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    for row in outbox::expire(tx, now)? {
        tracing::error!(
            id = row.id,
            "giving up: the message expired before it could be tried again"
        );
    }
    Ok(())
}

/// What was said already about the subjects of these conditions: what was said lately, and what was said
/// about the present occasions, however long ago. The occasion of a trouble that lasts, such as a gap without
/// passes, is the day on which it began.
pub(super) fn ledger(
    connection: &Connection,
    conditions: &[Condition],
    zone: &TimeZone,
    now: Timestamp,
) -> rusqlite::Result<Ledger> {
    let mut ledger = Ledger::default();
    let today = clock::local_day(now, zone);
    let mut matters: BTreeMap<&Subject, Daystamp> = BTreeMap::new();
    let mut said = Vec::new();
    for (subject, ask) in conditions
        .iter()
        .filter_map(|condition| Some((&condition.subject, condition.ask?)))
    {
        let from = matters_from(subject, &ask, today);
        let earliest = matters.entry(subject).or_insert(from);
        *earliest = from.min(*earliest);
        if subject.topic() == "budget" {
            said.extend(steps::of_period(connection, subject, ask.occasion)?);
        }
    }
    for (subject, from) in matters {
        said.extend(steps::of_subject(connection, subject, from)?);
    }
    for row in said {
        ledger.said.entry(row.subject).or_default().push(Said {
            step: row.step,
            occasion: row.occasion,
            on: clock::local_day(row.claimed_at, zone),
            at: row.claimed_at,
            acknowledged_by: row.acknowledged_by,
            refused_at: row.refused_at,
            used: row.used,
        });
    }
    let lately = now.saturating_sub(FOREWARNED).unwrap_or(Timestamp::MIN);
    for told in forewarned::since(connection, lately)? {
        ledger.said.entry(told.subject).or_default().push(Said {
            step: Step::Last,
            occasion: told.occasion,
            on: clock::local_day(told.told_at, zone),
            at: told.told_at,
            acknowledged_by: None,
            refused_at: None,
            used: None,
        });
    }
    let (midnight, _) = clock::local_day_bounds(today, zone);
    ledger.messages_last_hour = outbox::messages_since(connection, now - SignedDuration::from_hours(1))?;
    ledger.messages_today = outbox::messages_since(connection, midnight)?;
    Ok(ledger)
}

/// Of what was said about a subject, only occasions from this day on still matter for its step.
fn matters_from(subject: &Subject, ask: &Ask, today: Daystamp) -> Daystamp {
    let days = match (subject.topic(), ask.step) {
        (_, Step::Ahead) => WARNED_DAYS,
        ("goal" | "walk", _) => SAID_LATELY_DAYS,
        _ => ALERTED_DAYS,
    };
    ask.occasion.min(today.minus(days))
}

/// Writes snapshots of fresh readings, and whether the try at Beeminder worked.
pub(super) fn reading(tx: &Transaction<'_>, observed: &Observed, now: Timestamp) -> rusqlite::Result<()> {
    if let Observation::Fresh { value, at } = &observed.beeminder {
        snapshots::put(tx, BEEMINDER, *at, &json(value)?)?;
    }
    if let Some(Observation::Fresh { value, at }) = &observed.walk {
        snapshots::put(tx, WALK, *at, &json(value)?)?;
    }
    upstreams::record(tx, BEEMINDER, now, observed.beeminder.why())
}

/// Writes the decisions, and the messages with the claims of what they tell. `insert` puts a message into the
/// outbox. Returns the messages' ids.
pub(super) fn decisions_and_messages(
    tx: &Transaction<'_>,
    mut insert: impl FnMut(NewMessage) -> rusqlite::Result<String>,
    run_id: Option<&str>,
    decided: &Decided,
    zone: &TimeZone,
    now: Timestamp,
) -> rusqlite::Result<Vec<String>> {
    let mut messages: Vec<(String, &Told)> = Vec::new();
    for message in &decided.told {
        let told: Vec<&Decision> = decided.told_by(message).collect();
        let id = insert(NewMessage {
            run_id: run_id.map(str::to_owned),
            severity: worst(&told),
            subjects: told.iter().map(|told| told.condition.subject.clone()).collect(),
            text: message.text.clone(),
            expires_at: Some(worth_until(&told, zone, now)),
            channels: message.channels.clone(),
            only: None,
        })?;
        messages.push((id, message));
    }
    let mut of_decision: Vec<Option<&str>> = vec![None; decided.decisions.len()];
    for (id, told) in &messages {
        for index in &told.order {
            if let Some(message) = of_decision.get_mut(*index) {
                *message = Some(id);
            }
        }
    }
    let with_message = decided.decisions.iter().zip(of_decision);
    decisions::insert(tx, run_id, now, with_message)?;
    for (id, message) in &messages {
        claim(tx, id, decided.told_by(message), now)?;
    }
    Ok(messages.into_iter().map(|(id, _)| id).collect())
}

/// Claims what a message tells.
fn claim<'a>(
    tx: &Transaction<'_>,
    id: &str,
    told: impl Iterator<Item = &'a Decision>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    for Decision {
        condition, reason, ..
    } in told
    {
        let claim = NewClaim {
            subject: &condition.subject,
            day: condition.day,
            step: u8::from(*reason == Reason::Escalated),
            severity: condition.severity,
        };
        if let Some(ask) = &condition.ask {
            steps::insert(tx, claim.subject, ask, claim.severity, id, now)?;
            // The previous release knows claims only, so a claim is written for it. A derailment that has
            // happened gets none: the previous release would take it for today's alert about the goal.
            if ask.step != Step::Derailed {
                claims::insert_if_free(tx, &claim, id, now)?;
            }
        }
    }
    Ok(())
}

/// The worst severity of the conditions that are told.
pub(super) fn worst(told: &[&Decision]) -> Severity {
    let severities = told.iter().map(|decision| decision.condition.severity);
    severities
        .max_by_key(|severity| severity.rank())
        .unwrap_or(Severity::Unknown)
}

/// When the message is no longer worth sending: when the last of its conditions ends, but at the end of the
/// local day at the latest. The message says "today" and "tomorrow", and the first pass of the next day says
/// again what still holds.
pub(super) fn worth_until(told: &[&Decision], zone: &TimeZone, now: Timestamp) -> Timestamp {
    let (_, midnight) = clock::local_day_bounds(clock::local_day(now, zone), zone);
    let ends: Option<Vec<Timestamp>> = told
        .iter()
        .map(|decision| decision.condition.expires_at)
        .collect();
    ends.into_iter()
        .flatten()
        .max()
        .map_or(midnight, |last| last.min(midnight))
}

#[cfg(test)]
mod tests;
