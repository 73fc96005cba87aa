//! Opens the state: the file, its lock, its copies off the machine.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    clock::Clock,
    config::StateSettings,
    failpoint,
    store::{Joined, Store, StoreError, replica::remote::Remote},
};

/// Between two tries to reach the remote.
const PAUSE: Duration = Duration::from_secs(2);

/// Opens the file and joins it with its copies, if there are any. While nobody answers and there is nothing
/// here to go on with, tries again until `patience` is over.
///
/// # Errors
/// If another process has the state, it cannot be read, or nobody knows what it should be.
pub async fn open(settings: &StateSettings, clock: &Clock, patience: Duration) -> Result<Store, StoreError> {
    let mut store = Store::open(&settings.path)?;
    failpoint!("start.opened");
    let Some(url) = &settings.remote else {
        return Ok(store);
    };
    let remote = Remote::open(url)?;
    let end = Instant::now() + patience;
    loop {
        match store.join(&remote, clock).await {
            Ok(joined) => {
                failpoint!("start.joined");
                say(joined, remote.name());
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

fn say(joined: Joined, remote: &str) {
    match joined {
        Joined::First => tracing::info!(remote, "no copy of the state yet: this is the first"),
        Joined::Newest(generation) => tracing::debug!(generation, remote, "the state is the newest"),
        Joined::Loaded(_) | Joined::Alone => {}
    }
}
