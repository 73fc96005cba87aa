//! What was said about goals, and when.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Chances, FORTNIGHT, Margins, Measures, count};
use crate::{
    clock::local_day_bounds,
    domain::{Severity, Slug, Subject},
    simulate::{
        run::{Message, Played},
        words,
        world::History,
    },
};

impl Message {
    /// Whether the person is told about a goal: by its name, or in a sum that counts it.
    fn tells(&self, slug: &Slug, all: &[History]) -> bool {
        if words::names(&self.text, slug) {
            return true;
        }
        let is_about = |slug: &Slug| self.severity_of(slug).is_some();
        let unnamed = all
            .iter()
            .filter(|goal| is_about(&goal.slug) && !words::names(&self.text, &goal.slug));
        is_about(slug) && words::counted(&self.text) >= unnamed.count()
    }

    /// How bad the goal was when the message was made; `None`: the message is not about it.
    fn severity_of(&self, slug: &Slug) -> Option<Severity> {
        let subject = Subject::goal(slug);
        let about = self.about.iter().find(|(about, _)| *about == subject);
        about.map(|(_, severity)| *severity)
    }

    fn named<'a>(&'a self, goals: &'a [History]) -> impl Iterator<Item = &'a History> {
        goals.iter().filter(|goal| words::names(&self.text, &goal.slug))
    }
}

pub(super) fn count_messages(
    played: &Played,
    margins: &Margins,
    chances: &Chances<'_>,
    measures: &mut Measures,
) {
    let Some(first) = played.looks.first() else {
        return;
    };
    let start = chances.day(first.at).date();
    // By days of the calendar: a fortnight in which the clock changes has an hour more or less.
    let fortnight_of = |at: Timestamp| {
        let days = (chances.day(at).date() - start).get_days();
        usize::try_from(days / FORTNIGHT).unwrap_or(0)
    };
    measures.goal_messages_by_fortnight =
        vec![0; fortnight_of(played.end - SignedDuration::from_secs(1)) + 1];
    for message in &played.messages {
        if message.named(&played.goals).next().is_none() {
            continue;
        }
        measures.goal_messages += 1;
        measures.goal_messages_by_fortnight[fortnight_of(message.at)] += 1;
        let due = message.named(&played.goals).any(|goal| {
            let losedate = goal.losedate_at(message.at);
            let limit = losedate - margins.for_goal(goal, message.at);
            !chances.is_early(message.at, limit) || chances.day(losedate) == chances.day(message.at)
        });
        measures.goal_messages_with_something_due += u32::from(due);
    }
}

pub(super) fn count_phrases(
    played: &Played,
    margins: &Margins,
    chances: &Chances<'_>,
    measures: &mut Measures,
) {
    let mut said: BTreeMap<(&Slug, Timestamp, &str), usize> = BTreeMap::new();
    for message in &played.messages {
        for goal in message.named(&played.goals) {
            let phrase = words::phrase_about(&message.text, &goal.slug);
            let losedate = goal.losedate_at(message.at);
            let early = chances.is_early(message.at, losedate - margins.usual);
            let is_ahead = message.severity_of(&goal.slug) == Some(Severity::Warning);
            let (midnight, _) = local_day_bounds(chances.day(message.at), chances.zone());
            // What has derailed is told whatever was entered since, and whatever comes next.
            let is_over = phrase.is_some_and(|phrase| phrase.contains(" derailed "));
            // What is listed beside an outage presses nobody.
            let is_listed = phrase.is_some_and(|phrase| phrase.contains("last seen: "));
            if early && !is_ahead && !is_over && !is_listed {
                measures.too_early += 1;
            }
            if early && is_ahead && !is_over && goal.was_shown_between(midnight, message.at) {
                measures.ahead_after_entry += 1;
            }
            if goal.is_unsynced_at(message.at) && !message.text.contains("had synced") {
                measures.wrong_when_read += 1;
            }
            if let Some(phrase) = phrase {
                *said.entry((&goal.slug, losedate, phrase)).or_default() += 1;
            }
        }
    }
    measures.same_words = said.values().map(|times| count(times - 1)).sum();
}

pub(super) fn count_derailments(
    played: &Played,
    margins: &Margins,
    chances: &Chances<'_>,
    measures: &mut Measures,
) {
    for goal in played.goals.iter().filter(|goal| goal.active) {
        for losedate in losedates(goal).filter(|losedate| *losedate < played.end) {
            if let Some(told) = on_last_day(played, goal, losedate, margins, chances) {
                measures.last_days.add(told);
            }
        }
        for derailed in &goal.derailed {
            measures.derailed_usd += derailed.pledge;
            let away = |(from, until): &(Timestamp, Timestamp)| {
                *from <= derailed.losedate && derailed.losedate < *until
            };
            if !played.vacations.iter().any(away) {
                let told = told_on_last_day(played, goal, derailed.losedate, margins, chances);
                measures.derailments.add(told);
            }
        }
    }
}

/// Each losedate that a goal had, once.
fn losedates(goal: &History) -> impl Iterator<Item = Timestamp> {
    let mut all: Vec<Timestamp> = goal.states.iter().map(|state| state.losedate).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter()
}

/// Whether a derailment was told on its last day; `None` if it was no longer red at the last chance, or if
/// neither of the last two chances was taken.
fn on_last_day(
    played: &Played,
    goal: &History,
    losedate: Timestamp,
    margins: &Margins,
    chances: &Chances<'_>,
) -> Option<bool> {
    let limit = losedate - margins.for_goal(goal, losedate);
    let taken = chances.last_two(limit).find(|look| look.made)?;
    (goal.losedate_at(taken.at) == losedate)
        .then(|| told_on_last_day(played, goal, losedate, margins, chances))
}

/// Whether a message on the day of one of the last two chances tells of the derailment, or of an earlier one of
/// the goal that had its last day then, too: a goal speaks twice a day only if it gets worse, and an entry after
/// the message made it better.
fn told_on_last_day(
    played: &Played,
    goal: &History,
    losedate: Timestamp,
    margins: &Margins,
    chances: &Chances<'_>,
) -> bool {
    let limit = losedate - margins.for_goal(goal, losedate);
    let mut days: Vec<_> = chances.last_two(limit).map(|look| chances.day(look.at)).collect();
    // Where the last chance was taken, its day is the day.
    if chances.last(limit).is_some_and(|last| last.made) {
        days.truncate(1);
    }
    let in_time = |message: &&Message| {
        let then = goal.losedate_at(message.at);
        let limit = then - margins.for_goal(goal, then);
        let is_last = || then < losedate && !chances.is_early(message.at, limit);
        days.contains(&chances.day(message.at)) && (then == losedate || is_last())
    };
    // Messages are in order, and most of them came long before.
    let Some(first_day) = days.iter().min() else {
        return false;
    };
    let (from, _) = local_day_bounds(*first_day, chances.zone());
    let first = played.messages.partition_point(|message| message.at < from);
    let mut messages = played.messages[first..]
        .iter()
        .take_while(|message| message.at <= losedate)
        .filter(in_time);
    messages.any(|message| message.tells(&goal.slug, &played.goals))
}
