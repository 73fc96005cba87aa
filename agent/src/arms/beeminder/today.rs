//! What was entered today: one rule for the walk and for every goal.
//!
//! A datapoint was *entered today* if
//!
//! 1. a person or their device made it: it is neither a dummy nor the initial datapoint, which Beeminder makes;
//! 2. it is for Beeminder's today, or it was entered on the local day, whatever day it is for;
//! 3. it moved something. 0 moves nothing, unless 0 says something: for a do-less goal it replaces
//!    Beeminder's pessimistic guess, and for a goal that brings a number down it is the best value there is.
//!    A counter has moved if its total is above the total before.
//!
//! Beeminder's own `todayta` is not enough, because dummies count there. It is only used to know that nothing
//! was entered, because Beeminder sends no more than three datapoints with a goal.

use jiff::{Timestamp, tz::TimeZone};

use super::{Datapoint, Goal, GoalKind};
use crate::{
    clock::{beeminder_day, local_day},
    domain::Daystamp,
};

/// The days that are today for a goal. They differ between the goal's deadline and midnight, and when the
/// account is in another zone than the person.
#[derive(Clone, Debug)]
pub struct Today {
    /// The day in the person's zone.
    pub local: Daystamp,
    /// Beeminder's day of the goal, in the account's zone.
    pub beeminder: Daystamp,
    local_zone: TimeZone,
}

/// Which datapoints count as entered today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// Those for Beeminder's today, and those that were entered on the local day for any day: the person did
    /// something about the goal today.
    AnyDay,
    /// Of these, only those for Beeminder's today or for the local day: what the goal asks for was done today.
    /// A walk of yesterday that a phone sends this morning is not today's walk.
    TodayOnly,
}

/// Whether something was entered today.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EnteredToday<'a> {
    /// This was entered; the newest, if there are several.
    Yes(&'a Datapoint),
    /// Nothing was entered.
    No,
    /// The datapoints that came with the goal do not tell.
    Unknown,
}

impl Today {
    /// Today for this goal at `now`. The account's zone defines Beeminder's day.
    pub fn of(goal: &Goal, now: Timestamp, local_zone: &TimeZone, account_zone: &TimeZone) -> Self {
        Self {
            local: local_day(now, local_zone),
            beeminder: beeminder_day(now, account_zone, goal.deadline),
            local_zone: local_zone.clone(),
        }
    }

    /// Whether something was entered today, by the datapoints that came with the goal.
    ///
    /// "No" needs a proof: Beeminder says that it has no datapoint today and is not recomputing the goal, or
    /// all datapoints of today are shown and none of them counts.
    pub fn entered<'a>(&self, goal: &'a Goal, counting: Counting) -> EnteredToday<'a> {
        match self.entered_among(goal, &goal.datapoints, counting) {
            EnteredToday::No if !self.nothing_is_hidden(goal) => EnteredToday::Unknown,
            found => found,
        }
    }

    /// Whether something was entered today, by these datapoints of the goal, newest first, if they are all
    /// datapoints of today and the one before.
    pub fn entered_among<'a>(
        &self,
        goal: &Goal,
        points: &'a [Datapoint],
        counting: Counting,
    ) -> EnteredToday<'a> {
        let mut found = EnteredToday::No;
        for (nth, point) in points.iter().enumerate() {
            if !self.covers(point, counting) {
                continue;
            }
            let earlier = points.get(nth + 1..).unwrap_or_default();
            match moved(goal, point, earlier) {
                Some(true) => return EnteredToday::Yes(point),
                Some(false) => {}
                None => found = EnteredToday::Unknown,
            }
        }
        found
    }

    fn covers(&self, point: &Datapoint, counting: Counting) -> bool {
        if point.is_dummy || point.is_initial {
            return false;
        }
        let for_today = point.day == self.beeminder;
        match counting {
            Counting::AnyDay => for_today || self.entered_on_local_day(point),
            // With a deadline of 20:00, a walk of yesterday at 21:00 already carries today's date.
            Counting::TodayOnly => for_today || (point.day == self.local && self.entered_on_local_day(point)),
        }
    }

    fn entered_on_local_day(&self, point: &Datapoint) -> bool {
        self.entered_day(point) == Some(self.local)
    }

    fn entered_day(&self, point: &Datapoint) -> Option<Daystamp> {
        point.entered_at().map(|at| local_day(at, &self.local_zone))
    }

    /// Whether no datapoint of today can be missing among those that came with the goal.
    fn nothing_is_hidden(&self, goal: &Goal) -> bool {
        match goal.has_data_today {
            Some(false) => !goal.queued,
            // What Beeminder counts as today's is shown, and so is something older: today's are all there.
            Some(true) => {
                let shown = goal.datapoints.iter().any(|point| point.day == self.beeminder);
                let first = self.local.min(self.beeminder);
                let older = |point: &Datapoint| {
                    point.day < first && self.entered_day(point).is_some_and(|day| day < self.local)
                };
                shown && goal.datapoints.iter().any(older)
            }
            None => false,
        }
    }
}

/// Whether a datapoint moved something; `None` if that cannot be told. `earlier` are the datapoints before it,
/// newest first.
fn moved(goal: &Goal, point: &Datapoint, earlier: &[Datapoint]) -> Option<bool> {
    let value = point.value?;
    if goal.line.odometer == Some(true) {
        let before = earlier.iter().find(|point| !point.is_dummy)?.value?;
        return Some(value > before);
    }
    if value != 0.0 {
        return Some(true);
    }
    match goal.line.kind? {
        GoalKind::DoMore => Some(false),
        GoalKind::DoLess | GoalKind::MakeLast | GoalKind::BringDown => Some(true),
    }
}
