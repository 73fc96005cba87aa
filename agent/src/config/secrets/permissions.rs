//! Who else may read a file of secrets.

use std::path::Path;

/// A sentence for the log, if other users of this machine may read the file.
#[cfg(unix)]
pub(super) fn readable_by_others(path: &Path, file: &str) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| format!("{file} can be read by others (mode {mode:04o}): chmod 600 {file}"))
}

/// A sentence for the log, if other users of this machine may read the file.
#[cfg(not(unix))]
pub(super) fn readable_by_others(_: &Path, _: &str) -> Option<String> {
    None
}
