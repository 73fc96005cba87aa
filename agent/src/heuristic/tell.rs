//! The message of a pass: which conditions it names, which it counts, and which find no room. Pure.
//!
//! 1. **Choose**: conditions that have their last day come first, then derailments that have happened, then
//!    the rest. In the last two groups, a condition that makes the message leave comes before one that only
//!    goes with it. Then the condition with the highest stake comes first, then the one that ends first, then
//!    the order of names.
//! 2. **Shorten**: if the short phrases of all conditions fit into one SMS segment, all are named. Otherwise
//!    the message has two segments and names as many as fit, in the chosen order. Where room is left, short
//!    phrases are replaced by long phrases, in the same order.
//! 3. **Count**: goals that are not named are counted, in one sum for each step: "+11 more due today, $4
//!    together". No goal that is counted has a higher stake than a named goal of the same step.
//! 4. **List**: the named conditions stand in the order in which they end. Goals that derail before the next
//!    day on which Mecris can speak share one phrase ("nobody watches").
//!
//! A condition that is neither named nor counted is not told. It claims nothing, and may go with the next
//! message.
//!
//! Goals with channels of their own do not share a message with what goes by others ([`tell_each`]).

use std::{cmp::Reverse, collections::HashSet};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    assess::words::{Local, dollars},
    policy::Policy,
};
use crate::{
    domain::{Action, ChannelKind, Condition, Decision, Money, Reason, Step, Subject},
    notify::message::{Size, Text, Words},
};

/// The most conditions that a message names. More never fit: a phrase and its separator take more than 3 of
/// the 305 septets (the characters of an SMS).
const MOST_NAMED: usize = 100;

/// The first phrase may be cut, but keeps at least this many septets. If the sums leave it less room, the
/// last sums are left out.
const LEAST_OF_FIRST: usize = 60;

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// Its text.
    pub(super) text: Text,
    /// The channels by which it goes; `None`: all that are configured.
    pub(super) channels: Option<Vec<ChannelKind>>,
    /// The decisions that it tells, by their index: first those that it names, in the order of the text, then
    /// those that it counts.
    pub(super) order: Vec<usize>,
}

/// Composes one message of these decisions. A decision that finds no room in it becomes `no_room`. `None` if
/// nothing is to be said.
pub(super) fn tell(decisions: &mut [Decision], zone: &TimeZone, now: Timestamp) -> Option<Told> {
    compose_by(decisions, |_| None, zone, now).pop()
}

/// Composes the messages of these decisions, one for all that goes by the same channels. A decision that finds no
/// room in its message becomes `no_room`.
pub(super) fn tell_each(decisions: &mut [Decision], policy: &Policy, now: Timestamp) -> Vec<Told> {
    compose_by(
        decisions,
        |subject| policy.channels_of(subject),
        &policy.zone,
        now,
    )
}

fn compose_by<'a>(
    decisions: &mut [Decision],
    channels_of: impl Fn(&Subject) -> Option<&'a [ChannelKind]>,
    zone: &TimeZone,
    now: Timestamp,
) -> Vec<Told> {
    let messages: Vec<Told> = {
        let local = Local::new(now, zone);
        let notified = decisions
            .iter()
            .enumerate()
            .filter(|(_, decision)| decision.action == Action::Notify);
        let mut items: Vec<Item<'_>> = notified
            .map(|(index, decision)| Item::new(index, &decision.condition, now))
            .collect();
        items.sort_by(|a, b| a.choice().cmp(&b.choice()));
        let mut groups: Vec<(Option<&[ChannelKind]>, Vec<Item<'_>>)> = Vec::new();
        for item in items {
            let channels = channels_of(&item.condition.subject);
            match groups.iter_mut().find(|(known, _)| *known == channels) {
                Some((_, group)) => group.push(item),
                None => groups.push((channels, vec![item])),
            }
        }
        let told = groups.iter().filter_map(|(channels, items)| {
            let told = compose(items, &local)?;
            let channels = channels.map(<[ChannelKind]>::to_vec);
            Some(Told { channels, ..told })
        });
        told.collect()
    };
    let told: HashSet<usize> = messages.iter().flat_map(|told| &told.order).copied().collect();
    for (index, decision) in decisions.iter_mut().enumerate() {
        if decision.action == Action::Notify && !told.contains(&index) {
            decision.action = Action::Suppress;
            decision.reason = Reason::NoRoom;
        }
    }
    messages
}

/// What can be counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sum {
    step: Step,
    /// Whether the goal derails before the next day on which Mecris can speak ("nobody watches").
    unwatched: bool,
}

