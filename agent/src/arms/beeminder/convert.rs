//! Converts Beeminder's JSON to the types that Mecris keeps. Pure. No input makes it panic. What cannot be read
//! becomes `None` if the field is an `Option`. Otherwise a flag counts as not set, and a deadline as midnight.

mod line;

use std::collections::HashSet;

use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use super::{
    error::Malformed,
    lenient::{Lenient, Object, Whole},
    repair::{Broken, Document},
    types::{Account, Datapoint, Goal, RecentDatapoints},
    wire,
};
use crate::{
    clock::DeadlineOffset,
    domain::{GoalState, Money, Slug},
};

/// When a goal derails, Beeminder makes a datapoint whose comment begins with this.
const DERAIL: &str = "#DERAIL";

/// Builds the account from the user (if there is one) and the array of goals. Goals in `ignore` are left out.
pub(super) fn account(
    user: Option<Value>,
    goals: impl Into<Document>,
    ignore: &[Slug],
    now: Timestamp,
) -> Result<Account, Malformed> {
    let user: wire::User = match user {
        Some(user @ Value::Object(_)) => serde_json::from_value(user).unwrap_or_default(),
        Some(other) => return Err(Malformed::new("the user", "an object", &other)),
        None => wire::User::default(),
    };
    let elements = goals.into().elements("the goals")?;
    let mut account = Account {
        time_zone: user.timezone.0.filter(|name| TimeZone::get(name).is_ok()),
        deadbeat: user.deadbeat.0.unwrap_or(false),
        goals: Vec::with_capacity(elements.len()),
        unreadable: Vec::new(),
        ignored: 0,
    };
    let mut slugs = HashSet::new();
    for (index, element) in elements.into_iter().enumerate() {
        let place = format!("goal {} in the list", index + 1);
        match element.map(|element| goal(element, now)) {
            Ok(Ok(goal)) if ignore.contains(&goal.slug) => account.ignored += 1,
            // Everything that is said and silenced goes by the slug, so the second one could not be told from the first.
            Ok(Ok(goal)) if !slugs.insert(goal.slug.clone()) => {
                let slug = goal.slug;
                let why = format!("{place}, {slug}: another goal of the list has the same slug");
                account.unreadable.push(why);
            }
            Ok(Ok(goal)) => account.goals.push(goal),
            Ok(Err(why)) => account.unreadable.push(format!("{place}: {why}")),
            Err(Broken { slug, why }) => match slug.and_then(|slug| slug.parse::<Slug>().ok()) {
                Some(slug) if ignore.contains(&slug) => account.ignored += 1,
                Some(slug) => account.unreadable.push(format!("{place}, {slug}: {why}")),
                None => account.unreadable.push(format!("{place}: {why}")),
            },
        }
    }
    Ok(account)
}

/// Reads `datapoints.json`.
pub(super) fn datapoints(body: impl Into<Document>) -> Result<RecentDatapoints, Malformed> {
    let elements = body.into().elements("the datapoints")?;
    let total = elements.len();
    let readable: Vec<Datapoint> = elements
        .into_iter()
        .filter_map(|element| serde_json::from_value(element.ok()?).ok())
        .filter_map(|Object(point)| datapoint(point))
        .collect();
    Ok(RecentDatapoints {
        unreadable: total - readable.len(),
        points: newest_first(readable),
    })
}

