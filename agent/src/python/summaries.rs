//! `groq_monthly_summaries`: monthly totals that the old system derived from the readings. A month's total
//! counts only if its readings are gone.

use rusqlite::Transaction;

use super::{
    Context, Kind, Outcome, Report,
    cell::{Bad, Row},
    readings::{self, Parsed},
    when,
};
use crate::{
    clock::local_day,
    domain::{Month, Provider},
    store::tables::odometer,
};

pub(super) struct Summaries;

impl Kind for Summaries {
    const TABLE: &'static str = "groq_monthly_summaries";
    const KEY: &'static [&'static str] = &["month", "total_cost", "updated_at"];
    type Parsed = Parsed;

    fn parse(&self, row: &Row<'_>, context: &Context) -> Result<Parsed, Bad> {
        let month = when::month(row.text("month")?).map_err(|why| Bad::new("month", why))?;
        if month > Month::of(local_day(context.now, &context.home).date()) {
            return Err(Bad::new("month", format!("{month} lies in the future")));
        }
        Ok(Parsed {
            recorded: row.time("updated_at", context)?,
            month,
            value: row.spent("total_cost")?,
            notes: "the Python system's total of the month".to_owned(),
        })
    }

    fn write(
        &self,
        tx: &Transaction<'_>,
        parsed: Parsed,
        _: &Context,
        _: &mut Report,
    ) -> rusqlite::Result<Outcome> {
        if odometer::of_month(tx, Provider::Groq, parsed.month)?.is_empty() {
            readings::add(tx, &parsed)
        } else {
            Ok(Outcome::Skipped(
                "the month's readings are taken instead".to_owned(),
            ))
        }
    }
}
