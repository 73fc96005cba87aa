//! The HTTP calls about telephone calls, from one number to one person.

use std::time::Duration;

use url::Url;

use super::twiml;
use crate::{
    config::VoiceSettings,
    notify::channels::{
        ChannelKind, Outgoing,
        twilio::{Credentials, api::Api},
    },
    outbound::Call,
};

const RESOURCE: &str = "Calls.json";

/// Builds the HTTP calls about telephone calls, from one number to one person.
#[derive(Clone)]
pub(in super::super) struct Requests {
    pub(in super::super) api: Api,
    pub(super) settings: VoiceSettings,
}

impl Requests {
    pub(in super::super) fn new(settings: &VoiceSettings, credentials: Credentials) -> Self {
        let api = Api::new(ChannelKind::Voice, settings.base_url.clone(), credentials);
        Self {
            api,
            settings: settings.clone(),
        }
    }

    /// Makes the phone ring, as long as the message's lease holds. Not to be repeated.
    pub(in super::super) fn create(&self, message: &Outgoing<'_>, within: Duration) -> Call {
        let VoiceSettings {
            to,
            from,
            voice,
            language,
            ..
        } = &self.settings;
        let form = vec![
            ("To", to.as_str().to_owned()),
            ("From", from.as_str().to_owned()),
            (
                "Twiml",
                twiml::say_twice(message.without_tag(), message.tag, voice, language),
            ),
        ];
        self.api
            .post(self.api.url(&[RESOURCE]), form, &message.lease, within)
    }

    /// The listing of the calls from our number to the person, newest first.
    pub(super) fn list(&self) -> Url {
        let VoiceSettings { to, from, .. } = &self.settings;
        self.api
            .listing(RESOURCE, &[("To", to.as_str()), ("From", from.as_str())])
    }

    /// Asks for one call.
    pub(in super::super) fn fetch(&self, sid: &str) -> Call {
        self.api.get(self.api.url(&["Calls", &format!("{sid}.json")]))
    }

    /// Opens the connection.
    pub(super) fn warm_up(&self) -> Call {
        self.api.warm_up(RESOURCE, self.settings.to.as_str())
    }
}
