//! How one goal stands.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp, civil::Time};
use serde::Serialize;

use super::{Next, ahead::Ahead};
use crate::{
    arms::beeminder::{Counting, EnteredToday, Goal, Today},
    clock::Outlook,
    domain::{Daystamp, Decision, GoalState, Money, Reason, Severity, Slug, Step, Subject},
    heuristic::{
        assess::{derail_risk, limit},
        timetable::HORIZON_DAYS,
    },
};

/// A goal by the last reading.
#[derive(Clone, Debug, Serialize)]
pub struct GoalStanding {
    /// Its slug.
    pub slug: Slug,
    /// What decisions call it: `goal:reading`.
    pub subject: Subject,
    /// Whether it can derail.
    pub state: GoalState,
    /// The `derail_risk` at the last reading.
    pub derail_risk: Severity,
    /// Why, in one sentence, as of the last reading.
    pub evidence: String,
    /// When it derails if nothing is entered: Beeminder's losedate, else the last second of the last safe
    /// day; `null`: not known, or it cannot derail.
    pub derails_at: Option<Timestamp>,
    /// When its day ends, on the account's clock: `00:00`.
    pub day_ends: String,
    /// The last local day on which Mecris can speak before it derails; `null`: it cannot derail, it is not known
    /// when, or that time has passed.
    pub last_day: Option<Daystamp>,
    /// What can be said about it now; `null`: nothing yet.
    pub step: Option<Step>,
    /// The reason of the decision that a pass would make now; `null`: it would make none.
    pub reason: Option<Reason>,
    /// Whether something was entered today; `null`: the datapoints do not tell.
    pub entered_today: Option<bool>,
    /// When it is usually entered.
    pub usual: Usual,
    /// When Beeminder's reminders start, on the account's clock.
    pub reminders_start: Option<String>,
    /// When Mecris will speak of it; `null`: not within 35 days, or not before it derails.
    pub next: Option<Next>,
    /// The dollars at stake; `null`: not known.
    pub stake: Option<Money>,
}

/// When a goal is usually entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Usual {
    /// On the account's clock, `21:10`; `null`: not known.
    pub time: Option<String>,
    /// What the time was derived from, or why it is not known.
    pub got_from: String,
}

impl Ahead<'_> {
    pub(super) fn standing(
        &self,
        goal: &Goal,
        decisions: &HashMap<&Subject, &Decision>,
        next: &HashMap<Subject, Next>,
        outlook: &Outlook,
    ) -> GoalStanding {
        let subject = Subject::goal(&goal.slug);
        let risk = derail_risk(goal, &self.zone, self.read_at);
        let state = state_at(goal, outlook.now());
        let is_active = state == GoalState::Active;
        let derails_at = last_second(goal, risk.derails_at).filter(|_| is_active);
        let decision = decisions.get(&subject).copied();
        let today = Today::of(goal, outlook.now(), &self.rules.assess.zone, &self.zone);
        GoalStanding {
            slug: goal.slug.clone(),
            state,
            derail_risk: if is_active { risk.severity } else { Severity::Safe },
            evidence: if is_active {
                risk.evidence
            } else {
                format!("it is {state} and cannot derail")
            },
            derails_at,
            day_ends: shown(
                Time::midnight().wrapping_add(SignedDuration::from_secs(goal.deadline.seconds().into())),
            ),
            last_day: derails_at
                .filter(|&at| at > outlook.now())
                .map(|at| self.last_day(goal, at, outlook)),
            step: decision
                .and_then(|decision| decision.condition.ask)
                .map(|ask| ask.step),
            reason: decision.map(|decision| decision.reason),
            entered_today: match today.entered(goal, Counting::AnyDay) {
                EnteredToday::Yes(_) => Some(true),
                EnteredToday::No => Some(false),
                EnteredToday::Unknown => None,
            },
            usual: self.usual(goal),
            reminders_start: goal.alert_start.map(shown),
            next: next.get(&subject).copied(),
            stake: goal.pledge,
            subject,
        }
    }

    /// The last local day on which Mecris can speak of a goal before it derails. The outlook does not reach as far
    /// as some goals are safe; for these, the timetable says what holds on the days before they derail.
    fn last_day(&self, goal: &Goal, derails_at: Timestamp, outlook: &Outlook) -> Daystamp {
        let limit = limit(goal, derails_at, &self.rules.assess);
        let days_ahead = limit.duration_since(outlook.now()).as_hours() / 24;
        let far = (days_ahead >= i64::from(HORIZON_DAYS))
            .then(|| self.timetable.last_day(limit, HORIZON_DAYS))
            .flatten();
        far.unwrap_or_else(|| outlook.last_day(limit))
    }

    /// When the goal is usually entered. `from` in its `[[goal]]` table replaces what the entries say.
    fn usual(&self, goal: &Goal) -> Usual {
        let unknown = |why: String| Usual {
            time: None,
            got_from: why,
        };
        if let Some(from) = self.rules.assess.rule(goal).and_then(|rule| rule.from) {
            return Usual {
                time: Some(shown(from)),
                got_from: "from in its [[goal]] table".to_owned(),
            };
        }
        if !self.rules.uses_habits {
            return unknown("heuristic.habit is off".to_owned());
        }
        match self.habits.get(goal.key()).map(|habit| habit.usual) {
            Some(Ok(usual)) => Usual {
                time: Some(shown(usual.clock_time())),
                got_from: format!("{} entries of the last 14 days", usual.entries),
            },
            Some(Err(why)) => unknown(why.to_string()),
            None => unknown("nothing is known of its entries".to_owned()),
        }
    }
}

/// The state of a goal at an instant after its reading: it may have been archived since, on the day that it had.
pub(super) fn state_at(goal: &Goal, at: Timestamp) -> GoalState {
    if goal.archives_at.is_some_and(|archived| archived <= at) {
        GoalState::Archived
    } else {
        goal.state
    }
}

/// The last second before a goal derails. Beeminder's losedate is taken as it is. Without a losedate,
/// `derails_at` is the first instant after the last safe day, so one second is taken off.
pub(in crate::heuristic) fn last_second(goal: &Goal, derails_at: Option<Timestamp>) -> Option<Timestamp> {
    let before = derails_at.and_then(|at| at.checked_sub(SignedDuration::from_secs(1)).ok());
    goal.losedate.or(before)
}

fn shown(time: Time) -> String {
    time.strftime("%H:%M").to_string()
}
