//! The recorded state for commands that only show it: this machine's, beside a running daemon too, else the newest
//! copy off the machine.

use anyhow::Context as _;
use tempfile::TempDir;

use super::{context, run::copy_of_state};
use crate::{
    config::{Settings, StateSettings},
    heuristic::{Rules, standing::View},
    store::{Store, StoreError},
};

/// The state to read. The folder of a copy is removed when this is dropped.
pub(super) struct Recorded {
    store: Store,
    _folder: Option<TempDir>,
}

impl Recorded {
    /// # Errors
    /// If there is no state, neither here nor off the machine, or it cannot be read.
    pub(super) async fn open(settings: &StateSettings) -> anyhow::Result<Self> {
        let missing = match Store::open_read_only(&settings.path) {
            Ok(store) => {
                return Ok(Self { store, _folder: None });
            }
            Err(error @ StoreError::Missing(_)) => error,
            Err(error) => return Err(context::advise(settings, error)),
        };
        if settings.remote.is_none() {
            return Err(missing).context("nothing is recorded yet: make a pass first, `mecris-agent run`");
        }
        let (store, folder) = copy_of_state(settings).await?;
        Ok(Self {
            store,
            _folder: Some(folder),
        })
    }

    /// How everything stands, and what `more` reads on the same connection.
    pub(super) fn view<T>(
        &self,
        settings: &Settings,
        now: jiff::Timestamp,
        more: impl FnOnce(&View, &rusqlite::Connection) -> rusqlite::Result<T>,
    ) -> anyhow::Result<(View, T)> {
        let rules = Rules::new(settings, settings.notify.channels.clone());
        let read = self.store.read(|connection| {
            let view = rules.view(connection, now)?;
            let more = more(&view, connection)?;
            Ok((view, more))
        });
        read.map_err(|error| context::advise(&settings.state, error))
    }
}
