//! Alerts that somebody without the lock asks whoever has it to send: one JSON file each, in a folder beside
//! the database.
//!
//! A unit that gives up while the daemon runs cannot write to the state, and its alert must not be lost. So
//! `send-alert` leaves the condition here, whole and on the disk, and the daemon takes it up, now or at its
//! next start.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    domain::Condition,
    durable::{self, beside},
};

/// The folder of one database.
#[derive(Clone, Debug)]
pub struct Spool(PathBuf);

/// One that waits.
#[derive(Debug)]
pub struct Waiting {
    /// Its file.
    pub file: PathBuf,
    /// What it says.
    pub condition: Result<Condition, Unreadable>,
}

/// Why nobody knows what an alert says.
#[derive(Debug)]
pub enum Unreadable {
    /// It cannot be read now.
    System(io::Error),
    /// It is none, and never will be.
    Nonsense(serde_json::Error),
}

impl Spool {
    /// That of the database at this path.
    pub fn of(database: &Path) -> Self {
        Self(beside(database, ".alerts"))
    }

    /// Leaves an alert for whoever has the state. It is on the disk when this returns; `id` must be new.
    ///
    /// # Errors
    /// If the folder cannot be made or written.
    pub fn leave(&self, id: &str, condition: &Condition) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        durable::keep_name(&self.0)?;
        durable::replace(
            &self.0.join(format!("{id}.json")),
            &serde_json::to_vec(condition)?,
        )
    }

    /// Those that wait, in the order of their ids.
    ///
    /// # Errors
    /// If the folder is there and cannot be read.
    pub fn waiting(&self) -> io::Result<Vec<Waiting>> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<Vec<PathBuf>>>()?;
        files.retain(|file| file.extension().is_some_and(|end| end == "json"));
        files.sort();
        Ok(files
            .into_iter()
            .map(|file| Waiting {
                condition: read(&file),
                file,
            })
            .collect())
    }

    /// It is decided and on record, or never can be.
    ///
    /// # Errors
    /// If the file cannot be removed; then it is decided again, and the record says that its day has had its
    /// alert.
    pub fn done(&self, waiting: &Waiting) -> io::Result<()> {
        fs::remove_file(&waiting.file)
    }
}

fn read(file: &Path) -> Result<Condition, Unreadable> {
    let content = fs::read(file).map_err(Unreadable::System)?;
    serde_json::from_slice(&content).map_err(Unreadable::Nonsense)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Phrase, Severity};

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
        }
    }

    #[test]
    fn what_is_left_waits_in_order_until_it_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let handover = Spool::of(&folder.path().join("state.db"));
        assert!(handover.waiting().unwrap().is_empty());
        handover.leave("2", &condition("unit:b")).unwrap();
        handover.leave("1", &condition("unit:a")).unwrap();
        let waiting = handover.waiting().unwrap();
        let subjects: Vec<_> = waiting
            .iter()
            .map(|w| w.condition.as_ref().unwrap().subject.to_string())
            .collect();
        assert_eq!(subjects, ["unit:a", "unit:b"]);
        handover.done(&waiting[0]).unwrap();
        assert_eq!(handover.waiting().unwrap().len(), 1);
    }

    #[test]
    fn what_is_half_written_is_not_seen_and_what_is_no_alert_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let handover = Spool::of(&folder.path().join("state.db"));
        handover.leave("1", &condition("unit:a")).unwrap();
        let alerts = folder.path().join("state.db.alerts");
        fs::write(alerts.join("2.json.part"), "{").unwrap();
        fs::write(alerts.join("3.json"), "{").unwrap();
        let waiting = handover.waiting().unwrap();
        assert_eq!(waiting.len(), 2);
        assert!(matches!(waiting[1].condition, Err(Unreadable::Nonsense(_))));
        handover.done(&waiting[1]).unwrap();
        // One that cannot be read is in nobody's way.
        fs::create_dir(alerts.join("0.json")).unwrap();
        let waiting = handover.waiting().unwrap();
        assert!(matches!(waiting[0].condition, Err(Unreadable::System(_))) && waiting[1].condition.is_ok());
        fs::remove_dir(alerts.join("0.json")).unwrap();
        assert_eq!(handover.waiting().unwrap().len(), 1);
    }
}
