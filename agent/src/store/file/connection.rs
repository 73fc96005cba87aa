//! SQLite connections: one that writes, any number that read.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::store::StoreError;

/// How much of the file a reader keeps in memory, as SQLite counts it: kibibytes, negative. What is asked often
/// fits; the rest is in the kernel's cache.
const READER_CACHE: i64 = -512;

/// When SQLite's log beside the file has this many pages, a commit moves them into the file: 512 KiB.
const LOG_PAGES: i64 = 128;

/// A log that one large write made longer is cut to this once its pages are in the file.
const LOG_BYTES: i64 = 1024 * 1024;

/// How long the end of a process waits for readers of other processes.
const READERS_END: Duration = Duration::from_secs(1);

/// Durable and strict: a commit that returned is on disk.
pub(in crate::store) fn configure_writer(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    prepare_once(connection)?;
    Ok(())
}

/// Moves everything from SQLite's log into the file itself, so that the file alone is the whole state. While
/// another process reads an older state, the log keeps what is newer: the next writer moves it.
pub(in crate::store) fn empty_log(connection: &Connection) {
    let emptied = connection.busy_timeout(READERS_END).and_then(|()| {
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
            row.get::<_, bool>("busy")
        })
    });
    match emptied {
        Ok(false) => {}
        Ok(true) => tracing::debug!("another process reads the state: its log stays beside it"),
        Err(error) => tracing::warn!(%error, "the state's log stays beside it"),
    }
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
    connection.pragma_update(None, "cache_size", READER_CACHE)?;
    prepare_once(&connection)?;
    Ok(connection)
}

/// A read transaction: everything that it reads is of one moment. It ends when it is dropped.
///
/// The transactions of rusqlite parse `BEGIN` and `ROLLBACK` each time, which takes as long as a small query.
/// The connection prepares these statements once.
pub(in crate::store) struct Snapshot<'connection>(&'connection Connection);

impl<'connection> Snapshot<'connection> {
    /// Begins it.
    ///
    /// # Errors
    /// If the connection is inside a transaction already.
    pub(in crate::store) fn begin(connection: &'connection Connection) -> rusqlite::Result<Self> {
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(connection))
    }

    /// Reads in it.
    pub(in crate::store) fn connection(&self) -> &'connection Connection {
        self.0
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        let rollback = || self.0.prepare_cached("ROLLBACK")?.execute([]);
        // SQLite ends a transaction by itself after some errors. If it cannot be ended now, the next `begin`
        // says so.
        if !self.0.is_autocommit()
            && let Err(error) = rollback()
        {
            tracing::warn!(%error, "a read of the state did not end");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_of_one_moment_and_ends_when_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let writer = Connection::open(&path).unwrap();
        configure_writer(&writer).unwrap();
        writer
            .execute_batch("CREATE TABLE t (n); INSERT INTO t VALUES (1)")
            .unwrap();
        let reader = open_reader(&path).unwrap();
        let sum = |connection: &Connection| -> i64 {
            connection
                .query_row("SELECT sum(n) FROM t", [], |row| row.get(0))
                .unwrap()
        };
        for before in [1, 2] {
            let snapshot = Snapshot::begin(&reader).unwrap();
            assert_eq!(sum(snapshot.connection()), before);
            writer.execute_batch("INSERT INTO t VALUES (1)").unwrap();
            assert_eq!(sum(snapshot.connection()), before);
            assert!(Snapshot::begin(&reader).is_err());
            drop(snapshot);
            assert_eq!(sum(&reader), before + 1);
        }
    }
}
