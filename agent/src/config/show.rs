//! How a value is shown in a problem and in `check`: never longer than a line, never what may be private.

use std::borrow::Cow;

use toml::Value;
use url::Url;

use super::given::Given;

const LONGEST: usize = 80;

/// A setting's value as it was given: TOML from a file, plain text from the environment.
pub(super) fn given(private: bool, given: &Given) -> String {
    match given.variable() {
        Some(text) if !private && !text.is_empty() && !text.contains(char::is_control) => {
            shortened(without_credentials(text))
        }
        _ => value(private, &given.value),
    }
}

/// The value as TOML would spell it; `private` if the setting is.
pub(super) fn value(private: bool, value: &Value) -> String {
    if private {
        return masked(value);
    }
    shortened(toml(value))
}

/// A name of a setting, a table or a variable. One that none can have is in quotation marks, as TOML has it: it may
/// be empty, or hold a line break.
pub(super) fn name(name: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.*@[]".contains(c);
    if (1..=LONGEST).contains(&name.len()) && name.chars().all(is_plain) {
        return name.into();
    }
    shortened(format!("{name:?}")).into()
}

fn shortened(mut text: String) -> String {
    if let Some((cut, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(cut);
        text.push('…');
    }
    text
}

/// The last two characters of a value long enough that they give nothing away.
fn masked(value: &Value) -> String {
    match value.as_str() {
        Some(text) if text.len() >= 8 && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => {
            format!("\"…{}\"", &text[text.len() - 2..])
        }
        _ => "(not shown)".to_owned(),
    }
}

fn toml(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{:?}", without_credentials(text)),
        Value::Datetime(datetime) => format!("{:?}", datetime.to_string()),
        Value::Boolean(flag) => flag.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Table(table) => {
            let pairs: Vec<String> = table
                .iter()
                .map(|(key, value)| format!("{} = {}", name(key), toml(value)))
                .collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
    }
}

/// Whether a segment of a URL's path has a token in it, as in `bot123456:ABC`, with which every request to Telegram
/// begins.
pub(super) fn holds_token(segment: &str) -> bool {
    segment.contains(':') || segment.to_ascii_lowercase().contains("%3a")
}

/// A URL without user, password, query and bot's token, where people put tokens; any other text as it is.
fn without_credentials(text: &str) -> String {
    if !text.contains("://") {
        return text.to_owned();
    }
    let Ok(mut url) = Url::parse(text) else {
        return if text.contains(['@', '?']) {
            "(not shown)".to_owned()
        } else {
            text.to_owned()
        };
    };
    let in_path: Vec<String> = url
        .path()
        .split('/')
        .filter(|segment| holds_token(segment))
        .map(str::to_owned)
        .collect();
    let path = in_path
        .iter()
        .fold(url.path().to_owned(), |path, token| path.replace(token, "..."));
    if in_path.is_empty()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
    {
        return text.to_owned();
    }
    url.set_path(&path);
    url.set_query(url.query().map(|_| "..."));
    url.set_fragment(None);
    // Fails only for URLs that cannot have credentials.
    if !url.username().is_empty() || url.password().is_some() {
        let _ = url.set_password(None);
        let _ = url.set_username("...");
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::DECLARED;

    #[test]
    fn what_may_be_private_is_not_shown() {
        for (key, text) in [
            ("notify.sms.to", "+14155550100"),
            ("notify.sms.messaging_service_sid", "canary-canary-canary"),
            ("notify.email.to", "canary@example.org"),
            ("notify.telegram.chat_id", "canary-14155550100"),
            (
                "beeminder.base_url",
                "https://me:canary@example.com/?auth_token=canary#canary",
            ),
            ("beeminder.base_url", "https://me:canary@[example"),
            (
                "notify.telegram.base_url",
                "https://api.telegram.org/bot12:canary/",
            ),
            ("state.remote", "s3://canary:canary@bucket/"),
        ] {
            let shown = value(DECLARED.is_private(key), &Value::from(text));
            assert!(!shown.contains("canary") && !shown.contains("1415555"), "{shown}");
        }
    }

    #[test]
    fn values_look_like_toml_and_stay_short() {
        assert_eq!(
            value(false, &Value::from(vec!["22:00", "08:00"])),
            r#"["22:00", "08:00"]"#
        );
        assert_eq!(value(false, &Value::from(2.5)), "2.5");
        assert!(value(false, &Value::from("é".repeat(500))).chars().count() <= LONGEST + 1);
    }
}
