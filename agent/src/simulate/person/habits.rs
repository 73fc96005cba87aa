//! What happens to a person besides their goals.

use jiff::{SignedDuration, civil::DateTime, tz::TimeZone};
use toml::{Table, Value};

use super::{
    fields::Fields,
    read::{duration, zone},
};

/// How often and how soon the person acts when a message names a goal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reaction {
    /// The chance that they act.
    pub chance: f64,
    /// At the earliest after this time.
    pub after: SignedDuration,
    /// At the latest after this time.
    pub within: SignedDuration,
}

/// Hours in which something does not answer, on the person's clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Absence {
    /// The day, from 0.
    pub day: u16,
    /// From when on.
    pub from: jiff::civil::Time,
    /// For how long.
    pub length: SignedDuration,
}

/// From a day on the person and their Beeminder account are in another zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// The day, from 0.
    pub day: u16,
    /// The zone.
    pub zone: TimeZone,
}

/// A vacation, from the beginning of one day to the end of another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Away {
    /// The first day, from 0.
    pub from: u16,
    /// The last day, from 0.
    pub until: u16,
}

const MOST_DAYS: i64 = super::MOST_DAYS as i64;

fn day(fields: &mut Fields<'_>, name: &'static str) -> Option<u16> {
    let expected = format!("a day from 0 to {MOST_DAYS}");
    fields.required(name, &expected, |value| {
        let day = value.as_integer().filter(|day| (0..=MOST_DAYS).contains(day))?;
        u16::try_from(day).ok()
    })
}

pub(super) fn reaction(mut fields: Fields<'_>) -> Option<Reaction> {
    let chance = fields.number("chance", 0.0..=1.0);
    let after = fields.parsed("after", DURATION, duration);
    let within = fields.parsed("within", DURATION, duration);
    fields.finish();
    Some(Reaction {
        chance: chance?,
        after: after.unwrap_or(SignedDuration::from_mins(5)),
        within: within.unwrap_or(SignedDuration::from_hours(1)),
    })
}

pub(super) const DURATION: &str = "a duration such as \"20m\" or \"3h\"";

pub(super) fn absence(mut fields: Fields<'_>) -> Option<Absence> {
    let day = day(&mut fields, "day");
    let from = fields.parsed("from", "a time such as \"09:00\"", super::entries::time);
    let length = fields.parsed("length", DURATION, duration);
    fields.finish();
    Some(Absence {
        day: day?,
        from: from.unwrap_or(jiff::civil::Time::midnight()),
        length: length.unwrap_or(SignedDuration::from_hours(24)),
    })
}

pub(super) fn travel(mut fields: Fields<'_>) -> Option<Move> {
    let day = day(&mut fields, "day");
    let there = zone(&mut fields, "time_zone");
    fields.finish();
    Some(Move {
        day: day?,
        zone: there?,
    })
}

pub(super) fn vacation(mut fields: Fields<'_>) -> Option<Away> {
    let from = day(&mut fields, "from");
    let until = fields.required("until", "a day that is not before `from`", |value| {
        u16::try_from(value.as_integer()?)
            .ok()
            .filter(|until| from.is_none_or(|from| from <= *until))
    });
    fields.finish();
    Some(Away {
        from: from?,
        until: until?,
    })
}

/// `{ time_zone, start }` of `also`.
pub(super) fn elsewhere(mut fields: Fields<'_>) -> Option<(TimeZone, jiff::civil::Date)> {
    let there = zone(&mut fields, "time_zone");
    let start = super::read::date(&mut fields, "start");
    fields.finish();
    Some((there?, start?))
}

/// Reads every table of a list.
pub(super) fn each<T>(
    fields: &mut Fields<'_>,
    name: &'static str,
    read: impl Fn(Fields<'_>) -> Option<T>,
) -> Vec<T> {
    let tables: Vec<(String, Table)> = fields.tables(name);
    tables
        .into_iter()
        .filter_map(|(at, table)| read(fields.of(&at, table)))
        .collect()
}

/// Whether a value is a whole number of days in bounds.
pub(super) fn day_number(value: &Value) -> Option<u16> {
    let day = value.as_integer().filter(|day| (0..=MOST_DAYS).contains(day))?;
    u16::try_from(day).ok()
}

impl Absence {
    /// From when on, on the person's clock.
    pub fn begins(&self, start: jiff::civil::Date) -> DateTime {
        super::on_day(start, i64::from(self.day), self.from)
    }
}
