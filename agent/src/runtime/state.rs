//! Opens the state: the database file, its lock and its copies off the machine.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    clock::Clock,
    config::StateSettings,
    failpoint,
    store::{Joined, Store, StoreError, replica::remote::Remote},
};

/// The pause between two tries to reach the remote.
const PAUSE: Duration = Duration::from_secs(2);

/// Opens the database and brings it up to date with its copies off the machine, if there is a remote.
///
/// If the remote does not answer and the local file cannot be used without it, tries again until
/// `remote_timeout` is over.
///
/// # Errors
/// If another process has the state, the database cannot be read, or the remote did not answer in time and is
/// needed.
pub async fn open(
    settings: &StateSettings,
    clock: &Clock,
    remote_timeout: Duration,
) -> Result<Store, StoreError> {
    let mut store = Store::open(&settings.path)?;
    failpoint!("start.opened");
    let Some(url) = &settings.remote else {
        return Ok(store);
    };
    let remote = Remote::open(url)?;
    let end = Instant::now() + remote_timeout;
    loop {
        match store.join(&remote, clock).await {
            Ok(joined) => {
                failpoint!("start.joined");
                log(joined, remote.name());
                return Ok(store);
            }
            Err(StoreError::NotRestored(error)) if Instant::now() + PAUSE < end => {
                tracing::warn!(%error, "the state cannot be restored yet");
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
}

fn log(joined: Joined, remote: &str) {
    match joined {
        Joined::First => tracing::info!(remote, "the remote has no copy of the state yet"),
        Joined::Newest(generation) => tracing::debug!(generation, remote, "the local state is the newest"),
        Joined::Loaded(_) | Joined::Alone => {}
    }
}
