//! Takes over what the Python system remembers: its `mecris_usage.db` and `mecris_virtual_budget.db`, one
//! source file here for each of their tables.
//!
//! The old files are only copied ([`Source`]). Every row is taken at most once, however often and from
//! whichever copy of the file it is read (`seen`). The [`Report`] gives a reason for each row that is not
//! taken. Nothing here decides what an alert or a budget means today. Only [`take`] writes, in one
//! transaction of the caller.

mod alerts;
mod budget;
mod cell;
mod copy;
mod readings;
mod reconciliations;
mod report;
mod seen;
mod sessions;
mod source;
mod summaries;
#[cfg(test)]
mod tests;
mod usage;
mod when;

use std::collections::HashMap;

use jiff::{Timestamp, tz::TimeZone};
use rusqlite::Transaction;

pub use report::{Report, Skip, TableReport};
pub use source::{Source, SourceError};

use crate::{
    clock::{self, DeadlineOffset},
    domain::{Daystamp, Slug},
};
use cell::{Bad, Row};

/// The tables that are not taken, and why.
const LEFT: [(&str, &str); 4] = [
    (
        "goals",
        "Mecris keeps no list of tasks: what you promised is read from Beeminder",
    ),
    (
        "budget_allocations",
        "a daily allowance computed from DAILY_BUDGET; a limit in [budget] takes its place",
    ),
    ("provider_cache", "cached pages, out of date by now"),
    (
        "groq_reminders",
        "the Python system never wrote to it; Mecris computes reminders from the readings",
    ),
];

/// What is needed besides the old rows to read them.
#[derive(Debug)]
pub struct Context {
    /// The zone of the old machine's clock: its times have no offset.
    pub zone: TimeZone,
    /// The person's zone, `time_zone`: budgets and walks use its days.
    pub home: TimeZone,
    /// When each goal's days begin.
    pub goals: GoalDays,
    /// The present instant. A row with a later time is refused.
    pub now: Timestamp,
    /// Makes a tag for a message.
    pub new_tag: fn() -> String,
}

/// When each goal's days begin, as far as a pass has read Beeminder.
#[derive(Debug)]
pub struct GoalDays {
    /// The account's zone.
    pub zone: TimeZone,
    /// The goals' deadlines; empty if no pass has read Beeminder yet.
    pub deadlines: HashMap<Slug, DeadlineOffset>,
}

impl GoalDays {
    /// The day of a goal at an instant, and whether its deadline is known. Without a deadline the goal's days
    /// begin at midnight, like those of most goals.
    fn of(&self, slug: &Slug, at: Timestamp) -> (Daystamp, bool) {
        let deadline = self.deadlines.get(slug).copied();
        (
            clock::beeminder_day(at, &self.zone, deadline.unwrap_or_default()),
            deadline.is_some(),
        )
    }
}

/// What became of a row that could be read.
enum Outcome {
    /// The row was taken and is now this row here, `table/key`.
    Taken(String),
    /// The row repeats what is already here under this name.
    Same(String, String),
    /// The row adds nothing, or not yet.
    Skipped(String),
}

/// One table of the old system.
trait Kind {
    /// The table's name in the old system.
    const TABLE: &'static str;
    /// The columns that never change once a row is written. Together they identify the row in every copy of
    /// the file.
    const KEY: &'static [&'static str];
    /// The type of a row that could be read.
    type Parsed;

    /// Reads a row. Pure.
    fn parse(&self, row: &Row<'_>, context: &Context) -> Result<Self::Parsed, Bad>;

    /// Writes what was read.
    fn write(
        &self,
        tx: &Transaction<'_>,
        parsed: Self::Parsed,
        context: &Context,
        report: &mut Report,
    ) -> rusqlite::Result<Outcome>;
}

/// Takes over every row of the old files that is not here yet.
///
/// The order matters: sessions are compared with those taken before, readings tell which sessions were made
/// up, monthly totals count only where there are no readings.
///
/// # Errors
/// SQLite's error on our own state. A row that cannot be read is not an error: it is in the report.
pub fn take(tx: &Transaction<'_>, sources: &[Source], context: &Context) -> rusqlite::Result<Report> {
    let mut report = Report::default();
    let readings = readings::all(sources, context);
    each(tx, sources, context, &mut report, &budget::Tracking)?;
    each(tx, sources, context, &mut report, &sessions::Sessions)?;
    each(
        tx,
        sources,
        context,
        &mut report,
        &usage::Usage { readings: &readings },
    )?;
    each(
        tx,
        sources,
        context,
        &mut report,
        &readings::Readings { all: &readings },
    )?;
    each(tx, sources, context, &mut report, &summaries::Summaries)?;
    each(tx, sources, context, &mut report, &alerts::Alerts)?;
    each(tx, sources, context, &mut report, &reconciliations::ByHand)?;
    each(tx, sources, context, &mut report, &reconciliations::Jobs)?;
    for source in sources {
        leave(source, &mut report);
    }
    Ok(report)
}

fn each<K: Kind>(
    tx: &Transaction<'_>,
    sources: &[Source],
    context: &Context,
    report: &mut Report,
    kind: &K,
) -> rusqlite::Result<()> {
    for (source, table) in sources
        .iter()
        .filter_map(|source| Some((source, source.table(K::TABLE)?)))
    {
        report.table(K::TABLE).rows += table.len();
        for row in table.rows() {
            let key = row.key(K::KEY);
            if seen::contains(tx, K::TABLE, &key)? {
                report.table(K::TABLE).already_there += 1;
                continue;
            }
            let parsed = match kind.parse(&row, context) {
                Ok(parsed) => parsed,
                Err(Bad { column, why }) => {
                    let place = report::Place {
                        file: source.name(),
                        row: Some(row.label()),
                        column: Some(column),
                    };
                    report.table(K::TABLE).skip(place, why, true, 1);
                    continue;
                }
            };
            let place = report::Place {
                file: source.name(),
                row: Some(row.label()),
                column: None,
            };
            match kind.write(tx, parsed, context, report)? {
                Outcome::Taken(became) => {
                    seen::add(tx, K::TABLE, &key, &became, context.now)?;
                    report.table(K::TABLE).taken += 1;
                }
                Outcome::Same(became, why) => {
                    seen::add(tx, K::TABLE, &key, &became, context.now)?;
                    report.table(K::TABLE).skip(place, why, false, 1);
                }
                Outcome::Skipped(why) => report.table(K::TABLE).skip(place, why, false, 1),
            }
        }
    }
    Ok(())
}

/// Reports the tables that are not taken.
fn leave(source: &Source, report: &mut Report) {
    for (table, rows) in source.others() {
        let known = LEFT.iter().find(|(name, _)| name == table);
        let why = known.map_or(
            "Mecris does not know this table of the Python system",
            |(_, why)| why,
        );
        let entry = report.table(table);
        entry.rows += rows;
        if *rows > 0 {
            let place = report::Place {
                file: source.name(),
                row: None,
                column: None,
            };
            entry.skip(place, why.to_owned(), false, *rows);
        }
    }
}
