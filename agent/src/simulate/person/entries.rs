//! When a person enters something: `"21:00" = "every day but 17"`, `"09:00" = [0, 1, 2]`, `"18:00" = "mon wed"`.

use std::{collections::BTreeMap, path::Path};

use jiff::civil::{Date, Time, Weekday};
use toml::{Table, Value};

use super::habits::day_number;
use crate::{
    clock::{Weekdays, weekday},
    foreign_file::{self, BY_HAND},
};

/// One time of the day, and the days on which something is entered then.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryPlan {
    /// On the person's clock.
    pub at: Time,
    /// The days.
    pub days: Days,
}

/// Days of a person, from 0.
#[derive(Clone, Debug, PartialEq)]
pub enum Days {
    /// All but these.
    AllBut(Vec<u16>),
    /// These.
    Only(Vec<u16>),
    /// Some days of the week.
    Weekdays(Weekdays),
}

/// What is allowed for [`Days`].
pub(super) const DAYS: &str =
    "a list of days from 0, \"every day\", \"every day but 17\", or days of the week such as \"mon wed\"";

impl Days {
    /// Whether the day is one of them.
    pub fn contain(&self, day: i64, date: Date) -> bool {
        let listed = |days: &[u16]| days.iter().any(|listed| i64::from(*listed) == day);
        match self {
            Self::AllBut(days) => !listed(days),
            Self::Only(days) => listed(days),
            Self::Weekdays(days) => days.contains(date),
        }
    }
}

/// `entries = { … }`.
pub(super) fn plans(value: &Value) -> Option<Vec<EntryPlan>> {
    let plan = |(at, days): (&String, &Value)| {
        Some(EntryPlan {
            at: time(at)?,
            days: days_of(days)?,
        })
    };
    value.as_table()?.iter().map(plan).collect()
}

pub(super) fn time(text: &str) -> Option<Time> {
    Time::strptime("%H:%M", text).ok()
}

fn days_of(value: &Value) -> Option<Days> {
    if let Some(days) = value.as_array() {
        return days.iter().map(day_number).collect::<Option<_>>().map(Days::Only);
    }
    let text = value.as_str()?;
    if let Some(rest) = text.strip_prefix("every day") {
        let but = match rest.strip_prefix(" but ") {
            Some(days) => days.split([',', ' ']).filter(|day| !day.is_empty()),
            None if rest.is_empty() => return Some(Days::AllBut(Vec::new())),
            None => return None,
        };
        return but
            .map(|day| day.parse().ok())
            .collect::<Option<_>>()
            .map(Days::AllBut);
    }
    let days: Vec<Weekday> = text.split(' ').map(weekday).collect::<Option<_>>()?;
    Weekdays::new(days).map(Days::Weekdays)
}

/// The entries of each goal that were drawn once.
pub(super) type Drawn = BTreeMap<String, Vec<Option<Time>>>;

/// Reads `<name>.entries.toml` beside the people file, if it is there.
///
/// # Errors
/// With a sentence about what is wrong with it.
pub(super) fn drawn(people_file: &Path) -> Result<Drawn, (std::path::PathBuf, String)> {
    let file = people_file.with_extension("entries.toml");
    let text = match foreign_file::read_text(&file, BY_HAND) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Drawn::new()),
        Err(error) => return Err((file, format!("cannot be read: {error}"))),
    };
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => return Err((file, format!("is not TOML: {}", toml_message(&error)))),
    };
    let times = |value: &Value| {
        let time = |value: &Value| match value.as_str()? {
            "-" => Some(None),
            text => time(text).map(Some),
        };
        value.as_array()?.iter().map(time).collect::<Option<Vec<_>>>()
    };
    let mut drawn = Drawn::new();
    for (slug, value) in &table {
        match times(value) {
            Some(times) => drawn.insert(slug.clone(), times),
            None => {
                let message =
                    format!("{slug}: expected a list of times such as \"20:48\", or \"-\" for none");
                return Err((file, message));
            }
        };
    }
    Ok(drawn)
}

/// The parser's message on one line.
pub(super) fn toml_message(error: &toml::de::Error) -> String {
    error.message().trim().replace('\n', ", ")
}
