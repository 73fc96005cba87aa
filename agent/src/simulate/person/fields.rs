//! Reads the fields of a people file, and collects everything that is wrong with them.

use std::{ops::RangeInclusive, path::Path};

use toml::{Table, Value};

use crate::config::{self, ConfigProblem, Source};

/// One table of a people file. Every field that is asked for is a known one; [`Fields::finish`] refuses the
/// rest.
pub(super) struct Fields<'a> {
    at: String,
    table: Table,
    known: Vec<&'static str>,
    file: &'a Path,
    problems: &'a mut Vec<ConfigProblem>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(at: &str, table: Table, file: &'a Path, problems: &'a mut Vec<ConfigProblem>) -> Self {
        Self {
            at: at.to_owned(),
            table,
            known: Vec::new(),
            file,
            problems,
        }
    }

    /// Takes a field out of the table, whatever it holds.
    pub(super) fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.table.remove(name)
    }

    /// Records that a field is wrong.
    pub(super) fn refuse(&mut self, name: &str, value: Option<&Value>, message: impl Into<String>) {
        self.problems.push(ConfigProblem {
            key: format!("{}{name}", self.at),
            value: value.and_then(|value| serde_json::to_string(value).ok()),
            source: Some(Source::File(self.file.to_owned())),
            message: message.into(),
        });
    }

    /// A field that `read` understands; `expected` says what is allowed. `None` without the field.
    pub(super) fn read<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(name)?;
        let read = read(&value);
        if read.is_none() {
            self.refuse(name, Some(&value), format!("expected {expected}"));
        }
        read
    }

    /// As [`Fields::read`], but the field must be there.
    pub(super) fn required<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        if !self.table.contains_key(name) {
            self.known.push(name);
            self.refuse(name, None, format!("is required: expected {expected}"));
            return None;
        }
        self.read(name, expected, read)
    }

    /// A text that `parse` understands.
    pub(super) fn parsed<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.read(name, expected, |value| parse(value.as_str()?))
    }

    /// A number within bounds.
    pub(super) fn number(&mut self, name: &'static str, allowed: RangeInclusive<f64>) -> Option<f64> {
        let expected = format!("a number from {} to {}", allowed.start(), allowed.end());
        self.read(name, &expected, |value| {
            number(value).filter(|number| allowed.contains(number))
        })
    }

    /// A whole number within bounds.
    pub(super) fn whole(&mut self, name: &'static str, allowed: RangeInclusive<i64>) -> Option<i64> {
        let expected = format!("a whole number from {} to {}", allowed.start(), allowed.end());
        self.read(name, &expected, |value| {
            value.as_integer().filter(|number| allowed.contains(number))
        })
    }

    /// `true` or `false`; `false` without the field.
    pub(super) fn flag(&mut self, name: &'static str) -> bool {
        self.read(name, "true or false", Value::as_bool).unwrap_or(false)
    }

    /// A list of tables, each with its place for problems: `goal[0].`.
    pub(super) fn tables(&mut self, name: &'static str) -> Vec<(String, Table)> {
        let tables = self.read(name, "a list of tables", |value| {
            let items = value.as_array()?.iter();
            items
                .map(|item| item.as_table().cloned())
                .collect::<Option<Vec<_>>>()
        });
        let at = self.at.clone();
        let tables = tables.unwrap_or_default().into_iter().enumerate();
        tables
            .map(|(index, table)| (format!("{at}{name}[{index}]."), table))
            .collect()
    }

    /// The fields of a table inside this one; `None` without it.
    pub(super) fn inner(&mut self, name: &'static str) -> Option<Fields<'_>> {
        let table = self.read(name, "a table", |value| value.as_table().cloned())?;
        let at = format!("{}{name}.", self.at);
        Some(Fields::new(&at, table, self.file, self.problems))
    }

    /// Other fields, of a table that was taken out of this one.
    pub(super) fn of(&mut self, at: &str, table: Table) -> Fields<'_> {
        Fields::new(at, table, self.file, self.problems)
    }

    /// Refuses every field that nobody asked for, with the nearest known name.
    pub(super) fn finish(mut self) {
        for (name, _) in std::mem::take(&mut self.table) {
            let message = match config::nearest(&name, self.known.iter().copied()) {
                Some(known) => format!("no such field, did you mean {}{known}?", self.at),
                None => format!("no such field; known here: {}", self.known.join(", ")),
            };
            self.refuse(&name, None, message);
        }
    }
}

/// A number, with a decimal point or without.
#[allow(
    clippy::cast_precision_loss,
    reason = "what a person writes into a file is small"
)]
pub(super) fn number(value: &Value) -> Option<f64> {
    let whole = || value.as_integer().map(|number| number as f64);
    value
        .as_float()
        .or_else(whole)
        .filter(|number| number.is_finite())
}
