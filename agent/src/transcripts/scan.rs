//! Reads what is new in all transcripts.

use std::{
    collections::HashSet,
    fs::{File, Metadata},
    io::{self, Seek as _, SeekFrom},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{
    cursor::{Cursor, Kept, Mark, Marks, key_of},
    folders::files_below,
    line::{LineReader, Read},
    lines::{Line, Lines},
    responses::{FileNumber, Found, Responses},
};

/// What a scan found.
#[derive(Debug)]
pub struct Scanned {
    /// The responses of the lines that were new.
    pub found: Vec<Found>,
    /// The files.
    pub files: Files,
    /// Lines that have the word usage in them. Others were not looked at.
    pub lines: u64,
    /// Lines that count nothing, and why.
    pub skipped: Skipped,
    /// Lines from here on were read.
    since: Timestamp,
    marks: Vec<(Option<FileNumber>, Mark)>,
}

/// What became of the files.
#[derive(Debug, Default)]
pub struct Files {
    /// All that there are.
    pub all: usize,
    /// Those of which something was read.
    pub read: usize,
    /// Those that could not be read.
    pub unreadable: Vec<Unreadable>,
}

/// A file or folder that could not be read.
#[derive(Debug)]
pub struct Unreadable {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
}

/// Lines that count nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Claude Code said something itself.
    pub synthetic: u64,
    /// A request failed.
    pub failed: u64,
    /// The response used nothing, as far as the line says.
    pub empty: u64,
    /// The line is older than what was asked for.
    pub old: u64,
    /// The line cannot be read.
    pub broken: u64,
    /// The line is longer than any response.
    pub too_long: u64,
}

/// Reads every line of the transcripts in these folders that was written at `since` or later and that the cursor does not
/// have yet.
pub fn scan(folders: &[PathBuf], since: Timestamp, cursor: Option<&Cursor>) -> Scanned {
    let mut scan = Scan {
        since,
        known: cursor.and_then(|cursor| cursor.marks(since)).unwrap_or_default(),
        seen: HashSet::new(),
        reader: LineReader::new(),
        lines: Lines::default(),
        responses: Responses::default(),
        scanned: Scanned {
            found: Vec::new(),
            files: Files::default(),
            lines: 0,
            skipped: Skipped::default(),
            since,
            marks: Vec::new(),
        },
    };
    for folder in folders {
        let unreadable = &mut scan.scanned.files.unreadable;
        let files = files_below(folder, |path, error| unreadable.push(Unreadable { path, error }));
        for path in files {
            match scan.file(&path) {
                // It was deleted meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => scan.scanned.files.unreadable.push(Unreadable { path, error }),
                Ok(()) => {}
            }
        }
    }
    Scanned {
        found: scan.responses.into_found(),
        ..scan.scanned
    }
}

struct Scan {
    since: Timestamp,
    known: Marks,
    seen: HashSet<(u64, u64)>,
    reader: LineReader,
    lines: Lines,
    responses: Responses,
    scanned: Scanned,
}

impl Scan {
    fn file(&mut self, path: &Path) -> io::Result<()> {
        let metadata = path.metadata()?;
        // Two folders can be one, and a link can stand beside its file.
        if !metadata.is_file() || !self.seen.insert(key_of(&metadata)) {
            return Ok(());
        }
        self.scanned.files.all += 1;
        if is_older(&metadata, self.since) {
            return Ok(());
        }
        let known = self.known.remove(&key_of(&metadata));
        if let Some(mark) = known.as_ref().filter(|mark| mark.is_current(&metadata)) {
            self.scanned.marks.push((None, mark.clone()));
            return Ok(());
        }
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        let from = known.map_or(0, |mark| mark.resume(&file, &metadata));
        file.seek(SeekFrom::Start(from))?;
        // More files than that do not fit on a disk.
        let number = FileNumber::try_from(self.scanned.files.read).unwrap_or(FileNumber::MAX);
        self.scanned.files.read += 1;
        let Self {
            reader,
            lines,
            responses,
            scanned,
            since,
            ..
        } = self;
        let whole = lines.each(&mut file, |line| {
            scanned.take(reader, &line, *since, responses, number);
        })?;
        if let Some(mark) = Mark::of(&file, &metadata, from + whole) {
            scanned.marks.push((Some(number), mark));
        }
        Ok(())
    }
}

/// Whether nothing was written to a file at `since` or later, so that no line in it can be that new.
fn is_older(metadata: &Metadata, since: Timestamp) -> bool {
    metadata.mtime() < since.as_second()
}

impl Scanned {
    fn take(
        &mut self,
        reader: &LineReader,
        line: &Line<'_>,
        since: Timestamp,
        responses: &mut Responses,
        file: FileNumber,
    ) {
        let Line::Whole(line) = line else {
            self.skipped.too_long += 1;
            return;
        };
        let read = reader.read(line);
        if !matches!(read, Read::Nothing) {
            self.lines += 1;
        }
        match read {
            Read::Response(seen) if seen.at < since => self.skipped.old += 1,
            Read::Response(seen) => responses.take(&seen, file),
            Read::Nothing => {}
            Read::Synthetic => self.skipped.synthetic += 1,
            Read::Failed => self.skipped.failed += 1,
            Read::Empty => self.skipped.empty += 1,
            Read::Broken => self.skipped.broken += 1,
        }
    }

    /// The cursor for the next scan. Files in `again` are read once more: something of them was not recorded. `last` is a
    /// request that was recorded.
    pub fn cursor(&self, kept: &Kept, again: &HashSet<FileNumber>, last: Option<String>) -> Cursor {
        let is_done = |number: &Option<FileNumber>| number.is_none_or(|number| !again.contains(&number));
        let marks = self.marks.iter().filter(|(number, _)| is_done(number));
        kept.cursor(self.since, marks.map(|(_, mark)| mark.clone()).collect(), last)
    }
}
