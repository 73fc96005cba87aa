//! How our types look in columns: times as RFC 3339 UTC text, days as `2026-11-21`, months as `2026-11`,
//! money as micro-dollars, words as plain text.
//!
//! The types themselves know nothing of SQL.

use jiff::Timestamp;
use rusqlite::{
    Row, ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::domain::{
    Action, Basis, BudgetSource, ChannelKind, Daystamp, Health, Money, Month, Provider, Reason, RunOutcome,
    Severity, SilenceKind, Step, Subject, SubjectPattern, Trigger,
};

/// A time as the database holds it: RFC 3339, UTC, always nine decimals, so that text order is time order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub Timestamp);

/// A [`Time`], for an SQL parameter.
pub fn time(at: Timestamp) -> Time {
    Time(at)
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.9}", self.0)
    }
}

impl ToSql for Time {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.to_string().into())
    }
}

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

/// A value that is read from JSON text.
struct Json<T>(T);

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Self)
            .map_err(FromSqlError::other)
    }
}

/// A value as JSON text, for parameters.
///
/// # Errors
/// If the value cannot be JSON.
pub fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

impl ToSql for Money {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.micros().into())
    }
}

impl FromSql for Money {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self::from_micros)
    }
}

/// `ToSql` and `FromSql` for types with `as_str`. A type that belongs to one table is listed in that table's file.
macro_rules! as_str {
    ($($type:ty),+ $(,)?) => {$(
        impl rusqlite::ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }

        $crate::store::tables::sql::parsed!($type);
    )+};
}
pub(in crate::store::tables) use as_str;

/// `ToSql` by `Display`, and `FromSql`.
macro_rules! displayed {
    ($($type:ty),+) => {$(
        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.to_string().into())
            }
        }

        parsed!($type);
    )+};
}

/// `FromSql` by `FromStr`.
macro_rules! parsed {
    ($type:ty) => {
        impl rusqlite::types::FromSql for $type {
            fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
                value
                    .as_str()?
                    .parse()
                    .map_err(rusqlite::types::FromSqlError::other)
            }
        }
    };
}
pub(in crate::store::tables) use parsed;

as_str!(
    Action,
    Basis,
    BudgetSource,
    ChannelKind,
    Health,
    Provider,
    Reason,
    RunOutcome,
    Severity,
    SilenceKind,
    Subject,
    SubjectPattern,
    Trigger
);
displayed!(Daystamp, Month, Step);

/// Reads the columns of a row from left to right, so that the list of a SELECT and the fields that it fills
/// stand in the same order.
pub struct Columns<'row, 'statement> {
    row: &'row Row<'statement>,
    next: usize,
}

impl<'row, 'statement> Columns<'row, 'statement> {
    /// Begins at the first column.
    pub fn of(row: &'row Row<'statement>) -> Self {
        Self { row, next: 0 }
    }

    /// The next column.
    ///
    /// # Errors
    /// If there is no next column, or if it holds another type. The error names the column.
    pub fn get<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let index = self.next;
        self.next += 1;
        self.row.get(index).map_err(|error| self.named(error, index))
    }

    /// The next column, a time.
    ///
    /// # Errors
    /// As [`Columns::get`].
    pub fn time(&mut self) -> rusqlite::Result<Timestamp> {
        self.get().map(|Time(at)| at)
    }

    /// The next column, a time or NULL.
    ///
    /// # Errors
    /// As [`Columns::get`].
    pub fn time_or_null(&mut self) -> rusqlite::Result<Option<Timestamp>> {
        Ok(self.get::<Option<Time>>()?.map(|Time(at)| at))
    }

    /// The next column, JSON text.
    ///
    /// # Errors
    /// As [`Columns::get`].
    pub fn json<T: DeserializeOwned>(&mut self) -> rusqlite::Result<T> {
        self.get().map(|Json(value)| value)
    }

    /// The next column, JSON text or NULL.
    ///
    /// # Errors
    /// As [`Columns::get`].
    pub fn json_or_null<T: DeserializeOwned>(&mut self) -> rusqlite::Result<Option<T>> {
        Ok(self.get::<Option<Json<T>>>()?.map(|Json(value)| value))
    }

    fn named(&self, error: rusqlite::Error, index: usize) -> rusqlite::Error {
        match error {
            rusqlite::Error::FromSqlConversionFailure(at, kind, why) => {
                let column = self.row.as_ref().column_name(index).unwrap_or("?");
                let why = format!("column {column}: {why}");
                rusqlite::Error::FromSqlConversionFailure(at, kind, why.into())
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn what_does_not_parse_names_its_column() {
        let error = Connection::open_in_memory()
            .unwrap()
            .query_row("SELECT 1 AS step, 'loud' AS severity", [], |row| {
                let mut columns = Columns::of(row);
                Ok((columns.get::<u8>()?, columns.get::<Severity>()?))
            })
            .unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("column severity: \"loud\" is not a severity: expected UNKNOWN, SAFE, CAUTION, WARNING or CRITICAL"),
            "{error}"
        );
    }
}
