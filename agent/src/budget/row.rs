use jiff::{SignedDuration, Timestamp};

use super::{Budget, Health, odometer};
use crate::{
    config::{BudgetSettings, BudgetSource},
    store::tables::budget::Computed,
};

/// A budget as it was last recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// What was computed.
    pub budget: Budget,
    /// When it was computed; `None`: never yet.
    pub refreshed_at: Option<Timestamp>,
    /// It was computed longer than `budget.ttl` ago, or from an odometer reading that is too old.
    pub stale: bool,
}

/// The word of the `source` column, and of JSON.
pub(super) fn source_word(source: Option<BudgetSource>) -> &'static str {
    match source {
        None => "none",
        Some(BudgetSource::Ledger) => "ledger",
        Some(BudgetSource::Odometer) => "odometer",
    }
}

/// A row as this release understands it. A word that it does not know is no source, an unknown health.
pub(super) fn recorded(row: Computed, settings: &BudgetSettings, now: Timestamp) -> Recorded {
    let source = [BudgetSource::Ledger, BudgetSource::Odometer]
        .into_iter()
        .find(|s| source_word(Some(*s)) == row.source);
    let ttl = SignedDuration::try_from(settings.ttl).unwrap_or(SignedDuration::MAX);
    let expired = now.duration_since(row.refreshed_at) > ttl;
    let max_age_days = settings.thresholds.reading_max_age_days;
    let old = source == Some(BudgetSource::Odometer)
        && row
            .as_of
            .is_some_and(|as_of| odometer::is_old(as_of, max_age_days, now));
    let budget = Budget {
        provider: row.provider,
        source,
        limit: row.limit,
        used: row.used,
        spent_today: row.spent_today,
        daily_burn: row.daily_burn,
        period_start: row.period_start,
        period_end: row.period_end,
        health: Health::from_word(&row.health),
        as_of: row.as_of,
        why: row.why,
    };
    Recorded {
        budget,
        refreshed_at: Some(row.refreshed_at),
        stale: expired || old,
    }
}

/// The row of a budget that was computed at `now`.
pub(super) fn computed(budget: &Budget, now: Timestamp) -> Computed {
    Computed {
        provider: budget.provider,
        source: source_word(budget.source).to_owned(),
        limit: budget.limit,
        used: budget.used,
        spent_today: budget.spent_today,
        daily_burn: budget.daily_burn,
        period_start: budget.period_start,
        period_end: budget.period_end,
        health: budget.health.as_str().to_owned(),
        as_of: budget.as_of,
        why: budget.why.clone(),
        refreshed_at: now,
    }
}
