//! Which schema a file has, and the migrations that this build knows.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _};

use crate::store::StoreError;

/// The migrations, numbered from 1. The file's `user_version` says how many of them were applied to it.
pub(in crate::store) const MIGRATIONS: [&str; 12] = [
    include_str!("schema/0001_initial.sql"),
    include_str!("schema/0002_durable.sql"),
    include_str!("schema/0003_goal_history.sql"),
    include_str!("schema/0004_steps.sql"),
    include_str!("schema/0005_untold.sql"),
    include_str!("schema/0006_goal_names.sql"),
    include_str!("schema/0007_withdrawn.sql"),
    include_str!("schema/0008_forewarned.sql"),
    include_str!("schema/0009_channels.sql"),
    include_str!("schema/0010_budget_use.sql"),
    include_str!("schema/0011_session_costs.sql"),
    include_str!("schema/0012_coverage.sql"),
];

pub(in crate::store) fn known() -> i64 {
    count(&MIGRATIONS)
}

pub(in crate::store) fn count(migrations: &[&str]) -> i64 {
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}

pub(in crate::store) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Refuses a file that a newer Mecris wrote, unless the file says that this build can use it. This build then
/// leaves alone what it does not know, and the version stays that of the newer build.
pub(in crate::store) fn refuse_newer(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found = version(connection)?;
    if found > known() && min_reader(connection)?.is_none_or(|least| least > known()) {
        Err(StoreError::TooNew {
            path: path.to_owned(),
            found,
            known: known(),
        })
    } else {
        Ok(())
    }
}

/// How many migrations a build must know to use this file; `None` if the file does not say.
fn min_reader(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    if !connection.table_exists(None::<&str>, "compatibility")? {
        return Ok(None);
    }
    connection
        .query_row("SELECT min_reader FROM compatibility", [], |row| row.get(0))
        .optional()
}

/// Refuses a file that has tables but was not made by Mecris. The Python system's file has the same name.
pub(in crate::store) fn refuse_foreign(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let held = || {
        connection
            .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table'")?
            .exists([])
    };
    if version(connection)? == 0 && held()? {
        Err(StoreError::NotOurs(path.to_owned()))
    } else {
        Ok(())
    }
}
