//! Makes a simulated person from the goals of a real one, as Beeminder's API sends them: `goals.json`, or the
//! user with all their goals and datapoints (`users/me.json?associations=true`). The simulation repeats each
//! entry at the instant at which the person made it. [`GoalModel`](crate::simulate::goal::GoalModel) has one
//! rate, so a goal is replayed with its present rate, and breaks and weekends off are ignored.

use std::path::Path;

use jiff::{SignedDuration, Span, Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Value, error::Category};

use super::{GoalPlan, MOST_DAYS, Person};
use crate::{
    arms::beeminder::{Aggregation, DataSource, Datapoint, Goal, GoalState, account_of},
    clock::{beeminder_day, local_day},
    config::{ConfigError, handwritten},
    domain::Money,
    foreign_file,
    simulate::{
        goal::{GoalKind, PLEDGES, RESPITE_DAYS},
        passes::Passes,
        world::Entry,
    },
};

const EXPECTED: &str = "expected the goals as Beeminder's API sends them: an array of goals, each with its datapoints, or \
                        the user with `goals` (users/me.json?associations=true)";

/// The largest goals file, in bytes: no account has so many goals with so many datapoints.
const LARGEST: u64 = 256 << 20;

/// Days in a week. The model counts rates in units per week.
const WEEK: f64 = 7.0;

/// Reads a goals file. `zone` is used if the file names no known zone. `passes` says when Mecris makes
/// passes.
///
/// # Errors
/// With the first problem of the file: what, where, and what is allowed.
pub(super) fn person(file: &Path, zone: Option<TimeZone>, passes: Passes) -> Result<Person, ConfigError> {
    let one = |key: &str, message: String| ConfigError(vec![Person::problem(file, key, message)]);
    let text = foreign_file::read_text(file, LARGEST).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => one("goals", "there is no such file".to_owned()),
        _ => one("goals", format!("cannot be read: {error}")),
    })?;
    let json = handwritten::json(text.as_bytes()).map_err(|error| match error.classify() {
        Category::Data => one("goals", error.to_string()),
        _ => one("goals", format!("is not JSON: {error}; {EXPECTED}")),
    })?;
    let of_file = json["timezone"]
        .as_str()
        .and_then(|name| TimeZone::get(name).ok());
    let zone = of_file.or(zone).ok_or_else(|| {
        let message = "the file names no known time zone: give --config FILE with time_zone, or the user \
                       (users/me.json?associations=true), which has it";
        one("timezone", message.to_owned())
    })?;
    let goals = match json {
        Value::Object(mut user) => user.remove("goals").unwrap_or_default(),
        other => other,
    };
    if goals.get(0).is_none_or(|goal| !goal.is_object()) {
        return Err(one("goals", format!("has no goals; {EXPECTED}")));
    }
    let account = account_of(None, goals, Timestamp::MIN)
        .map_err(|error| one("goals", format!("{error}; {EXPECTED}")))?;
    let mut left_out = account.unreadable.clone();
    let start = account
        .goals
        .iter()
        .filter_map(|goal| first_entry(goal, &zone))
        .min();
    let today = account.goals.iter().filter_map(|goal| today(goal, &zone)).max();
    let mut plans = Vec::new();
    for goal in &account.goals {
        if goal.state != GoalState::Active {
            left_out.push(format!("{}: it is not active", goal.slug));
            continue;
        }
        match plan(goal, start, &zone) {
            Ok(plan) => plans.push(plan),
            Err(why) => left_out.push(format!("{}: {why}", goal.slug)),
        }
    }
    let (Some(start), Some(today)) = (start, today) else {
        let missing = if start.is_none() {
            "a datapoint with a time"
        } else {
            "both `losedate` and `safebuf`"
        };
        return Err(one("goals", format!("no goal has {missing}; {EXPECTED}")));
    };
    if plans.is_empty() {
        return Err(one(
            "goals",
            format!("no goal can be replayed: {}", left_out.join("; ")),
        ));
    }
    let days = (today - start).get_days().clamp(1, i32::from(MOST_DAYS));
    Ok(Person {
        name: file
            .file_stem()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        goals: plans,
        days: u16::try_from(days).unwrap_or(MOST_DAYS),
        left_out,
        ..Person::of_record(file, zone, start, passes)
    })
}

fn first_entry(goal: &Goal, zone: &TimeZone) -> Option<Date> {
    let entered = entries(goal).filter_map(Datapoint::entered_at).min()?;
    Some(local_day(entered, zone).date())
}

/// What a person or their device entered.
fn entries(goal: &Goal) -> impl Iterator<Item = &Datapoint> {
    let made = |point: &&Datapoint| !point.is_dummy && !point.is_initial && !point.is_derail;
    goal.datapoints.iter().filter(made)
}