/// One condition that a message may tell.
struct Item<'a> {
    /// The index of its decision.
    index: usize,
    condition: &'a Condition,
    long: Words,
    short: Words,
    heading: Option<Words>,
    /// Whether it only goes with a message that leaves anyway.
    rides: bool,
}

impl<'a> Item<'a> {
    fn new(index: usize, condition: &'a Condition, now: Timestamp) -> Self {
        Self {
            index,
            condition,
            long: Words::of(&condition.phrase.long),
            short: Words::of(&condition.phrase.short),
            heading: condition.heading.as_deref().map(Words::of),
            rides: condition.ask.is_some_and(|ask| now < ask.alone_from),
        }
    }

    /// The order in which conditions are chosen. Among those without their last day, a condition that makes
    /// the message leave comes before one that only goes with it. An unknown stake counts as the highest.
    fn choice(&self) -> impl Ord + use<'_> {
        let step = self.condition.ask.map(|ask| ask.step);
        let rank = match step {
            Some(Step::LastCall | Step::Last | Step::LastSeen) => 0,
            Some(Step::Derailed) => 1,
            _ => 2,
        };
        (
            rank,
            rank > 0 && self.rides,
            Reverse(self.condition.stake.map_or(i64::MAX, Money::micros)),
            self.place(),
        )
    }

    /// The order in which conditions are listed.
    fn place(&self) -> impl Ord + use<'_> {
        let ends = self.condition.expires_at;
        (ends.is_none(), ends, &self.condition.subject)
    }

    /// The sum that can count this condition; `None` if it cannot be counted, so that it is named or not
    /// told.
    fn sum(&self) -> Option<Sum> {
        let step = self.condition.ask?.step;
        let is_counted = matches!(
            step,
            Step::Ahead | Step::LastSeen | Step::Last | Step::LastCall | Step::Unknown
        );
        is_counted.then_some(Sum {
            step,
            unwatched: self.heading.is_some(),
        })
    }
}

/// The message of items in the order of choice.
fn compose(items: &[Item<'_>], local: &Local<'_>) -> Option<Told> {
    if items.is_empty() {
        return None;
    }
    let all = Draft::new(items, items.len(), usize::MAX, local);
    if items.len() <= MOST_NAMED
        && let Some(told) = all.longest(Size::OneSegment)
    {
        return Some(told);
    }
    let sums = Draft::new(items, 1, usize::MAX, local).counted.len();
    let most_named = most_named(items);
    (0..=sums).rev().find_map(|sums| {
        let fitting = (1..=most_named)
            .rev()
            .find_map(|named| Draft::new(items, named, sums, local).longest(Size::TwoSegments));
        fitting.or_else(|| Draft::new(items, 1, sums, local).cut())
    })
}

/// How many of the items a message could name if it counted nothing. A draft looks at every item, so those that
/// cannot fit are not even tried: an account may have tens of thousands of goals at risk.
fn most_named(items: &[Item<'_>]) -> usize {
    let fits = |named: &usize| {
        // Items with one heading share it, so the heading is left out: this never says too few.
        let shorts = items[..*named].iter().map(|item| &item.short);
        Text::of(shorts, Size::TwoSegments).is_some()
    };
    (1..=items.len().min(MOST_NAMED)).rev().find(fits).unwrap_or(1)
}

/// A message that names the first of the items and counts others.
struct Draft<'a> {
    items: &'a [Item<'a>],
    named: usize,
    /// The named items in the order in which they are listed, as places in `items`.
    listed: Vec<usize>,
    /// What is counted, as places in `items`.
    counted: Vec<Vec<usize>>,
    sums: Vec<Words>,
}

