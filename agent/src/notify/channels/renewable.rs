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
    config::secrets::{IN_QUOTES, Renewable, RenewableSecrets, SecretName, Secrets},
    outbound::Outbound,
};

/// How long the renewal of secrets may take while a question to the provider waits for it. The wait must not
/// use up the lease of a message.
const RENEWAL: Duration = Duration::from_secs(4);

/// A channel that is made again when its secrets change.
pub struct RenewableChannel {
    kind: ChannelKind,
    channel: Renewable<Made>,
    /// The channel's own client, which counts how often credentials were refused.
    outbound: Outbound,
}

/// A channel as the present secrets make it.
struct Made {
    channel: Arc<dyn Channel>,
    /// A secret of the channel whose value is in quotes: the likely reason of a refusal.
    in_quotes: Option<SecretName>,
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
        make: impl Fn(&Secrets) -> Result<Arc<dyn Channel>, E> + Send + Sync + 'static,
    ) -> Result<Self, E> {
        let channel = Renewable::new(secrets, move |secrets| {
            let channel = make(secrets)?;
            let in_quotes = secrets.in_quotes(secrets_of(channel.kind()));
            Ok(Made { channel, in_quotes })
        })?;
        Ok(Self {
            kind: channel.current().value.channel.kind(),
            channel,
            outbound,
        })
    }

    fn now(&self) -> Arc<dyn Channel> {
        Arc::clone(&self.channel.current().value.channel)
    }

    /// Asks the channel. If its credentials were refused and there are newer ones, makes the channel again
    /// and asks once more.
    async fn ask<T, A>(&self, question: impl Fn(Arc<dyn Channel>) -> A) -> Result<T, AskError>
    where
        A: Future<Output = Result<T, AskError>>,
    {
        let current = self.channel.current();
        let before = self.outbound.refusals();
        let answer = question(Arc::clone(&current.value.channel)).await;
        let refused = answer.is_err() && self.outbound.refusals() != before;
        if refused && self.channel.refused(current.number, RENEWAL).await {
            return question(self.now()).await;
        }
        answer
    }
}

/// The secrets that a channel of this kind shows to its provider as they are.
fn secrets_of(kind: ChannelKind) -> &'static [SecretName] {
    match kind {
        ChannelKind::Sms | ChannelKind::WhatsApp | ChannelKind::Voice => &[
            SecretName::TwilioApiKeySid,
            SecretName::TwilioApiKeySecret,
            SecretName::TwilioAuthToken,
        ],
        ChannelKind::Telegram => &[SecretName::TelegramBotToken],
        ChannelKind::Slack => &[SecretName::SlackWebhookUrl],
        ChannelKind::Email => &[SecretName::SmtpUrl],
        ChannelKind::Console => &[],
    }
}

/// A refusal with the reason that our own side knows of.
fn explained(outcome: Outcome, in_quotes: Option<SecretName>) -> Outcome {
    match (outcome, in_quotes) {
        (
            Outcome::Rejected {
                permanent,
                scope: Scope::Channel,
                retry_after,
                code,
                why,
            },
            Some(name),
        ) => Outcome::Rejected {
            permanent,
            scope: Scope::Channel,
            retry_after,
            code,
            why: format!("{why}; {name} {IN_QUOTES}"),
        },
        (outcome, _) => outcome,
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
            let outcome = current.value.channel.send(message.clone(), within).await;
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
            if !refused {
                return outcome;
            }
            if !self.channel.refused(current.number, left() / 2).await {
                return explained(outcome, current.value.in_quotes);
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
            let renewed = self.channel.current().value;
            explained(renewed.channel.send(message, left()).await, renewed.in_quotes)
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
