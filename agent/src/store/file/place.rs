//! Whether the names of the state still lead to the files that this process has open.

use std::{fs, os::unix::fs::MetadataExt as _, path::PathBuf};

use super::lock::Lock;
use crate::{durable::beside, store::StoreError};

/// The state's file, its log and its lock, as this process opened them.
///
/// Somebody may remove, move or replace the files under a running process. Its writes then go into a file that
/// nobody finds again, and its lock keeps no second process from the state.
#[derive(Debug)]
pub(in crate::store) struct Place {
    database: PathBuf,
    opened: Identity,
    /// Whether the file had no content yet.
    began_empty: bool,
    /// SQLite's log, which holds the newest writes; `None`: there was none.
    log: Option<Identity>,
    lock: Lock,
}

/// What a file is, whatever its name: device and inode.
pub(super) type Identity = (u64, u64);

impl Place {
    /// Of a database that was just opened.
    ///
    /// # Errors
    /// If the file is gone already.
    pub(in crate::store) fn of(database: PathBuf, lock: Lock) -> Result<Self, StoreError> {
        let opened = fs::metadata(&database).map_err(|source| StoreError::Io {
            path: database.clone(),
            source,
        })?;
        Ok(Self {
            opened: identity(&opened),
            began_empty: opened.len() == 0,
            log: fs::metadata(beside(&database, "-wal"))
                .ok()
                .as_ref()
                .map(identity),
            database,
            lock,
        })
    }

    /// Fails if a name leads nowhere or to another file.
    ///
    /// # Errors
    /// [`StoreError::Displaced`].
    pub(in crate::store) fn check(&self) -> Result<(), StoreError> {
        let leads_to = |path, opened| fs::metadata(path).is_ok_and(|found| identity(&found) == opened);
        let has_lock = self
            .lock
            .identity()
            .is_some_and(|lock| leads_to(beside(&self.database, ".lock"), lock));
        let has_log = self
            .log
            .is_none_or(|log| leads_to(beside(&self.database, "-wal"), log));
        // SQLite never makes a state smaller than its first page.
        let has_content = fs::metadata(&self.database).is_ok_and(|found| found.len() > 0) || self.began_empty;
        if has_lock && has_log && has_content && leads_to(self.database.clone(), self.opened) {
            Ok(())
        } else {
            Err(StoreError::Displaced(self.database.clone()))
        }
    }
}

pub(super) fn identity(file: &fs::Metadata) -> Identity {
    (file.dev(), file.ino())
}