impl<'a> Draft<'a> {
    /// Names the first `named` of the items, and counts the others in at most `most_sums` sums.
    fn new(items: &'a [Item<'a>], named: usize, most_sums: usize, local: &Local<'_>) -> Self {
        let mut listed: Vec<usize> = (0..named).collect();
        listed.sort_by(|a, b| items[*a].place().cmp(&items[*b].place()));
        let mut groups: Vec<(Sum, Vec<usize>)> = Vec::new();
        for (place, item) in items.iter().enumerate().skip(named) {
            let Some(sum) = item.sum() else { continue };
            match groups.iter_mut().find(|(known, _)| *known == sum) {
                Some((_, group)) => group.push(place),
                None => groups.push((sum, vec![place])),
            }
        }
        groups.truncate(most_sums);
        let mut counted: Vec<Vec<usize>> = groups.into_iter().map(|(_, group)| group).collect();
        counted.sort_by_key(|group| group.iter().map(|place| items[*place].condition.expires_at).max());
        let sums = counted
            .iter()
            .map(|group| {
                let conditions: Vec<&Condition> = group.iter().map(|place| items[*place].condition).collect();
                Words::of(&sum(&conditions, local))
            })
            .collect();
        Self {
            items,
            named,
            listed,
            counted,
            sums,
        }
    }

    /// The message with as many phrases in full as fit, the first chosen before the others; `None` if it is too
    /// long even with every phrase short.
    fn longest(&self, size: Size) -> Option<Told> {
        let text = |in_full: &[bool]| Text::of(self.phrases(in_full).iter().chain(&self.sums), size);
        let mut in_full = vec![false; self.named];
        let mut longest = text(&in_full)?;
        for place in 0..self.named {
            in_full[place] = true;
            match text(&in_full) {
                Some(longer) => longest = longer,
                None => in_full[place] = false,
            }
        }
        Some(self.told(longest))
    }

    /// The message that names one condition, with a phrase that is cut to fit.
    fn cut(&self) -> Option<Told> {
        let first = self.phrases(&[false]);
        let text = Text::cut(first.first()?, &self.sums, LEAST_OF_FIRST)?;
        Some(self.told(text))
    }

    /// The phrases of what is named. `in_full` says of each place whether its phrase is in full.
    fn phrases(&self, in_full: &[bool]) -> Vec<Words> {
        let words = |place: &usize| {
            let item = &self.items[*place];
            if in_full[*place] { &item.long } else { &item.short }
        };
        let mut phrases = Vec::with_capacity(self.listed.len());
        let mut said: Vec<&Words> = Vec::new();
        for place in &self.listed {
            let Some(heading) = &self.items[*place].heading else {
                phrases.push(words(place).clone());
                continue;
            };
            if said.contains(&heading) {
                continue;
            }
            said.push(heading);
            let members = self
                .listed
                .iter()
                .filter(|other| self.items[**other].heading.as_ref() == Some(heading));
            phrases.push(Words::listed(heading, members.map(words)));
        }
        phrases
    }

    fn told(&self, text: Text) -> Told {
        let named = self.listed.iter();
        let order = named.chain(self.counted.iter().flatten());
        Told {
            text,
            channels: None,
            order: order.map(|place| self.items[*place].index).collect(),
        }
    }
}

/// `+11 more due today, $4 together`; `+3 more are unknown`.
fn sum(conditions: &[&Condition], local: &Local<'_>) -> String {
    let count = conditions.len();
    let is_unknown = |condition: &&Condition| condition.ask.is_some_and(|ask| ask.step == Step::Unknown);
    if conditions.iter().all(is_unknown) {
        return format!("+{count} more are unknown");
    }
    format!("+{count} more{}{}", due(conditions, local), together(conditions))
}

/// Until when all of them are due: ` due today`, ` due by Mon 23:59`.
fn due(conditions: &[&Condition], local: &Local<'_>) -> String {
    let ends: Option<Vec<Timestamp>> = conditions.iter().map(|condition| condition.expires_at).collect();
    let Some(latest) = ends.and_then(|ends| ends.into_iter().max()) else {
        return String::new();
    };
    // The end of a last safe day is the first instant after it.
    let latest = latest
        .saturating_sub(SignedDuration::from_secs(1))
        .unwrap_or(latest);
    match local.day_of(latest).as_str() {
        "today" => " due today".to_owned(),
        _ => format!(" due by {}", local.when(latest)),
    }
}

/// The stakes of all of them together: `, $4 together`. If a stake is unknown: `, at least $4 together`.
fn together(conditions: &[&Condition]) -> String {
    let known: Vec<Money> = conditions
        .iter()
        .filter_map(|condition| condition.stake)
        .collect();
    let money = known.iter().fold(Money::ZERO, |sum, stake| sum + *stake);
    let least = if known.len() < conditions.len() {
        "at least "
    } else {
        ""
    };
    if money > Money::ZERO {
        format!(", {least}{} together", dollars(money))
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests;
