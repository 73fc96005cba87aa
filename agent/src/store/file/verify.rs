//! Whether a state is sound: every copy is asked before it is relied on.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _};

use super::version;
use crate::store::StoreError;

/// What a sound state says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Sound {
    /// How many migrations it has.
    pub schema_version: i64,
}

/// Checks every reference, and whether it is a state of Mecris at all. SQLite's own integrity check comes
/// before: `image::load` makes no connection to a database that fails it.
///
/// # Errors
/// [`StoreError::Damaged`] with what is wrong; `what` is what it is called.
pub fn verify(connection: &Connection, what: &str) -> Result<Sound, StoreError> {
    match check(connection) {
        Ok(Ok(sound)) => Ok(sound),
        Ok(Err(why)) => Err(StoreError::Damaged {
            what: what.to_owned(),
            why,
        }),
        Err(error) => Err(StoreError::Damaged {
            what: what.to_owned(),
            why: error.to_string(),
        }),
    }
}

fn check(connection: &Connection) -> rusqlite::Result<Result<Sound, String>> {
    if let Some(orphan) = orphan(connection)? {
        return Ok(Err(orphan));
    }
    let schema_version = version::version(connection)?;
    Ok(if schema_version > 0 {
        Ok(Sound { schema_version })
    } else {
        Err("it is no state of Mecris".to_owned())
    })
}

/// Refuses what a newer Mecris wrote; `what` is what it is called.
///
/// # Errors
/// [`StoreError::TooNew`].
pub fn refuse_newer(connection: &Connection, what: &str) -> Result<(), StoreError> {
    version::refuse_newer(connection, Path::new(what))
}

/// A row that refers to one that is not there.
pub(in crate::store) fn orphan(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection
        .query_row("PRAGMA foreign_key_check", [], |row| {
            let (table, row, parent): (String, Option<i64>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(format!(
                "row {} of {table} refers to one of {parent} that is not there",
                row.unwrap_or_default()
            ))
        })
        .optional()
}
