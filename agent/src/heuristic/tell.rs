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

mod count;
mod draft;

use std::{cmp::Reverse, collections::HashSet};

use jiff::{Timestamp, tz::TimeZone};

use super::{assess::words::Local, policy::Policy};
use crate::{
    domain::{Action, ChannelKind, Condition, Decision, Money, Reason, Step, Subject},
    notify::message::{Size, Text},
};
use count::{Counts, Rests, Sum};
use draft::{Draft, Phrases};

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its text.
    pub text: Text,
    /// The channels by which it goes; `None`: all that are configured.
    pub channels: Option<Vec<ChannelKind>>,
    /// The decisions that it tells, by their index: first those that it names, in the order of the text, then
    /// those that it counts.
    pub order: Vec<usize>,
}

/// Composes one message of these decisions. A decision that finds no room in it becomes `no_room`. `None` if
/// nothing is to be said.
pub(super) fn tell(decisions: &mut [Decision], zone: &TimeZone, now: Timestamp) -> Option<Told> {
    compose_by(decisions, |_| None, zone, now).pop()
}

/// Composes the messages of these decisions, one for all that goes by the same channels. A decision that finds no
/// room in its message becomes `no_room`.
pub fn tell_each(decisions: &mut [Decision], policy: &Policy, now: Timestamp) -> Vec<Told> {
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

/// One condition that a message may tell.
struct Item<'a> {
    /// The index of its decision.
    index: usize,
    condition: &'a Condition,
    /// Whether it only goes with a message that leaves anyway.
    rides: bool,
}

impl<'a> Item<'a> {
    fn new(index: usize, condition: &'a Condition, now: Timestamp) -> Self {
        Self {
            index,
            condition,
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
        #[cfg(test)]
        tests::LOOKS.set(tests::LOOKS.get() + 1);
        let step = self.condition.ask?.step;
        let is_counted = matches!(
            step,
            Step::Ahead | Step::LastSeen | Step::Last | Step::LastCall | Step::Unknown
        );
        is_counted.then_some(Sum {
            step,
            unwatched: self.condition.heading.is_some(),
        })
    }
}

/// The message of items in the order of choice.
fn compose(items: &[Item<'_>], local: &Local<'_>) -> Option<Told> {
    if items.is_empty() {
        return None;
    }
    let phrases = Phrases::of(items);
    if items.len() == phrases.len()
        && let Some(told) = Draft::new(items, &phrases, Counts::default()).longest(Size::OneSegment)
    {
        return Some(told);
    }
    let most_named = most_named(&phrases);
    let rests = Rests::of(items, most_named);
    (0..=rests.sums()).rev().find_map(|sums| {
        let draft = |named: usize| Draft::new(items, &phrases[..named], rests.counts(named, sums, local));
        let fitting = (1..=most_named)
            .rev()
            .find_map(|named| draft(named).longest(Size::TwoSegments));
        fitting.or_else(|| draft(1).cut())
    })
}

/// How many of the items a message could name if it counted nothing. Drafts with more are not tried.
fn most_named(phrases: &[Phrases]) -> usize {
    let fits = |named: &usize| {
        // Items with one heading share it, so the heading is left out: this never says too few.
        let shorts = phrases[..*named].iter().map(|phrases| &phrases.short);
        Text::of(shorts, Size::TwoSegments).is_some()
    };
    (1..=phrases.len()).rev().find(fits).unwrap_or(1)
}

#[cfg(test)]
mod tests;
