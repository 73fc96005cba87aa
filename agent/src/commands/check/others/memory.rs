//! What this installation knows of the messages that it sent.

use jiff::Timestamp;
use rusqlite::Connection;
use tokio::time::timeout;
use url::Url;

use super::{CONNECTION_TIMEOUT, finding::Finding};
use crate::{
    config::StateSettings,
    notify::channels::SentMessage,
    store::{
        Store, StoreError,
        replica::{generation, remote::Remote},
        tables::{
            outbox::{self, Ours},
            runs,
        },
    },
};

/// What is known of the messages that this installation sent.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Its messages.
    pub(super) ours: Ours,
    /// When the first pass began that is still known.
    pub(super) began: Option<Timestamp>,
    /// Why it may have sent more than is known, for a person. `None`: all is known.
    pub(super) gap: Option<String>,
}

impl Memory {
    /// The state here. If it does not explain everything that was sent, the newest copy off the machine too: another
    /// machine of this installation may have gone on with it.
    pub(super) async fn of(state: &StateSettings, sent: &[SentMessage]) -> Self {
        let here = Store::open_read_only(&state.path).and_then(|store| store.read(Self::read));
        let mut memory = match here {
            Ok(memory) => memory,
            Err(StoreError::Missing(_)) => Self {
                gap: Some("there is no state here yet".to_owned()),
                ..Self::default()
            },
            Err(error) => Self {
                gap: Some(format!("the state here cannot be read: {error}")),
                ..Self::default()
            },
        };
        let Some(url) = &state.remote else {
            return memory;
        };
        if Finding::of(sent, &memory.ours).is_nothing() {
            return memory;
        }
        let read = timeout(CONNECTION_TIMEOUT, newest_copy(url)).await;
        let why = match read {
            Ok(Ok(copy)) => {
                copy.into_iter().for_each(|copy| memory.add(copy));
                return memory;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {CONNECTION_TIMEOUT:?}"),
        };
        memory.gap = Some(format!("the newest copy in state.remote cannot be read: {why}"));
        memory
    }

    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            ours: outbox::ours(connection)?,
            began: runs::first(connection)?,
            gap: None,
        })
    }

    /// Adds the newest copy. It knows all that the other machines of this installation sent, so nothing is missing.
    fn add(&mut self, copy: Self) {
        self.ours.add(copy.ours);
        self.began = [self.began, copy.began].into_iter().flatten().min();
        self.gap = None;
    }
}

/// What the newest copy off the machine knows. `None`: there is no copy yet.
async fn newest_copy(url: &Url) -> Result<Option<Memory>, StoreError> {
    let is_folder_to_come = url.to_file_path().is_ok_and(|folder| !folder.exists());
    if url.scheme() == "file" && is_folder_to_come {
        return Ok(None);
    }
    let remote = Remote::open(url)?;
    let Some(newest) = remote.newest(0).await? else {
        return Ok(None);
    };
    let (copy, _) = generation::fetch(&remote, newest).await?;
    Ok(Some(Memory::read(&copy)?))
}
