use jiff::{Timestamp, tz::TimeZone};

use crate::{
    arms::beeminder::{Datapoint, Goal},
    clock::{beeminder_day, local_day},
    domain::Daystamp,
};

/// The days that count as today for a goal's datapoints: Beeminder's day of the goal, and the local day.
///
/// The two days differ between the goal's deadline and midnight, and when the account is in another zone.
/// Then the daystamp of the local day is ambiguous: with a deadline at 20:00, a walk entered at 21:00
/// yesterday already carries today's date. Such a datapoint counts only if it was entered on the local day.
pub(super) struct Today {
    pub(super) local: Daystamp,
    beeminder: Daystamp,
    local_zone: TimeZone,
}

impl Today {
    pub(super) fn of(goal: &Goal, now: Timestamp, local_zone: &TimeZone, account_zone: &TimeZone) -> Self {
        Self {
            local: local_day(now, local_zone),
            beeminder: beeminder_day(now, account_zone, goal.deadline),
            local_zone: local_zone.clone(),
        }
    }

    pub(super) fn covers(&self, point: &Datapoint) -> bool {
        let entered_today = || {
            point
                .updated_at
                .is_some_and(|at| local_day(at, &self.local_zone) == self.local)
        };
        point.day == self.beeminder || (point.day == self.local && entered_today())
    }
}
