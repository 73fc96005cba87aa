//! The exclusive right to write the state: an advisory lock beside the database.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{ErrorKind, Read, Seek, SeekFrom, Write},
    path::Path,
    sync::Arc,
};

use super::{
    copies::make_private,
    place::{Identity, identity},
};
use crate::{durable::beside, store::StoreError};

/// The exclusive right to write the state, held by one process: an advisory lock on `<database>.lock`, gone
/// with the process, or with the last clone.
#[derive(Clone, Debug)]
pub struct Lock(Arc<File>);

impl Lock {
    /// The id of the process that has the state; `None`: no process has it. Takes nothing.
    ///
    /// # Errors
    /// If the lock's file cannot be looked at.
    pub fn holder(database: &Path) -> Result<Option<String>, StoreError> {
        let path = beside(database, ".lock");
        let io = |source| StoreError::Io {
            path: path.clone(),
            source,
        };
        must_be_plain(&path)?;
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(io)?,
        };
        // A shared lock is refused while another process has the state, and gone at the end of this function.
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(written(&mut file))),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }

    /// Takes the lock or says who has it.
    pub fn take(database: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|source| StoreError::Io {
                path: folder.to_owned(),
                source,
            })?;
        }
        let path = beside(database, ".lock");
        let io = |source| StoreError::Io {
            path: path.clone(),
            source,
        };
        must_be_plain(&path)?;
        // Whoever can open the file can hold the lock.
        make_private(&path).map_err(io)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = written(&mut file);
                return Err(StoreError::Locked {
                    path: database.to_owned(),
                    holder,
                });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        // The id helps a person; the lock holds without it, so a full disk does not matter here.
        let _ = file
            .set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| write!(file, "{}", std::process::id()));
        Ok(Self(file.into()))
    }
}

/// A lock that is a link would change another file, and a pipe would be waited for.
fn must_be_plain(path: &Path) -> Result<(), StoreError> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => Err(StoreError::LockNotAFile(path.to_owned())),
        _ => Ok(()),
    }
}

impl Lock {
    /// Which file is locked.
    ///
    /// # Errors
    /// If the system does not say.
    pub(super) fn identity(&self) -> std::io::Result<Identity> {
        self.0.metadata().map(|found| identity(&found))
    }
}

/// The id that the lock's holder wrote; `?`: none can be read. It is only for sentences: an unreadable lock file
/// still means that somebody holds it.
fn written(file: &mut File) -> String {
    let mut holder = String::new();
    let _ = file.read_to_string(&mut holder);
    let holder = Some(holder.trim()).filter(|holder| !holder.is_empty());
    holder.unwrap_or("?").to_owned()
}
