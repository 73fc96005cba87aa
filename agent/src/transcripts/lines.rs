//! The whole lines of a file that grows.

use std::io::{self, Read};

/// How much is read at once. Nearly every line fits.
const USUAL: usize = 256 * 1024;

/// The longest line that is read. The longest response is a tenth of that; what is longer has files or pictures in it
/// that a person gave.
pub(super) const LONGEST: usize = 16 * 1024 * 1024;

/// A line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Without its end.
    Whole(&'a [u8]),
    /// It is longer than [`LONGEST`].
    TooLong,
}

/// Reads lines with one buffer for all files.
#[derive(Debug, Default)]
pub(super) struct Lines {
    buffer: Vec<u8>,
}

impl Lines {
    /// Calls `each` with every line that has its end. Returns how many bytes these lines have. What comes after the last
    /// end is a line that is being written: it is left for the next time.
    ///
    /// # Errors
    /// If the file cannot be read. The lines before that were told.
    pub(super) fn each(&mut self, file: &mut impl Read, mut each: impl FnMut(Line<'_>)) -> io::Result<u64> {
        self.buffer.resize(USUAL, 0);
        let (mut filled, mut read, mut whole) = (0, 0_u64, 0_u64);
        let mut is_too_long = false;
        loop {
            if filled == self.buffer.len() {
                if filled < LONGEST {
                    self.buffer.resize((2 * filled).min(LONGEST), 0);
                } else {
                    is_too_long = true;
                    filled = 0;
                }
            }
            let more = match file.read(&mut self.buffer[filled..]) {
                Ok(0) => break,
                Ok(more) => more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            read += more as u64;
            let Some(end) = memchr::memrchr(b'\n', &self.buffer[filled..filled + more]) else {
                filled += more;
                continue;
            };
            let (end, all) = (filled + end + 1, filled + more);
            let mut start = 0;
            for newline in memchr::memchr_iter(b'\n', &self.buffer[..end]) {
                each(if is_too_long {
                    Line::TooLong
                } else {
                    Line::Whole(&self.buffer[start..newline])
                });
                is_too_long = false;
                start = newline + 1;
            }
            whole = read - (all - end) as u64;
            self.buffer.copy_within(end..all, 0);
            filled = all - end;
        }
        self.buffer.truncate(USUAL);
        self.buffer.shrink_to(USUAL);
        Ok(whole)
    }
}
