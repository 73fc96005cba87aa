//! `[budget]`: limits, periods, thresholds. Prices are in [`price`].

pub(super) mod price;

use std::{ops::RangeInclusive, time::Duration};

use jiff::{ToSpan as _, civil::Date};
pub use price::{Price, Rate};

use super::{
    reader::Reader,
    setting::{Form, Kind, Setting, Table},
};
pub use crate::domain::BudgetSource;
use crate::domain::{Money, Provider, Share};

pub(super) const TABLE: Table = Table {
    name: "budget",
    doc: "LLM budgets.",
    form: Form::Always,
    settings: &[Setting::new(
        "budget.ttl",
        Kind::Duration,
        "1s to 24h; an older number is stale",
    )
    .default("\"15m\"")],
};

pub(super) const THRESHOLDS: Table = Table {
    name: "budget.thresholds",
    doc: "When a budget is WARNING or CRITICAL.",
    form: Form::Always,
    settings: &[
        Setting::new(
            "budget.thresholds.shares",
            Kind::Other("list of numbers"),
            "the shares of the limit at which a message says how much is used, once a period for each share: \
             whole percent above 0 and up to 1, the smallest first; `[]` for none",
        )
        .default("[0.75, 0.95, 1.0]"),
        Setting::new(
            "budget.thresholds.warning_share",
            Kind::Number,
            "WARNING from this share of the limit: above 0, less than `critical_share`",
        )
        .default("0.75"),
        Setting::new(
            "budget.thresholds.critical_share",
            Kind::Number,
            "CRITICAL from this share of the limit: up to 1",
        )
        .default("0.95"),
        Setting::new(
            "budget.thresholds.warning_days_short",
            Kind::Number,
            "0 to 366; WARNING when the money ends this many days or more before the period does",
        )
        .default("1.0"),
        Setting::new(
            "budget.thresholds.critical_days_left",
            Kind::Number,
            "0 to 366; CRITICAL when the money lasts less than this and ends before the period does",
        )
        .default("1.0"),
        Setting::new(
            "budget.thresholds.burn_days",
            Kind::Integer(1..=366),
            "days over which the burn rate is taken",
        )
        .default("7"),
        Setting::new(
            "budget.thresholds.reading_max_age_days",
            Kind::Integer(1..=366),
            "days after which an odometer reading is stale, and a ledger in which nothing was recorded",
        )
        .default("7"),
    ],
};

/// The table of a provider: its name, the default source, a limit and a period as an example.
macro_rules! provider {
    ($name:literal, $source:literal, $limit:literal, $period:literal) => {
        Table {
            name: concat!("budget.", $name),
            doc: concat!("The budget of ", $name, ". A provider without a table has no budget."),
            form: Form::Optional,
            settings: &[
                Setting::new(
                    concat!("budget.", $name, ".source"),
                    Kind::Text,
                    "`\"ledger\"`: sessions recorded through `POST /usage/record`, priced by \
                     `[[budget.price]]`; `\"odometer\"`, for groq: month-to-date readings of the provider's \
                     console. `\"admin_api\"` and `\"litellm\"` are not in this release yet",
                )
                .default($source),
                Setting::new(
                    concat!("budget.", $name, ".limit_usd"),
                    Kind::Number,
                    "US dollars for one period: above 0, up to 1000000",
                )
                .without("required")
                .example($limit),
                Setting::new(
                    concat!("budget.", $name, ".period"),
                    Kind::Other("text or table"),
                    "`\"monthly\"` (the calendar month of `time_zone`), or a table of `starts`, `ends` and \
                     `rolls`",
                )
                .default("\"monthly\"")
                .example($period),
                Setting::new(
                    concat!("budget.", $name, ".period.starts"),
                    Kind::Day,
                    "the first day, of the years 2000 to 2199",
                ),
                Setting::new(
                    concat!("budget.", $name, ".period.ends"),
                    Kind::Day,
                    "the last day: the first day, or up to 731 days after it",
                ),
                Setting::new(
                    concat!("budget.", $name, ".period.rolls"),
                    Kind::Flag,
                    "whether a period of the same length follows",
                )
                .without("`false`"),
            ],
        }
    };
}

