//! Whether the parts of a waiting message still hold, judged by what a pass found out. Pure. A part of which
//! nobody can tell is `Unknown`: it neither holds nor is settled.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::{
    domain::{Condition, Provider, Reason, Severity, Step, Subject},
    heuristic::assess::Observed,
    store::tables::steps::Held,
};

/// Whether a step that a message tells (a part of it) still holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Standing<'a> {
    /// It holds. This condition says it as it is now.
    So(&'a Condition),
    /// Less than it says holds: a chance came up again, so that today is not the last day any more, or this not the
    /// last call.
    Less,
    /// It does not hold any more.
    Settled,
    /// It is too late to say it: the walk's hours are over, or the goal's day is over.
    Over,
    /// Nobody can tell.
    Unknown,
}

/// What a pass found out.
pub(super) struct Found<'a> {
    observed: &'a Observed,
    /// The conditions of each subject in their order: of a goal also its derailments.
    conditions: HashMap<&'a Subject, Vec<&'a Condition>>,
    broken: &'a [Subject],
    pub(super) now: Timestamp,
}

impl<'a> Found<'a> {
    /// `conditions` are those of the pass, with the derailments; `broken` are the channels that are broken.
    pub(super) fn new(
        observed: &'a Observed,
        conditions: &'a [Condition],
        broken: &'a [Subject],
        now: Timestamp,
    ) -> Self {
        let mut by_subject: HashMap<&Subject, Vec<&Condition>> = HashMap::new();
        for condition in conditions {
            by_subject.entry(&condition.subject).or_default().push(condition);
        }
        Self {
            observed,
            conditions: by_subject,
            broken,
            now,
        }
    }

    fn about(&self, subject: &Subject) -> impl Iterator<Item = &'a Condition> {
        self.conditions.get(subject).into_iter().flatten().copied()
    }

    /// How a step of a message stands.
    pub(super) fn standing(&self, held: &Held) -> Standing<'a> {
        match (held.step, held.subject.topic()) {
            (Step::Alert, _) => self.alert(held),
            (Step::Unknown, _) => self.unknown(held),
            (Step::Derailed, _) => self.derailed(held),
            (_, "walk") => self.walk(held),
            (_, "budget") => self.budget(held),
            (_, "goal") => self.goal(held),
            _ => Standing::Unknown,
        }
    }

    /// The condition of a subject now, but not the condition that says that it has derailed.
    fn condition(&self, subject: &Subject) -> Option<&'a Condition> {
        self.about(subject).find(|condition| !has_derailed(condition))
    }

    fn reads_beeminder(&self) -> bool {
        self.observed.beeminder.fresh().is_some()
    }

    /// Whether the account lists every goal in a readable form. Then a goal without a condition is gone.
    /// Otherwise it may be one of the goals that cannot be read.
    fn lists_all_goals(&self) -> bool {
        let account = self.observed.beeminder.fresh();
        account.is_some_and(|account| account.unreadable.is_empty())
    }

    fn alert(&self, held: &Held) -> Standing<'a> {
        let Some(condition) = self.condition(&held.subject) else {
            let works = (held.subject.topic() == "channel" && !self.broken.contains(&held.subject))
                || (held.subject == Subject::listed_goals() && self.reads_beeminder());
            return if works {
                Standing::Settled
            } else {
                Standing::Unknown
            };
        };
        match condition.ask {
            Some(ask) if ask.step == Step::Alert && ask.occasion == held.occasion => Standing::So(condition),
            None if condition.severity == Severity::Unknown => Standing::Unknown,
            _ => Standing::Settled,
        }
    }

    fn unknown(&self, held: &Held) -> Standing<'a> {
        let Some(condition) = self.condition(&held.subject) else {
            return if self.lists_all_goals() {
                Standing::Settled
            } else {
                Standing::Unknown
            };
        };
        match condition.ask {
            Some(ask) if ask.step == Step::Unknown && ask.silent.is_none() => Standing::So(condition),
            Some(ask) if ask.step == Step::Unknown => Standing::Unknown,
            _ if condition.severity == Severity::Unknown => Standing::Unknown,
            _ => Standing::Settled,
        }
    }

    fn derailed(&self, held: &Held) -> Standing<'a> {
        let told = self.about(&held.subject).find(|condition| {
            let is_it = condition.ask.is_some_and(|ask| ask.occasion == held.occasion);
            has_derailed(condition) && is_it
        });
        match told {
            Some(condition) => Standing::So(condition),
            None if self.lists_all_goals() => Standing::Settled,
            None => Standing::Unknown,
        }
    }

    fn goal(&self, held: &Held) -> Standing<'a> {
        if !self.reads_beeminder() {
            return Standing::Unknown;
        }
        let Some(condition) = self.condition(&held.subject) else {
            return if self.lists_all_goals() {
                Standing::Settled
            } else {
                Standing::Unknown
            };
        };
        if condition.severity == Severity::Unknown {
            return Standing::Unknown;
        }
        match condition.ask {
            Some(ask) if ask.step == Step::Unknown => Standing::Unknown,
            Some(ask) if ask.occasion == held.occasion => {
                if condition.expires_at.is_some_and(|at| at <= self.now) {
                    Standing::Over
                } else if ask.silent == Some(Reason::DoneToday) {
                    Standing::Settled
                } else if ask.step < held.step {
                    Standing::Less
                } else {
                    Standing::So(condition)
                }
            }
            _ => Standing::Settled,
        }
    }

    fn walk(&self, held: &Held) -> Standing<'a> {
        let walk = self.observed.walk.as_ref().and_then(|walk| walk.fresh());
        match (walk, self.condition(&held.subject)) {
            (Some(walk), _) if walk.done && walk.day == held.occasion => Standing::Settled,
            (Some(_), Some(condition)) => match condition.ask {
                Some(ask) if ask.step == held.step && ask.occasion == held.occasion => {
                    Standing::So(condition)
                }
                _ => Standing::Over,
            },
            _ => Standing::Unknown,
        }
    }

    fn budget(&self, held: &Held) -> Standing<'a> {
        let Some(condition) = self.condition(&held.subject) else {
            return Standing::Unknown;
        };
        match condition.ask {
            Some(ask) if ask.step == Step::Unknown => Standing::Unknown,
            // An old reading proves this too: money that is spent stays spent.
            Some(ask) if ask.occasion == held.occasion && ask.step >= held.step && ask.silent.is_none() => {
                Standing::So(condition)
            }
            _ if self.reads_budget(&held.subject) => Standing::Settled,
            _ => Standing::Unknown,
        }
    }

    fn reads_budget(&self, budget: &Subject) -> bool {
        let is_it = |provider: &Provider| Subject::budget(*provider) == *budget;
        self.observed
            .budgets
            .iter()
            .any(|(provider, seen)| is_it(provider) && seen.fresh().is_some())
    }
}

/// Whether a condition says that a goal has derailed. Such a condition stands beside the goal's other
/// condition, which is about the next derailment.
pub(super) fn has_derailed(condition: &Condition) -> bool {
    condition.ask.is_some_and(|ask| ask.step == Step::Derailed)
}

#[cfg(test)]
mod tests;
