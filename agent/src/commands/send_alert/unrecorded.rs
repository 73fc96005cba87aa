//! The last resort: an alert whose sender finds no state that can be opened. A unit that gives up must reach the
//! person all the same, and a damaged state is one of the reasons why units give up.

use std::{
    fs, io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::{Exit, deliver};
use crate::{
    clock::{self, Clock},
    config::Loaded,
    domain::{Condition, Daystamp, Severity, Subject},
    durable::{PRIVATE, beside},
    notify::outbox::State,
    runtime::Agent,
    store::{Store, StoreError, tables::outbox},
};

/// Whether this alert may be sent without the state: it is CRITICAL, and the state cannot be opened. A state that
/// another process has is no reason: that process takes the alert.
pub(super) fn is_worth_it(error: &anyhow::Error, condition: &Condition) -> bool {
    let of_state = error.chain().find_map(|cause| cause.downcast_ref::<StoreError>());
    condition.severity == Severity::Critical
        && of_state.is_some_and(|error| !matches!(error, StoreError::Locked { .. }))
}

/// Sends the alert by a state that is thrown away. What was said before is not known, so each subject is sent once
/// a day, by a mark beside the state.
pub(super) async fn send(
    loaded: &Loaded,
    clock: &Clock,
    condition: Condition,
    why: anyhow::Error,
) -> anyhow::Result<Exit> {
    let mark = match Mark::leave(&loaded.settings.state.path, &condition.subject, condition.day) {
        Ok(mark) => mark,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(why.context("not sent: it was sent today already, without the state"));
        }
        Err(error) => {
            return Err(why.context(format!(
                "not sent: the state cannot be opened, and no mark can be left that it was sent ({error})"
            )));
        }
    };
    tracing::error!(
        error = format!("{why:#}"),
        "the state cannot be opened: the alert is sent without it"
    );
    let scratch = Scratch::make(clock).context(why)?;
    let store = Store::open(&scratch.0.join("alert.db"))?;
    let agent = Agent::assemble(&loaded.settings, &loaded.secrets, clock.clone(), store)?;
    let exit = deliver(&agent, condition).await;
    // What waits for another try goes with the scratch state, so the next call must be allowed to try.
    let arrived = agent.store.read(outbox::counts)?;
    let nobody_told = [State::Sending, State::Accepted, State::Delivered, State::Unknown]
        .iter()
        .all(|state| arrived.get(state).is_none_or(|&messages| messages == 0));
    if nobody_told {
        mark.remove();
    }
    exit
}

/// A file that says that a subject was sent on a day.
struct Mark(PathBuf);

impl Mark {
    /// Fails with `AlreadyExists` if there is such a file. If the folder of the state takes no file, it lies in the
    /// folder for temporary files.
    fn leave(state: &Path, subject: &Subject, day: Daystamp) -> io::Result<Self> {
        let word: String = subject
            .as_str()
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '-' {
                    c
                } else {
                    '_'
                }
            })
            .take(100)
            .collect();
        let suffix = format!(".unrecorded-{day}-{word}");
        let name = beside(state, &suffix);
        let elsewhere = std::env::temp_dir().join(name.file_name().unwrap_or_default());
        match create(name) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => create(elsewhere),
            left => left,
        }
    }

    fn remove(self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::warn!(%error, mark = %self.0.display(), "this mark keeps the alert from being tried again today");
        }
    }
}

fn create(path: PathBuf) -> io::Result<Mark> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(PRIVATE).open(&path)?;
    Ok(Mark(path))
}

/// A folder for a state that is thrown away.
struct Scratch(PathBuf);

impl Scratch {
    fn make(clock: &Clock) -> io::Result<Self> {
        let name = format!("mecris-alert-{}", clock::time_ordered_id(clock.now()));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::debug!(%error, "a folder for temporary files stays");
        }
    }
}
