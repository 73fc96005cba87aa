//! What Mecris remembers: one SQLite file, one writer, small functions by table.
//!
//! [`Store::write`] runs a closure in one transaction on the writer thread, [`Store::read`] runs one on a
//! read-only connection. The file itself is [`mod@file`], the SQL is [`tables`], the copies off the
//! machine are [`replica`]. No rule about when to speak lives here.

mod error;
pub mod file;
mod memo;
pub mod replica;
pub mod tables;

use std::{path::Path, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction};

pub use error::StoreError;
use file::{connection, copies, migrate, place::Place, readers::Readers, verify, version, writer::Writer};
pub use file::{lock::Lock, migrate::Migrated, writer::Written};
pub use memo::Memo;
use replica::checkpoint::Copier;
pub use replica::{
    checkpoint::{Copies, Verdict},
    join::Joined,
};
use tables::retention;

use crate::failpoint;

/// A handle on the state. Cheap to clone; the last clone to go closes the file, which then is the whole state
/// without SQLite's files beside it.
#[derive(Clone)]
pub struct Store {
    // Before the writer: fields are dropped in this order, and SQLite removes its log with the last connection
    // if that one can write.
    readers: Arc<Readers>,
    writer: Option<Writer>,
    path: Arc<Path>,
    copier: Option<Arc<Copier>>,
}

impl Store {
    /// Takes the lock, opens or makes the file, migrates it, starts the writer.
    ///
    /// # Errors
    /// If another process has the lock, or if the file cannot be used.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        copies::must_be_a_file(path)?;
        Self::open_locked(path, Lock::take(path)?)
    }

    fn open_locked(path: &Path, lock: Lock) -> Result<Self, StoreError> {
        let (connection, _) = open_newest(path)?;
        let readers = Readers::open(path)?;
        Ok(Self {
            writer: Some(Writer::start(connection, Place::of(path.into(), lock)?)),
            readers: Arc::new(readers),
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
        let (connection, migrated) = open_newest(path)?;
        connection::empty_log(&connection);
        Ok(migrated)
    }

    /// Opens the file for reading only, without the lock: what `status` does beside a running daemon. A file
    /// that an older release wrote is read as it will be once it is migrated.
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        must_exist(path)?;
        let reader = connection::open_reader(path)?;
        version::refuse_foreign(&reader, path)?;
        version::refuse_newer(&reader, path)?;
        let reader = migrate::upgraded_copy(&reader)?.unwrap_or(reader);
        Ok(Self {
            writer: None,
            readers: Arc::new(Readers::one(reader)),
            path: path.into(),
            copier: None,
        })
    }

    /// Reads everything and checks it: SQLite's own check, every reference, and whether it is a state of Mecris.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with what is wrong, or SQLite's error if it cannot even look.
    pub fn verify(&self) -> Result<(), StoreError> {
        self.read(|connection| {
            let whole = verify::integrity(connection, &self.path);
            Ok(whole.and_then(|()| verify::verify(connection, &self.path.display().to_string()).map(drop)))
        })?
    }

    /// Writes a consistent copy to a new file.
    ///
    /// # Errors
    /// If the copy cannot be written.
    pub fn copy_to(&self, copy: &Path) -> Result<(), StoreError> {
        self.read(|connection| connection.backup("main", copy, None::<fn(rusqlite::backup::Progress)>))
    }

    /// Moves everything into the file itself, so that it alone is the whole state. A process does this before it
    /// ends: the last handle does it as well, but nobody can be sure that a process drops every handle.
    pub async fn gather(&self) {
        if let Some(writer) = &self.writer
            && let Err(error) = writer.empty_log().await
        {
            tracing::warn!(%error, "the state's log stays beside it");
        }
    }

    /// Whether this process still has the state: its file and its lock are where their names lead to.
    ///
    /// # Errors
    /// [`StoreError::Displaced`] if not.
    pub async fn check_place(&self) -> Result<(), StoreError> {
        match &self.writer {
            Some(writer) => writer.check_place().await,
            None => Ok(()),
        }
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
        Ok(self.write_in_epoch(work).await?.value)
    }

    /// [`Store::write`], and the epoch in which it was written: see [`Store::checkpoint`].
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_in_epoch<T, F>(&self, work: F) -> Result<Written<T>, StoreError>
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

    /// Runs `work` on a read-only connection, in one transaction: everything that it reads is of one moment.
    /// Quick by construction (the file is small); never hold it over an await.
    ///
    /// # Errors
    /// Whatever `work` says, or if the transaction cannot begin.
    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let reader = self.readers.take();
        let snapshot = connection::Snapshot::begin(&reader)?;
        Ok(work(snapshot.connection())?)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// An empty state in memory with the newest schema: what a simulation remembers. It is gone with the
/// connection.
///
/// # Errors
/// If SQLite has no memory for it.
pub fn in_memory() -> Result<Connection, StoreError> {
    let mut connection = Connection::open_in_memory()?;
    connection::configure_scratch(&connection)?;
    migrate::migrate_in_memory(&mut connection, Path::new(":memory:"))?;
    Ok(connection)
}

/// The writing connection of a file that has the newest schema, and what it took to get there.
fn open_newest(path: &Path) -> Result<(Connection, Option<Migrated>), StoreError> {
    if std::fs::metadata(path).is_ok_and(|found| found.len() == 0) {
        tracing::error!(
            path = %path.display(),
            "the file of the state is there, but empty: what it knew is gone, unless a copy off the machine has it, and may be said again"
        );
    }
    // What a person promised and whom it tells is nobody else's business. SQLite gives new files beside it the
    // same mode, but it does not change that of files which are there: one that cannot be written stops it.
    copies::make_private(path).map_err(copies::io_error(path))?;
    copies::make_logs_private(path);
    let mut connection = Connection::open(path)?;
    version::refuse_foreign(&connection, path)?;
    connection::configure_writer(&connection)?;
    verify::integrity(&connection, path)?;
    let migrated = migrate::migrate(&mut connection, path)?;
    Ok((connection, migrated))
}

/// A file that cannot be looked at is not a missing one.
fn must_exist(path: &Path) -> Result<(), StoreError> {
    copies::must_be_a_file(path)?;
    match path.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(StoreError::Missing(path.to_owned())),
        Err(source) => Err(StoreError::Io {
            path: path.to_owned(),
            source,
        }),
    }
}

#[cfg(test)]
pub(crate) mod tests;
