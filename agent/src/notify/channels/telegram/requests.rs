//! The calls to the Bot API, for one bot and one chat.

use std::time::Duration;

use http::Method;

use super::BotToken;
use crate::{config::TelegramSettings, notify::channels::Outgoing, outbound::Call};

/// Time limits of a question: for one try, and for all tries together.
const ASKING: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(12));

/// Builds the calls of one bot and one chat.
#[derive(Clone)]
pub(super) struct Requests {
    settings: TelegramSettings,
    token: BotToken,
    warm_up_timeout: Duration,
}

impl Requests {
    pub(super) fn new(settings: &TelegramSettings, token: BotToken, warm_up_timeout: Duration) -> Self {
        Self {
            settings: settings.clone(),
            token,
            warm_up_timeout,
        }
    }

    /// Sends a message to the configured chat, as long as its lease holds. Not to be repeated. Without
    /// `parse_mode`, so that nothing in a goal's name is markup.
    pub(super) fn send(&self, message: &Outgoing<'_>, within: Duration) -> Call {
        self.send_to(self.settings.chat.as_str().to_owned(), message, within)
    }

    /// As [`Requests::send`], to another chat.
    pub(super) fn send_to(&self, chat: String, message: &Outgoing<'_>, within: Duration) -> Call {
        let form = vec![("chat_id", chat), ("text", message.text.to_owned())];
        Call {
            form: Some(form),
            lease: Some(message.lease.clone()),
            timeout: within,
            total: within,
            idempotent: false,
            ..self.call("sendMessage")
        }
    }

    /// Asks who the bot is.
    pub(super) fn me(&self) -> Call {
        self.call("getMe")
    }

    /// Opens the connection: [`Requests::me`] in one try, the cheapest question that needs the token.
    pub(super) fn warm_up(&self) -> Call {
        Call {
            timeout: self.warm_up_timeout,
            total: self.warm_up_timeout,
            idempotent: false,
            ..self.me()
        }
    }

    /// Asks whether the bot knows the chat.
    pub(super) fn chat(&self) -> Call {
        let form = vec![("chat_id", self.settings.chat.as_str().to_owned())];
        Call {
            form: Some(form),
            ..self.call("getChat")
        }
    }

    /// Asks whether the bot may write to the chat: shows there for some seconds that it is typing.
    pub(super) fn typing(&self) -> Call {
        let form = vec![
            ("chat_id", self.settings.chat.as_str().to_owned()),
            ("action", "typing".to_owned()),
        ];
        Call {
            form: Some(form),
            ..self.call("sendChatAction")
        }
    }

    /// A method of the API, as a question that may be repeated.
    fn call(&self, method: &str) -> Call {
        let (timeout, total) = ASKING;
        let mut url = self.settings.base_url.clone();
        // This fails only for URLs without a host, which the settings refuse.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&self.token.segment()).push(method);
        }
        Call {
            method: Method::POST,
            url,
            basic: None,
            bearer: None,
            form: None,
            json: None,
            lease: None,
            timeout,
            total,
            idempotent: true,
        }
    }
}
