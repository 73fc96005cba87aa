//! Budget periods. A period begins and ends at midnight of the configured zone, never at midnight UTC.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

pub use crate::domain::{Month, MonthError};
use crate::{clock::local_day_bounds, config::BudgetPeriod};

/// A run of local days, both ends inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub start: Date,
    /// Last day.
    pub end: Date,
}

/// Where a day lies with respect to a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The period has not begun.
    Upcoming,
    /// The day is inside.
    Current,
    /// The period is over.
    Ended,
}

impl Period {
    /// The period that `configured` has on the local day `today`.
    ///
    /// For a month, the period contains `today`. A range that rolls contains `today` too, unless the range
    /// begins later. A range that does not roll is returned as it is, and may lie before or after `today`:
    /// [`Period::phase`] tells.
    pub fn on(configured: BudgetPeriod, today: Date) -> Self {
        match configured {
            BudgetPeriod::Monthly => Month::of(today).into(),
            BudgetPeriod::Fixed { starts, ends, rolls } => {
                let fixed = Self {
                    start: starts,
                    end: ends,
                };
                if rolls && fixed.phase(today) == Phase::Ended {
                    fixed.rolled_to(today)
                } else {
                    fixed
                }
            }
        }
    }

    fn rolled_to(self, today: Date) -> Self {
        let length = days_between(self.start, self.end) + 1;
        let periods = days_between(self.start, today) / length;
        let start = self.start.saturating_add((periods * length).days());
        Self {
            start,
            end: start.saturating_add((length - 1).days()),
        }
    }

    /// Where `day` lies with respect to this period.
    pub fn phase(self, day: Date) -> Phase {
        match () {
            () if day < self.start => Phase::Upcoming,
            () if day > self.end => Phase::Ended,
            () => Phase::Current,
        }
    }

    /// Days from `today` to the last day; 0 on the last day and afterwards.
    pub fn days_remaining(self, today: Date) -> i64 {
        days_between(today, self.end).max(0)
    }

    /// The first instant of the period, and the first instant after it.
    pub fn bounds(self, zone: &TimeZone) -> (Timestamp, Timestamp) {
        (
            local_day_bounds(self.start.into(), zone).0,
            local_day_bounds(self.end.into(), zone).1,
        )
    }
}

/// The number of days from `from` to `to`; negative if `to` lies before `from`.
pub fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

impl From<Month> for Period {
    fn from(month: Month) -> Self {
        Self {
            start: month.first_day(),
            end: month.last_day(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn fixed(rolls: bool) -> BudgetPeriod {
        BudgetPeriod::Fixed {
            starts: date(2025, 8, 6),
            ends: date(2025, 9, 30),
            rolls,
        }
    }

    #[test]
    fn a_month_begins_and_ends_at_local_midnight() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let (from, until) = Period::on(BudgetPeriod::Monthly, date(2026, 3, 31)).bounds(&zone);
        assert_eq!(from.to_string(), "2026-03-01T05:00:00Z");
        assert_eq!(
            until.to_string(),
            "2026-04-01T04:00:00Z",
            "daylight saving began in between"
        );
    }

    #[test]
    fn a_range_that_rolls_repeats_with_its_own_length() {
        let next = Period::on(fixed(true), date(2025, 10, 1));
        assert_eq!(
            next,
            Period {
                start: date(2025, 10, 1),
                end: date(2025, 11, 25)
            }
        );
        assert_eq!(
            Period::on(fixed(true), date(2025, 11, 26)).start,
            date(2025, 11, 26)
        );
    }

    #[test]
    fn a_range_that_does_not_roll_says_that_it_ended() {
        let period = Period::on(fixed(false), date(2025, 10, 24));
        assert_eq!(period.phase(date(2025, 10, 24)), Phase::Ended);
        assert_eq!(
            period.days_remaining(date(2025, 10, 24)),
            0,
            "never -25 days left"
        );
        assert_eq!(
            period.phase(date(2025, 9, 30)),
            Phase::Current,
            "the last day is inside"
        );
    }

    #[test]
    fn a_rolling_range_that_begins_later_is_upcoming() {
        assert_eq!(
            Period::on(fixed(true), date(2025, 8, 5)).phase(date(2025, 8, 5)),
            Phase::Upcoming
        );
    }

    proptest! {
        #[test]
        fn a_rolling_period_contains_its_day_and_leaves_no_gap(offset in 0_i64..20_000, length in 1_i64..400) {
            let starts = date(2020, 2, 29);
            let configured = BudgetPeriod::Fixed { starts, ends: starts + (length - 1).days(), rolls: true };
            let today = starts + offset.days();
            let period = Period::on(configured, today);
            prop_assert_eq!(period.phase(today), Phase::Current);
            prop_assert_eq!(days_between(period.start, period.end) + 1, length);
            let next = Period::on(configured, period.end.tomorrow().unwrap());
            prop_assert_eq!(next.start, period.end.tomorrow().unwrap());
        }
    }
}
