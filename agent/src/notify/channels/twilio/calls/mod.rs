//! The channel `voice`: telephone calls by the Calls resource. The phone rings, and a voice says the text
//! twice.
//!
//! A listing of calls shows neither text nor tag, so a call in doubt is recognised by its two numbers and its
//! time. See [`Search`].

mod requests;
mod resource;
mod search;
mod twiml;

use std::time::Duration;

pub(super) use requests::Requests;
#[cfg(test)]
pub(super) use resource::{PREFIXES, status};
pub(super) use search::Search;

use super::{Credentials, outcome};
use crate::{
    config::VoiceSettings,
    notify::channels::{Answer, AskError, Channel, ChannelKind, Doubt, Outcome, Outgoing, Status},
    outbound::{Call, Outbound, Reply},
};

/// The channel `voice`.
#[derive(Clone)]
pub struct Calls {
    requests: Requests,
    outbound: Outbound,
}

impl Calls {
    /// Opens nothing yet.
    pub fn new(settings: &VoiceSettings, credentials: Credentials, outbound: Outbound) -> Self {
        Self {
            requests: Requests::new(settings, credentials),
            outbound,
        }
    }

    async fn ask(&self, call: Call) -> Result<Reply, AskError> {
        Ok(self.outbound.call(call).await?)
    }
}

impl Channel for Calls {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Voice
    }

    /// Yes, by the two numbers and the time. This is exact as long as only Mecris calls the person from that
    /// number. If calls cannot be told apart, [`Channel::find`] fails.
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
                search.read(&self.ask(call).await?)?;
            }
            search.found()
        })
    }

    fn status<'a>(&'a self, provider_id: &'a str) -> Answer<'a, Result<Status, AskError>> {
        Box::pin(async move { resource::status(&self.ask(self.requests.fetch(provider_id)).await?) })
    }
}

impl std::fmt::Debug for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Calls").finish_non_exhaustive()
    }
}
