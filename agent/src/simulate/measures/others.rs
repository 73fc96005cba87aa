//! What was said about budgets, about what could not be told, and how often.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{Told, count};
use crate::{
    clock::local_day,
    domain::{Severity, Slug, Subject},
    simulate::{
        run::{BudgetPeriod, Doubt, Message},
        words,
    },
};

/// A promise that could not be told for longer than this must be mentioned.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn most_a_day(messages: &[Message], zone: &TimeZone) -> u32 {
    let mut days = BTreeMap::new();
    for message in messages {
        *days.entry(local_day(message.at, zone)).or_insert(0) += 1;
    }
    days.into_values().max().unwrap_or(0)
}

/// Messages about a subject after the first of a day, unless about something worse, or as a last call.
pub(super) fn again_the_same_day(messages: &[Message], zone: &TimeZone) -> u32 {
    let mut worst: BTreeMap<(&Subject, _), Severity> = BTreeMap::new();
    let mut again = 0;
    for message in messages {
        let day = local_day(message.at, zone);
        for (subject, severity) in &message.about {
            let slug = subject
                .as_str()
                .strip_prefix("goal:")
                .and_then(|slug| slug.parse().ok());
            let phrase = slug.and_then(|slug: Slug| words::phrase_about(&message.text, &slug));
            let is_last_call = phrase.is_some_and(|phrase| phrase.starts_with("last call: "));
            match worst.insert((subject, day), *severity) {
                Some(before) if severity.rank() <= before.rank() && !is_last_call => again += 1,
                _ => {}
            }
        }
    }
    again
}

pub(super) fn most_budget_messages(messages: &[Message], periods: &[BudgetPeriod]) -> u32 {
    let in_period = |(provider, from, until): &BudgetPeriod| {
        let words = format!("{provider} budget");
        let about =
            |message: &&Message| *from <= message.at && message.at < *until && message.text.contains(&words);
        count(messages.iter().filter(about).count())
    };
    periods.iter().map(in_period).max().unwrap_or(0)
}

/// The stretches in which something could not be told, and whether the person heard of each.
pub(super) fn unknowns(doubts: &[Doubt], messages: &[Message]) -> Told {
    let mut told = Told::default();
    let mut subjects: Vec<&Subject> = doubts.iter().flat_map(|doubt| &doubt.subjects).collect();
    subjects.sort();
    subjects.dedup();
    for subject in subjects {
        for stretch in doubts.chunk_by(|a, b| is_open(a, subject) == is_open(b, subject)) {
            let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else {
                continue;
            };
            let long = last.at.duration_since(first.at) > A_DAY;
            if is_open(first, subject) && long {
                told.add(heard(subject, stretch, messages, first.at, last.at));
            }
        }
    }
    told
}

fn is_open(doubt: &Doubt, subject: &Subject) -> bool {
    doubt.subjects.contains(subject)
}

/// Whether the person heard of a stretch: by a message about the subject, or about Beeminder if that explains
/// it.
fn heard(
    subject: &Subject,
    stretch: &[Doubt],
    messages: &[Message],
    from: Timestamp,
    until: Timestamp,
) -> bool {
    let upstream = Subject::upstream("beeminder");
    let explained = stretch.iter().all(|doubt| !doubt.beeminder_read);
    let about = |message: &Message, wanted: &Subject| message.about.iter().any(|(about, _)| about == wanted);
    messages
        .iter()
        .filter(|message| from <= message.at && message.at <= until)
        .any(|message| about(message, subject) || (explained && about(message, &upstream)))
}
