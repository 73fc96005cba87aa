//! `groq_odometer_readings`: month-to-date totals that a person read off Groq's console.
//!
//! `is_reset` and `is_final_reading` are not taken: `month` says which month a reading belongs to, and the
//! readings themselves show which is a month's last.

use jiff::{SignedDuration, Timestamp};
use rusqlite::Transaction;

use super::{
    Context, Kind, Outcome, Report, Source,
    cell::{Bad, Row},
    when,
};
use crate::{
    clock::local_day,
    domain::{Money, Month, Provider},
    store::tables::odometer::{self, Reading},
};

/// If a person entered last month's total as this month's, they noticed within this time and entered it again
/// for the right month.
const NOTICED_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// A reading that could be read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parsed {
    /// When the reading was entered. The old system stamped a reading for an earlier month with that month's
    /// first day instead.
    pub(super) recorded: Timestamp,
    /// The month that the reading counts for.
    pub(super) month: Month,
    /// The month's total.
    pub(super) value: Money,
    pub(super) notes: String,
}

pub(super) struct Readings<'a> {
    pub(super) all: &'a [Parsed],
}

/// Every reading of the files that can be read.
pub(super) fn all(sources: &[Source], context: &Context) -> Vec<Parsed> {
    let tables = sources.iter().filter_map(|source| source.table(Readings::TABLE));
    tables
        .flat_map(super::cell::Table::rows)
        .filter_map(|row| parse(&row, context).ok())
        .collect()
}

impl Kind for Readings<'_> {
    const TABLE: &'static str = "groq_odometer_readings";
    /// Without `is_final_reading`, which was set later.
    const KEY: &'static [&'static str] = &[
        "id",
        "timestamp",
        "month",
        "cumulative_value",
        "notes",
        "created_at",
    ];
    type Parsed = Parsed;

    fn parse(&self, row: &Row<'_>, context: &Context) -> Result<Parsed, Bad> {
        parse(row, context)
    }

    fn write(
        &self,
        tx: &Transaction<'_>,
        parsed: Parsed,
        _: &Context,
        report: &mut Report,
    ) -> rusqlite::Result<Outcome> {
        if let Some(right) = self.put_right(&parsed) {
            let (wrong, right) = (parsed.month, right.month);
            let why = format!(
                "the total of {right} entered as one of {wrong}: it was entered again for {right} soon after"
            );
            return Ok(Outcome::Skipped(why));
        }
        let month = parsed.month;
        let earlier = odometer::of_month(tx, Provider::Groq, month)?;
        let last = earlier.iter().rfind(|reading| reading.at <= parsed.recorded);
        if let Some(last) = last.filter(|last| last.value > parsed.value) {
            report.notes.push(format!(
                "Groq's total of {month} fell from {} to {}: taken as a correction, the later reading counts",
                last.value, parsed.value
            ));
        }
        add(tx, &parsed)
    }
}

impl Readings<'_> {
    /// The reading that corrects this reading: the same total, entered soon after for the month before.
    fn put_right(&self, wrong: &Parsed) -> Option<&Parsed> {
        let before = Month::of(wrong.month.first_day().yesterday().ok()?);
        self.all.iter().find(|right| {
            let later = right.recorded.duration_since(wrong.recorded);
            let soon = later > SignedDuration::ZERO && later <= NOTICED_WITHIN;
            soon && right.month == before && right.value == wrong.value && wrong.value > Money::ZERO
        })
    }
}

fn parse(row: &Row<'_>, context: &Context) -> Result<Parsed, Bad> {
    let month = when::month(row.text("month")?).map_err(|why| Bad::new("month", why))?;
    if month > Month::of(local_day(context.now, &context.home).date()) {
        return Err(Bad::new("month", format!("{month} lies in the future")));
    }
    // Older rows may lack created_at. Both columns hold the same instant, except in a reading of an earlier
    // month.
    let recorded = row
        .time("created_at", context)
        .or_else(|_| row.time("timestamp", context))?;
    Ok(Parsed {
        recorded,
        month,
        value: row.spent("cumulative_value")?,
        notes: row.optional_text("notes")?.unwrap_or_default(),
    })
}

/// Adds a reading.
pub(super) fn add(tx: &Transaction<'_>, parsed: &Parsed) -> rusqlite::Result<Outcome> {
    let Parsed {
        recorded,
        month,
        value,
        notes,
    } = parsed;
    let reading = Reading {
        at: *recorded,
        month: *month,
        value: *value,
        notes: notes.clone(),
    };
    odometer::insert(tx, Provider::Groq, &reading)?;
    Ok(Outcome::Taken(format!(
        "odometer_readings/{}",
        tx.last_insert_rowid()
    )))
}
