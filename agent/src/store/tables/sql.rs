//! How our types look in columns: times as RFC 3339 UTC text, money as micro-dollars, words as they are spelled.

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::Type;

/// A time as the database holds it: RFC 3339, UTC, always nine decimals, so that text order is time order.
pub fn time(at: Timestamp) -> String {
    format!("{at:.9}")
}

/// Parses one text column of a row; a text that does not parse is a conversion error that names the column.
pub fn parse<T>(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    let text: String = row.get(column)?;
    from_text(row, column, &text)
}

/// [`parse`] for a column that may be NULL.
pub fn parse_optional<T>(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<Option<T>>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    let text: Option<String> = row.get(column)?;
    text.map(|text| from_text(row, column, &text)).transpose()
}

fn from_text<T>(row: &rusqlite::Row<'_>, column: &str, text: &str) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| {
        let index = row.as_ref().column_index(column).unwrap_or(0);
        let message = format!("column {column}: {error}");
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, message.into())
    })
}
