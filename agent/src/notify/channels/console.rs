//! The terminal, for development: production refuses it.

use std::{
    io::Write,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::{Answer, AskError, Channel, ChannelKind, Outcome, Outgoing, Status};

/// Writes messages to standard error: standard output is for results.
///
/// It remembers nothing, so a message in doubt is written again; for a terminal that is the better mistake.
#[derive(Debug, Default)]
pub struct Console(AtomicU64);

impl Channel for Console {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Console
    }

    fn reconcilable(&self) -> bool {
        false
    }

    fn warm_up(&self) -> Answer<'_, Result<(), AskError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn probe(&self) -> Answer<'_, Result<String, AskError>> {
        Box::pin(std::future::ready(Ok("writes to standard error".to_owned())))
    }

    fn send<'a>(&'a self, message: Outgoing<'a>, _within: Duration) -> Answer<'a, Outcome> {
        let outcome = match writeln!(std::io::stderr().lock(), "=== message === {}", message.text) {
            Ok(()) => Outcome::Accepted(format!("console-{}", self.0.fetch_add(1, Ordering::Relaxed) + 1)),
            Err(error) => Outcome::Unknown {
                why: format!("standard error: {error}"),
            },
        };
        Box::pin(std::future::ready(outcome))
    }

    fn status<'a>(&'a self, _provider_id: &'a str) -> Answer<'a, Result<Status, AskError>> {
        Box::pin(std::future::ready(Ok(Status::Delivered)))
    }
}
