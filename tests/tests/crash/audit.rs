//! What must hold in the end, counted at the fake provider by subject and day.
//!
//! * **Lost**: a goal that was red at the end, or whose message the agent reported as sent, without an
//!   accepted message of its day.
//! * **Duplicate**: a subject with two accepted messages on one day, by the tags of the messages; a goal with
//!   more messages than red days; or a message without a claim.
//!
//! A subject and day that the clock jumped away from before its message was sent is *overtaken*: it may have
//! one message or none.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use mecris_tests::twilio;

use crate::state::Promises;

/// Goals and days: those that must have a message, or those on which the goal was red at all.
pub(crate) type GoalDays = BTreeSet<(String, Date)>;

/// The findings about an account.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Subject-days that the agent claimed.
    pub(crate) intended: usize,
    /// Messages that the provider accepted.
    pub(crate) accepted: usize,
    /// Subject-days without a message because the clock jumped away from them.
    pub(crate) overtaken: usize,
    pub(crate) lost: Vec<String>,
    pub(crate) duplicates: Vec<String>,
}

/// Compares claims and required messages with the messages that the provider accepted.
pub(crate) fn audit(
    promises: &Promises,
    must_be_told: &GoalDays,
    red: &GoalDays,
    accepted: &[twilio::Message],
) -> Findings {
    let mut findings = Findings {
        accepted: accepted.len(),
        intended: promises.claims.len(),
        ..Findings::default()
    };
    let mut by_tag = BTreeMap::<&str, Vec<&twilio::Message>>::new();
    // What has derailed is told once for each day of a derailment, beside what derails that day.
    let mut named = BTreeMap::<(bool, String), usize>::new();
    for message in accepted {
        let (text, tag) = message.body.rsplit_once(' ').unwrap_or_default();
        by_tag.entry(tag).or_default().push(message);
        // Without the tag, which may look like the name of a goal.
        for phrase in text.split("; ") {
            let is_over = phrase.contains(" derailed ");
            for slug in slugs(phrase) {
                *named.entry((is_over, slug)).or_default() += 1;
            }
        }
    }
    for ((subject, day), tag) in promises.claims.iter().chain(&promises.steps) {
        match by_tag.get(tag.as_str()).map_or(0, Vec::len) {
            0 => findings.overtaken += 1,
            1 => {}
            count => findings
                .duplicates
                .push(format!("{subject} on {day}: {count} messages {tag}")),
        }
    }
    let claimed = promises.claims.values().chain(promises.steps.values());
    let claimed: BTreeSet<&str> = claimed.map(String::as_str).collect();
    for (tag, messages) in by_tag.iter().filter(|(tag, _)| !claimed.contains(*tag)) {
        findings
            .duplicates
            .push(format!("{tag} stands for nothing: {:?}", messages[0].body));
    }
    for ((is_over, slug), count) in &named {
        let days = red.iter().filter(|(red, _)| red == slug).count();
        if *count > days {
            findings.duplicates.push(format!(
                "{slug} is named by {count} messages in {days} days{}",
                if *is_over { ", as derailed" } else { "" }
            ));
        }
    }
    for (slug, day) in must_be_told {
        let tag = promises.claims.get(&(format!("goal:{slug}"), day.to_string()));
        if tag.is_none_or(|tag| !by_tag.contains_key(tag.as_str())) {
            findings.lost.push(format!(
                "{slug} on {day}: claimed {}, accepted never",
                tag.is_some()
            ));
        }
    }
    findings
}

/// The names of the test's goals in a text: `g12`.
fn slugs(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| {
            word.strip_prefix('g')
                .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        })
        .map(str::to_owned)
}
