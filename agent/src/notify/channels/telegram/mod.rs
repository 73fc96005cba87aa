//! The channel `telegram`: messages of a Telegram bot by the Bot API (10.1).
//!
//! `token` holds the secret, `requests` builds the calls, `wire` holds the types of the answers, `outcome`
//! says what they mean. Only this file does I/O. The API has no idempotency and cannot be asked what was
//! sent, so `on_doubt` says what becomes of a message in doubt. The token is in the path of every URL: no
//! text of this module contains a URL.

mod outcome;
mod requests;
mod token;
mod wire;

use std::time::Duration;

use requests::Requests;
pub use token::{BotToken, TokenError};
use tokio::time::Instant;

use super::{Answer, AskError, Channel, ChannelKind, OnDoubt, Outcome, Outgoing, Status, no_reply::no_reply};
use crate::{
    config::TelegramSettings,
    outbound::{Call, Outbound, Reply},
};

/// The kind of chat to which no bot can show that it is typing.
const CHANNEL: &str = "channel";

/// The channel `telegram`.
#[derive(Clone)]
pub struct Telegram {
    requests: Requests,
    token: BotToken,
    on_doubt: OnDoubt,
    outbound: Outbound,
}

impl Telegram {
    /// Opens nothing yet. Opening the connection takes `warm_up_timeout` at most.
    pub fn new(
        settings: &TelegramSettings,
        token: BotToken,
        warm_up_timeout: Duration,
        outbound: Outbound,
    ) -> Self {
        let requests = Requests::new(settings, token.clone(), warm_up_timeout);
        Self {
            requests,
            token,
            on_doubt: settings.on_doubt,
            outbound,
        }
    }

    /// Sends a message to the chat that the configured group has become. The refusal that names this chat proves
    /// that nothing was accepted before. A second such refusal is not followed.
    async fn follow(&self, chat: i64, message: &Outgoing<'_>, within: Duration) -> Outcome {
        let call = self.requests.send_to(chat.to_string(), message, within);
        match self.outbound.call(call).await {
            Ok(reply) => outcome::sent_to_moved(chat, outcome::sent(&reply, &self.token)),
            Err(error) => no_reply(&error),
        }
    }

    async fn ask(&self, call: Call) -> Result<Reply, AskError> {
        Ok(self.outbound.call(call).await?)
    }
}

impl Channel for Telegram {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Telegram
    }

    fn reconcilable(&self) -> bool {
        false
    }

    fn on_doubt(&self) -> OnDoubt {
        self.on_doubt
    }

    fn warm_up(&self) -> Answer<'_, Result<(), AskError>> {
        Box::pin(async { outcome::bot(&self.ask(self.requests.warm_up()).await?, &self.token).map(drop) })
    }

    fn probe(&self) -> Answer<'_, Result<String, AskError>> {
        Box::pin(async {
            let bot = outcome::bot(&self.ask(self.requests.me()).await?, &self.token)?;
            let chat = outcome::chat(&self.ask(self.requests.chat()).await?, &self.token)?;
            if chat == CHANNEL {
                return Ok(format!("reachable as {bot}, which knows the chat ({chat})"));
            }
            // A bot knows a chat that it was thrown out of, and a group that has become a supergroup.
            outcome::typing(&self.ask(self.requests.typing()).await?, &self.token)?;
            Ok(format!(
                "reachable as {bot}, which may write to the chat ({chat})"
            ))
        })
    }

    fn send<'a>(&'a self, message: Outgoing<'a>, within: Duration) -> Answer<'a, Outcome> {
        Box::pin(async move {
            let began = Instant::now();
            let reply = match self.outbound.call(self.requests.send(&message, within)).await {
                Ok(reply) => reply,
                Err(error) => return no_reply(&error),
            };
            let left = within.saturating_sub(began.elapsed());
            match outcome::moved_to(&reply) {
                Some(chat) if !left.is_zero() => self.follow(chat, &message, left).await,
                _ => outcome::sent(&reply, &self.token),
            }
        })
    }

    /// Always [`Status::Sent`], because Telegram never says whether a message was read.
    fn status<'a>(&'a self, _provider_id: &'a str) -> Answer<'a, Result<Status, AskError>> {
        Box::pin(std::future::ready(Ok(Status::Sent)))
    }
}

impl std::fmt::Debug for Telegram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telegram")
            .field("on_doubt", &self.on_doubt)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
