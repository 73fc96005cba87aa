//! A channel whose secrets may be replaced while the process runs: after a refusal of its credentials it is
//! made anew from the secrets as they are then, and asked once more. A refusal is a definite no, so nothing
//! can be sent twice by that.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Answer, AskError, Channel, ChannelKind, Doubt, OnDoubt, Outcome, Outgoing, Scope, Status};
use crate::{
    config::secrets::{Live, LiveSecrets},
    outbound::Outbound,
};

/// How long reading the secrets again may take in a glance, of which no failure may use up a lease.
const REFETCH: Duration = Duration::from_secs(4);

/// A channel, and how it is made.
pub struct Renewing {
    kind: ChannelKind,
    channel: Live<Arc<dyn Channel>>,
    /// Whose refusals count: that of the channel.
    outbound: Outbound,
}

impl Renewing {
    /// The channel that `make` makes of the secrets; it asks by `outbound`, if by HTTP at all.
    ///
    /// # Errors
    /// If the secrets do not make one.
    pub fn new<E: std::fmt::Display>(
        secrets: &LiveSecrets,
        outbound: Outbound,
        make: impl Fn(&crate::config::Secrets) -> Result<Arc<dyn Channel>, E> + Send + Sync + 'static,
    ) -> Result<Self, E> {
        let channel = Live::new(secrets, make)?;
        Ok(Self {
            kind: channel.current().1.kind(),
            channel,
            outbound,
        })
    }

    fn now(&self) -> Arc<dyn Channel> {
        self.channel.current().1.as_ref().clone()
    }

    /// Asks the channel; once more, made anew, if its credentials were refused and there are newer ones.
    async fn ask<T, A>(&self, question: impl Fn(Arc<dyn Channel>) -> A) -> Result<T, AskError>
    where
        A: Future<Output = Result<T, AskError>>,
    {
        let ((edition, channel), before) = (self.channel.current(), self.outbound.refusals());
        let answer = question(channel.as_ref().clone()).await;
        let refused = answer.is_err() && self.outbound.refusals() != before;
        if refused && self.channel.refused(edition, REFETCH).await {
            return question(self.now()).await;
        }
        answer
    }
}

impl Channel for Renewing {
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
            let ((edition, channel), before) = (self.channel.current(), self.outbound.refusals());
            let outcome = channel.send(message.clone(), within).await;
            // A server that is no HTTP server says it by the outcome alone.
            let mail = self.kind == ChannelKind::Email;
            let refused = match &outcome {
                Outcome::Rejected {
                    scope: Scope::Channel,
                    ..
                } => mail || self.outbound.refusals() != before,
                Outcome::Rejected { .. } => self.outbound.refusals() != before,
                _ => false,
            };
            if !refused || !self.channel.refused(edition, left() / 2).await {
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

    fn status<'a>(&'a self, provider_id: &'a str) -> Answer<'a, Result<Status, AskError>> {
        Box::pin(self.ask(move |channel| async move { channel.status(provider_id).await }))
    }
}
