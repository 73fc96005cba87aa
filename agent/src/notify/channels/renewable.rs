//! A channel whose secrets may be replaced while the process runs. After a refusal of its credentials the
//! secrets are renewed; if they changed, the channel is made again and asked once more. A refusal is a
//! definite no, so this sends nothing twice.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::Instant;

use super::{
    Answer, AskError, Channel, ChannelKind, Doubt, OnDoubt, Outcome, Outgoing, Scope, SentMessage, Status,
};
use crate::{
    config::secrets::{Renewable, RenewableSecrets},
    outbound::Outbound,
};

/// How long the renewal of secrets may take while a question to the provider waits for it. The wait must not
/// use up the lease of a message.
const RENEWAL: Duration = Duration::from_secs(4);

/// A channel that is made again when its secrets change.
pub struct RenewableChannel {
    kind: ChannelKind,
    channel: Renewable<Arc<dyn Channel>>,
    /// The channel's own client, which counts how often credentials were refused.
    outbound: Outbound,
}

impl RenewableChannel {
    /// The channel that `make` builds from the secrets. A channel that speaks HTTP must do so by `outbound`,
    /// whose count shows that credentials were refused.
    ///
    /// # Errors
    /// If `make` cannot build a channel from the secrets.
    pub fn new<E: std::fmt::Display>(
        secrets: &RenewableSecrets,
        outbound: Outbound,
        make: impl Fn(&crate::config::Secrets) -> Result<Arc<dyn Channel>, E> + Send + Sync + 'static,
    ) -> Result<Self, E> {
        let channel = Renewable::new(secrets, make)?;
        Ok(Self {
            kind: channel.current().value.kind(),
            channel,
            outbound,
        })
    }

    fn now(&self) -> Arc<dyn Channel> {
        self.channel.current().value.as_ref().clone()
    }

    /// Asks the channel. If its credentials were refused and there are newer ones, makes the channel again
    /// and asks once more.
    async fn ask<T, A>(&self, question: impl Fn(Arc<dyn Channel>) -> A) -> Result<T, AskError>
    where
        A: Future<Output = Result<T, AskError>>,
    {
        let current = self.channel.current();
        let before = self.outbound.refusals();
        let answer = question(current.value.as_ref().clone()).await;
        let refused = answer.is_err() && self.outbound.refusals() != before;
        if refused && self.channel.refused(current.number, RENEWAL).await {
            return question(self.now()).await;
        }
        answer
    }
}

impl Channel for RenewableChannel {
    fn kind(&self) -> ChannelKind {
        self.kind
    }

    fn reconcilable(&self) -> bool {
        self.now().reconcilable()
    }

    fn on_doubt(&self) -> OnDoubt {
        self.now().on_doubt()
    }

    fn warm_up(&self) -> Answer<'_, Result<(), AskError>> {
        Box::pin(self.ask(|channel| async move { channel.warm_up().await }))
    }

    fn probe(&self) -> Answer<'_, Result<String, AskError>> {
        Box::pin(async { self.now().probe().await })
    }

    fn send<'a>(&'a self, message: Outgoing<'a>, within: Duration) -> Answer<'a, Outcome> {
        Box::pin(async move {
            let end = Instant::now() + within;
            let left = || end.saturating_duration_since(Instant::now());
            let current = self.channel.current();
            let before = self.outbound.refusals();
            let outcome = current.value.send(message.clone(), within).await;
            // A mail server does not speak HTTP: only the outcome shows its refusal.
            let mail = self.kind == ChannelKind::Email;
            let refused = match &outcome {
                Outcome::Rejected {
                    scope: Scope::Channel,
                    ..
                } => mail || self.outbound.refusals() != before,
                Outcome::Rejected { .. } => self.outbound.refusals() != before,
                _ => false,
            };
            if !refused || !self.channel.refused(current.number, left() / 2).await {
                return outcome;
            }
            if left() < within / 4 {
                let why =
                    "not sent: the secret was replaced, and the attempt had too little time left".to_owned();
                return Outcome::Rejected {
                    permanent: false,
                    scope: Scope::Message,
                    retry_after: None,
                    code: None,
                    why,
                };
            }
            self.now().send(message, left()).await
        })
    }

    fn find<'a>(&'a self, doubt: &'a Doubt<'a>) -> Answer<'a, Result<Option<String>, AskError>> {
        Box::pin(self.ask(move |channel| async move { channel.find(doubt).await }))
    }

    fn has_list(&self) -> bool {
        self.now().has_list()
    }

    fn sent(&self, since: Timestamp) -> Answer<'_, Result<Vec<SentMessage>, AskError>> {
        Box::pin(self.ask(move |channel| async move { channel.sent(since).await }))
    }

    fn status<'a>(&'a self, provider_id: &'a str) -> Answer<'a, Result<Status, AskError>> {
        Box::pin(self.ask(move |channel| async move { channel.status(provider_id).await }))
    }
}
