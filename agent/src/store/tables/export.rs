//! Every table as JSON, for people and other tools. There is no secret in the state.

use rusqlite::{Connection, types::ValueRef};
use serde_json::{Map, Value};

/// The table in which a file says which builds can use it: `store::file::version` reads it.
const COMPATIBILITY: &str = "compatibility";

/// One row by column.
pub type Row = Map<String, Value>;

/// The tables, by name.
///
/// # Errors
/// If the database cannot be read.
pub fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name")?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// The columns of a table in table order, and the columns of its primary key in key order.
///
/// # Errors
/// If the database cannot be read.
pub(in crate::store) fn columns(
    connection: &Connection,
    table: &str,
) -> rusqlite::Result<(Vec<String>, Vec<String>)> {
    let columns: Vec<(String, u32)> = connection
        .prepare("SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid")?
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut key: Vec<_> = columns.iter().filter(|(_, place)| *place > 0).collect();
    key.sort_by_key(|(_, place)| *place);
    let key = key.into_iter().map(|(name, _)| name.clone()).collect();
    Ok((columns.into_iter().map(|(name, _)| name).collect(), key))
}

/// The rows of a table that [`tables`] named, in the order of its primary key, so that the same content
/// always makes the same text.
///
/// # Errors
/// If the database cannot be read.
pub fn rows(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Row>> {
    let (columns, key) = columns(connection, table)?;
    let sql = format!(
        "SELECT {} FROM {} ORDER BY {}",
        quoted(&columns),
        quote(table),
        quoted(&key)
    );
    connection
        .prepare(&sql)?
        .query_map([], |row| read(row, &columns))?
        .collect()
}

/// A row with these columns.
pub(super) fn read(row: &rusqlite::Row<'_>, columns: &[String]) -> rusqlite::Result<Row> {
    let value = |(at, name): (usize, &String)| Ok((name.clone(), json(row.get_ref(at)?)));
    columns.iter().enumerate().map(value).collect()
}

/// Whether no table has a row, but for the one that says which builds can use the file.
///
/// # Errors
/// If the database cannot be read.
pub(in crate::store) fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    for table in tables(connection)? {
        if table != COMPATIBILITY
            && connection
                .prepare(&format!("SELECT 1 FROM {}", quote(&table)))?
                .exists([])?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(in crate::store) fn quoted(names: &[String]) -> String {
    names
        .iter()
        .map(|name| quote(name))
        .collect::<Vec<_>>()
        .join(", ")
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        // No table has such a column.
        ValueRef::Blob(bytes) => hex::encode(bytes).into(),
    }
}

#[cfg(test)]
mod tests;
