use jiff::{Timestamp, civil::Date};

use super::{
    Budget, Recorded,
    arm::Rules,
    health::{self, Alert, Standing},
};

/// What a recorded budget means today. The health is not part of it: the health was judged when the budget
/// was computed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outlook {
    /// Days to the last day of the period, 0 on that day and afterwards; `None` if there is no period.
    pub days_remaining: Option<i64>,
    /// The local day on which the money ends at the present burn rate.
    pub projected_exhaustion: Option<Date>,
    /// What a person should know about the budget.
    pub alerts: Vec<Alert>,
}

/// One provider's recorded budget, and what it means today.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetToday {
    /// The budget as it was last recorded.
    pub recorded: Recorded,
    /// What it means today.
    pub outlook: Outlook,
}

impl Rules {
    /// What a budget means at `now`.
    pub(super) fn outlook(&self, budget: &Budget, now: Timestamp) -> Outlook {
        let Some(standing) = Standing::of(budget) else {
            return Outlook::default();
        };
        let (alerts, projected_exhaustion) =
            health::explain(&standing, &self.settings.thresholds, &self.zone, now);
        Outlook {
            days_remaining: Some(standing.period.days_remaining(self.today(now))),
            projected_exhaustion,
            alerts,
        }
    }
}
