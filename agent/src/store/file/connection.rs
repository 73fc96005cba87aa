//! SQLite connections: one that writes, any number that read.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::store::StoreError;

/// Durable and strict: a commit that returned is on disk.
pub(in crate::store) fn configure_writer(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    prepare_once(connection)?;
    Ok(())
}

/// As strict as a file, but nothing has to survive.
pub(in crate::store) fn configure_scratch(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "foreign_keys", true)?;
    prepare_once(connection)?;
    Ok(())
}

/// Prepares each statement once. Without the query planner's stability guarantee, SQLite plans a statement
/// anew for every value that is bound to a filter, because the best plan might depend on the value.
fn prepare_once(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// A connection that cannot write.
pub(in crate::store) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(Duration::from_secs(5))?;
    prepare_once(&connection)?;
    Ok(connection)
}
