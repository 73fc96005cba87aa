//! What Mecris remembers: one SQLite file, one writer, small functions by table.
//!
//! [`Store::write`] runs a closure in one transaction on the writer thread, [`Store::read`] runs one on a
//! read-only connection; the modules beside this hold the SQL, each for one table, as plain functions of a
//! connection, so that several of them make one transaction. No rule about when to speak and no I/O but
//! SQLite lives here.

mod awake;
pub mod broken;
pub mod budget;
mod carry;
mod checkpoint;
pub mod claims;
pub mod decisions;
pub mod export;
pub mod files;
pub mod handover;
pub mod import;
pub mod lineage;
mod lock;
mod migrate;
pub mod odometer;
pub mod outbox;
pub mod prune;
pub mod reconciliations;
pub mod remote;
mod restore;
pub mod retention;
pub mod rollback;
pub mod runs;
pub mod sessions;
pub mod silences;
pub mod snapshots;
pub mod sql;
mod survived;
pub mod upstreams;
pub mod verified;
pub mod verify;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OpenFlags, Transaction};

use checkpoint::Copier;
pub use checkpoint::{Copies, Verdict};
pub use lock::Lock;
pub use migrate::Migrated;
use remote::RemoteError;
pub use restore::Joined;
use writer::Writer;

use crate::failpoint;

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

/// A handle on the state. Cheap to clone; the last clone to go closes the file.
#[derive(Clone)]
pub struct Store {
    writer: Option<Writer>,
    reader: Arc<Mutex<Connection>>,
    path: Arc<Path>,
    copier: Option<Arc<Copier>>,
}

impl Store {
    /// Takes the lock, opens or makes the file, migrates it, starts the writer.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_locked(path, Lock::take(path)?)
    }

    fn open_locked(path: &Path, lock: Lock) -> Result<Self, StoreError> {
        let (connection, _) = open_newest(path)?;
        let reader = sql::open_reader(path)?;
        Ok(Self {
            writer: Some(Writer::start(connection, lock)),
            reader: Arc::new(Mutex::new(reader)),
            path: path.into(),
            copier: None,
        })
    }

    /// Only brings the file to the newest schema. `None`: it had it already.
    ///
    /// # Errors
    /// As [`Store::open`]; and if there is no file.
    pub fn migrate(path: &Path) -> Result<Option<Migrated>, StoreError> {
        must_exist(path)?;
        let _lock = Lock::take(path)?;
        Ok(open_newest(path)?.1)
    }

    /// Opens the file for reading only, without the lock: what `status` does beside a running daemon. A file
    /// that an older release wrote is read as it will be once it is migrated.
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        must_exist(path)?;
        let reader = sql::open_reader(path)?;
        migrate::refuse_foreign(&reader, path)?;
        migrate::refuse_newer(&reader, path)?;
        let reader = migrate::upgraded_copy(&reader)?.unwrap_or(reader);
        Ok(Self {
            writer: None,
            reader: Arc::new(Mutex::new(reader)),
            path: path.into(),
            copier: None,
        })
    }

    /// Writes a consistent copy to a new file.
    ///
    /// # Errors
    /// If the copy cannot be written.
    pub fn copy_to(&self, copy: &Path) -> Result<(), StoreError> {
        self.read(|connection| connection.backup("main", copy, None::<fn(rusqlite::backup::Progress)>))
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `work` in one transaction on the writer thread and returns once it is on disk.
    ///
    /// # Errors
    /// Whatever `work` or the commit says; nothing of it is kept then.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        Ok(self.write_in_epoch(work).await?.0)
    }

    /// [`Store::write`], and the epoch in which it was written: see [`Store::checkpoint`].
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_in_epoch<T, F>(&self, work: F) -> Result<(T, u64), StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        self.writer()?.run(work).await
    }

    /// [`Store::write`] for what is about this machine alone and makes no new generation.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn note<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        self.writer()?.note(work).await
    }

    /// Forgets what is older than `kept`, and gives back its space.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn forget(&self, kept: SignedDuration, now: Timestamp) -> Result<(), StoreError> {
        if self.note(move |tx| retention::forget(tx, kept, now)).await? == 0 {
            return Ok(());
        }
        failpoint!("retention.forgotten");
        self.writer()?
            .exclusively(|connection| Ok(retention::compact(connection)?))
            .await?;
        failpoint!("retention.compacted");
        Ok(())
    }

    /// How often the whole content was replaced since the start: what was written in an earlier epoch is
    /// gone.
    pub fn epoch(&self) -> u64 {
        self.writer.as_ref().map_or(0, Writer::epoch)
    }

    fn writes(&self) -> u64 {
        self.writer.as_ref().map_or(0, Writer::writes)
    }

    fn writer(&self) -> Result<&Writer, StoreError> {
        self.writer.as_ref().ok_or(StoreError::WriterGone)
    }

    /// Runs `work` on the read-only connection. Quick by construction (the file is small); never hold it over
    /// an await.
    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(work(&reader)?)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// The writing connection of a file that has the newest schema, and what it took to get there.
fn open_newest(path: &Path) -> Result<(Connection, Option<Migrated>), StoreError> {
    // What a person promised and whom it tells is nobody else's business. SQLite gives its own files beside
    // it the same mode.
    files::make_private(path).map_err(files::io_error(path))?;
    let mut connection = Connection::open(path)?;
    migrate::refuse_foreign(&connection, path)?;
    sql::configure_writer(&connection)?;
    let migrated = migrate::migrate(&mut connection, path)?;
    Ok((connection, migrated))
}

/// A file that cannot be looked at is not a missing one.
fn must_exist(path: &Path) -> Result<(), StoreError> {
    match path.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(StoreError::Missing(path.to_owned())),
        Err(source) => Err(StoreError::Io {
            path: path.to_owned(),
            source,
        }),
    }
}

fn read_only_flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

#[cfg(test)]
pub(crate) mod tests;
