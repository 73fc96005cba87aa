use std::ffi::OsString;

use super::*;
use crate::transcripts::lines::{LONGEST, Line, Lines};

fn whole_lines(content: &[u8]) -> (Vec<Vec<u8>>, usize, u64) {
    let (mut lines, mut too_long) = (Vec::new(), 0);
    let read = Lines::default()
        .each(&mut &*content, |line| match line {
            Line::Whole(line) => lines.push(line.to_vec()),
            Line::TooLong => too_long += 1,
        })
        .unwrap();
    (lines, too_long, read)
}

#[test]
fn lines_are_whole_however_long_they_are() {
    for length in [
        0,
        1,
        255 * 1024,
        256 * 1024 - 1,
        256 * 1024,
        256 * 1024 + 1,
        5_000_000,
    ] {
        let long = vec![b'x'; length];
        let content = [b"first\n", &long[..], b"\nlast\nhalf"].concat();
        let (lines, too_long, read) = whole_lines(&content);
        assert_eq!((lines.len(), too_long), (3, 0), "{length}");
        assert_eq!((lines[1].len(), &lines[2][..]), (length, &b"last"[..]));
        assert_eq!(read, content.len() as u64 - 4);
    }
}

#[test]
fn a_line_that_is_too_long_is_counted_and_not_kept() {
    let mut content = b"first\n".to_vec();
    content.resize(LONGEST + 1_000_000, b'x');
    let (lines, too_long, read) = whole_lines(&content);
    assert_eq!((lines.len(), too_long, read), (1, 0, 6), "it has no end yet");
    content.extend_from_slice(b"\nlast\n");
    let (lines, too_long, read) = whole_lines(&content);
    assert_eq!((lines.len(), too_long, read), (2, 1, content.len() as u64));
}

#[test]
fn a_reader_in_small_pieces_gives_the_same_lines() {
    struct Piecewise<'a>(&'a [u8], usize);
    impl std::io::Read for Piecewise<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = self.1.min(buffer.len());
            self.0.read(&mut buffer[..length])
        }
    }
    let content = b"a\nbb\n\nccc\ndd";
    for size in 1..=content.len() {
        let mut lines = Vec::new();
        let read = Lines::default().each(&mut Piecewise(content, size), |line| {
            if let Line::Whole(line) = line {
                lines.push(line.to_vec());
            }
        });
        assert_eq!(read.unwrap(), 10, "{size}");
        assert_eq!(lines, [&b"a"[..], b"bb", b"", b"ccc"], "{size}");
    }
}

#[test]
fn the_folders_are_those_of_claude_code() {
    let home = tempfile::tempdir().unwrap();
    let folder = |name: &str| home.path().join(name);
    let find = |said: Option<OsString>, named: &[PathBuf]| {
        transcripts_of(named, |name| match name {
            "CLAUDE_CONFIG_DIR" => said.clone(),
            _ => Some(home.path().into()),
        })
    };
    assert!(matches!(find(None, &[]), Err(NoTranscripts::Nowhere(_))));
    for name in [
        ".claude/projects",
        ".config/claude/projects",
        "a/projects",
        "b/projects",
        "plain",
    ] {
        fs::create_dir_all(folder(name)).unwrap();
    }
    assert_eq!(
        find(None, &[]).unwrap(),
        [folder(".claude/projects"), folder(".config/claude/projects")]
    );
    let list = format!(
        "{}, {},,{}",
        folder("a").display(),
        folder("b").display(),
        folder("gone").display()
    );
    assert_eq!(
        find(Some(list.into()), &[]).unwrap(),
        [folder("a/projects"), folder("b/projects")]
    );
    assert_eq!(
        find(Some(OsString::new()), &[]).unwrap().len(),
        2,
        "an empty variable is none"
    );
    assert_eq!(
        find(None, &[folder("a"), folder("plain")]).unwrap(),
        [folder("a/projects"), folder("plain")]
    );
    assert_eq!(
        find(None, &[folder("gone")]),
        Err(NoTranscripts::NotAFolder(folder("gone")))
    );
    assert_eq!(transcripts_of(&[], |_| None), Err(NoTranscripts::NoHome));
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_the_others_are_read() {
    let mut machine = Machine::new();
    machine.lines("s1.jsonl", &[line(Some("req_1"), None, 1, 2)]);
    // Nobody, root included, can read the content of a link to itself.
    std::os::unix::fs::symlink(machine.path("s2.jsonl"), machine.path("s2.jsonl")).unwrap();
    fs::create_dir(machine.path("s3.jsonl")).unwrap();
    let (scanned, new) = machine.scan();
    assert_eq!((new, scanned.files.unreadable.len()), (1, 1));
    assert!(scanned.files.unreadable[0].path.ends_with("s2.jsonl"));
}
