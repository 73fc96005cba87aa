//! `[notify.telegram]`.

use url::Url;

use super::ON_DOUBT;
use crate::{
    config::{
        reader::Reader,
        setting::{Form, Kind, Setting, Table},
        urls,
    },
    domain::OnDoubt,
};

pub(in crate::config) const TABLE: Table = Table {
    name: "notify.telegram",
    doc: "A Telegram bot. Its token is the secret `TELEGRAM_BOT_TOKEN`.",
    form: Form::Always,
    settings: &[
        Setting::new(
            "notify.telegram.base_url",
            Kind::Other("URL"),
            "as `beeminder.base_url`",
        )
        .default("\"https://api.telegram.org\""),
        Setting::new(
            "notify.telegram.chat_id",
            Kind::Other("text or integer"),
            "the number of the chat, `\"123456789\"` or `\"-1001234567890\"`, or `\"@name\"`. The person has \
             to write to the bot once",
        )
        .without("required for telegram")
        .example("\"123456789\"")
        .private(),
        Setting::new(
            "notify.telegram.on_doubt",
            Kind::Text,
            "after a lost answer: `\"resend\"` may send a message twice, `\"give_up\"` perhaps not at all",
        )
        .default("\"resend\""),
    ],
};

/// `[notify.telegram]`.
#[derive(Clone, Debug)]
pub struct TelegramSettings {
    /// `https://api.telegram.org`.
    pub base_url: Url,
    /// The person.
    pub chat: TelegramChat,
    /// After doubt.
    pub on_doubt: OnDoubt,
}

/// Where a bot writes to: a number, or the name of a channel or group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelegramChat(String);

impl TelegramChat {
    /// `987654`, `-1001234567890` (52 bits, says Telegram) or `@name` (5 to 32 letters, digits, underscores);
    /// `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = |name: &str| {
            (5..=32).contains(&name.len())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let fits = match text.strip_prefix('@') {
            Some(name) => is_name(name),
            None => text
                .parse::<i64>()
                .is_ok_and(|id| id != 0 && id.unsigned_abs() < 1 << 52),
        };
        fits.then(|| Self(text.to_owned()))
    }

    /// As Telegram takes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const CHAT: &str = "the number of a chat such as \"123456789\" or \"-1001234567890\", or \"@name\"";

pub(super) fn read(reader: &mut Reader, wanted: bool) -> Option<Option<TelegramSettings>> {
    const KEY: &str = "notify.telegram.chat_id";
    let base_url = urls::base_url(reader, "notify.telegram.base_url");
    let on_doubt = reader.choice("notify.telegram.on_doubt", ON_DOUBT);
    let chat = (wanted || reader.has(KEY)).then(|| chat(reader, KEY));
    if !wanted {
        // A wrong chat is a problem even if telegram is not a channel.
        return if chat == Some(None) { None } else { Some(None) };
    }
    Some(Some(TelegramSettings {
        base_url: base_url?,
        chat: chat??,
        on_doubt: on_doubt?,
    }))
}

/// People write the number with quotes and without.
fn chat(reader: &mut Reader, key: &str) -> Option<TelegramChat> {
    let text = reader.text_or_number(key, CHAT)?;
    TelegramChat::parse(&text).or_else(|| reader.expected(key, CHAT))
}
