use std::process::ExitCode;

use super::send_alert::NothingToSay;
use crate::{
    cloud::CloudError,
    config::ConfigError,
    heuristic::standing::UnknownSubject,
    python::SourceError,
    silences::asked::AskedError,
    store::{StoreError, replica::remote::RemoteError},
    transcripts::NoTranscripts,
};

/// How a command ends. `--help` and README.md list the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 3: done, but something is unknown.
    Unknown,
    /// 1: failed.
    Failed,
    /// 75: try again later (sysexits EX_TEMPFAIL). Another process has the state, or a remote does not
    /// answer.
    TryAgain,
    /// 64: an argument names nothing that there is (sysexits EX_USAGE).
    Usage,
    /// 78: the configuration is wrong (sysexits EX_CONFIG).
    Config,
}

impl Exit {
    /// The exit code of an error.
    pub fn of(error: &anyhow::Error) -> Self {
        if error.is::<ConfigError>() {
            return Self::Config;
        }
        if error.is::<UnknownSubject>()
            || error.is::<AskedError>()
            || error.is::<NothingToSay>()
            || error.is::<NoTranscripts>()
        {
            return Self::Usage;
        }
        if let Some(SourceError::Busy(_)) = error.downcast_ref() {
            return Self::TryAgain;
        }
        if error
            .downcast_ref::<RemoteError>()
            .is_some_and(RemoteError::is_silence)
        {
            return Self::TryAgain;
        }
        if error.is::<CloudError>() {
            // Only passing failures of AWS are CloudErrors here; lasting ones are ConfigErrors.
            return Self::TryAgain;
        }
        match error.downcast_ref::<StoreError>() {
            Some(StoreError::Locked { .. } | StoreError::NotRestored(_)) => Self::TryAgain,
            Some(StoreError::Remote(error)) if error.is_silence() => Self::TryAgain,
            _ => Self::Failed,
        }
    }
}

impl Exit {
    /// Whether the error only says that the reader of standard output has closed the pipe.
    pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
        let json = error
            .downcast_ref::<serde_json::Error>()
            .and_then(serde_json::Error::io_error_kind);
        let kind = error
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::kind)
            .or(json);
        kind == Some(std::io::ErrorKind::BrokenPipe)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Unknown => 3,
            Exit::Failed => 1,
            Exit::TryAgain => 75,
            Exit::Usage => 64,
            Exit::Config => 78,
        })
    }
}
