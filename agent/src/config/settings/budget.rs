//! `[budget]`: limits, periods, thresholds, prices.

use std::time::Duration;

use jiff::civil::Date;

use crate::domain::{Money, Provider};

/// `[budget]`.
#[derive(Clone, Debug)]
pub struct BudgetSettings {
    /// How old a budget row may get before it is stale.
    pub ttl: Duration,
    /// The one set of thresholds.
    pub thresholds: BudgetThresholds,
    /// `[[budget.price]]`: what tokens cost, by model and date.
    pub prices: Vec<Price>,
    /// One entry for each configured provider.
    pub providers: Vec<ProviderBudget>,
}

/// `[budget.thresholds]`: when a budget is WARNING or CRITICAL.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BudgetThresholds {
    /// Share of the limit used, 0.75.
    pub warning_share: f64,
    /// Share of the limit used, 0.95.
    pub critical_share: f64,
    /// WARNING when, at the present burn rate, the money ends this many days or more before the period does,
    /// 1.0.
    pub warning_days_short: f64,
    /// CRITICAL when the money lasts less than this many days at the present burn rate and ends before the
    /// period does, 1.0.
    pub critical_days_left: f64,
    /// Days over which the burn rate is taken, 7.
    pub burn_days: u32,
    /// Days after which an odometer reading is stale, 7.
    pub reading_max_age_days: u32,
}

impl BudgetThresholds {
    /// What holds where nothing is configured; `defaults.toml` says the same, and a test holds the two
    /// together.
    pub const DEFAULT: Self = Self {
        warning_share: 0.75,
        critical_share: 0.95,
        warning_days_short: 1.0,
        critical_days_left: 1.0,
        burn_days: 7,
        reading_max_age_days: 7,
    };
}

/// One line of the dated price table: US dollars for a million tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// Who bills.
    pub provider: Provider,
    /// The model id, or `*` for any other model of the provider.
    pub model: String,
    /// First day (UTC) on which it holds.
    pub from: Date,
    /// Dollars for a million input tokens.
    pub input_usd_per_mtok: Money,
    /// Dollars for a million output tokens.
    pub output_usd_per_mtok: Money,
}

/// `[budget.anthropic]` or `[budget.groq]`.
#[derive(Clone, Debug)]
pub struct ProviderBudget {
    /// Whose.
    pub provider: Provider,
    /// How spending is known.
    pub source: BudgetSource,
    /// The limit of one period.
    pub limit: Money,
    /// Which period.
    pub period: BudgetPeriod,
}

/// `budget.*.source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BudgetSource {
    /// Sessions recorded through `POST /usage/record`, priced by the table.
    Ledger,
    /// Month-to-date readings of the provider's console.
    Odometer,
}

/// `budget.*.period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetPeriod {
    /// The calendar month of the configured zone.
    Monthly,
    /// From `starts` to `ends`, both inclusive, local days.
    Fixed {
        /// First day.
        starts: Date,
        /// Last day.
        ends: Date,
        /// Whether a period of the same length follows, or the budget says that it ended.
        rolls: bool,
    },
}
