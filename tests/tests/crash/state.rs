//! The agent's state as the harness reads it, on the machine and off it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use mecris_agent::{
    domain::Step,
    store::{replica::generation, tables::lineage},
};
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

/// A step of a goal, and the day of the derailment that it is about.
pub(crate) type GoalStep = (String, Date, Step);

/// What must not get lost from a state: its messages by tag, and which message said each step of a goal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Promises {
    pub(crate) messages: BTreeMap<String, Message>,
    /// The tag of the message.
    pub(crate) steps: BTreeMap<GoalStep, String>,
    /// The generation of this state and its maker; `None` if the state was never a generation.
    pub(crate) lineage: Option<(u64, String)>,
}

impl Promises {
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        // The outbox looks at it never again: nobody can tell, and nothing of the message is so any more.
        let mut statement = connection.prepare(
            "SELECT tag, CASE WHEN state = 'unknown' AND next_at IS NULL THEN 'given up' ELSE state END, attempt, subjects
               FROM notifications",
        )?;
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
            "SELECT substr(s.subject, 6), s.occasion, s.step, n.tag
               FROM steps s JOIN notifications n ON n.id = s.notification_id
              WHERE s.subject LIKE 'goal:%'",
        )?;
        let steps = statement
            .query_map([], |row| {
                let (day, step): (String, String) = (row.get(1)?, row.get(2)?);
                let read = day.parse().ok().zip(step.parse().ok());
                let (day, step) = read.ok_or(rusqlite::Error::InvalidQuery)?;
                Ok(((row.get(0)?, day, step), row.get(3)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let lineage = lineage::get(connection)?.map(|lineage| (lineage.generation, lineage.nonce));
        Ok(Self {
            messages,
            steps,
            lineage,
        })
    }

    /// The steps whose message a provider has accepted, with the message's tag.
    pub(crate) fn told(&self) -> impl Iterator<Item = (&GoalStep, &str)> {
        let is_told = |tag: &String| {
            let message = self.messages.get(tag);
            message.is_some_and(|message| matches!(message.state.as_str(), "accepted" | "delivered"))
        };
        let told = self.steps.iter().filter(move |(_, tag)| is_told(tag));
        told.map(|(step, tag)| (step, tag.as_str()))
    }

    /// Whether a provider has accepted the word that a goal derails on its last day, this one.
    pub(crate) fn was_told(&self, slug: &str, day: Date) -> bool {
        self.told().any(|((about, occasion, step), _)| {
            about == slug && *occasion == day && [Step::Last, Step::LastCall].contains(step)
        })
    }

    /// Whether every message was accepted or delivered, has failed or was given up: none is on its way, and the agent
    /// wants to know nothing more of any. What a person should have been told is the audit's business.
    pub(crate) fn settled(&self) -> bool {
        self.messages
            .values()
            .all(|m| matches!(m.state.as_str(), "accepted" | "delivered" | "failed" | "given up"))
    }

    /// Whether this state is `newest`, or was written on top of it. True as well if one of the two was never
    /// a generation.
    pub(crate) fn goes_on_from(&self, newest: &Self) -> bool {
        match (&self.lineage, &newest.lineage) {
            (None, _) | (_, None) => true,
            (Some((here, nonce)), Some((there, theirs))) => {
                here > there || (here == there && nonce == theirs)
            }
        }
    }

    /// Whether `other` holds every message and every attempt of this state.
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

/// The promises of the file on the machine, or the damage that SQLite finds; `None` if there is no file yet.
///
/// The agent must not be running. This function opens the file for writing, so SQLite recovers here what a
/// killed agent left in its log.
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
    // If the agent was killed before its first migration, the file has no tables yet.
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
    /// The value of `state.remote`.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::S3(s3) => s3.url("agent"),
            Self::Folder(folder) => format!("file://{}", folder.path().display()),
        }
    }

    /// The fake of S3, if the state is in a bucket.
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

    /// The promises of the newest generation, or what is wrong with it; `None` if there is no generation yet.
    pub(crate) fn newest(&self) -> Option<Result<Promises, String>> {
        let (number, bytes) = self.newest_bytes()?;
        // Opening a generation checks it.
        let opened = generation::open(number, &bytes).map_err(|error| error.to_string());
        Some(opened.and_then(|connection| Promises::read(&connection).map_err(|error| error.to_string())))
    }
}