/// The day of the goal at the time when Beeminder sent the file: the day of its derailment less its safe
/// days. `None` without `losedate` or `safebuf`.
fn today(goal: &Goal, zone: &TimeZone) -> Option<Date> {
    let last_second = goal.losedate? - SignedDuration::from_secs(1);
    let derails_on = beeminder_day(last_second, zone, goal.deadline).date();
    let safe_days = Span::new().try_days(goal.safebuf?).ok()?;
    derails_on.checked_sub(safe_days).ok()
}

fn plan(goal: &Goal, start: Option<Date>, zone: &TimeZone) -> Result<GoalPlan, String> {
    let per_week = per_week(goal)?;
    let is_sum = goal.line.aggregation == Some(Aggregation::Sum) && goal.line.odometer != Some(true);
    if !is_sum || goal.line.adds_up_days == Some(false) {
        return Err(
            "only goals whose datapoints are added up can be replayed (aggday `sum`, no odometer)".to_owned(),
        );
    }
    let today = today(goal, zone).ok_or("it needs `safebuf` and `losedate`")?;
    let mut given: Vec<Entry> = entries(goal)
        .filter_map(|point| {
            let at = point.entered_at()?;
            Some(Entry {
                at,
                shown_at: at,
                units: point.value?.max(0.0),
            })
        })
        .collect();
    given.sort_by_key(|entry| entry.at);
    let start = start.unwrap_or(today);
    let buffer = buffer(goal, &given, start, today, per_week, zone);
    let kind = GoalKind {
        slug: goal.slug.clone(),
        deadline: goal.deadline,
        per_week,
        do_less: goal
            .line
            .kind
            .is_some_and(crate::arms::beeminder::GoalKind::uses_up_room),
        autodata: matches!(goal.source, Some(DataSource::Autodata(_))),
        unit: goal.line.unit.clone().unwrap_or_default(),
        pledge_cap: PLEDGES[PLEDGES.len() - 1],
        frozen: false,
    };
    Ok(GoalPlan {
        kind,
        buffer,
        pledge: goal.pledge.map_or(0, step_of),
        units: 0.0,
        entries: Vec::new(),
        entry_chance: 1.0,
        sync_delay: SignedDuration::ZERO,
        drawn: None,
        given: Some(given),
    })
}

fn per_week(goal: &Goal) -> Result<f64, String> {
    let days = match goal.rate_unit.as_deref() {
        Some("d") => 1.0,
        Some("w") => WEEK,
        Some("m") => 365.25 / 12.0,
        Some("y") => 365.25,
        Some("h") => 1.0 / 24.0,
        _ => return Err("`runits` is none of y, m, w, d, h".to_owned()),
    };
    let per_week = goal.rate.map(|rate| rate * WEEK / days);
    per_week
        .filter(|rate| *rate > 0.0)
        .ok_or_else(|| "only goals whose line rises can be replayed (`rate` above 0)".to_owned())
}

/// The safe days at the start. If the goal derailed, they are counted back from its first derailment, at
/// which no safe day was left; otherwise from the safe days of today. Counting back adds each day that
/// passed, and takes off what the entries added.
fn buffer(goal: &Goal, given: &[Entry], start: Date, today: Date, per_week: f64, zone: &TimeZone) -> f64 {
    let derailed = goal
        .datapoints
        .iter()
        .filter(|point| point.is_derail)
        .map(|point| point.day.date());
    let first = derailed.filter(|day| *day >= start).min();
    let until = first.map_or(today, |day| day.tomorrow().unwrap_or(day));
    let then = match first {
        // The model derails below 0. How far below is not known, so half a day is taken.
        Some(_) => -0.5,
        None => {
            #[allow(clippy::cast_precision_loss, reason = "a number of days")]
            let days = goal.safebuf.unwrap_or(0) as f64;
            days
        }
    };
    let counts_before = |entry: &&Entry| {
        let day = beeminder_day(entry.at, zone, goal.deadline).date();
        (first.is_none() && day <= until) || day < until
    };
    let entered: f64 = given.iter().filter(counts_before).map(|entry| entry.units).sum();
    let passed = f64::from((until - start).get_days());
    (then + passed - entered * WEEK / per_week).clamp(0.0, 10.0 * RESPITE_DAYS)
}

/// The highest of Beeminder's pledges (`PLEDGES`) that is not above `pledge`, in dollars.
fn step_of(pledge: Money) -> u32 {
    let dollars = pledge.usd();
    let below = PLEDGES.into_iter().rev().find(|step| f64::from(*step) <= dollars);
    below.unwrap_or(0)
}
