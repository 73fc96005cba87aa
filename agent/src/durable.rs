//! Small files that survive a crash. A file is on the disk when a call returns, it is whole or absent, and
//! only its owner can read it.
//!
//! A draft has a fixed name beside its file. The next draft overwrites what a killed process left, so drafts
//! do not pile up.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// The mode of a private file: only its owner reads and writes it.
pub const PRIVATE: u32 = 0o600;

/// Writes `content` to `path` and replaces an earlier file there.
///
/// # Errors
/// If the file cannot be written. The earlier file is then unchanged.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = draft(path, content)?;
    fs::rename(&draft, path).inspect_err(|_| drop(fs::remove_file(&draft)))?;
    sync_folder_of(path)
}

/// `path` with `suffix` appended to the file name.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Writes `content` to a draft beside `path` and returns the draft's path. The caller renames it.
///
/// # Errors
/// If the draft cannot be written. No draft is left behind then.
pub fn draft(path: &Path, content: &[u8]) -> io::Result<PathBuf> {
    let mut draft = OsString::from(path);
    draft.push(".part");
    let draft = PathBuf::from(draft);
    // A draft that a killed process left may be readable by others.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let write = || {
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .mode(PRIVATE)
            .open(&draft)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().inspect_err(|_| drop(fs::remove_file(&draft)))?;
    Ok(draft)
}

/// Makes the name of a file survive a crash: syncs the folder that holds it.
///
/// # Errors
/// If the system does not confirm the sync.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn it_is_replaced_as_a_whole_and_is_private_whatever_a_killed_process_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        fs::write(folder.path().join("a.json.part"), "half of an ear").unwrap();
        for content in ["one", "two"] {
            replace(&path, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, PRIVATE);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_put_in_its_place_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        fs::create_dir(&path).unwrap();
        replace(&path, b"one").unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
