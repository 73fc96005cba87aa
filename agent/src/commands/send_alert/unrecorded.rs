//! The last resort: an alert whose sender finds no state that can be opened. A unit that gives up must reach the
//! person all the same, and a damaged state is one of the reasons why units give up.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};

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
    let (state, subject) = (&loaded.settings.state.path, &condition.subject);
    let mark = match Mark::take(state, subject, condition.day, clock) {
        Ok(Some(mark)) => mark,
        Ok(None) => {
            return Err(
                why.context("not sent: it was sent today already, or is being sent, without the state")
            );
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
    let scratch = Scratch::make(clock).context("no folder for temporary files can be made")?;
    let store = Store::open(&scratch.0.join("alert.db"))?;
    let agent = Agent::assemble(&loaded.settings, &loaded.secrets, clock.clone(), store)?;
    let exit = deliver(&agent, condition).await;
    // What waits for another try goes with the scratch state, so the next call must be allowed to try.
    let messages = agent.store.read(outbox::counts)?;
    let is_told = [State::Sending, State::Accepted, State::Delivered, State::Unknown]
        .iter()
        .any(|state| messages.get(state).is_some_and(|&messages| messages > 0));
    if is_told {
        mark.sent();
    }
    exit
}

/// What a mark holds once the alert was sent.
const SENT: &str = "sent";

/// A mark that says no more than that somebody tries is believed for so long: longer than any try takes. Whoever left
/// it was killed.
const TRYING: SignedDuration = SignedDuration::from_mins(5);

/// A file that says that a subject is being sent on a day, and then that it was sent. Dropped before that, it is
/// removed, so that the next call tries again.
struct Mark {
    path: PathBuf,
    is_sent: bool,
}

impl Mark {
    /// `None` if the alert was sent on that day, or is being sent. The mark lies beside the state. If the folder of the
    /// state takes no file, it lies in the folder that systemd keeps for the unit, or in that for temporary files.
    fn take(state: &Path, subject: &Subject, day: Daystamp, clock: &Clock) -> io::Result<Option<Self>> {
        // Two installations may share a folder for temporary files, and a subject may have any characters.
        let mut hasher = DefaultHasher::new();
        (state, subject.as_str()).hash(&mut hasher);
        let beside_state = beside(state, &format!(".unrecorded-{day}-{:016x}", hasher.finish()));
        let file = beside_state.file_name().unwrap_or_default();
        let of_unit = std::env::var_os("RUNTIME_DIRECTORY").map(|folder| PathBuf::from(folder).join(file));
        let temporary = std::env::temp_dir().join(file);
        let mut refused = None;
        for path in [Some(beside_state.clone()), of_unit, Some(temporary)]
            .into_iter()
            .flatten()
        {
            match Self::take_at(path, clock) {
                Err(error) => refused = refused.or(Some(error)),
                taken => return taken,
            }
        }
        Err(refused.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
    }

    fn take_at(path: PathBuf, clock: &Clock) -> io::Result<Option<Self>> {
        let make = || {
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true).mode(PRIVATE).open(&path)
        };
        match make() {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let made_at = fs::symlink_metadata(&path)?.modified()?;
                let made_at = Timestamp::try_from(made_at).map_err(io::Error::other)?;
                let age = clock.now().duration_since(made_at);
                if age < TRYING || fs::read_to_string(&path).is_ok_and(|text| text == SENT) {
                    return Ok(None);
                }
                fs::remove_file(&path)?;
                make()?;
            }
            made => drop(made?),
        }
        Ok(Some(Self { path, is_sent: false }))
    }

    fn sent(mut self) {
        self.is_sent = true;
        if let Err(error) = fs::write(&self.path, SENT) {
            tracing::warn!(%error, mark = %self.path.display(), "it is not noted that this alert was sent");
        }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        if self.is_sent {
            return;
        }
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, mark = %self.path.display(), "this mark keeps the alert from being tried again at once");
        }
    }
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