pub(super) const ANTHROPIC: Table = provider!("anthropic", "\"ledger\"", "25.0", "\"monthly\"");
pub(super) const GROQ: Table = provider!(
    "groq",
    "\"odometer\"",
    "5.0",
    "{ starts = 2026-11-01, ends = 2026-11-30, rolls = true }"
);

/// Said of sources that a later release brings.
const NOT_YET: &str = "is not in this release yet";

/// `[budget]`.
#[derive(Clone, Debug)]
pub struct BudgetSettings {
    /// How old a budget row may get before it is stale.
    pub ttl: Duration,
    /// The one set of thresholds.
    pub thresholds: BudgetThresholds,
    /// `budget.thresholds.shares`: the shares that are said when they are used, the smallest first.
    pub shares: Vec<Share>,
    /// `[[budget.price]]`: what tokens cost, by model and date.
    pub prices: Vec<Price>,
    /// One entry for each configured provider.
    pub providers: Vec<ProviderBudget>,
}

#[cfg(test)]
impl BudgetSettings {
    /// The table of prices of a configuration without a `[[budget.price]]`.
    pub(crate) fn built_in_prices() -> Vec<Price> {
        price::built_in()
    }
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
    /// Days after which an odometer reading is stale, and a ledger in which nothing was recorded, 7.
    pub reading_max_age_days: u32,
}

impl BudgetThresholds {
    /// What holds where nothing is configured. A test compares it with the declared defaults.
    pub const DEFAULT: Self = Self {
        warning_share: 0.75,
        critical_share: 0.95,
        warning_days_short: 1.0,
        critical_days_left: 1.0,
        burn_days: 7,
        reading_max_age_days: 7,
    };
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

pub(super) fn read(reader: &mut Reader) -> Option<BudgetSettings> {
    let ttl = reader.duration("budget.ttl", Duration::from_secs(1)..=Duration::from_hours(24));
    let shares = shares(reader);
    let thresholds = thresholds(reader);
    let prices = price::prices(reader);
    let providers: Vec<Option<ProviderBudget>> = Provider::ALL
        .into_iter()
        .filter(|provider| reader.has_table(&format!("budget.{provider}")))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|provider| provider_budget(reader, provider))
        .collect();
    Some(BudgetSettings {
        ttl: ttl?,
        thresholds: thresholds?,
        shares: shares?,
        prices: prices?,
        providers: providers.into_iter().collect::<Option<_>>()?,
    })
}

fn shares(reader: &mut Reader) -> Option<Vec<Share>> {
    const KEY: &str = "budget.thresholds.shares";
    const EXPECTED: &str = "shares in whole percent, above 0 and up to 1, the smallest first and each once, such as \
                            [0.75, 0.95, 1.0]; or [] for none";
    let numbers = reader.numbers(KEY, EXPECTED)?;
    let shares: Option<Vec<Share>> = numbers.into_iter().map(share).collect();
    let shares = shares.filter(|shares| shares.is_sorted_by(|a, b| a < b));
    shares.or_else(|| reader.expected(KEY, EXPECTED))
}

fn share(number: f64) -> Option<Share> {
    let is = |percent: &u8| (f64::from(*percent) - number * 100.0).abs() < 1e-6;
    (1..=100).find(is).and_then(Share::of_percent)
}

