//! A whole state in one file: read without changing anything beside it, and written whole or not at all.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::{connection, image, verify};
use crate::{
    durable::{self, PRIVATE, beside},
    store::StoreError,
};

/// How a Zstandard frame begins (RFC 8878, 3.1.1).
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Opens in memory what a file holds: a database, beside its owner too, or a generation. Checked by SQLite's
/// integrity check.
///
/// # Errors
/// If it cannot be read, or is damaged.
pub fn open(path: &Path) -> Result<Connection, StoreError> {
    image::load(read(path)?).map_err(|why| damaged(path, why))
}

/// The bytes of the database that a file holds at this moment, unchecked except for the checksum of a
/// generation.
///
/// # Errors
/// If it cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, StoreError> {
    must_be_a_file(path)?;
    // Whoever owns a database has a log of writes beside it, which only SQLite can read. Without one SQLite
    // would make it, and a copy is not to have litter beside it.
    if has_log(path)? {
        let mut connection = connection::open_reader(path)?;
        return image::take(&mut connection).map_err(|error| damaged(path, error.to_string()));
    }
    let bytes = fs::read(path).map_err(io_error(path))?;
    if bytes.starts_with(&ZSTD_MAGIC) {
        image::unpack(&bytes).map_err(|why| damaged(path, why))
    } else {
        Ok(bytes)
    }
}

/// Nothing but an ordinary file is opened or changed: a device would be made private for its owner, and a pipe
/// would be waited for. A file that does not exist yet is fine.
pub(in crate::store) fn must_be_a_file(path: &Path) -> Result<(), StoreError> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(StoreError::NotAFile(path.to_owned())),
        _ => Ok(()),
    }
}

/// Whether writes wait beside the database. A log that cannot be looked at is not a missing one: what is in
/// it would be left out.
fn has_log(path: &Path) -> Result<bool, StoreError> {
    let log = beside(path, "-wal");
    match fs::metadata(&log) {
        Ok(log) => Ok(log.len() > 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(io_error(&log)(error)),
    }
}

/// Writes a copy to a new file, and reads it back. A name that ends in `.zst` makes it a generation. Returns
/// its size in bytes.
///
/// # Errors
/// If there is such a file, if it cannot be written, or if what was written is not sound.
pub fn write_new(path: &Path, database: &[u8]) -> Result<u64, StoreError> {
    if path.exists() {
        return Err(StoreError::Exists(path.to_owned()));
    }
    write(path, database, |part, path| match fs::hard_link(part, path) {
        Ok(()) => fs::remove_file(part),
        // Nobody makes a file of that name meanwhile, except on purpose.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !path.exists() => {
            fs::rename(part, path)
        }
        Err(error) => Err(error),
    })
}

/// Writes a copy in the place of an earlier one, if there is one, and reads it back before.
///
/// # Errors
/// As [`write_new`].
pub(in crate::store) fn replace(path: &Path, database: &[u8]) -> Result<(), StoreError> {
    write(path, database, |part, path| fs::rename(part, path)).map(drop)
}

/// Writes what is about to be lost otherwise, in the place of an earlier copy, sound or not.
///
/// # Errors
/// If it cannot be written.
pub(in crate::store) fn keep(path: &Path, database: &[u8]) -> Result<(), StoreError> {
    durable::replace(path, database).map_err(io_error(path))
}

fn write(
    path: &Path,
    database: &[u8],
    name: impl FnOnce(&Path, &Path) -> io::Result<()>,
) -> Result<u64, StoreError> {
    let packed;
    let content = if path.extension().is_some_and(|extension| extension == "zst") {
        packed = image::pack(database).map_err(io_error(path))?;
        &packed
    } else {
        database
    };
    let part = durable::draft(path, content).map_err(io_error(path))?;
    let put_in_place = || {
        verify::verify(&open(&part)?, &path.display().to_string())?;
        name(&part, path)
            .and_then(|()| durable::sync_folder_of(path))
            .map_err(io_error(path))
    };
    put_in_place().inspect_err(|_| drop(fs::remove_file(&part)))?;
    Ok(content.len() as u64)
}

/// Makes a file that only its owner can read, if there is none. A file that is there keeps its content.
pub(in crate::store) fn make_private(path: &Path) -> io::Result<()> {
    match File::options()
        .write(true)
        .create_new(true)
        .mode(PRIVATE)
        .open(path)
    {
        // Made by an earlier release, perhaps. Whoever may write it without owning it cannot change who may
        // read it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            allow_owner_only(path);
            Ok(())
        }
        made => made.map(drop),
    }
}

/// Makes SQLite's files beside a database private, if there are any.
pub(in crate::store) fn make_logs_private(path: &Path) {
    for log in ["-wal", "-shm"] {
        allow_owner_only(&beside(path, log));
    }
}

/// Lets the owner, and nobody else, read and write a file, if there is one. Does nothing if this process may not
/// change that: opening the file says so.
fn allow_owner_only(path: &Path) {
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(PRIVATE));
}

/// Renames a database that cannot be used, with what belongs to it, so that nothing of it is lost. Returns
/// its new name.
///
/// # Errors
/// If the system refuses.
pub(in crate::store) fn move_aside(path: &Path, suffix: &str) -> Result<PathBuf, StoreError> {
    let aside = beside(path, suffix);
    // The database first: killed in between, the next start finds none and asks the copies. A database
    // without its log would look sound and be older.
    for log in ["", "-wal", "-shm"] {
        let from = beside(path, log);
        match fs::rename(&from, beside(&aside, log)) {
            Err(error) if log.is_empty() || error.kind() != io::ErrorKind::NotFound => {
                return Err(io_error(&from)(error));
            }
            _ => {}
        }
    }
    Ok(aside)
}

pub(in crate::store) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { path, source }
}

fn damaged(path: &Path, why: String) -> StoreError {
    StoreError::Damaged {
        what: path.display().to_string(),
        why,
    }
}

#[cfg(test)]
mod tests;
