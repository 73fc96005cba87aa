//! The channel `slack`: messages by a Slack incoming webhook.
//!
//! `webhook` holds the secret URL and the calls to it, `outcome` says what the answers mean. Only this file
//! does I/O. Slack gives no id and cannot be asked, so `on_doubt` says what becomes of a message in doubt.
//! The URL is the credential: no text of this module contains it.

mod outcome;
mod webhook;

use std::time::Duration;

pub use webhook::{Webhook, WebhookError};

use super::{Answer, AskError, Channel, ChannelKind, OnDoubt, Outcome, Outgoing, Status, no_reply::no_reply};
use crate::{config::SlackSettings, outbound::Outbound};

/// The channel `slack`.
#[derive(Clone)]
pub struct Slack {
    webhook: Webhook,
    on_doubt: OnDoubt,
    warm_up_timeout: Duration,
    outbound: Outbound,
}

impl Slack {
    /// Opens nothing yet. Opening the connection takes `warm_up_timeout` at most.
    pub fn new(
        settings: &SlackSettings,
        webhook: Webhook,
        warm_up_timeout: Duration,
        outbound: Outbound,
    ) -> Self {
        Self {
            webhook,
            on_doubt: settings.on_doubt,
            warm_up_timeout,
            outbound,
        }
    }
}

impl Channel for Slack {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Slack
    }

    fn reconcilable(&self) -> bool {
        false
    }

    fn on_doubt(&self) -> OnDoubt {
        self.on_doubt
    }

    /// Any answer of the host means that the connection is open. The webhook itself accepts only messages, so
    /// it is not asked.
    fn warm_up(&self) -> Answer<'_, Result<(), AskError>> {
        Box::pin(async {
            let warm_up = self.webhook.warm_up(self.warm_up_timeout);
            self.outbound.call(warm_up).await?;
            Ok(())
        })
    }

    fn probe(&self) -> Answer<'_, Result<String, AskError>> {
        Box::pin(async {
            self.warm_up().await?;
            let host = self.webhook.host();
            Ok(format!(
                "{host} can be reached; whether the webhook works shows only when something is sent: `notify test --channel slack`"
            ))
        })
    }

    fn send<'a>(&'a self, message: Outgoing<'a>, within: Duration) -> Answer<'a, Outcome> {
        Box::pin(async move {
            match self.outbound.call(self.webhook.post(&message, within)).await {
                Ok(reply) => outcome::posted(&reply, message.tag, &self.webhook),
                Err(error) => no_reply(&error),
            }
        })
    }

    /// Slack has the message. Slack never says whether it was delivered.
    fn status<'a>(&'a self, _provider_id: &'a str) -> Answer<'a, Result<Status, AskError>> {
        Box::pin(std::future::ready(Ok(Status::Sent)))
    }
}

impl std::fmt::Debug for Slack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slack")
            .field("on_doubt", &self.on_doubt)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
