//! Reads journald's journal by `journalctl`, which knows every format of journal files and follows them while
//! they are rotated.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::{Child, ChildStdout, Command},
};

use super::entry;

/// Follows the journal of the whole machine. Dropping this ends the child process.
pub(super) struct Source {
    child: Child,
    lines: Lines<ChildStdout>,
}

/// Why the journal cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// `journalctl` does not exist or cannot be run.
    #[error("journalctl cannot be started: {0}; it belongs to systemd, and its folder must be in PATH")]
    Start(std::io::Error),
    /// `journalctl` ended.
    #[error("journalctl ended ({0}): may this user read the journal (group systemd-journal)?")]
    Ended(String),
    /// The output of `journalctl` cannot be read.
    #[error("the output of journalctl cannot be read: {0}")]
    Read(std::io::Error),
}

impl Source {
    /// Follows the journal after the entry with this cursor; without a cursor, the whole journal.
    pub(super) fn follow(after: Option<&str>) -> Result<Self, SourceError> {
        let mut command = Command::new("journalctl");
        // `--merge`, because `--follow` alone leaves out lines from before this boot, such as the last lines
        // of the boot before.
        command.args([
            "--follow",
            "--merge",
            "--no-tail",
            "--all",
            "--quiet",
            "--output=json",
        ]);
        command.arg(format!("--output-fields={}", entry::output_fields()));
        if let Some(cursor) = after {
            command.arg(format!("--after-cursor={cursor}"));
        }
        let spawned = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut child = spawned.map_err(SourceError::Start)?;
        let stdout = child.stdout.take().expect("it was piped");
        Ok(Self {
            child,
            lines: Lines::of(stdout),
        })
    }

    /// The next line. No line is lost if the future is dropped.
    pub(super) async fn next(&mut self) -> Result<String, SourceError> {
        match self.lines.next().await {
            Ok(Some(line)) => Ok(line),
            Ok(None) => {
                let status = self.child.wait().await.map_err(SourceError::Read)?;
                Err(SourceError::Ended(status.to_string()))
            }
            Err(error) => Err(SourceError::Read(error)),
        }
    }
}

/// The lines of a stream. A byte that is no UTF-8 becomes the replacement character: it must not end the process,
/// which would read the same line again at its next start.
struct Lines<R> {
    reader: BufReader<R>,
    /// What was read of the next line.
    begun: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn of(stream: R) -> Self {
        Self {
            reader: BufReader::new(stream),
            begun: Vec::new(),
        }
    }

    /// The next line; `None` at the end. Nothing is lost if the future is dropped.
    async fn next(&mut self) -> std::io::Result<Option<String>> {
        self.reader.read_until(b'\n', &mut self.begun).await?;
        let mut line = std::mem::take(&mut self.begun);
        if line.is_empty() {
            return Ok(None);
        }
        line.pop_if(|last| *last == b'\n');
        line.pop_if(|last| *last == b'\r');
        Ok(Some(String::from_utf8_lossy(&line).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{io::AsyncWriteExt as _, time::timeout};

    use super::*;

    #[tokio::test]
    async fn a_byte_that_is_no_text_costs_no_line() {
        let mut lines = Lines::of(&b"one\n{\"MESSAGE\":\"caf\xe9\"}\r\n\n\xff"[..]);
        let mut read = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            read.push(line);
        }
        assert_eq!(read, ["one", "{\"MESSAGE\":\"caf\u{fffd}\"}", "", "\u{fffd}"]);
    }

    #[tokio::test]
    async fn half_a_line_waits_for_its_other_half() {
        let (mut writer, reader) = tokio::io::duplex(64);
        let mut lines = Lines::of(reader);
        writer.write_all(b"caf\xc3").await.unwrap();
        let waited = timeout(Duration::from_millis(50), lines.next()).await;
        assert!(waited.is_err(), "{waited:?}");
        writer.write_all(b"\xa9\nnext").await.unwrap();
        drop(writer);
        assert_eq!(lines.next().await.unwrap().as_deref(), Some("caf\u{e9}"));
        assert_eq!(lines.next().await.unwrap().as_deref(), Some("next"));
        assert_eq!(lines.next().await.unwrap(), None);
    }
}
