//! `budget_tracking`: what a person last said about the Claude budget, less the sessions since.
//!
//! The old system subtracted each session from `remaining_budget` and stamped the row. So the row is true at
//! `last_updated`, like a person's word here. A row of a period that is over is history.

use jiff::{Timestamp, civil::Date};
use rusqlite::Transaction;

use super::{
    Context, Kind, Outcome, Report,
    cell::{Bad, Cell, Row},
};
use crate::{
    clock::local_day,
    domain::{Money, Provider},
    store::tables::{
        budget::{self, Adjustment},
        reconciliations::{self, Reconciliation},
    },
};

/// Total and remaining of a new file of the Python system, before a person said anything, in micro-dollars.
const MADE_UP: (i64, i64) = (24_960_000, 24_950_000);

pub(super) struct Tracking;

pub(super) struct Parsed {
    total: Money,
    remaining: Money,
    start: Date,
    end: Date,
    at: Timestamp,
}

impl Kind for Tracking {
    const TABLE: &'static str = "budget_tracking";
    const KEY: &'static [&'static str] = &[
        "id",
        "total_budget",
        "remaining_budget",
        "budget_period_start",
        "budget_period_end",
        "last_updated",
    ];
    type Parsed = Parsed;

    fn parse(&self, row: &Row<'_>, context: &Context) -> Result<Parsed, Bad> {
        if row.cell("id") != Some(&Cell::Integer(1)) {
            return Err(Bad::new(
                "id",
                "the Python system only ever used the row with id 1",
            ));
        }
        let (total, remaining) = (row.spent("total_budget")?, row.money("remaining_budget")?);
        if remaining > total {
            let why = format!(
                "{remaining} remain of {total}: one of the two is wrong. Report the right amount with POST /usage/update_budget"
            );
            return Err(Bad::new("remaining_budget", why));
        }
        let (start, end) = (row.day("budget_period_start")?, row.day("budget_period_end")?);
        if end < start {
            return Err(Bad::new(
                "budget_period_end",
                format!("{end} lies before the period's start, {start}"),
            ));
        }
        Ok(Parsed {
            total,
            remaining,
            start,
            end,
            at: row.time("last_updated", context)?,
        })
    }

    fn write(
        &self,
        tx: &Transaction<'_>,
        parsed: Parsed,
        context: &Context,
        report: &mut Report,
    ) -> rusqlite::Result<Outcome> {
        let Parsed {
            total,
            remaining,
            start,
            end,
            at,
        } = parsed;
        let today = local_day(context.now, &context.home).date();
        if (total.micros(), remaining.micros()) == MADE_UP {
            return Ok(Outcome::Skipped(
                "the Python system writes this row by itself; no person said it".to_owned(),
            ));
        }
        if end < today {
            report.notes.push(format!(
                "the Claude budget's period ended on {end}: {remaining} of {total} remained. It is kept as history; \
                 [budget.anthropic] counts from now on"
            ));
            return history(tx, &parsed);
        }
        if start > today {
            return Ok(Outcome::Skipped(format!(
                "its period begins on {start}: import it then"
            )));
        }
        let said = budget::adjustment(tx, Provider::Anthropic)?;
        if let Some(newer) = said.filter(|said| said.at >= at) {
            let day = local_day(newer.at, &context.home);
            return Ok(Outcome::Skipped(format!("what was said here on {day} is newer")));
        }
        let said = Adjustment {
            limit: Some(total),
            used: Some(total - remaining),
            period_start: start,
            period_end: end,
            at,
        };
        budget::set_adjustment(tx, Provider::Anthropic, &said)?;
        Ok(Outcome::Taken("budget/anthropic".to_owned()))
    }
}

fn history(tx: &Transaction<'_>, parsed: &Parsed) -> rusqlite::Result<Outcome> {
    let Parsed {
        total,
        remaining,
        start,
        end,
        at,
    } = *parsed;
    let id = reconciliations::insert(
        tx,
        &Reconciliation {
            provider: Provider::Anthropic,
            at,
            day: end,
            before: None,
            after: Some(remaining),
            reason: format!("what remained of {total} for {start} to {end}"),
            author: "budget_tracking".to_owned(),
        },
    )?;
    Ok(Outcome::Taken(format!("reconciliations/{id}")))
}
