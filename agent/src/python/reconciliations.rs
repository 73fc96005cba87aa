//! `budget_reconciliation` and `reconciliation_jobs`: corrections of a budget by hand, and comparisons of
//! estimates with a bill.

use rusqlite::Transaction;

use super::{
    Context, Kind, Outcome, Report,
    cell::{Bad, Row},
    when,
};
use crate::{
    clock::local_day,
    domain::Provider,
    store::tables::reconciliations::{self, Reconciliation},
};

/// A correction of Claude's budget by hand: what remained before and after.
pub(super) struct ByHand;

/// A provider's day: estimated and billed.
pub(super) struct Jobs;

impl Kind for ByHand {
    const TABLE: &'static str = "budget_reconciliation";
    const KEY: &'static [&'static str] = &[
        "id",
        "reconciliation_date",
        "budget_before",
        "manual_adjustment",
        "budget_after",
        "adjustment_reason",
        "api_usage_tracked",
        "manual_plug_amount",
        "reconciled_by",
        "created_at",
    ];
    type Parsed = Reconciliation;

    fn parse(&self, row: &Row<'_>, context: &Context) -> Result<Reconciliation, Bad> {
        let at = when::instant_by_sqlite(row.text("created_at")?, context)
            .map_err(|w| Bad::new("created_at", w))?;
        let day = match row.optional_text("reconciliation_date")? {
            Some(_) => row.day("reconciliation_date")?,
            None => local_day(at, &context.zone).date(),
        };
        let mut reason = row.optional_text("adjustment_reason")?.unwrap_or_default();
        for column in ["manual_adjustment", "api_usage_tracked", "manual_plug_amount"] {
            if let Some(amount) = row.optional_money(column)? {
                let name = column.replace('_', " ");
                let gap = if reason.is_empty() { "" } else { "; " };
                reason.push_str(&format!("{gap}{name} {amount}"));
            }
        }
        Ok(Reconciliation {
            provider: Provider::Anthropic,
            at,
            day,
            before: row.optional_money("budget_before")?,
            after: row.optional_money("budget_after")?,
            reason,
            author: row.optional_text("reconciled_by")?.unwrap_or_default(),
        })
    }

    fn write(
        &self,
        tx: &Transaction<'_>,
        parsed: Reconciliation,
        _: &Context,
        _: &mut Report,
    ) -> rusqlite::Result<Outcome> {
        add(tx, &parsed)
    }
}

impl Kind for Jobs {
    const TABLE: &'static str = "reconciliation_jobs";
    const KEY: &'static [&'static str] = &[
        "id",
        "provider",
        "job_date",
        "estimated_total",
        "actual_total",
        "records_reconciled",
        "reconciled_at",
    ];
    type Parsed = Reconciliation;

    fn parse(&self, row: &Row<'_>, context: &Context) -> Result<Reconciliation, Bad> {
        let provider = row.text("provider")?.trim().to_ascii_lowercase();
        let provider: Provider = provider
            .parse()
            .map_err(|e| Bad::new("provider", format!("{e}")))?;
        let day = row.day("job_date")?;
        let records = row.count("records_reconciled")?;
        Ok(Reconciliation {
            provider,
            at: row.time("reconciled_at", context)?,
            day,
            before: Some(row.money("estimated_total")?),
            after: Some(row.money("actual_total")?),
            reason: format!("estimated and billed for {day}, {records} sessions"),
            author: "billing reconciliation".to_owned(),
        })
    }

    fn write(
        &self,
        tx: &Transaction<'_>,
        parsed: Reconciliation,
        _: &Context,
        _: &mut Report,
    ) -> rusqlite::Result<Outcome> {
        add(tx, &parsed)
    }
}

fn add(tx: &Transaction<'_>, parsed: &Reconciliation) -> rusqlite::Result<Outcome> {
    let id = reconciliations::insert(tx, parsed)?;
    Ok(Outcome::Taken(format!("reconciliations/{id}")))
}
