//! The folder of waiting alerts and words beside the database. Each alert and each word is one JSON file.
//!
//! `send-alert` cannot write to the state while another process holds its lock, and the alert must not be
//! lost. So `send-alert` leaves the condition in this folder. The process that holds the lock takes it up,
//! now or, if that is a daemon, at its next start. `silence`, `vacation` and `ack` leave what the person says
//! in the same way. A file is whole and on the disk as soon as it is left. The files of words end in `.word`,
//! so a release that does not know words leaves them alone. `usage scan` leaves the sessions that it found, in files
//! that end in `.sessions`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    budget::NewSessions,
    domain::Condition,
    durable::{self, beside},
    foreign_file::{self, BY_HAND},
    silences::asked::Asked,
};

/// How the names of the files end.
const ALERT: &str = "json";
const WORD: &str = "word";
const SESSIONS: &str = "sessions";

/// The folder of waiting alerts and words of one database.
#[derive(Clone, Debug)]
pub struct Spool(PathBuf);

/// What waits: an alert or a word.
#[derive(Debug)]
pub struct Waiting<T> {
    /// Its file.
    pub file: PathBuf,
    /// What the file holds.
    pub content: Result<T, Unreadable>,
}

/// Why a file cannot be read.
#[derive(Debug)]
pub enum Unreadable {
    /// The system cannot read the file now; a later try may succeed.
    System(io::Error),
    /// The file holds no alert or no word, and a later try cannot change that.
    Nonsense(serde_json::Error),
}

impl Spool {
    /// The folder of the database at this path: `state.db.alerts` beside `state.db`.
    pub fn of(database: &Path) -> Self {
        Self(beside(database, ".alerts"))
    }

    /// Leaves an alert for the process that holds the lock. The alert is on the disk when this returns. `id`
    /// must be new, and ids must sort by time.
    ///
    /// # Errors
    /// If the folder cannot be made or written.
    pub fn leave(&self, id: &str, condition: &Condition) -> io::Result<()> {
        self.write(id, ALERT, condition)
    }

    /// Leaves a person's word for the process that holds the lock, as [`Spool::leave`] leaves an alert.
    ///
    /// # Errors
    /// If the folder cannot be made or written.
    pub fn leave_word(&self, asked: &Asked) -> io::Result<()> {
        self.write(&asked.id, WORD, asked)
    }

    /// Leaves sessions of an LLM for the process that holds the lock, as [`Spool::leave`] leaves an alert.
    ///
    /// # Errors
    /// If the folder cannot be made or written.
    pub fn leave_sessions(&self, id: &str, sessions: &NewSessions) -> io::Result<()> {
        self.write(id, SESSIONS, sessions)
    }

    fn write(&self, id: &str, kind: &str, content: &impl Serialize) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        durable::sync_folder_of(&self.0)?;
        durable::replace(
            &self.0.join(format!("{id}.{kind}")),
            &serde_json::to_vec(content)?,
        )
    }

    /// All waiting alerts, in the order of their ids. A missing folder holds no alert.
    ///
    /// # Errors
    /// If the folder exists and cannot be read.
    pub fn waiting(&self) -> io::Result<Vec<Waiting<Condition>>> {
        self.files(ALERT)
    }

    /// All waiting words, in the order in which they were said. A missing folder holds no word.
    ///
    /// # Errors
    /// If the folder exists and cannot be read.
    pub fn words(&self) -> io::Result<Vec<Waiting<Asked>>> {
        self.files(WORD)
    }

    /// All waiting sessions, in the order in which they were left. A missing folder holds none.
    ///
    /// # Errors
    /// If the folder exists and cannot be read.
    pub fn sessions(&self) -> io::Result<Vec<Waiting<NewSessions>>> {
        self.files(SESSIONS)
    }

    fn files<T: DeserializeOwned>(&self, kind: &str) -> io::Result<Vec<Waiting<T>>> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<Vec<PathBuf>>>()?;
        files.retain(|file| file.extension().is_some_and(|end| end == kind));
        files.sort();
        Ok(files
            .into_iter()
            .map(|file| Waiting {
                content: read(&file),
                file,
            })
            .collect())
    }

    /// Removes the file of an alert or a word that is decided and recorded, or that can never be read.
    ///
    /// # Errors
    /// If the file cannot be removed. It is then taken up again without effect: the record shows that the
    /// alert's subject has already had its alert of the day, or that the word was said.
    pub fn done<T>(&self, waiting: &Waiting<T>) -> io::Result<()> {
        fs::remove_file(&waiting.file)
    }
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T, Unreadable> {
    let content = foreign_file::read(file, BY_HAND).map_err(Unreadable::System)?;
    serde_json::from_slice(&content).map_err(Unreadable::Nonsense)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Money, Phrase, Severity};

    fn condition(subject: &str) -> Condition {
        Condition {
            subject: subject.parse().unwrap(),
            severity: Severity::Critical,
            day: "2026-11-21".parse().unwrap(),
            expires_at: None,
            evidence: "asked for".to_owned(),
            phrase: Phrase {
                long: "it gave up".to_owned(),
                short: "it gave up".to_owned(),
            },
            ask: None,
            stake: Some(Money::ZERO),
            heading: None,
        }
    }

    #[test]
    fn alerts_wait_in_the_order_of_their_ids_until_they_are_done() {
        let folder = tempfile::tempdir().unwrap();
        let handover = Spool::of(&folder.path().join("state.db"));
        assert!(handover.waiting().unwrap().is_empty());
        handover.leave("2", &condition("unit:b")).unwrap();
        handover.leave("1", &condition("unit:a")).unwrap();
        let waiting = handover.waiting().unwrap();
        let subjects: Vec<_> = waiting
            .iter()
            .map(|w| w.content.as_ref().unwrap().subject.to_string())
            .collect();
        assert_eq!(subjects, ["unit:a", "unit:b"]);
        handover.done(&waiting[0]).unwrap();
        assert_eq!(handover.waiting().unwrap().len(), 1);
    }

    #[test]
    fn a_half_written_file_is_ignored_and_a_file_without_an_alert_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let handover = Spool::of(&folder.path().join("state.db"));
        handover.leave("1", &condition("unit:a")).unwrap();
        let alerts = folder.path().join("state.db.alerts");
        fs::write(alerts.join("2.json.part"), "{").unwrap();
        fs::write(alerts.join("3.json"), "{").unwrap();
        let waiting = handover.waiting().unwrap();
        assert_eq!(waiting.len(), 2);
        assert!(matches!(waiting[1].content, Err(Unreadable::Nonsense(_))));
        handover.done(&waiting[1]).unwrap();
        // An alert that cannot be read does not keep the others from being read.
        fs::create_dir(alerts.join("0.json")).unwrap();
        let waiting = handover.waiting().unwrap();
        assert!(matches!(waiting[0].content, Err(Unreadable::System(_))) && waiting[1].content.is_ok());
        fs::remove_dir(alerts.join("0.json")).unwrap();
        assert_eq!(handover.waiting().unwrap().len(), 1);
    }
}
