//! What derails while a vacation lasts. A person who asks for a vacation hears at once what it costs.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rusqlite::Connection;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    assess::{SEEN_LATELY, derail_risk, limit, occasion, words::Local},
    observe::last_account,
    rules::Rules,
    standing::last_second,
};
use crate::{
    arms::beeminder::{Goal, GoalKind, GoalState},
    clock::{self, Timetable},
    domain::{Condition, Forewarned, Money, Phrase, Severity, Silence, Slug, Subject},
    store::tables::{snapshots, upstreams},
};

/// How many goals a sentence names at most.
const NAMED: usize = 5;

/// A reading that is older than this says little of what was entered since.
const CURRENT: SignedDuration = SignedDuration::from_hours(24);

/// How many days are searched for a chance: more than the longest pause of a timetable.
const LOOKED_AT: u16 = 35;

/// What derails while a vacation lasts if nothing is entered, by the last reading; and what derails so soon after
/// it that no pass could say so in time.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Forewarning {
    /// When Beeminder was last read; `null`: never, so no derailment is known.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub read_at: Option<Timestamp>,
    /// Whether the reading can be relied on: it is at most a day old, and Beeminder could be read at the last
    /// try. What another reading says does not count as said.
    pub is_current: bool,
    /// The goals that derail, the first to derail first. Those that derail after the end of the vacation had
    /// their last chance while it lasts.
    pub goals: Vec<Forewarned>,
    /// The goals of which the reading does not say when they derail. All of them, if it is older than three days.
    #[schema(value_type = Vec<String>)]
    pub unknown: Vec<Slug>,
    /// The goals that could not be read: where each is in Beeminder's reply, and why. Nothing is known of them.
    pub unreadable: Vec<String>,
    /// All of it as a sentence for the person.
    pub text: String,
}

