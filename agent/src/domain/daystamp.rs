use std::{fmt, str::FromStr};

use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize};

/// A calendar day in somebody's zone: Beeminder's `daystamp`, or a local day.
///
/// Written `2026-11-21` everywhere in Mecris; Beeminder's `20261121` is accepted when parsing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Daystamp(Date);

/// A text that is not a day.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a day: expected YYYY-MM-DD or YYYYMMDD")]
pub struct DaystampError(String);

impl Daystamp {
    /// The day as a calendar date.
    pub fn date(self) -> Date {
        self.0
    }

    /// So many days earlier, but not before the calendar begins.
    #[must_use]
    pub fn minus(self, days: i64) -> Self {
        Self(self.0.saturating_sub(days.days()))
    }

    /// So many days later, but not after the calendar ends.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.days()))
    }

    /// Beeminder's own spelling, `YYYYMMDD`.
    pub fn compact(self) -> String {
        self.0.strftime("%Y%m%d").to_string()
    }
}

impl From<Date> for Daystamp {
    fn from(date: Date) -> Self {
        Self(date)
    }
}

impl fmt::Display for Daystamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Daystamp {
    type Err = DaystampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let format = if text.len() == 8 { "%Y%m%d" } else { "%Y-%m-%d" };
        Date::strptime(format, text)
            .map(Self)
            .map_err(|_| DaystampError(text.to_owned()))
    }
}

impl From<Daystamp> for String {
    fn from(day: Daystamp) -> Self {
        day.to_string()
    }
}

impl TryFrom<String> for Daystamp {
    type Error = DaystampError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_one_day() {
        let day: Daystamp = "20260124".parse().unwrap();
        assert_eq!(day, "2026-01-24".parse().unwrap());
        assert_eq!(day.to_string(), "2026-01-24");
        assert_eq!(day.compact(), "20260124");
    }

    #[test]
    fn what_is_not_a_day_is_refused() {
        for text in ["", "2026-1", "2026-02-30", "20261301", "yesterday"] {
            assert!(text.parse::<Daystamp>().is_err(), "{text}");
        }
    }
}
