//! What a person says to override the configuration for one period. Pure.
//!
//! "$19.54 remain" is an anchor. It fixes how much was used at that instant, and what the source sees
//! afterwards is added. A person may also change only the limit or only the end of the period. Whatever an
//! update leaves out stays as the person last said it in the same period.

use jiff::{Timestamp, ToSpan as _, civil::Date};

use super::{
    BudgetError, UpdateBudget,
    bounds::Limit,
    period::{Period, Phase},
};
use crate::{
    config::{BudgetPeriod, BudgetSource, ProviderBudget},
    store::tables::budget::Adjustment,
};

/// The last day of a period is at most so many days away: two years. A later one is a slip of the pen.
const LONGEST_PERIOD_DAYS: i64 = 731;

/// The period that the configuration has on a day. An odometer counts calendar months, even if another period
/// is configured.
pub(super) fn configured_period(configured: &ProviderBudget, today: Date) -> Period {
    match configured.source {
        BudgetSource::Odometer => Period::on(BudgetPeriod::Monthly, today),
        BudgetSource::Ledger => Period::on(configured.period, today),
    }
}

/// What holds after an update. The update overrides what was said `before` in this period, and both override
/// the configuration.
pub(super) fn merge(
    configured: &ProviderBudget,
    before: Option<&Adjustment>,
    update: &UpdateBudget,
    today: Date,
    now: Timestamp,
) -> Result<Adjustment, BudgetError> {
    let UpdateBudget {
        remaining,
        total,
        period_end,
        ..
    } = *update;
    if remaining.is_none() && total.is_none() && period_end.is_none() {
        return Err(BudgetError::invalid(
            "update",
            "empty",
            "remaining_budget, total_budget or period_end",
        ));
    }
    if let Some(total) = total {
        Limit::check("total_budget", total)?;
    }
    let period = period(configured, before, period_end, today)?;
    let limit = total.or(before.and_then(|before| before.limit));
    let effective = limit.unwrap_or(configured.limit);
    if let Some(remaining) = remaining.filter(|remaining| *remaining > effective) {
        let allowed = format!("at most the limit of {effective}, or a higher total_budget with it");
        return Err(BudgetError::not_now("remaining_budget", remaining, allowed));
    }
    let said_now = remaining.map(|remaining| (effective - remaining, now));
    let anchor = said_now.or_else(|| before.and_then(|before| Some((before.used?, before.at))));
    Ok(Adjustment {
        limit,
        used: anchor.map(|(used, _)| used),
        period_start: period.start,
        period_end: period.end,
        at: anchor.map_or(now, |(_, at)| at),
    })
}

fn period(
    configured: &ProviderBudget,
    before: Option<&Adjustment>,
    period_end: Option<Date>,
    today: Date,
) -> Result<Period, BudgetError> {
    if let (BudgetSource::Odometer, Some(end)) = (configured.source, period_end) {
        return Err(BudgetError::not_now(
            "period_end",
            end,
            "nothing here, because an odometer counts calendar months",
        ));
    }
    let present = match before {
        Some(before) => Period {
            start: before.period_start,
            end: before.period_end,
        },
        None => configured_period(configured, today),
    };
    // A person who speaks today means a period that contains today. If the known period is over or lies
    // ahead, a new period starts today.
    let start = if present.phase(today) == Phase::Current {
        present.start
    } else {
        today
    };
    let end = period_end.unwrap_or(present.end);
    let latest = today.saturating_add(LONGEST_PERIOD_DAYS.days());
    if let Some(end) = period_end.filter(|&end| end > latest) {
        let allowed = format!("{latest} or an earlier day");
        return Err(BudgetError::not_now("period_end", end, allowed));
    }
    if end < today {
        let allowed = match period_end {
            Some(_) => format!("{today} or a later day"),
            None => format!("{today} or a later day with it, because the period is over"),
        };
        return Err(BudgetError::not_now("period_end", end, allowed));
    }
    Ok(Period { start, end })
}
