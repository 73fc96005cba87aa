//! A file that is damaged: it is set aside, and the start that follows loads the newest copy.

use std::path::{Path, PathBuf};

use super::{generation, remote::Remote};
use crate::{
    clock::Clock,
    store::{
        Lock, StoreError,
        file::{connection, copies, verify},
        tables::lineage,
    },
};

/// Sets a damaged file aside and returns its new path, if the remote has a sound copy that is as new as the newest
/// copy that this file knew of. The next start finds no file, and loads that copy. What the file held and no copy
/// has is in the file that was set aside, and may be said again.
///
/// `None`: there is no such copy, and nothing was touched.
///
/// # Errors
/// If another process has the state, the remote does not answer, its newest copy is damaged as well or of a newer
/// release, or the file cannot be moved. Then nothing was touched either.
pub async fn set_aside(path: &Path, remote: &Remote, clock: &Clock) -> Result<Option<PathBuf>, StoreError> {
    let _lock = Lock::take(path)?;
    let Some(newest) = remote.newest(0).await? else {
        return Ok(None);
    };
    if newest_known(path).is_some_and(|known| known > newest) {
        return Ok(None);
    }
    let (copy, _) = generation::fetch(remote, newest).await?;
    verify::refuse_newer(&copy, &format!("generation {newest}"))?;
    let suffix = format!(".damaged-{}", clock.now().strftime("%Y%m%dT%H%M%SZ"));
    copies::move_aside(path, &suffix).map(Some)
}

/// The newest copy that the file knows of, if so much of it can still be read. If not, the newest copy counts as it
/// does for a file that is missing.
fn newest_known(path: &Path) -> Option<u64> {
    let lineage = lineage::get(&connection::open_reader(path).ok()?).ok()??;
    lineage.saved.map(|saved| saved.generation)
}
