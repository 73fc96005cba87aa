//! The channels `sms` and `whatsapp`, by the Messages resource. They differ in the form of an address and in
//! the content.

mod requests;
mod resource;
mod search;
mod sent;

use std::time::Duration;

use jiff::Timestamp;
pub(super) use requests::Requests;
#[cfg(test)]
pub(super) use resource::{PREFIXES, status};
pub(super) use search::Search;
pub(super) use sent::Sent;

use super::{Credentials, outcome};
use crate::{
    config::{SmsSettings, WhatsAppSettings},
    notify::channels::{
        Answer, AskError, Channel, ChannelKind, Doubt, Outcome, Outgoing, SentMessage, Status,
    },
    outbound::{Call, Outbound, Reply},
};

/// The channels `sms` and `whatsapp`.
#[derive(Clone)]
pub struct Messages {
    requests: Requests,
    outbound: Outbound,
}

impl Messages {
    /// The channel `sms`. Opens nothing yet.
    pub fn sms(settings: &SmsSettings, credentials: Credentials, outbound: Outbound) -> Self {
        Self {
            requests: Requests::sms(settings, credentials),
            outbound,
        }
    }

    /// The channel `whatsapp`. Opens nothing yet.
    pub fn whatsapp(settings: &WhatsAppSettings, credentials: Credentials, outbound: Outbound) -> Self {
        Self {
            requests: Requests::whatsapp(settings, credentials),
            outbound,
        }
    }

    async fn ask(&self, call: Call) -> Result<Reply, AskError> {
        Ok(self.outbound.call(call).await?)
    }
}

impl Channel for Messages {
    fn kind(&self) -> ChannelKind {
        self.requests.api.channel
    }

    /// Yes: a listing shows the text, and the tag in it.
    fn reconcilable(&self) -> bool {
        true
    }

    fn warm_up(&self) -> Answer<'_, Result<(), AskError>> {
        Box::pin(async { outcome::access(self.kind(), &self.ask(self.requests.warm_up()).await?) })
    }

    fn send<'a>(&'a self, message: Outgoing<'a>, within: Duration) -> Answer<'a, Outcome> {
        Box::pin(async move {
            match self.outbound.call(self.requests.create(&message, within)).await {
                Ok(reply) => outcome::created(self.kind(), resource::PREFIXES, &reply),
                Err(error) => outcome::no_reply(&error),
            }
        })
    }

    fn find<'a>(&'a self, doubt: &'a Doubt<'a>) -> Answer<'a, Result<Option<String>, AskError>> {
        Box::pin(async move {
            let mut search = Search::new(&self.requests, doubt);
            while let Some(call) = search.next_call()? {
                if let Some(id) = search.read(&self.ask(call).await?)? {
                    return Ok(Some(id));
                }
            }
            Ok(None)
        })
    }

    fn has_list(&self) -> bool {
        true
    }

    fn sent(&self, since: Timestamp) -> Answer<'_, Result<Vec<SentMessage>, AskError>> {
        Box::pin(async move {
            let mut sent = Sent::new(&self.requests, since);
            while let Some(call) = sent.next_call()? {
                sent.read(&self.ask(call).await?)?;
            }
            Ok(sent.messages())
        })
    }

    fn status<'a>(&'a self, provider_id: &'a str) -> Answer<'a, Result<Status, AskError>> {
        Box::pin(
            async move { resource::status(self.kind(), &self.ask(self.requests.fetch(provider_id)).await?) },
        )
    }
}

impl std::fmt::Debug for Messages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Messages")
            .field("channel", &self.kind())
            .finish_non_exhaustive()
    }
}
