//! What derails while a vacation lasts. A person who asks for a vacation hears at once what it costs.

use std::cmp::Reverse;

use jiff::{Timestamp, tz::TimeZone};
use rusqlite::Connection;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    assess::{derail_risk, occasion, words::Local},
    observe::last_account,
    standing::last_second,
};
use crate::{
    arms::beeminder::{Goal, GoalKind, GoalState},
    clock,
    domain::{Condition, Forewarned, Money, Phrase, Severity, Silence, Slug, Subject},
};

/// How many goals a sentence names at most.
const NAMED: usize = 5;

/// What derails while a vacation lasts if nothing is entered, by the last reading.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Forewarning {
    /// When Beeminder was last read; `null`: never, so no derailment is known.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub read_at: Option<Timestamp>,
    /// The goals that derail, the first to derail first.
    pub goals: Vec<Forewarned>,
    /// The goals of which the reading does not say when they derail.
    #[schema(value_type = Vec<String>)]
    pub unknown: Vec<Slug>,
    /// All of it as a sentence for the person.
    pub text: String,
}

impl Forewarning {
    /// For a vacation, by the last reading on this connection. `zone` is the person's.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn of(
        connection: &Connection,
        vacation: &Silence,
        zone: &TimeZone,
        now: Timestamp,
    ) -> rusqlite::Result<Self> {
        let mut found = Self {
            read_at: None,
            goals: Vec::new(),
            unknown: Vec::new(),
            text: String::new(),
        };
        if let Some((read_at, account)) = last_account(connection)? {
            found.read_at = Some(read_at);
            let account_zone = account.zone(zone);
            let active = account
                .goals
                .iter()
                .filter(|goal| goal.state == GoalState::Active);
            for goal in active {
                let derails_at = derail_risk(goal, &account_zone, read_at).derails_at;
                match last_second(goal, derails_at) {
                    None => found.unknown.push(goal.slug.clone()),
                    Some(at) if vacation.starts_at <= at && at <= vacation.ends_at => {
                        found.goals.push(forewarned(goal, at, &account_zone));
                    }
                    Some(_) => {}
                }
            }
            found
                .goals
                .sort_by_key(|goal| (goal.derails_at, goal.subject.clone()));
        }
        found.text = found.sentence(&Local::new(now, zone));
        Ok(found)
    }

    /// The alert that tells a person what a vacation costs, where no answer could tell them. `None`: by the
    /// last reading nothing derails, and the reading says so of every goal.
    pub fn alert(&self, vacation: &Silence, zone: &TimeZone, now: Timestamp) -> Option<Condition> {
        let is_news = !self.goals.is_empty() || !self.unknown.is_empty() || self.read_at.is_none();
        let long = format!(
            "vacation until {}: {}",
            Local::new(now, zone).when(vacation.ends_at),
            self.text
        );
        let stake = self.goals.iter().map(|goal| goal.stake);
        is_news.then(|| Condition {
            subject: subject(vacation),
            severity: Severity::Warning,
            day: clock::local_day(now, zone),
            expires_at: None,
            evidence: self.text.clone(),
            phrase: Phrase {
                short: long.clone(),
                long,
            },
            ask: None,
            stake: stake.sum(),
            heading: None,
        })
    }

    fn sentence(&self, local: &Local<'_>) -> String {
        let Some(read_at) = self.read_at else {
            return "what derails while it lasts is not known: Beeminder has not been read yet".to_owned();
        };
        let mut parts = Vec::new();
        let chosen = self.named();
        let named: Vec<String> = self
            .goals
            .iter()
            .filter(|goal| chosen.contains(&&goal.subject))
            .map(|goal| named(goal, local))
            .collect();
        if !named.is_empty() {
            parts.push(format!("derails while it lasts: {}", named.join(", ")));
        }
        let rest: Vec<&Forewarned> = self
            .goals
            .iter()
            .filter(|goal| !chosen.contains(&&goal.subject))
            .collect();
        if !rest.is_empty() {
            let together = rest.iter().map(|goal| goal.stake).sum::<Option<Money>>();
            let together = together.map_or("unknown stakes".to_owned(), Money::short);
            parts.push(format!("+{} more, {together} together", rest.len()));
        }
        if !self.unknown.is_empty() {
            let names: Vec<&str> = self.unknown.iter().map(Slug::as_str).take(NAMED).collect();
            parts.push(format!("not known of {}", names.join(", ")));
        }
        if parts.is_empty() {
            parts.push("nothing derails while it lasts".to_owned());
        }
        format!("{} (as read {})", parts.join(", "), local.past(read_at))
    }

    /// The goals with the highest stakes. An unknown stake counts as the highest.
    fn named(&self) -> Vec<&Subject> {
        let mut by_stake: Vec<&Forewarned> = self.goals.iter().collect();
        by_stake.sort_by_key(|goal| Reverse(goal.stake.map_or(i64::MAX, Money::micros)));
        by_stake
            .into_iter()
            .take(NAMED)
            .map(|goal| &goal.subject)
            .collect()
    }
}

/// The subject of the announcement of one vacation.
fn subject(vacation: &Silence) -> Subject {
    Subject::vacation(&vacation.id)
}

fn forewarned(goal: &Goal, derails_at: Timestamp, zone: &TimeZone) -> Forewarned {
    Forewarned {
        subject: Subject::goal(&goal.slug),
        occasion: occasion(goal, derails_at, zone),
        derails_at,
        stake: goal.pledge,
        guesses: goal.line.kind == Some(GoalKind::DoLess),
    }
}

/// `reading Mon 23:59 ($5)`.
fn named(goal: &Forewarned, local: &Local<'_>) -> String {
    let slug = goal.subject.as_str().split_once(':').map_or("", |(_, slug)| slug);
    let stake = goal.stake.map_or("stake unknown".to_owned(), Money::short);
    let guesses = if goal.guesses {
        ", Beeminder enters guesses"
    } else {
        ""
    };
    format!("{slug} {} ({stake}{guesses})", local.when(goal.derails_at))
}

#[cfg(test)]
mod tests;
