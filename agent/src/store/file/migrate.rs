//! Brings a file to the newest schema, all or nothing.
//!
//! 1. The older file is copied to `<file>.before-v<N>`, and the copy is read back. If the copy is not whole
//!    and sound, the file stays as it was.
//! 2. All missing migrations run in one transaction, which ends with a check of every foreign key. A failure
//!    or a kill before the commit leaves the file as it was.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::{
    copies, image, verify,
    version::{MIGRATIONS, count, known, refuse_newer, version},
};
use crate::{durable::beside, store::StoreError};

/// What a migration did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Migrated {
    /// The version of the file before the migration.
    pub from: i64,
    /// The version of the file now.
    pub to: i64,
    /// Where the copy of the older file is.
    pub backup: PathBuf,
}

/// Brings the file to the newest version, all or nothing. An older file is copied first. `None` if there was
/// no older file: the file was empty, or it already had the newest version or a newer version that this build
/// can use.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<Option<Migrated>, StoreError> {
    migrate_by(&MIGRATIONS, connection, path)
}

fn migrate_by(
    migrations: &[&str],
    connection: &mut Connection,
    path: &Path,
) -> Result<Option<Migrated>, StoreError> {
    refuse_newer(connection, path)?;
    let (from, to) = (version(connection)?, count(migrations));
    if from >= to {
        return Ok(None);
    }
    let backup = beside(path, &format!(".before-v{to}"));
    if from > 0 {
        copies::replace(&backup, &image::take(connection)?)?;
    }
    upgrade(migrations, connection, from)?;
    Ok((from > 0).then_some(Migrated { from, to, backup }))
}

/// Brings a database in memory to the newest version. The file that it was read from stays as it is.
pub(in crate::store) fn migrate_in_memory(
    connection: &mut Connection,
    path: &Path,
) -> Result<(), StoreError> {
    refuse_newer(connection, path)?;
    let found = version(connection)?;
    if found >= known() {
        return Ok(());
    }
    upgrade(&MIGRATIONS, connection, found)
}

/// Copies an older file into memory and brings the copy to the newest version, for a reader that must not
/// change the file. `None` if the file has the newest version already, or a newer one.
pub(in crate::store) fn upgraded_copy(reader: &Connection) -> Result<Option<Connection>, StoreError> {
    let found = version(reader)?;
    if found >= known() {
        return Ok(None);
    }
    let mut copy = Connection::open_in_memory()?;
    rusqlite::backup::Backup::new(reader, &mut copy)?.step(-1)?;
    upgrade(&MIGRATIONS, &mut copy, found)?;
    copy.pragma_update(None, "query_only", true)?;
    Ok(Some(copy))
}

/// An empty state in memory as this many migrations make it. `version` is at most the newest.
pub(in crate::store) fn empty_of(version: i64) -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    for migration in MIGRATIONS.iter().take(usize::try_from(version).unwrap_or(0)) {
        connection.execute_batch(migration)?;
    }
    connection.pragma_update(None, "user_version", version)?;
    Ok(connection)
}

fn upgrade(migrations: &[&str], connection: &mut Connection, found: i64) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    for migration in migrations.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(migration)?;
    }
    if let Some(why) = verify::orphan(&transaction)? {
        return Err(StoreError::Damaged {
            what: "the migrated state".to_owned(),
            why,
        });
    }
    transaction.pragma_update(None, "user_version", count(migrations))?;
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests;
