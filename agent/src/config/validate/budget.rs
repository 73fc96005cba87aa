//! `[budget]`: providers, thresholds, and the period of each limit. Prices are in [`price`].

mod price;

use std::time::Duration;

use super::NOT_YET;
use crate::{
    config::{
        reader::Reader,
        settings::{BudgetPeriod, BudgetSettings, BudgetSource, BudgetThresholds, ProviderBudget},
    },
    domain::{Money, Provider},
};

pub(super) fn budget(reader: &mut Reader) -> Option<BudgetSettings> {
    let ttl = reader.duration("budget.ttl", Duration::from_secs(1)..=Duration::from_hours(24));
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
        prices: prices?,
        providers: providers.into_iter().collect::<Option<_>>()?,
    })
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
    let burn_days = reader.count("budget.thresholds.burn_days", 1..=366);
    let reading_max_age_days = reader.count("budget.thresholds.reading_max_age_days", 1..=366);
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
    if let (Some(starts), Some(ends)) = (starts, ends)
        && starts > ends
    {
        reader.refuse(
            &ends_key,
            format!("expected {starts} or a later day, because the period starts then"),
        );
        return None;
    }
    Some(BudgetPeriod::Fixed {
        starts: starts?,
        ends: ends?,
        rolls: rolls?,
    })
}
