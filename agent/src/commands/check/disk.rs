//! The state's place on the disk: whether it can be read, written and made.

use std::{io::Write as _, path::Path};

use crate::{
    durable,
    store::{Store, StoreError},
};

/// About what one pass writes: a trial for the disk.
static TRIAL_BYTES: [u8; 64 * 1024] = [0; 64 * 1024];

/// What is wrong with the state itself; `None`: it is sound, or there is none, or it cannot be opened, which
/// [`state`] says.
pub(super) fn damage(path: &Path) -> Option<StoreError> {
    let opened = Store::open_read_only(path);
    opened
        .and_then(|store| store.verify())
        .err()
        .filter(StoreError::is_damage)
}

/// Whether the state can be read and written. Neither makes the file nor needs the lock, so it works beside a
/// running daemon.
pub(super) fn state(path: &Path) -> Result<String, String> {
    match Store::open_read_only(path) {
        Ok(_) => writable(path).map(|()| format!("{} can be read and written", path.display())),
        Err(StoreError::Missing(_)) => makeable(path, "state.path"),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether a missing file or folder can be made, tried out in the nearest existing folder above it.
pub(super) fn makeable(path: &Path, setting: &str) -> Result<String, String> {
    let here = std::path::absolute(path).map_err(|error| error.to_string())?;
    let folder = here
        .ancestors()
        .skip(1)
        .find(|folder| folder.exists())
        .unwrap_or(Path::new("/"));
    // Permissions, read-only file systems and quotas can all forbid it, so only a try gives the answer.
    let try_out = folder.join(format!(".mecris-check-{}", std::process::id()));
    std::fs::create_dir(&try_out)
        .and_then(|()| std::fs::remove_dir(&try_out))
        .map_err(|error| {
            format!(
                "{} cannot be made, because {} cannot be written: {error}; change {setting}",
                path.display(),
                folder.display()
            )
        })?;
    Ok(format!("{} will be made by the first pass", path.display()))
}

fn writable(path: &Path) -> Result<(), String> {
    let opened = std::fs::OpenOptions::new().append(true).open(path);
    let file = opened.map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    if file.metadata().is_ok_and(|found| !found.is_file()) {
        return Err(format!("{} is no ordinary file", path.display()));
    }
    room_beside(path)
}

/// Whether the disk of the state takes what a pass writes. Opening a file succeeds on a full disk too.
fn room_beside(path: &Path) -> Result<(), String> {
    let trial = durable::beside(path, &format!(".check-{}", std::process::id()));
    let written = std::fs::File::create_new(&trial).and_then(|mut file| {
        file.write_all(&TRIAL_BYTES)?;
        file.sync_all()
    });
    let removed = std::fs::remove_file(&trial);
    written
        .and(removed)
        .map_err(|error| format!("nothing can be written beside {}: {error}", path.display()))
}