fn goal(element: Value, now: Timestamp) -> Result<Goal, String> {
    if !element.is_object() {
        return Err(Malformed::new("it", "an object", &element).to_string());
    }
    let wire: wire::Goal = serde_json::from_value(element).map_err(|error| error.to_string())?;
    let slug: Slug = wire
        .slug
        .0
        .as_deref()
        .ok_or("it has no slug")?
        .parse()
        .map_err(|error| format!("{error}"))?;
    let archived = instant(&wire.archivedate).is_some_and(|at| at <= now);
    let state = match (archived, wire.won.0, wire.frozen.0) {
        (true, ..) => GoalState::Archived,
        (_, Some(true), _) => GoalState::Won,
        (.., Some(true)) => GoalState::Frozen,
        _ => GoalState::Active,
    };
    let (line, source) = (line::line(&wire), line::source(&wire));
    let (lead_days, alert_start) = (line::lead_days(&wire), line::alert_start(&wire));
    let contract = line::contract(&wire);
    let embedded = [wire.last_datapoint]
        .into_iter()
        .chain(list(wire.recent_data))
        .chain(list(wire.datapoints))
        .filter_map(|point| point.0)
        .filter_map(|Object(point)| datapoint(point));
    Ok(Goal {
        title: text(wire.title).unwrap_or_else(|| slug.to_string()),
        slug,
        id: wire.id.0,
        state,
        queued: wire.queued.0.unwrap_or(false),
        queued_since: None,
        safebuf: wire.safebuf.0.map(|days| days.0),
        losedate: instant(&wire.losedate),
        deadline: wire
            .deadline
            .0
            .and_then(|offset| DeadlineOffset::from_seconds(offset.0))
            .unwrap_or_default(),
        pledge: wire.pledge.0.and_then(|usd| Money::from_usd(usd).ok()),
        current_value: wire.curval.0,
        target_value: wire.goalval.0,
        rate: wire.rate.0,
        rate_unit: text(wire.runits),
        due: due(text(wire.safesum), text(wire.limsum)),
        bare_minimum: text(wire.baremin),
        has_data_today: wire.todayta.0,
        lead_days,
        alert_start,
        source,
        lost: wire.lost.0,
        contract,
        archives_at: instant(&wire.archivedate),
        line,
        datapoints: newest_first(embedded),
    })
}

/// What is due, in Beeminder's words. Beeminder has replaced `limsum` by `safesum`. But while a goal has safe
/// days, `safesum` only says "safe for 3 days", and `limsum` says more.
fn due(safesum: Option<String>, limsum: Option<String>) -> Option<String> {
    safesum.filter(|words| !words.starts_with("safe")).or(limsum)
}

/// Datapoints, each id once, the newest first. `last_datapoint` is in `recent_data` too.
fn newest_first(points: impl IntoIterator<Item = Datapoint>) -> Vec<Datapoint> {
    let mut seen = HashSet::new();
    let mut points: Vec<Datapoint> = points
        .into_iter()
        .filter(|point| point.id.clone().is_none_or(|id| seen.insert(id)))
        .collect();
    points.sort_by_key(|point| std::cmp::Reverse((point.day, point.entered_at())));
    points
}

/// The datapoint; `None` if its daystamp cannot be read, because then its day is unknown.
fn datapoint(wire: wire::Datapoint) -> Option<Datapoint> {
    let marked = wire
        .comment
        .0
        .is_some_and(|comment| comment.trim_start().starts_with(DERAIL));
    Some(Datapoint {
        id: wire.id.0.filter(|id| !id.is_empty()),
        day: wire.daystamp.0?.parse().ok()?,
        value: wire.value.0,
        is_dummy: wire.is_dummy.0.unwrap_or(false),
        is_initial: wire.is_initial.0.unwrap_or(false),
        // A person may write #DERAIL into a comment. Only Beeminder makes dummies.
        is_derail: marked && wire.is_dummy.0 == Some(true),
        created_at: wire.created_at.0.and_then(|at| at.parse().ok()),
        updated_at: instant(&wire.updated_at),
    })
}

fn list<T>(list: Lenient<Vec<Lenient<T>>>) -> Vec<Lenient<T>> {
    list.0.unwrap_or_default()
}

fn text(text: Lenient<String>) -> Option<String> {
    text.0.filter(|text| !text.trim().is_empty())
}

fn instant(seconds: &Lenient<Whole>) -> Option<Timestamp> {
    Timestamp::from_second(seconds.0.as_ref()?.0).ok()
}
