//! How everything that Mecris watches stands by the last readings, and when Mecris will speak of it next.
//! This folder reads the recorded state only. It uses the same rules as every pass (`ahead`), so there is no
//! second copy of the rules.

mod ahead;
mod explain;
mod goal;
mod names;

use std::collections::{BTreeSet, HashMap};

use jiff::{Timestamp, tz::TimeZone};
use rusqlite::Connection;
use serde::Serialize;

pub use explain::{Covering, Explanation, Told, explain};
pub(super) use goal::last_second;
pub use goal::{GoalStanding, Usual};
pub use names::{UnknownSubject, meant_pattern, resolve, warning};

use super::{assess::words::Local, observe::last_account, record, rules::Rules};
use crate::{
    domain::{Decision, GoalState, Step, Subject},
    store::tables::{decisions, runs, snapshots, upstreams},
};
use ahead::Ahead;

/// When Mecris will speak of something, if nothing is entered until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Next {
    /// The promised pass.
    pub at: Timestamp,
    /// What it will say.
    pub step: Step,
}

/// The account as Mecris sees it by the last reading.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// When this was put together.
    pub at: Timestamp,
    /// When Beeminder was last read; `null`: never.
    pub read_at: Option<Timestamp>,
    /// Why the newest try to read Beeminder failed; `null`: it worked, or there was none.
    pub trouble: Option<String>,
    /// The newest pass; `null`: there was none.
    pub last_pass: Option<Timestamp>,
    /// Whether two or more promised passes did not take place after the newest pass.
    pub overdue: bool,
    /// The next promised pass that can speak; `null`: no pass is promised within 35 days.
    pub next_chance: Option<Timestamp>,
    /// The goals of the last reading that can derail, the first to derail first; then the others.
    pub goals: Vec<GoalStanding>,
    /// One sentence for each goal of the last reading that has no readable name.
    pub unreadable: Vec<String>,
    #[serde(skip)]
    zone: TimeZone,
}

/// A [`Standing`], and the decisions behind it: those of a pass now, and those of the chances to come.
#[derive(Clone, Debug)]
pub struct View {
    /// The account.
    pub standing: Standing,
    /// What a pass would decide now by the last reading, about goals and the walk.
    now: Vec<Decision>,
    /// When each subject is spoken of next.
    next: HashMap<Subject, Next>,
    /// Everything that has a name for Mecris.
    pub known: BTreeSet<Subject>,
}

impl Rules {
    /// How everything stands at `now`, by the state on this connection.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn view(&self, connection: &Connection, now: Timestamp) -> rusqlite::Result<View> {
        let expected = self.promises.expected(connection, now)?;
        let outlook = self.promises.outlook(&expected.timetable, now);
        let newest_try = upstreams::latest(connection, snapshots::BEEMINDER)?;
        let failed = newest_try.filter(|(_, worked, _)| !worked);
        let mut standing = Standing {
            at: now,
            read_at: None,
            trouble: failed.map(|(_, _, why)| why.unwrap_or_else(|| "no reason is on record".to_owned())),
            last_pass: expected.last_pass,
            overdue: expected.is_overdue(now),
            next_chance: expected.is_promised.then(|| outlook.next()).flatten(),
            goals: Vec::new(),
            unreadable: Vec::new(),
            zone: self.assess.zone.clone(),
        };
        let Some((read_at, account)) = last_account(connection)? else {
            return Ok(View {
                known: self.known(connection, &standing)?,
                standing,
                now: Vec::new(),
                next: HashMap::new(),
            });
        };
        let zone = account.zone(&self.assess.zone);
        let habits = if self.uses_habits {
            record::habits(connection, account.goals.iter(), &zone, now)?
        } else {
            HashMap::new()
        };
        let ahead = Ahead::new(self, connection, &account, read_at, &expected.timetable, habits)?;
        let next = if expected.is_promised {
            ahead.next(now)?
        } else {
            HashMap::new()
        };
        let decisions = ahead.decisions(now)?;
        standing.read_at = Some(read_at);
        standing.unreadable = account.unreadable.clone();
        // Of two decisions about one goal the first counts.
        let of_subject = decisions
            .iter()
            .rev()
            .map(|decision| (&decision.condition.subject, decision));
        let of_subject: HashMap<&Subject, &Decision> = of_subject.collect();
        standing.goals = account
            .goals
            .iter()
            .map(|goal| ahead.standing(goal, &of_subject, &next, &outlook))
            .collect();
        standing.goals.sort_by_key(|goal| {
            let rest = goal.state != GoalState::Active;
            (
                rest,
                goal.derails_at.is_none(),
                goal.derails_at,
                goal.slug.clone(),
            )
        });
        Ok(View {
            known: self.known(connection, &standing)?,
            standing,
            now: decisions,
            next,
        })
    }

    /// The goals of the last reading, what is configured, and what the newest pass decided about.
    fn known(&self, connection: &Connection, standing: &Standing) -> rusqlite::Result<BTreeSet<Subject>> {
        let newest = runs::newest(connection, standing.at)?;
        let decided = newest.map(|run| decisions::subjects_of(connection, &run.id));
        let decided = decided.transpose()?.unwrap_or_default();
        let goals = standing.goals.iter().map(|goal| goal.subject.clone());
        let walk = self.assess.walk.as_ref().map(|_| Subject::walk());
        let own = [Subject::upstream("beeminder"), Subject::run()];
        Ok(decided.into_iter().chain(goals).chain(walk).chain(own).collect())
    }
}

impl Standing {
    /// A future instant as a person says it: `today 23:59`, `tonight 03:00`, `tomorrow 17:59`.
    pub fn when(&self, at: Timestamp) -> String {
        Local::new(self.at, &self.zone).when(at)
    }

    /// A past instant: `14:02` for today, `Fri 17:55`, `2026-11-01 17:55`.
    pub fn past(&self, at: Timestamp) -> String {
        Local::new(self.at, &self.zone).past(at)
    }

    /// Whether a person may rely on the last reading: there is one, all of it could be read, the newest try to read
    /// Beeminder did not fail, and passes are not overdue.
    pub fn is_reliable(&self) -> bool {
        self.read_at.is_some() && self.unreadable.is_empty() && self.trouble.is_none() && !self.overdue
    }
}

#[cfg(test)]
mod tests;
