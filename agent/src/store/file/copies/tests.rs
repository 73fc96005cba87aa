use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::store::{Store, tables::snapshots};

const WORD: &str = "SELECT arm FROM snapshots";

async fn state(folder: &Path) -> Store {
    let store = Store::open(&folder.join("mecris.db")).unwrap();
    let at = "2026-11-21T18:00:00Z".parse().unwrap();
    store
        .write(move |tx| snapshots::put(tx, "kept", at, "null"))
        .await
        .unwrap();
    store
}

fn word(path: &Path) -> String {
    open(path).unwrap().query_row(WORD, [], |row| row.get(0)).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_copy_is_made_beside_the_owner_and_needs_nothing_beside_itself() {
    let folder = tempfile::tempdir().unwrap();
    let store = state(folder.path()).await;
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for name in ["copy.db", "copy.db.zst"] {
        let copy = here.path().join(name);
        let bytes = write_new(&copy, &read(store.path()).unwrap()).unwrap();
        assert_eq!(bytes, fs::metadata(&copy).unwrap().len());
        fs::copy(&copy, there.path().join(name)).unwrap();
        assert_eq!(word(&there.path().join(name)), "kept");
    }
    assert_eq!(names(here.path()), ["copy.db", "copy.db.zst"]);
    assert_eq!(
        names(there.path()),
        ["copy.db", "copy.db.zst"],
        "reading leaves nothing behind"
    );
    assert!(
        fs::metadata(here.path().join("copy.db.zst")).unwrap().len() * 4
            < fs::metadata(here.path().join("copy.db")).unwrap().len()
    );
}

#[tokio::test]
async fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let store = state(folder.path()).await;
    let copy = folder.path().join("notes.txt");
    fs::write(&copy, "mine").unwrap();
    let error = write_new(&copy, &read(store.path()).unwrap()).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("notes.txt exists already, and a copy is written over nothing: name another file")
    );
    assert_eq!(fs::read_to_string(&copy).unwrap(), "mine");
}

#[tokio::test]
async fn what_is_not_sound_gets_no_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = read(state(folder.path()).await.path()).unwrap();
    let here = tempfile::tempdir().unwrap();
    let middle = bytes.len() / 2;
    bytes.truncate(middle);
    let error = write_new(&here.path().join("copy.db"), &bytes).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert_eq!(names(here.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    if rustix::process::geteuid().is_root() {
        // Nothing is read-only for root; the error's form is tested by the next lines all the same.
        let error = write_new(Path::new("/proc/nowhere/copy.db"), b"").unwrap_err();
        assert!(
            error.to_string().starts_with("/proc/nowhere/copy.db: "),
            "{error}"
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let error = write_new(&folder.path().join("copy.db"), b"").unwrap_err();
    assert!(
        error.to_string().contains("copy.db: Permission denied"),
        "{error}"
    );
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_moved_with_its_logs() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["mecris.db", "mecris.db-wal", "mecris.db-shm", "mecris.db.lock"] {
        fs::write(folder.path().join(name), name).unwrap();
    }
    let aside = move_aside(&folder.path().join("mecris.db"), ".unusable").unwrap();
    assert_eq!(aside, folder.path().join("mecris.db.unusable"));
    assert_eq!(
        names(folder.path()),
        [
            "mecris.db.lock",
            "mecris.db.unusable",
            "mecris.db.unusable-shm",
            "mecris.db.unusable-wal"
        ]
    );
}

#[test]
fn what_is_no_database_is_said_to_be_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    for content in [
        b"not a database, but long enough to be read as one".repeat(40),
        ZSTD_MAGIC.to_vec(),
    ] {
        fs::write(&file, content).unwrap();
        let error = open(&file).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with(&format!("{} is damaged: ", file.display())),
            "{error}"
        );
    }
    assert!(matches!(
        open(&folder.path().join("nobody")).unwrap_err(),
        StoreError::Io { .. }
    ));
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_not_missing() {
    let folder = tempfile::tempdir().unwrap();
    let store = state(folder.path()).await;
    let path = folder.path().join("alone.db");
    write_new(&path, &read(store.path()).unwrap()).unwrap();
    // A link to itself fails for root, too.
    let log = folder.path().join("alone.db-wal");
    std::os::unix::fs::symlink(&log, &log).unwrap();
    let error = read(&path).unwrap_err();
    assert!(
        matches!(&error, StoreError::Io { path, .. } if *path == log),
        "{error}"
    );

    let path = folder.path().join("loop.db");
    std::os::unix::fs::symlink(&path, &path).unwrap();
    let Err(error) = Store::open_read_only(&path) else {
        panic!("it cannot be opened")
    };
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
}
