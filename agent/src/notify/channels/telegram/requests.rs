use std::time::Duration;

use http::Method;

use super::BotToken;
use crate::{config::TelegramSettings, notify::channels::Outgoing, outbound::Call};

/// For one try of a question, and for all of its tries.
const ASKING: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(12));

/// Builds the calls of one bot and one chat.
#[derive(Clone)]
pub(super) struct Requests {
    settings: TelegramSettings,
    token: BotToken,
    glance: Duration,
}

impl Requests {
    pub(super) fn new(settings: &TelegramSettings, token: BotToken, glance: Duration) -> Self {
        Self {
            settings: settings.clone(),
            token,
            glance,
        }
    }

    /// Sends a message. Not to be repeated. Without `parse_mode`: nothing in a goal's name is markup then.
    pub(super) fn send(&self, message: &Outgoing<'_>, within: Duration) -> Call {
        let form = vec![
            ("chat_id", self.settings.chat.as_str().to_owned()),
            ("text", message.text.to_owned()),
        ];
        Call {
            form: Some(form),
            lease: Some(message.lease.clone()),
            timeout: within,
            total: within,
            idempotent: false,
            ..self.call("sendMessage")
        }
    }

    /// Who the bot is.
    pub(super) fn me(&self) -> Call {
        self.call("getMe")
    }

    /// The same, in one try: the cheapest question that needs the token.
    pub(super) fn glance(&self) -> Call {
        Call {
            timeout: self.glance,
            total: self.glance,
            idempotent: false,
            ..self.me()
        }
    }

    /// Whether the bot knows the chat.
    pub(super) fn chat(&self) -> Call {
        let form = vec![("chat_id", self.settings.chat.as_str().to_owned())];
        Call {
            form: Some(form),
            ..self.call("getChat")
        }
    }

    /// A method of the API, as a question that may be repeated.
    fn call(&self, method: &str) -> Call {
        let (timeout, total) = ASKING;
        let mut url = self.settings.base_url.clone();
        // Fails for URLs without a host only, which settings refuse.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&self.token.segment()).push(method);
        }
        Call {
            method: Method::POST,
            url,
            basic: None,
            form: None,
            json: None,
            lease: None,
            timeout,
            total,
            idempotent: true,
        }
    }
}
