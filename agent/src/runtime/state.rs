//! Opens the state: the database file, its lock and its copies off the machine.

use std::{path::Path, time::Duration};

use tokio::time::Instant;

use crate::{
    clock::Clock,
    config::StateSettings,
    failpoint,
    store::{
        Joined, Store, StoreError,
        replica::{heal, remote::Remote},
    },
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
    let remote = settings.remote.as_ref().map(Remote::open).transpose()?;
    let mut store = match &remote {
        Some(remote) => open_or_heal(&settings.path, remote, clock).await?,
        None => Store::open(&settings.path)?,
    };
    failpoint!("start.opened");
    let Some(remote) = remote else {
        return Ok(store);
    };
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

/// Opens the file. A damaged file is set aside, if a sound copy off the machine can take its place.
async fn open_or_heal(path: &Path, remote: &Remote, clock: &Clock) -> Result<Store, StoreError> {
    let damage = match Store::open(path) {
        Err(error) if error.is_damage() => error,
        opened => return opened,
    };
    match heal::set_aside(path, remote, clock).await {
        Ok(Some(aside)) => {
            tracing::error!(
                %damage,
                aside = %aside.display(),
                "the state of this machine was damaged: it is set aside, and the newest copy takes its place"
            );
            Store::open(path)
        }
        Ok(None) => Err(damage),
        Err(error) => {
            tracing::error!(%error, "no copy can take the place of the damaged state now");
            Err(damage)
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
