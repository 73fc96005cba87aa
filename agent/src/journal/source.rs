//! Reads journald's journal by `journalctl`, which knows every format of journal files and follows them while
//! they are rotated.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::entry;

/// Follows the journal of the whole machine. Dropping this ends the child process.
pub(super) struct Source {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
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
            lines: BufReader::new(stdout).lines(),
        })
    }

    /// The next line. No line is lost if the future is dropped.
    pub(super) async fn next(&mut self) -> Result<String, SourceError> {
        match self.lines.next_line().await {
            Ok(Some(line)) => Ok(line),
            Ok(None) => {
                let status = self.child.wait().await.map_err(SourceError::Read)?;
                Err(SourceError::Ended(status.to_string()))
            }
            Err(error) => Err(SourceError::Read(error)),
        }
    }
}
