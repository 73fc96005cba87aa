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
    /// The files beside it, each with its name: the lock, and SQLite's log, which holds the newest writes.
    beside: Vec<(PathBuf, Identity)>,
    _lock: Lock,
}

/// What a file is, whatever its name: device and inode.
pub(super) type Identity = (u64, u64);

impl Place {
    /// Of a database that was just opened.
    ///
    /// # Errors
    /// If the file is gone already, or the system does not say which file is locked.
    pub(in crate::store) fn of(database: PathBuf, lock: Lock) -> Result<Self, StoreError> {
        let io = |source| StoreError::Io {
            path: database.clone(),
            source,
        };
        let opened = fs::metadata(&database).map_err(io)?;
        let mut files = vec![(beside(&database, ".lock"), lock.identity().map_err(io)?)];
        let log = beside(&database, "-wal");
        if let Ok(found) = fs::metadata(&log) {
            files.push((log, identity(&found)));
        }
        Ok(Self {
            opened: identity(&opened),
            began_empty: opened.len() == 0,
            beside: files,
            database,
            _lock: lock,
        })
    }

    /// Fails if a name leads nowhere or to another file, or if the file was emptied.
    ///
    /// # Errors
    /// [`StoreError::Displaced`].
    pub(in crate::store) fn check(&self) -> Result<(), StoreError> {
        // SQLite never makes a state smaller than its first page.
        let is_in_place = fs::metadata(&self.database)
            .is_ok_and(|found| identity(&found) == self.opened && (self.began_empty || found.len() > 0));
        let leads_there = |(path, opened): &(PathBuf, Identity)| {
            fs::metadata(path).is_ok_and(|found| identity(&found) == *opened)
        };
        if is_in_place && self.beside.iter().all(leads_there) {
            Ok(())
        } else {
            Err(StoreError::Displaced(self.database.clone()))
        }
    }
}

pub(super) fn identity(file: &fs::Metadata) -> Identity {
    (file.dev(), file.ino())
}
