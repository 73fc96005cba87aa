//! When a goal was last safe. If a person got two warnings ahead about a goal, and no reading after the first
//! of them showed the goal as safe, they get no further warning ahead. These functions read the state and
//! write nothing.

use std::collections::HashMap;

use jiff::{Timestamp, tz::TimeZone};
use rusqlite::Connection;

use super::{
    assess::{AssessSettings, lies_ahead},
    policy::{Ledger, WARNINGS_WITHOUT_SAFETY},
};
use crate::{
    arms::beeminder::{Account, Goal},
    clock::Timetable,
    domain::{Condition, Step, Subject},
    store::tables::readings::{self, Reading},
};

/// For each goal that would get a further warning ahead: when a reading last showed it as safe. A goal with
/// fewer than two warnings is left out. So is a goal that was not safe since the second to last warning.
pub(super) fn last_safe(
    connection: &Connection,
    account: &Account,
    conditions: &[Condition],
    ledger: &Ledger,
    rules: (&AssessSettings, &Timetable),
) -> rusqlite::Result<HashMap<Subject, Timestamp>> {
    let mut last_safe = HashMap::new();
    let mut warned: HashMap<&Subject, Timestamp> = conditions
        .iter()
        .filter(|condition| condition.ask.is_some_and(|ask| ask.step == Step::Ahead))
        .filter_map(|Condition { subject, .. }| Some((subject, second_to_last_warning(ledger, subject)?)))
        .collect();
    if warned.is_empty() {
        return Ok(last_safe);
    }
    let zone = account.zone(&rules.0.zone);
    for goal in &account.goals {
        // Of two goals with one name the first counts.
        let Some((subject, since)) = warned.remove_entry(&Subject::goal(&goal.slug)) else {
            continue;
        };
        let readings = readings::of_goal(connection, goal.key(), since)?;
        let was_safe = |reading: &&Reading| reading.at > since && is_safe(goal, reading, rules, &zone);
        if let Some(safe) = readings.iter().rev().find(was_safe) {
            last_safe.insert(subject.clone(), safe.at);
        }
    }
    Ok(last_safe)
}

/// When the second to last warning ahead was said; `None` if there were fewer than two.
fn second_to_last_warning(ledger: &Ledger, subject: &Subject) -> Option<Timestamp> {
    let mut warnings: Vec<Timestamp> = ledger
        .said_about(subject)
        .iter()
        .filter(|said| said.step == Step::Ahead)
        .map(|said| said.at)
        .collect();
    warnings.sort_unstable();
    warnings.into_iter().rev().nth(WARNINGS_WITHOUT_SAFETY - 1)
}

/// Whether a reading shows the goal as safe: its last day lay so far ahead that there was nothing to say.
fn is_safe(
    goal: &Goal,
    reading: &Reading,
    (settings, timetable): (&AssessSettings, &Timetable),
    zone: &TimeZone,
) -> bool {
    let then = Goal {
        safebuf: reading.safebuf,
        losedate: reading.losedate,
        ..goal.clone()
    };
    lies_ahead(&then, reading.at, settings, timetable, zone)
}