fn thresholds(reader: &mut Reader) -> Option<BudgetThresholds> {
    const SHARE: &str = "a share above 0 and up to 1 such as 0.75";
    const DAYS: &str = "a number of days from 0 to 366";
    let is_share = |share: f64| share > 0.0 && share <= 1.0;
    let is_days = |days: f64| (0.0..=366.0).contains(&days);
    let warning_share = reader.number("budget.thresholds.warning_share", SHARE, is_share);
    let critical_share = reader.number("budget.thresholds.critical_share", SHARE, is_share);
    let warning_days_short = reader.number("budget.thresholds.warning_days_short", DAYS, is_days);
    let critical_days_left = reader.number("budget.thresholds.critical_days_left", DAYS, is_days);
    let burn_days = reader.count("budget.thresholds.burn_days");
    let reading_max_age_days = reader.count("budget.thresholds.reading_max_age_days");
    if let (Some(warning), Some(critical)) = (warning_share, critical_share)
        && warning >= critical
    {
        let message = format!("expected more than budget.thresholds.warning_share, {warning}");
        reader.refuse("budget.thresholds.critical_share", message);
    }
    Some(BudgetThresholds {
        warning_share: warning_share?,
        critical_share: critical_share?,
        warning_days_short: warning_days_short?,
        critical_days_left: critical_days_left?,
        burn_days: burn_days?,
        reading_max_age_days: reading_max_age_days?,
    })
}

fn provider_budget(reader: &mut Reader, provider: Provider) -> Option<ProviderBudget> {
    let source = source(reader, provider);
    let limit = reader.number(
        &format!("budget.{provider}.limit_usd"),
        "an amount in US dollars above 0 and up to 1000000",
        |usd| (0.01..=1e6).contains(&usd),
    );
    let period = period(reader, provider);
    Some(ProviderBudget {
        provider,
        source: source?,
        limit: Money::from_usd(limit?).ok()?,
        period: period?,
    })
}

/// The odometer is Groq's: only its console shows a month-to-date total that a person can read off.
fn source(reader: &mut Reader, provider: Provider) -> Option<BudgetSource> {
    let key = format!("budget.{provider}.source");
    let (known, later): (&[_], &[_]) = match provider {
        Provider::Anthropic => (&[("ledger", BudgetSource::Ledger)], &["admin_api", "litellm"]),
        Provider::Groq => (
            &[
                ("odometer", BudgetSource::Odometer),
                ("ledger", BudgetSource::Ledger),
            ],
            &["litellm"],
        ),
    };
    let names = known
        .iter()
        .map(|(name, _)| format!("{name:?}"))
        .collect::<Vec<_>>()
        .join(" or ");
    let text = reader.text(&key, &names)?;
    if later.contains(&text.as_str()) {
        reader.refuse(&key, format!("{NOT_YET}: expected {names}"));
        return None;
    }
    reader.choice(&key, known)
}

/// The years of a period. Another one is a slip of the pen.
const YEARS: RangeInclusive<i16> = 2000..=2199;

/// A period of fixed days lasts two years at most.
const LONGEST_PERIOD_DAYS: i64 = 731;

fn period(reader: &mut Reader, provider: Provider) -> Option<BudgetPeriod> {
    let key = format!("budget.{provider}.period");
    if !reader.has_table(&key) {
        const EXPECTED: &str =
            "\"monthly\" or { starts = \"2026-11-01\", ends = \"2026-11-30\", rolls = false }";
        return reader.parsed(&key, EXPECTED, |text| {
            (text == "monthly").then_some(BudgetPeriod::Monthly)
        });
    }
    let ends_key = format!("{key}.ends");
    let rolls_key = format!("{key}.rolls");
    let starts = reader.date(&format!("{key}.starts"));
    let ends = reader.date(&ends_key);
    let rolls = if reader.has(&rolls_key) {
        reader.flag(&rolls_key)
    } else {
        Some(false)
    };
    if let Some(starts) = starts.filter(|starts| !YEARS.contains(&starts.year())) {
        let (first, last) = (YEARS.start(), YEARS.end());
        reader.refuse(
            &format!("{key}.starts"),
            format!("expected a day of the years {first} to {last}, not {starts}"),
        );
        return None;
    }
    if let (Some(starts), Some(ends)) = (starts, ends) {
        let latest = starts.saturating_add(LONGEST_PERIOD_DAYS.days());
        if !(starts..=latest).contains(&ends) {
            reader.refuse(
                &ends_key,
                format!(
                    "expected {starts} or a later day, because the period starts then, and {latest} at the latest"
                ),
            );
            return None;
        }
    }
    Some(BudgetPeriod::Fixed {
        starts: starts?,
        ends: ends?,
        rolls: rolls?,
    })
}
