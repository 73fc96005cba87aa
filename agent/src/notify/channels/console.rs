//! The terminal, for development. Production refuses this channel.

use std::{
    io::Write,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::{Answer, AskError, Channel, ChannelKind, Outcome, Outgoing, Status};

/// Writes messages to standard error: standard output is for results.
///
/// It remembers nothing, so a message in doubt is written again. On a terminal a repeated message does no
/// harm.
#[derive(Debug, Default)]
pub struct Console(AtomicU64);

impl Console {
    fn write(&self, terminal: &mut impl Write, message: &Outgoing<'_>) -> Outcome {
        if let Err(over) = message.lease.pass() {
            return Outcome::NotSent {
                why: over.to_string(),
            };
        }
        match writeln!(terminal, "=== message === {}", message.text) {
            Ok(()) => Outcome::Accepted(format!("console-{}", self.0.fetch_add(1, Ordering::Relaxed) + 1)),
            Err(error) => Outcome::Unknown {
                why: format!("standard error: {error}"),
            },
        }
    }
}

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
        let outcome = self.write(&mut std::io::stderr().lock(), &message);
        Box::pin(std::future::ready(outcome))
    }

    fn status<'a>(&'a self, _provider_id: &'a str) -> Answer<'a, Result<Status, AskError>> {
        Box::pin(std::future::ready(Ok(Status::Delivered)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::channels::LeaseCheck;

    #[test]
    fn a_message_is_written_only_while_its_lease_holds() {
        for holds in [true, false] {
            let mut terminal = Vec::new();
            let message = Outgoing {
                text: "Mecris: hello #k7q2x9",
                tag: "#k7q2x9",
                validity: None,
                lease: LeaseCheck::new(move || holds),
            };
            let outcome = Console::default().write(&mut terminal, &message);
            let written = String::from_utf8(terminal).unwrap();
            if holds {
                assert_eq!(outcome, Outcome::Accepted("console-1".to_owned()));
                assert_eq!(written, "=== message === Mecris: hello #k7q2x9\n");
            } else {
                let why = "not sent: the lease was over before the connection was ready".to_owned();
                assert_eq!((outcome, written.as_str()), (Outcome::NotSent { why }, ""));
            }
        }
    }
}
