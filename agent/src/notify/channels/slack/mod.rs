//! Messages by a Slack incoming webhook, and nothing else of Slack.
//!
//! `webhook` is the secret URL and the calls to it, `outcome` says what the answers mean. Only this file does
//! I/O. Slack gives no id and has nothing to ask, so what is in doubt stays in doubt. The URL is the
//! credential: no text of this module contains it.

mod outcome;
mod webhook;

use std::time::Duration;

pub use webhook::{Webhook, WebhookError};

use super::{
    Answer, AskError, Channel, ChannelKind, OnDoubt, Outcome, Outgoing, Status, unanswered::not_answered,
};
use crate::{config::SlackSettings, outbound::Outbound};

/// The channel `slack`.
#[derive(Clone)]
pub struct Slack {
    webhook: Webhook,
    on_doubt: OnDoubt,
    glance: Duration,
    outbound: Outbound,
}

impl Slack {
    /// Opens nothing yet. Opening the connection takes `glance` at most.
    pub fn new(settings: &SlackSettings, webhook: Webhook, glance: Duration, outbound: Outbound) -> Self {
        Self {
            webhook,
            on_doubt: settings.on_doubt,
            glance,
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

    /// Whatever the host answers, the connection is open then; the webhook itself takes nothing but messages.
    fn warm_up(&self) -> Answer<'_, Result<(), AskError>> {
        Box::pin(async {
            let answer = self.outbound.call(self.webhook.knock(self.glance)).await;
            answer.map(drop).map_err(|error| AskError(error.to_string()))
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
                Ok(reply) => outcome::posted(&reply, message.tag),
                Err(error) => not_answered(&error),
            }
        })
    }

    /// Slack has it; what became of it, it never says.
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
