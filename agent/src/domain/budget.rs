use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Money, Provider, word::word};

word! {
    /// How a budget stands.
    pub enum Health: "a budget's health" in "UPPERCASE" {
        /// Within the plan.
        Good,
        /// Money will run out before the period does, or much of it is used, or the period is over.
        Warning,
        /// Spent, or nearly.
        Critical,
        /// Not known.
        Unknown,
    }
}

word! {
    /// `budget.*.source`: where Mecris learns what was spent.
    pub enum BudgetSource: "a source of a budget" in "lowercase" {
        /// Sessions recorded through `POST /usage/record`, priced by the table of prices.
        Ledger,
        /// Readings of the month-to-date total that the provider's console shows.
        Odometer,
    }
}

word! {
    /// Where a number of a budget is from, from the one that can be trusted most on.
    #[derive(PartialOrd, Ord)]
    pub enum Basis: "where a number is from" in "lowercase" {
        /// The provider says that it bills this.
        Billed,
        /// Mecris itself saw each request and what it used.
        Metered,
        /// Clients said what they used, and the table of prices says what that costs.
        Estimated,
        /// A person or a program said the sum.
        Typed,
        /// There is no price for a model in it, or no model was named.
        Assumed,
    }
}

/// Where the numbers of a budget are from. `None`: the number is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bases {
    /// Of [`Budget::used`].
    pub used: Option<Basis>,
    /// Of [`Budget::spent_today`].
    pub spent_today: Option<Basis>,
    /// Of [`Budget::daily_burn`].
    pub daily_burn: Option<Basis>,
}

/// One provider's budget at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// The provider whose budget this is.
    pub provider: Provider,
    /// Where the numbers come from; `None`: not configured.
    pub source: Option<BudgetSource>,
    /// The limit of the period.
    pub limit: Option<Money>,
    /// Spent in the period so far; `None`: unknown.
    pub used: Option<Money>,
    /// Spent on the local day.
    pub spent_today: Option<Money>,
    /// Average spent per day, over the last days.
    pub daily_burn: Option<Money>,
    /// Where these three are from.
    pub bases: Bases,
    /// What is wrong with the numbers, one sentence; `None`: nothing.
    pub doubt: Option<String>,
    /// The first instant of this period from which on it is known what was spent. `None`: unknown. It is not
    /// recorded.
    pub data_from: Option<Timestamp>,
    /// First local day of the period.
    pub period_start: Option<Date>,
    /// Last local day of the period.
    pub period_end: Option<Date>,
    /// How it stands.
    pub health: Health,
    /// When the numbers were true.
    pub as_of: Option<Timestamp>,
    /// Why the health is what it is, one sentence.
    pub why: String,
}

impl Budget {
    /// The limit minus what was used.
    pub fn remaining(&self) -> Option<Money> {
        Some(self.limit? - self.used?)
    }

    /// How much of the limit is used, in whole percent, cut; `None`: unknown, or the limit is zero.
    pub fn used_percent(&self) -> Option<i64> {
        let (used, limit) = (i128::from(self.used?.micros()), i128::from(self.limit?.micros()));
        (limit > 0).then(|| i64::try_from((used * 100).div_euclid(limit)).unwrap_or(i64::MAX))
    }

    /// The word for [`Budget::source`]: `none`, `ledger` or `odometer`.
    pub fn source_word(&self) -> &'static str {
        self.source.map_or("none", BudgetSource::as_str)
    }

    /// A budget of which nothing is known.
    pub fn unknown(provider: Provider, why: impl Into<String>) -> Self {
        Self {
            provider,
            source: None,
            limit: None,
            used: None,
            spent_today: None,
            daily_burn: None,
            bases: Bases::default(),
            doubt: None,
            data_from: None,
            period_start: None,
            period_end: None,
            health: Health::Unknown,
            as_of: None,
            why: why.into(),
        }
    }
}
