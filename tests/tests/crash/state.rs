//! The agent's state as the harness reads it: on the machine and off it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use mecris_agent::store::{replica::generation, tables::lineage};
use mecris_tests::s3::S3;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

/// A message by its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) state: String,
    pub(crate) attempt: u32,
    pub(crate) subjects: Vec<String>,
}

/// What a state promises: its messages by tag, and which message tells which subject-day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Promises {
    pub(crate) messages: BTreeMap<String, Message>,
    /// By subject and day: the tag.
    pub(crate) claims: BTreeMap<(String, String), String>,
    /// The generation that it is, and who made that; `None`: it never was one.
    pub(crate) lineage: Option<(u64, String)>,
}

impl Promises {
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare("SELECT tag, state, attempt, subjects FROM notifications")?;
        let messages = statement.query_map([], |row| {
            let subjects: String = row.get(3)?;
            let subjects = serde_json::from_str(&subjects).unwrap_or_default();
            Ok((
                row.get(0)?,
                Message {
                    state: row.get(1)?,
                    attempt: row.get(2)?,
                    subjects,
                },
            ))
        })?;
        let messages = messages.collect::<rusqlite::Result<_>>()?;
        let mut statement = connection.prepare(
            "SELECT c.subject, c.day, n.tag FROM claims c JOIN notifications n ON n.id = c.notification_id",
        )?;
        let claims = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
        let claims = claims.collect::<rusqlite::Result<_>>()?;
        let lineage = lineage::get(connection)?.map(|lineage| (lineage.generation, lineage.nonce));
        Ok(Self {
            messages,
            claims,
            lineage,
        })
    }

    /// Whether a provider has the message about a goal on a day.
    pub(crate) fn was_told(&self, slug: &str, day: &str) -> bool {
        let tag = self.claims.get(&(format!("goal:{slug}"), day.to_owned()));
        let message = tag.and_then(|tag| self.messages.get(tag));
        message.is_some_and(|message| matches!(message.state.as_str(), "accepted" | "delivered"))
    }

    /// Whether nothing is on its way or in doubt.
    pub(crate) fn settled(&self) -> bool {
        self.messages
            .values()
            .all(|m| matches!(m.state.as_str(), "accepted" | "delivered" | "failed"))
    }

    /// Whether this is what `newest` is, or what was written on top of it.
    pub(crate) fn goes_on_from(&self, newest: &Self) -> bool {
        match (&self.lineage, &newest.lineage) {
            (None, _) | (_, None) => true,
            (Some((here, nonce)), Some((there, theirs))) => {
                here > there || (here == there && nonce == theirs)
            }
        }
    }

    /// Whether `other` knows of every message and of every attempt.
    pub(crate) fn within(&self, other: &Self) -> bool {
        let known = |tag, attempt| {
            other
                .messages
                .get(tag)
                .is_some_and(|there| there.attempt >= attempt)
        };
        self.messages.iter().all(|(tag, here)| known(tag, here.attempt))
    }
}

/// The file on the machine: what it promises, and whether SQLite finds it whole. `None`: there is none yet.
///
/// The agent must not be running: a file that a killed process left is recovered by whoever opens it next.
pub(crate) fn local(database: &Path) -> Option<Result<Promises, String>> {
    database
        .exists()
        .then(|| read_local(database).unwrap_or_else(|error| Err(error.to_string())))
}

fn read_local(database: &Path) -> rusqlite::Result<Result<Promises, String>> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Ok(Err(verdict));
    }
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    // Killed before the first migration, it has no tables yet.
    Ok(Ok(if version == 0 {
        Promises::default()
    } else {
        Promises::read(&connection)?
    }))
}

/// The state off the machine.
pub(crate) enum Remote {
    /// A bucket.
    S3(S3),
    /// A folder.
    Folder(TempDir),
}

impl Remote {
    /// For `state.remote`.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::S3(s3) => s3.url("agent"),
            Self::Folder(folder) => format!("file://{}", folder.path().display()),
        }
    }

    /// The fake, if it is one.
    pub(crate) fn s3(&self) -> Option<&S3> {
        match self {
            Self::S3(s3) => Some(s3),
            Self::Folder(_) => None,
        }
    }

    fn newest_bytes(&self) -> Option<(u64, Vec<u8>)> {
        let number = |name: &str| name.rsplit('/').next()?.strip_suffix(".db.zst")?.parse().ok();
        match self {
            Self::S3(s3) => {
                let objects = s3
                    .objects()
                    .into_iter()
                    .filter_map(|o| Some((number(&o.key)?, o.bytes.to_vec())));
                objects.max_by_key(|(number, _)| *number)
            }
            Self::Folder(folder) => {
                let entries = std::fs::read_dir(folder.path().join("state")).ok()?.flatten();
                let newest: Option<(u64, PathBuf)> = entries
                    .filter_map(|entry| Some((number(&entry.file_name().to_string_lossy())?, entry.path())))
                    .max_by_key(|(number, _)| *number);
                newest.and_then(|(number, path)| Some((number, std::fs::read(path).ok()?)))
            }
        }
    }

    /// What the newest generation promises, or what is wrong with it. `None`: there is none yet.
    pub(crate) fn newest(&self) -> Option<Result<Promises, String>> {
        let (number, bytes) = self.newest_bytes()?;
        // Opening it checks it.
        let opened = generation::open(number, &bytes).map_err(|error| error.to_string());
        Some(opened.and_then(|connection| Promises::read(&connection).map_err(|error| error.to_string())))
    }
}
