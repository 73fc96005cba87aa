//! A private copy of an old file, so that SQLite never opens the original: nothing is written beside it,
//! nothing in it changes, and the running Python process is never locked out.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{SourceError, source::LARGEST_BYTES};
use crate::{durable::beside, foreign_file};

/// What SQLite keeps beside a database and needs to read it; `-shm` is rebuilt.
const COMPANIONS: [&str; 2] = ["-wal", "-journal"];

/// How often a file that changes meanwhile is read again.
const TRIES: usize = 50;

/// A copy in a private folder, removed when dropped, because it holds what a person spends.
pub(super) struct PrivateCopy(TempDir);

impl PrivateCopy {
    /// Copies the database with its journal files; `None` if they changed at each try.
    ///
    /// The copy is what a crash would have left at one instant. SQLite can read that: it rolls back an
    /// unfinished transaction and applies a write-ahead log.
    pub(super) fn of(path: &Path) -> Result<Option<Self>, SourceError> {
        let parts = settled(|| read(path)).map_err(|source| SourceError::Io {
            path: path.to_owned(),
            source,
        })?;
        let written = parts.map(|parts| Self::write(&parts, &std::env::temp_dir()));
        written.transpose()
    }

    fn write(parts: &Parts, temporary: &Path) -> Result<Self, SourceError> {
        let write = || {
            let folder = tempfile::Builder::new()
                .prefix("mecris-import-")
                .tempdir_in(temporary)?;
            let copy = Self(folder);
            for (suffix, content) in parts {
                fs::write(beside(&copy.database(), suffix), content)?;
            }
            Ok(copy)
        };
        write().map_err(|source| SourceError::NoCopy {
            folder: temporary.to_owned(),
            source,
        })
    }

    /// Where the copy is.
    pub(super) fn database(&self) -> PathBuf {
        self.0.path().join("old.db")
    }
}

type Parts = Vec<(&'static str, Vec<u8>)>;

fn read(path: &Path) -> io::Result<Parts> {
    let mut parts = vec![("", foreign_file::read(path, LARGEST_BYTES)?)];
    for suffix in COMPANIONS {
        match foreign_file::read(&beside(path, suffix), LARGEST_BYTES) {
            Ok(content) => parts.push((suffix, content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(parts)
}

/// The contents on which two rounds of reading agree. The files are read one after the other. If all of them
/// are the same in both rounds, they all had this content at the instant between the rounds.
fn settled<T: PartialEq>(mut read: impl FnMut() -> io::Result<T>) -> io::Result<Option<T>> {
    let mut last = read()?;
    for _ in 0..TRIES {
        let next = read()?;
        if next == last {
            return Ok(Some(next));
        }
        last = next;
        std::thread::yield_now();
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_between_two_readings_is_read_again() {
        let mut readings = [1, 2, 3, 3, 4].into_iter();
        assert_eq!(settled(|| Ok(readings.next().unwrap())).unwrap(), Some(3));
    }

    #[test]
    fn what_never_rests_is_given_up() {
        let mut count = 0;
        let restless = settled(|| {
            count += 1;
            Ok(count)
        });
        assert_eq!(restless.unwrap(), None);
    }

    #[test]
    fn the_copy_goes_away() {
        let folder = tempfile::tempdir().unwrap();
        let original = folder.path().join("a.db");
        fs::write(&original, b"x").unwrap();
        fs::write(folder.path().join("a.db-wal"), b"y").unwrap();
        let copy = PrivateCopy::of(&original).unwrap().unwrap();
        assert_eq!(fs::read(beside(&copy.database(), "-wal")).unwrap(), b"y");
        let place = copy.database();
        drop(copy);
        assert!(!place.parent().unwrap().exists());
    }

    #[test]
    fn a_copy_that_cannot_be_written_names_its_folder_and_not_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("absent");
        let error = PrivateCopy::write(&vec![("", b"x".to_vec())], &absent)
            .err()
            .unwrap();
        let expected = format!("no temporary copy can be written in {}: ", absent.display());
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}
