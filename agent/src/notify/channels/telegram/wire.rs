//! The types of Telegram's answers. Only fields that are used are read.

use serde::Deserialize;

/// Every answer: `ok` and a result, or a refusal.
#[derive(Debug, Deserialize)]
pub(super) struct Answered<T> {
    pub(super) ok: bool,
    pub(super) result: Option<T>,
    pub(super) error_code: Option<u16>,
    /// Shown to a person, never used for a decision: "Its contents are subject to change in the future".
    pub(super) description: Option<String>,
    pub(super) parameters: Option<Parameters>,
}

/// `ResponseParameters`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Parameters {
    pub(super) migrate_to_chat_id: Option<i64>,
    /// In seconds.
    pub(super) retry_after: Option<u64>,
}

/// A message that was sent.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub(super) message_id: i64,
}

/// The bot.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) username: Option<String>,
}

/// A chat.
#[derive(Debug, Deserialize)]
pub(super) struct Chat {
    /// private, group, supergroup or channel.
    #[serde(rename = "type")]
    pub(super) kind: String,
}
