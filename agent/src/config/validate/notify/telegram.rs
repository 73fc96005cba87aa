use super::ON_DOUBT;
use crate::config::{
    reader::Reader,
    settings::{TelegramChat, TelegramSettings},
};

const CHAT: &str = "the number of a chat such as \"123456789\" or \"-1001234567890\", or \"@name\"";

/// The outer `None` is a problem; the inner one means that `telegram` is no channel. What is set is checked
/// in any case.
pub(super) fn telegram(reader: &mut Reader, wanted: bool) -> Option<Option<TelegramSettings>> {
    const KEY: &str = "notify.telegram.chat_id";
    let base_url = crate::config::validate::url::base_url(reader, "notify.telegram.base_url");
    let on_doubt = reader.choice("notify.telegram.on_doubt", ON_DOUBT);
    let chat = (wanted || reader.has(KEY)).then(|| chat(reader, KEY));
    if !wanted {
        // A wrong one is a problem all the same.
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
