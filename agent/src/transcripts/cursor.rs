//! How far each file was read for one destination.

use std::{
    collections::HashMap,
    fs::{File, Metadata},
    io,
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::durable;

/// The form of the file. Another form is not read.
const VERSION: u32 = 1;

/// How many bytes before a mark show that the file is still the one that was read.
const TAIL: usize = 64;

/// How far every file was read, and where its sessions were recorded. It only saves time: without it everything is read
/// again, and what is recorded already is not recorded twice.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Cursor {
    version: u32,
    /// Where the sessions were recorded.
    destination: String,
    /// Lines from here on were read.
    pub(super) since: Timestamp,
    /// A request that the destination has. If it does not have it any more, it was set back.
    pub last: Option<String>,
    files: Vec<Mark>,
}

/// Where a cursor is kept, and for which destination.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The file.
    pub path: PathBuf,
    /// The state or the address where sessions are recorded.
    pub destination: String,
}

/// How far one file was read.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Mark {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// The end of the last whole line.
    pub(super) offset: u64,
    /// A hash of the bytes before `offset`.
    tail: String,
}

/// The marks of a cursor, by file.
pub(super) type Marks = HashMap<(u64, u64), Mark>;

impl Kept {
    /// Reads the cursor. `Ok(None)`: there is none yet.
    ///
    /// # Errors
    /// One sentence that says why the file cannot be used: it is damaged, or of another destination.
    pub fn read(&self) -> Result<Option<Cursor>, String> {
        let path = self.path.display();
        let content = match std::fs::read(&self.path) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{path} cannot be read ({error})")),
        };
        match serde_json::from_slice::<Cursor>(&content) {
            Ok(cursor) if cursor.version != VERSION => Err(format!("{path} is of another release")),
            Ok(cursor) if cursor.destination != self.destination => {
                Err(format!("{path} is of another destination"))
            }
            Ok(cursor) => Ok(Some(cursor)),
            Err(_) => Err(format!("{path} is damaged")),
        }
    }

    /// Writes the cursor, whole or not at all.
    ///
    /// # Errors
    /// If the file or its folder cannot be written.
    pub fn write(&self, cursor: &Cursor) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        durable::replace(&self.path, &serde_json::to_vec(cursor)?)
    }

    /// The cursor of what was read from `since` on.
    pub(super) fn cursor(&self, since: Timestamp, mut files: Vec<Mark>, last: Option<String>) -> Cursor {
        files.sort_by_key(|mark| (mark.device, mark.inode));
        Cursor {
            version: VERSION,
            destination: self.destination.clone(),
            since,
            last,
            files,
        }
    }
}

impl Cursor {
    /// Its marks, if it has read everything from `since` on.
    pub(super) fn marks(&self, since: Timestamp) -> Option<Marks> {
        let covers = self.since <= since;
        covers.then(|| self.files.iter().map(|mark| (mark.key(), mark.clone())).collect())
    }
}

/// What names a file, whatever its path.
pub(super) fn key_of(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

impl Mark {
    /// The mark of a file that was read up to `offset`. `None`: what was read is not there any more.
    pub(super) fn of(file: &File, metadata: &Metadata, offset: u64) -> Option<Self> {
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            offset,
            tail: tail(file, offset)?,
        })
    }

    fn key(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// Whether nobody has written to the file since.
    pub(super) fn is_current(&self, metadata: &Metadata) -> bool {
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        self.key() == key_of(metadata) && self.size == metadata.size() && self.modified == modified
    }

    /// Where to go on in a file that has changed: at the mark if the file only grew, or else at its beginning.
    pub(super) fn resume(&self, file: &File, metadata: &Metadata) -> u64 {
        let only_grew = self.size < metadata.size() && tail(file, self.offset).as_deref() == Some(&self.tail);
        if only_grew { self.offset } else { 0 }
    }
}

/// A hash of the bytes before `offset`. `None`: the file does not reach that far, or cannot be read.
fn tail(file: &File, offset: u64) -> Option<String> {
    let mut bytes = [0; TAIL];
    let length = usize::try_from(offset).map_or(TAIL, |offset| offset.min(TAIL));
    let bytes = &mut bytes[..length];
    file.read_exact_at(bytes, offset - length as u64).ok()?;
    Some(hex::encode(&Sha256::digest(&bytes)[..8]))
}

/// Where the cursor of a state is kept: beside it.
impl Kept {
    /// The cursor of the state in this file.
    pub fn beside(database: &Path) -> Self {
        Self {
            path: durable::beside(database, ".transcripts"),
            destination: database.display().to_string(),
        }
    }

    /// The cursor of an address, in a folder for the person's state.
    pub fn of_address(folder: &Path, address: &str) -> Self {
        let name = hex::encode(&Sha256::digest(address)[..8]);
        Self {
            path: folder.join(format!("transcripts-{name}.json")),
            destination: address.to_owned(),
        }
    }
}
