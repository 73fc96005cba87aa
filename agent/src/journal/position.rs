//! How far the journal was shipped, in one small file. A write replaces the whole file, and returns when the
//! new file is on the disk.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::durable;

const FILE: &str = "position.json";

/// How far the journal was shipped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Position {
    /// The cursor of the last entry that was accepted.
    pub(super) shipped: Option<String>,
    /// A batch that was about to be put. It is unknown whether it arrived.
    pub(super) pending: Option<Pending>,
    /// The day (UTC) that `bytes` and `dropped` are about.
    pub(super) day: String,
    /// Bytes that were shipped on that day.
    pub(super) bytes: u64,
    /// Lines of that day that were not shipped.
    pub(super) dropped: u64,
}

/// A batch that was put, without a known outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    /// The cursor of the batch's last event. At the next start CloudWatch is asked whether it has this event.
    pub(super) last: String,
    /// The time of the batch's last event, in milliseconds since 1970.
    pub(super) at: i64,
    /// The cursor of the last entry that was read for the batch.
    pub(super) reaches: String,
}

/// The position cannot be read or written. Without it lines could be lost or come twice.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {why}")]
pub struct PositionError {
    /// The file.
    pub file: String,
    /// What the system said.
    pub why: io::Error,
}

/// The file that holds the position.
#[derive(Clone, Debug)]
pub(super) struct PositionFile(PathBuf);

impl PositionFile {
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self(folder.join(FILE))
    }

    /// Reads the position. If there is no file, the position is the beginning of the journal. A malformed
    /// file is an error, because a guess would lose lines or ship them twice.
    pub(super) fn read(&self) -> Result<Position, PositionError> {
        match fs::read(&self.0) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| self.failed(error.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Position::default()),
            Err(why) => Err(self.failed(why)),
        }
    }

    /// Replaces the file.
    pub(super) fn write(&self, position: &Position) -> Result<(), PositionError> {
        let write = || durable::replace(&self.0, &serde_json::to_vec(position)?);
        write().map_err(|why| self.failed(why))
    }

    fn failed(&self, why: io::Error) -> PositionError {
        PositionError {
            file: self.0.display().to_string(),
            why,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_what_makes_no_sense_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = PositionFile::in_folder(folder.path());
        assert_eq!(file.read().unwrap(), Position::default());
        let pending = Pending {
            last: "b".into(),
            at: 7,
            reaches: "c".into(),
        };
        let position = Position {
            shipped: Some("a".into()),
            pending: Some(pending),
            bytes: 9,
            ..Position::default()
        };
        file.write(&position).unwrap();
        assert_eq!(file.read().unwrap(), position);
        fs::write(folder.path().join(FILE), "{").unwrap();
        assert!(file.read().unwrap_err().to_string().contains("position.json"));
    }
}
