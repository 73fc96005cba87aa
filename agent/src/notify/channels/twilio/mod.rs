//! Text messages by Twilio's Messages resource (API version 2010-04-01), and nothing else of Twilio.
//!
//! `requests` builds the calls, `wire` is what comes back, `outcome` and `listing` say what it means, `errors` explains Twilio's
//! codes to a person. Only this file does I/O. A POST is made once; whoever is in doubt looks for the tag.

mod credentials;
mod errors;
mod listing;
mod outcome;
mod requests;
mod wire;

use std::time::Duration;

use jiff::Timestamp;

pub use credentials::{Credentials, CredentialsError};
use listing::Search;
use requests::Requests;

use super::{Answer, AskError, Channel, ChannelKind, Outcome, Outgoing, Status};
use crate::{
    config::settings::SmsSettings,
    outbound::{Call, Outbound, Reply},
};

/// The channel `sms`.
#[derive(Clone)]
pub struct Twilio {
    requests: Requests,
    outbound: Outbound,
}

impl Twilio {
    /// Opens nothing yet.
    pub fn new(settings: &SmsSettings, credentials: Credentials, outbound: Outbound) -> Self {
        Self { requests: Requests::new(settings.clone(), credentials), outbound }
    }

    async fn ask(&self, call: Call) -> Result<Reply, AskError> {
        self.outbound.call(call).await.map_err(|error| AskError(error.to_string()))
    }
}

impl Channel for Twilio {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Sms
    }

    fn reconcilable(&self) -> bool {
        true
    }

    fn warm_up(&self) -> Answer<'_, Result<(), AskError>> {
        Box::pin(async { outcome::access(&self.ask(self.requests.glance()).await?) })
    }

    fn send<'a>(&'a self, message: Outgoing<'a>, within: Duration) -> Answer<'a, Outcome> {
        Box::pin(async move {
            match self.outbound.call(self.requests.create(&message, within)).await {
                Ok(reply) => outcome::created(&reply),
                Err(error) => outcome::not_answered(&error),
            }
        })
    }

    fn find<'a>(&'a self, tag: &'a str, since: Timestamp) -> Answer<'a, Result<Option<String>, AskError>> {
        Box::pin(async move {
            let mut search = Search::new(&self.requests, tag, since);
            while let Some(call) = search.next_call()? {
                if let Some(id) = search.read(&self.ask(call).await?)? {
                    return Ok(Some(id));
                }
            }
            Ok(None)
        })
    }

    fn status<'a>(&'a self, provider_id: &'a str) -> Answer<'a, Result<Status, AskError>> {
        Box::pin(async move { outcome::status(&self.ask(self.requests.fetch(provider_id)).await?) })
    }
}

impl std::fmt::Debug for Twilio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Twilio").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