impl Forewarning {
    /// For a vacation, by the last reading on this connection.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn of(
        connection: &Connection,
        vacation: &Silence,
        rules: &Rules,
        now: Timestamp,
    ) -> rusqlite::Result<Self> {
        let mut found = Self {
            read_at: None,
            is_current: false,
            goals: Vec::new(),
            unknown: Vec::new(),
            unreadable: Vec::new(),
            text: String::new(),
        };
        let mut lists_none = false;
        if let Some((read_at, account)) = last_account(connection)? {
            let age = now.duration_since(read_at);
            let newest_try = upstreams::latest(connection, snapshots::BEEMINDER)?;
            let failed = newest_try.is_some_and(|(_, worked, _)| !worked);
            found.read_at = Some(read_at);
            found.is_current = age <= CURRENT && !failed;
            found.unreadable.clone_from(&account.unreadable);
            lists_none = account.lists_none();
            let timetable = rules.promises.expected(connection, now)?.timetable;
            let away = Away::new(vacation, timetable);
            let account_zone = account.zone(rules.zone());
            let active = account
                .goals
                .iter()
                .filter(|goal| goal.state == GoalState::Active);
            for goal in active {
                let derails_at = derail_risk(goal, &account_zone, read_at).derails_at;
                let derails_at = last_second(goal, derails_at).filter(|&at| at > now && age <= SEEN_LATELY);
                match derails_at {
                    None => found.unknown.push(goal.slug.clone()),
                    Some(at) if away.costs(at, limit(goal, at, &rules.assess)) => {
                        found.goals.push(forewarned(goal, at, &account_zone));
                    }
                    Some(_) => {}
                }
            }
            found
                .goals
                .sort_by_key(|goal| (goal.derails_at, goal.subject.clone()));
        }
        found.text = found.sentence(vacation, lists_none, &Local::new(now, rules.zone()));
        Ok(found)
    }

    /// The goals that count as said once the person has heard this. By an old reading none do: a fresh one says
    /// more.
    pub fn counts_as_said(&self) -> &[Forewarned] {
        if self.is_current { &self.goals } else { &[] }
    }

    /// The alert that tells a person what a vacation costs, where no answer could tell them. `None`: by the
    /// last reading nothing derails, and the reading says so of every goal.
    pub fn alert(&self, vacation: &Silence, zone: &TimeZone, now: Timestamp) -> Option<Condition> {
        let is_known = self.read_at.is_some() && self.unknown.is_empty() && self.unreadable.is_empty();
        let is_news = !self.goals.is_empty() || !is_known;
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

    fn sentence(&self, vacation: &Silence, lists_none: bool, local: &Local<'_>) -> String {
        let Some(read_at) = self.read_at else {
            return "what derails while it lasts is not known: Beeminder has not been read yet".to_owned();
        };
        if local.now.duration_since(read_at) > SEEN_LATELY {
            let at = local.past(read_at);
            return format!("what derails while it lasts is not known: Beeminder was last read {at}");
        }
        let mut parts = Vec::new();
        let chosen = self.named();
        let is_chosen = |goal: &&Forewarned| chosen.contains(&&goal.subject);
        let during = |goal: &&Forewarned| goal.derails_at <= vacation.ends_at;
        let names = |goals: Vec<&Forewarned>| {
            let named: Vec<String> = goals.into_iter().map(|goal| named(goal, local)).collect();
            named.join(", ")
        };
        let (while_it_lasts, after): (Vec<_>, Vec<_>) = self.goals.iter().filter(is_chosen).partition(during);
        if !while_it_lasts.is_empty() {
            parts.push(format!("derails while it lasts: {}", names(while_it_lasts)));
        }
        if !after.is_empty() {
            let after = names(after);
            parts.push(format!("derails soon after it, too soon to say so then: {after}"));
        }
        let rest: Vec<&Forewarned> = self.goals.iter().filter(|goal| !is_chosen(goal)).collect();
        if !rest.is_empty() {
            let together = rest.iter().map(|goal| goal.stake).sum::<Option<Money>>();
            let together = together.map_or("unknown stakes".to_owned(), Money::short);
            parts.push(format!("+{} more, {together} together", rest.len()));
        }
        if !self.unknown.is_empty() {
            let names: Vec<&str> = self.unknown.iter().map(Slug::as_str).take(NAMED).collect();
            let more = match self.unknown.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            parts.push(format!("not known of {}{more}", names.join(", ")));
        }
        match self.unreadable.len() {
            0 => {}
            1 => parts.push("1 goal cannot be read, so nothing is known of it".to_owned()),
            more => parts.push(format!(
                "{more} goals cannot be read, so nothing is known of them"
            )),
        }
        if parts.is_empty() && lists_none {
            parts.push("Beeminder lists no goals".to_owned());
        } else if parts.is_empty() {
            parts.push("nothing derails while it lasts".to_owned());
        }
        let (parts, at) = (parts.join(", "), local.past(read_at));
        if self.is_current {
            format!("{parts} (as read {at})")
        } else {
            format!("as last read {at}, what was entered since is not known: {parts}")
        }
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

/// A vacation, and the chances beside it.
struct Away<'a> {
    vacation: &'a Silence,
    /// The chances that this vacation leaves.
    with_it: Timetable,
    /// The chances if the person stayed.
    without_it: Timetable,
}

impl<'a> Away<'a> {
    /// The vacation may be in the timetable already.
    fn new(vacation: &'a Silence, mut timetable: Timetable) -> Self {
        let this = (vacation.starts_at, vacation.ends_at);
        timetable.vacations.retain(|other| *other != this);
        let without_it = timetable.clone();
        timetable.vacations.push(this);
        Self {
            vacation,
            with_it: timetable,
            without_it,
        }
    }

    /// Whether a derailment belongs to what the vacation costs: it lies within the vacation, or the last chance
    /// before `limit` does.
    fn costs(&self, derails_at: Timestamp, limit: Timestamp) -> bool {
        let (starts_at, ends_at) = (self.vacation.starts_at, self.vacation.ends_at);
        if derails_at <= ends_at {
            return starts_at <= derails_at;
        }
        let chance = |timetable: &Timetable, from, until| timetable.first_chance(from, until, LOOKED_AT);
        chance(&self.without_it, starts_at, limit.min(ends_at)).is_some()
            && chance(&self.with_it, ends_at, limit).is_none()
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
