//! Reads files that a person or another program wrote: never more than fits, and nothing but ordinary files.
//!
//! A pipe that nobody writes to would be waited for, and a device such as `/dev/zero` has no end.

use std::{
    fs::{File, FileType},
    io::{self, Read as _},
    os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    path::Path,
};

/// The largest file that a person writes by hand, in bytes.
pub const BY_HAND: u64 = 1 << 20;

/// Reads a whole file of at most `most` bytes.
///
/// # Errors
/// If there is no such file, it is not an ordinary file, it has more bytes, or it cannot be read. The error's text goes
/// on after "cannot be read: ".
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    must_be_ordinary(std::fs::metadata(path)?.file_type())?;
    // It may have become something else since, so it is opened without waiting, and looked at again.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    must_be_ordinary(file.metadata()?.file_type())?;
    let mut content = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut content)?;
    if u64::try_from(content.len()).is_ok_and(|read| read <= most) {
        Ok(content)
    } else {
        Err(io::Error::other(format!("it has more than {} MiB", most >> 20)))
    }
}

/// As [`read`], for a text.
///
/// # Errors
/// As [`read`], and [`io::ErrorKind::InvalidData`] if it is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read(path, most)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

fn must_be_ordinary(kind: FileType) -> io::Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    let what = match kind {
        kind if kind.is_dir() => "a folder",
        kind if kind.is_fifo() => "a pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    };
    Err(io::Error::other(format!("it is {what}, not an ordinary file")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(path: &Path, most: u64) -> String {
        read(path, most).unwrap_err().to_string()
    }

    #[test]
    fn only_ordinary_files_of_some_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, vec![b'x'; 1 << 20]).unwrap();
        assert_eq!(read(&path, 1 << 20).unwrap().len(), 1 << 20);
        std::fs::write(&path, vec![b'x'; (1 << 20) + 1]).unwrap();
        assert_eq!(refused(&path, 1 << 20), "it has more than 1 MiB");
        std::fs::write(&path, b"\xff").unwrap();
        assert_eq!(
            read_text(&path, 9).unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
        assert_eq!(refused(folder.path(), 9), "it is a folder, not an ordinary file");
        assert_eq!(
            refused(Path::new("/dev/zero"), 9),
            "it is a device, not an ordinary file"
        );
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
        assert_eq!(refused(&pipe, 9), "it is a pipe, not an ordinary file");
        let missing = read(&folder.path().join("missing"), 9).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
