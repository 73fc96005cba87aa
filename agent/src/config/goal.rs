//! `[[goal]]`: what is different for single goals.

use std::{collections::HashMap, time::Duration};

use jiff::{SignedDuration, civil::Time};
use toml::Value;

use super::{
    given,
    lines::{self, Line},
    reader::{self, Reader},
    setting::{Form, Kind, Setting, Table},
};
use crate::domain::{ChannelKind, Slug};

pub(super) const TABLE: Table = Table {
    name: "goal",
    doc: "Exceptions for single goals.",
    form: Form::Lines,
    settings: &[
        Setting::new("slug", Kind::Text, "the goal's name in Beeminder").example("\"reading\""),
        Setting::new(
            "lead_days",
            Kind::Other("integer or `\"beeminder\"`"),
            "as `heuristic.lead_days`",
        )
        .example("0"),
        Setting::new(
            "from",
            Kind::Time,
            "the time from which the last message about the goal may leave. It replaces the goal's own \
             reminders and the person's usual time. The message never waits beyond the last chance but one",
        )
        .example("\"19:00\""),
        Setting::new("margin", Kind::Duration, "as `heuristic.margin`").example("\"5h\""),
        Setting::new(
            "channels",
            Kind::Other("list"),
            "the channels by which messages about it go, in the order in which they are tried: some of \
             `notify.channels`, each once; `[]` for all of them",
        )
        .example("[\"voice\", \"sms\"]"),
        Setting::new("silent", Kind::Flag, "`true`: nothing is ever said about it").example("false"),
    ],
};

/// How many days before its last day a goal is warned of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeadDays {
    /// So many; 0: on its last day only.
    Days(u16),
    /// As many as the goal's own reminders: `leadtime` of Beeminder.
    OfGoal,
}

/// What is different for one goal. `None`: nothing is, `[heuristic]` holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoalRule {
    /// `lead_days`.
    pub lead_days: Option<LeadDays>,
    /// `from`, on the account's clock.
    pub from: Option<Time>,
    /// `margin`.
    pub margin: Option<SignedDuration>,
    /// `channels`, of which there is at least one.
    pub channels: Option<Vec<ChannelKind>>,
    /// `silent`.
    pub is_silent: bool,
}

/// The most days before the last day.
pub(super) const MOST_LEAD_DAYS: u16 = 30;
/// What `lead_days` may be.
pub(super) const LEAD_DAYS: &str =
    "a whole number from 0 to 30, or \"beeminder\" for the goal's own reminders";
const DAY: Duration = Duration::from_hours(24);

/// The rules by slug. `configured` is what `notify.channels` has, `None` if that has a problem of its own.
pub(super) fn rules(
    reader: &mut Reader,
    configured: Option<&[ChannelKind]>,
) -> Option<HashMap<Slug, GoalRule>> {
    let mut rules = HashMap::new();
    for (slug, rule) in lines::read(reader, &TABLE, |line| rule(line, configured))? {
        if rules.insert(slug.clone(), rule).is_some() {
            reader.refuse("goal", format!("has two tables for {slug}: make them one"));
            return None;
        }
    }
    Some(rules)
}

fn rule(line: &mut Line<'_>, configured: Option<&[ChannelKind]>) -> Option<(Slug, GoalRule)> {
    let slug = line.required(
        "slug",
        "the slug of a Beeminder goal such as \"reading\"",
        |value| given::text(value)?.parse().ok(),
    );
    let lead_days = line.optional("lead_days", LEAD_DAYS, lead_days);
    let from = line.optional("from", "a time such as \"19:00\"", |value| {
        reader::time(&given::text(value)?)
    });
    let margin = line.optional("margin", "a duration from 0s to 24h such as \"5h\"", margin);
    let channels = channels(line, configured);
    let is_silent = line.optional("silent", "true or false", Value::as_bool);
    let rule = GoalRule {
        lead_days: lead_days?,
        from: from?,
        margin: margin?,
        channels: channels?,
        is_silent: is_silent?.unwrap_or(false),
    };
    Some((slug?, rule))
}

/// A number, or the word for the goal's own.
pub(super) fn lead_days(value: &Value) -> Option<LeadDays> {
    let text = given::text(value);
    if text.as_deref() == Some("beeminder") {
        return Some(LeadDays::OfGoal);
    }
    // A variable is text.
    let number = value.as_integer().or_else(|| text?.trim().parse().ok())?;
    let days = u16::try_from(number)
        .ok()
        .filter(|days| *days <= MOST_LEAD_DAYS)?;
    Some(LeadDays::Days(days))
}

/// The channels of a goal. The inner `None`: those of every message.
fn channels(line: &mut Line<'_>, configured: Option<&[ChannelKind]>) -> Option<Option<Vec<ChannelKind>>> {
    const NAME: &str = "channels";
    let expected = format!(
        "a list of channels such as [\"voice\", \"sms\"], each once, of {}",
        ChannelKind::ALL.map(ChannelKind::as_str).join(", ")
    );
    let given = line.optional(NAME, &expected, |value| {
        let names = value.as_array()?.iter();
        let channels: Option<Vec<ChannelKind>> = names.map(|name| name.as_str()?.parse().ok()).collect();
        channels.filter(|all| (1..all.len()).all(|index| !all[..index].contains(&all[index])))
    })?;
    let channels = given.filter(|channels| !channels.is_empty());
    let is_missing = |channel: &&ChannelKind| configured.is_some_and(|all| !all.contains(*channel));
    if let Some(missing) = channels.iter().flatten().find(is_missing) {
        let problem = format!("has {missing}, which is not in notify.channels: add it there");
        line.refuse(NAME, problem);
        return None;
    }
    Some(channels)
}

fn margin(value: &Value) -> Option<SignedDuration> {
    let margin = given::text(value)?.parse::<SignedDuration>().ok()?;
    (!margin.is_negative() && margin.unsigned_abs() <= DAY).then_some(margin)
}
