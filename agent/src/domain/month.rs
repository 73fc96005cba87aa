use std::{fmt, str::FromStr};

use jiff::civil::Date;
use serde::Deserialize;

/// A calendar month, written `2026-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Month(Date);

/// A text that is not a month.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a month: expected YYYY-MM, for example 2026-01")]
pub struct MonthError(String);

impl Month {
    /// The month of a day.
    pub fn of(day: Date) -> Self {
        Self(day.first_of_month())
    }

    /// Its first day.
    pub fn first_day(self) -> Date {
        self.0
    }

    /// Its last day.
    pub fn last_day(self) -> Date {
        self.0.last_of_month()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl TryFrom<String> for Month {
    type Error = MonthError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for Month {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let month = (text.len() == 7)
            .then(|| format!("{text}-01").parse().ok())
            .flatten();
        month.map(Self).ok_or_else(|| MonthError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn only_year_and_month_are_a_month() {
        assert_eq!("2026-01".parse::<Month>().unwrap(), Month::of(date(2026, 1, 31)));
        for text in ["2026-1", "2026-13", "2026-01-01", "202601", "", "2026/01"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}
