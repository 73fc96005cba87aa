use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    clock::local_day,
    config::Settings,
    domain::Daystamp,
    simulate::{run::Look, world::History},
};

/// The last chance but one is at least this long before the last.
const BETWEEN: SignedDuration = SignedDuration::from_mins(15);

/// On how many of the last days a goal must have an entry for its person to have a habit.
const HABIT: (u32, u32) = (10, 14);

/// What a person needs to act.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margins {
    /// In general.
    pub usual: SignedDuration,
    /// With a habit. `None`: habits do not count.
    pub habit: Option<SignedDuration>,
}

impl Margins {
    /// The margins that a setting of Mecris asks for.
    pub fn of(_settings: &Settings) -> Self {
        Self {
            usual: SignedDuration::from_hours(2),
            habit: Some(SignedDuration::from_hours(1)),
        }
    }

    /// What the person needs for a goal, by what they entered in the fortnight before an instant.
    pub(super) fn for_goal(&self, goal: &History, at: Timestamp) -> SignedDuration {
        let day = SignedDuration::from_hours(24);
        let ends = std::iter::successors(Some(at), |end| Some(*end - day)).take(HABIT.1 as usize);
        let entered = ends.filter(|end| goal.entered_between(*end - day, *end)).count();
        match self.habit {
            Some(margin) if entered >= HABIT.0 as usize => margin,
            _ => self.usual,
        }
    }
}

/// The promised passes that may speak, in order.
pub(super) struct Chances<'a> {
    looks: Vec<Look>,
    zone: &'a TimeZone,
}

impl<'a> Chances<'a> {
    pub(super) fn new(looks: &[Look], zone: &'a TimeZone) -> Self {
        Self {
            looks: looks.iter().copied().filter(|look| look.may_speak).collect(),
            zone,
        }
    }

    /// The person's zone.
    pub(super) fn zone(&self) -> &'a TimeZone {
        self.zone
    }

    /// The local day of an instant.
    pub(super) fn day(&self, at: Timestamp) -> Daystamp {
        local_day(at, self.zone)
    }

    /// The last chance up to an instant.
    pub(super) fn last(&self, limit: Timestamp) -> Option<Look> {
        let after = self.looks.partition_point(|look| look.at <= limit);
        after.checked_sub(1).map(|index| self.looks[index])
    }

    /// The last chance up to an instant and the one before it.
    pub(super) fn last_two(&self, limit: Timestamp) -> impl Iterator<Item = Look> {
        let last = self.last(limit);
        let before = last.and_then(|last| self.last(last.at - BETWEEN));
        last.into_iter().chain(before)
    }

    /// Whether a later day than that of a message has a chance up to an instant.
    pub(super) fn is_early(&self, said_at: Timestamp, limit: Timestamp) -> bool {
        self.last(limit)
            .is_some_and(|last| self.day(last.at) > self.day(said_at))
    }
}
