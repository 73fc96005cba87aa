//! The ways in which a file is damaged.

use std::{fs, io::Write as _, path::Path, process::Command, sync::LazyLock};

/// A damage of the list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Damage {
    /// Ends after this part of it, in percent.
    Cut(usize),
    /// A page of zeros at this part of it.
    Zeros(usize),
    /// A page of random bytes there.
    Noise(usize),
    /// Random bits are the other way round, so many of them.
    Flip(usize),
    /// The rest of SQLite's header is random.
    Header,
    /// The last page is missing.
    LastPage,
    /// Something else is in it.
    Text,
    /// It has no bytes.
    Empty,
    /// It is not there.
    Gone,
    /// A folder has its place.
    Folder,
    /// A pipe that nobody writes to has its place.
    Fifo,
    /// A sound database of another program.
    Other,
    /// 2 GB of zeros, packed.
    Bomb,
    /// 64 MiB that are no copy.
    Big,
    /// Its name says a later generation.
    Renamed,
    /// A trigger of somebody else is in the database.
    Trigger,
}

const PAGE: usize = 4096;

impl Damage {
    /// Reads a word of the list.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (word, number) = text.rsplit_once(' ').map_or((text, 0), |(word, number)| {
            number.parse().map_or((text, 0), |number| (word, number))
        });
        Some(match word {
            "cut" => Self::Cut(number),
            "zeros" => Self::Zeros(number),
            "noise" => Self::Noise(number),
            "flip" => Self::Flip(number),
            "header" => Self::Header,
            "last page" => Self::LastPage,
            "text" => Self::Text,
            "empty" => Self::Empty,
            "gone" => Self::Gone,
            "folder" => Self::Folder,
            "fifo" => Self::Fifo,
            "other" => Self::Other,
            "bomb" => Self::Bomb,
            "big" => Self::Big,
            "renamed" => Self::Renamed,
            "trigger" => Self::Trigger,
            _ => return None,
        })
    }

    /// Damages this file. Positions and bytes are those of `rng`.
    pub(super) fn strike(self, path: &Path, rng: &mut fastrand::Rng) {
        let bytes = fs::read(path).unwrap_or_default();
        let edited = |edit: &mut dyn FnMut(&mut Vec<u8>)| {
            let mut bytes = bytes.clone();
            edit(&mut bytes);
            fs::write(path, bytes).expect("the test may damage it");
        };
        match self {
            Self::Cut(percent) => edited(&mut |bytes| bytes.truncate(bytes.len() * percent / 100)),
            Self::LastPage => edited(&mut |bytes| bytes.truncate(bytes.len().saturating_sub(PAGE))),
            Self::Zeros(percent) => edited(&mut |bytes| page(bytes, percent).fill(0)),
            Self::Noise(percent) => edited(&mut |bytes| rng.fill(page(bytes, percent))),
            Self::Header => edited(&mut |bytes| rng.fill(&mut bytes[16..100])),
            Self::Flip(count) => edited(&mut |bytes| {
                for _ in 0..count {
                    let at = rng.usize(..bytes.len());
                    bytes[at] ^= 1 << rng.u8(..8);
                }
            }),
            Self::Text => fs::write(path, b"nonsense ".repeat(2000)).expect("the test may damage it"),
            Self::Empty => fs::write(path, b"").expect("the test may damage it"),
            Self::Big => fs::write(path, vec![7; 64 << 20]).expect("the test may damage it"),
            Self::Gone => remove(path),
            Self::Folder => {
                remove(path);
                fs::create_dir(path).expect("a folder");
            }
            Self::Fifo => {
                remove(path);
                let made = Command::new("mkfifo").arg(path).status().expect("mkfifo");
                assert!(made.success());
            }
            Self::Other => fs::write(path, of_another_program()).expect("the test may damage it"),
            Self::Bomb => fs::write(path, &*BOMB).expect("the test may damage it"),
            Self::Renamed => rename(path),
            Self::Trigger => trigger(path),
        }
    }
}

/// Removes what has this name, whatever it is.
pub(super) fn remove(path: &Path) {
    let Ok(found) = fs::symlink_metadata(path) else {
        return;
    };
    if found.is_dir() {
        fs::remove_dir_all(path).expect("a folder of the test");
    } else {
        fs::remove_file(path).expect("a file of the test");
    }
}

/// The page at this part of the bytes.
fn page(bytes: &mut [u8], percent: usize) -> &mut [u8] {
    let at = (bytes.len() * percent / 100) / PAGE * PAGE;
    let end = bytes.len().min(at + PAGE);
    &mut bytes[at..end]
}

fn of_another_program() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("other.db");
    let connection = rusqlite::Connection::open(&path).expect("a database");
    connection
        .execute_batch("CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('Air');")
        .expect("a table");
    drop(connection);
    fs::read(path).expect("a database")
}

/// 2 GB of zeros, packed without ever having them.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut packed = zstd::Encoder::new(Vec::new(), 1).expect("an encoder");
    let zeros = vec![0; 1 << 20];
    for _ in 0..2048 {
        packed.write_all(&zeros).expect("memory");
    }
    packed.finish().expect("memory")
});

fn rename(path: &Path) {
    let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
    let number: u64 = name
        .split('.')
        .next()
        .and_then(|digits| digits.parse().ok())
        .expect("a number");
    fs::rename(path, path.with_file_name(format!("{:010}.db.zst", number + 5)))
        .expect("the test may rename it");
}

fn trigger(path: &Path) {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = folder.path().join("plain.db");
    let packed = fs::read(path).expect("a copy");
    fs::write(&plain, zstd::decode_all(&packed[..]).expect("a sound copy")).expect("a database");
    let connection = rusqlite::Connection::open(&plain).expect("a database");
    connection
        .execute_batch("CREATE TRIGGER mine AFTER INSERT ON runs BEGIN DELETE FROM claims; END;")
        .expect("a trigger");
    drop(connection);
    let bytes = fs::read(&plain).expect("a database");
    fs::write(path, zstd::encode_all(&bytes[..], 3).expect("it can be packed"))
        .expect("the test may damage it");
}
