//! Why the state could not be used: one error for the file, its tables and its copies off the machine.

use std::path::PathBuf;

use super::replica::remote::RemoteError;

/// Why the state could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process owns the state.
    #[error(
        "{path} is in use by another mecris-agent (process {holder}): one of them only may decide and send. Wait for it or stop it; `status`, `check` and `run --dry-run` work beside it."
    )]
    Locked {
        /// The database.
        path: PathBuf,
        /// Process id written in the lock file, or `?`.
        holder: String,
    },
    /// A newer Mecris wrote this file.
    #[error(
        "{path} has schema version {found}, this mecris-agent knows up to {known}. Install the newer release, or restore an older copy."
    )]
    TooNew {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version of this build.
        known: i64,
    },
    /// Somebody else's file.
    #[error(
        "{0} has tables of something else: name another file in state.path. What the Python system remembers is taken over with `mecris-agent state import`."
    )]
    NotOurs(PathBuf),
    /// A device, a pipe or a folder.
    #[error("{0} is no ordinary file: name a file in state.path")]
    NotAFile(PathBuf),
    /// The lock is a link, a device, a pipe or a folder.
    #[error("{0} is no ordinary file: remove it, the next start makes it")]
    LockNotAFile(PathBuf),
    /// Somebody removed, moved or replaced the file, or its lock, while this process had it open.
    #[error(
        "{0}, its .lock or its -wal was removed, moved, emptied or replaced while this process had it open: nothing more can be recorded, so nothing more is decided or sent, and `serve` ends. The next start goes on from the file that is there then, or from the copies off the machine."
    )]
    Displaced(PathBuf),
    /// A database, or a copy of one, cannot be relied on.
    #[error("{what} is damaged: {why}")]
    Damaged {
        /// What it is called.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// A copy is never written over something.
    #[error("{0} exists already, and a copy is written over nothing: name another file")]
    Exists(PathBuf),
    /// There is no database yet.
    #[error("{0} does not exist yet: `mecris-agent run` or `serve` makes it")]
    Missing(PathBuf),
    /// A file operation failed.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// SQLite refused.
    #[error("database: {0}")]
    Sql(#[from] rusqlite::Error),
    /// The copies off the machine.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// Nothing was ever read from the remote, and it does not answer.
    #[error(
        "the state cannot be restored, so nobody knows what was said already, and nothing is decided: {0}. Once it answers, try again; with state.remote = \"none\" the state begins empty."
    )]
    NotRestored(RemoteError),
    /// Another instance goes on with the state all the time.
    #[error("another instance went on with the state, and what it wrote could not be loaded")]
    Superseded,
    /// The writer thread is gone.
    #[error("the database writer has stopped")]
    WriterGone,
}

impl StoreError {
    /// Whether it says that this machine's disk takes no writes: it is full, read-only or broken, or not ours
    /// to write.
    pub fn is_unwritable(&self) -> bool {
        use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};

        use rusqlite::ErrorCode::{CannotOpen, DiskFull, ReadOnly, SystemIoFailure};
        match self {
            Self::Io { source, .. } => {
                matches!(
                    source.kind(),
                    ReadOnlyFilesystem | StorageFull | QuotaExceeded | PermissionDenied
                )
            }
            Self::Sql(error) => {
                matches!(
                    error.sqlite_error_code(),
                    Some(ReadOnly | DiskFull | CannotOpen | SystemIoFailure)
                )
            }
            _ => false,
        }
    }

    /// Whether it says that a state, here or off the machine, cannot be relied on; not that it could not be
    /// asked or written.
    pub fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        match self {
            Self::Damaged { .. } | Self::Remote(RemoteError::Damaged { .. }) => true,
            Self::Sql(error) => matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase)),
            _ => false,
        }
    }
}
