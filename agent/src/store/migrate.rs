use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::{StoreError, lock::beside};

/// Numbered from 1; the file's `user_version` says how many of them it has.
const MIGRATIONS: [&str; 2] = [include_str!("schema/0001_initial.sql"), include_str!("schema/0002_durable.sql")];

fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Refuses a file that a newer Mecris wrote.
pub(super) fn refuse_newer(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found = version(connection)?;
    if found > known() { Err(StoreError::TooNew { path: path.to_owned(), found, known: known() }) } else { Ok(()) }
}

/// Refuses a file that holds something, but nothing of ours: the Python system's has the same name.
pub(super) fn refuse_foreign(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let held = || connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table'")?.exists([]);
    if version(connection)? == 0 && held()? { Err(StoreError::NotOurs(path.to_owned())) } else { Ok(()) }
}

/// Brings the file to the newest version, all or nothing, after copying an older file aside.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    refuse_newer(connection, path)?;
    let found = version(connection)?;
    if found == known() {
        return Ok(());
    }
    if found > 0 {
        let copy = beside(path, &format!(".before-v{}", known()));
        connection.backup("main", &copy, None::<fn(rusqlite::backup::Progress)>)?;
    }
    upgrade(connection, found)
}

/// Brings a copy in memory to the newest version, for whoever only reads and must not change an older file.
pub(super) fn upgraded_copy(reader: &Connection) -> Result<Option<Connection>, StoreError> {
    let found = version(reader)?;
    if found == known() {
        return Ok(None);
    }
    let mut copy = Connection::open_in_memory()?;
    rusqlite::backup::Backup::new(reader, &mut copy)?.step(-1)?;
    upgrade(&mut copy, found)?;
    copy.pragma_update(None, "query_only", true)?;
    Ok(Some(copy))
}

fn upgrade(connection: &mut Connection, found: i64) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", known())?;
    transaction.commit()?;
    Ok(())
}
