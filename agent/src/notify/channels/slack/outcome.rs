//! What the answers to a post mean.
//!
//! A webhook of Slack answers `ok` in plain text, or a status with one word in plain text; a workflow of Slack
//! answers `{"ok":true}`. Other products that take Slack's messages answer something like it: Rocket.Chat
//! `{"success":true}`, Zulip `{"result":"success"}`. Only a status that proves nothing leaves a doubt: a server
//! that answers in full and does not say yes has not taken the message.

use http::StatusCode;
use serde_json::Value;

use super::Webhook;
use crate::{
    domain::on_one_line,
    notify::channels::{Outcome, Scope},
    outbound::Reply,
};

/// At most so many characters of an answer are shown.
const WORDS: usize = 120;

/// What an answer says about the message.
enum Said {
    Yes,
    /// The reason is a word of Slack's, such as `channel_is_archived`.
    Refused(String),
    /// No, for no reason that Slack has a word for.
    No,
    /// Neither yes nor no, such as a web page.
    Neither,
}

/// The outcome of a post. Slack gives no id, so the id is made of the tag: `slack-k7q2x9` for `#k7q2x9`.
pub(super) fn posted(reply: &Reply, tag: &str, webhook: &Webhook) -> Outcome {
    let status = reply.status;
    if !(status.is_success() || status.is_redirection() || status.is_client_error())
        || status == StatusCode::REQUEST_TIMEOUT
    {
        return Outcome::Unknown {
            why: format!("Slack answered {status}, and not with its \"ok\""),
        };
    }
    match said(reply) {
        Said::Yes if status.is_success() => {
            Outcome::Accepted(format!("slack-{}", tag.trim_start_matches('#')))
        }
        Said::Refused(word) => refused(reply, word),
        // Not in the words of a webhook, so the answer may come from a proxy.
        Said::Yes | Said::Neither if status.is_client_error() => rejected(
            reply,
            None,
            None,
            format!("Slack answered {status} and gave no reason"),
        ),
        Said::Yes | Said::No | Said::Neither => {
            let answer = shown(reply, webhook);
            let why = format!(
                "the webhook did not take the message: it answered {status} with {answer} instead of \"ok\"; check SLACK_WEBHOOK_URL"
            );
            rejected(reply, Some(Scope::Channel), None, why)
        }
    }
}

fn said(reply: &Reply) -> Said {
    let body = reply.body.trim_ascii();
    if body.eq_ignore_ascii_case(b"ok") {
        return Said::Yes;
    }
    if reply.status.is_client_error()
        && let Some(word) = std::str::from_utf8(body).ok().filter(|text| is_word(text))
    {
        return Said::Refused(word.to_owned());
    }
    if let Ok(Value::Object(fields)) = serde_json::from_slice(body) {
        let answers: Vec<bool> = ["ok", "success", "result"]
            .iter()
            .filter_map(|name| fields.get(*name).and_then(yes_or_no))
            .collect();
        if answers.contains(&false) {
            let word = fields.get("error").and_then(Value::as_str);
            return match word.filter(|text| is_word(text)) {
                Some(word) => Said::Refused(word.to_owned()),
                None => Said::No,
            };
        }
        if answers.contains(&true) {
            return Said::Yes;
        }
    }
    // These two say yes by themselves. A firewall that wants to see a browser answers 202, too, with a page.
    match reply.status {
        StatusCode::NO_CONTENT => Said::Yes,
        StatusCode::ACCEPTED if !body.starts_with(b"<") => Said::Yes,
        _ => Said::Neither,
    }
}

fn yes_or_no(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(answer) => Some(*answer),
        Value::String(word) if word == "success" => Some(true),
        Value::String(word) if word == "error" => Some(false),
        _ => None,
    }
}

/// Whether a text is a reason of Slack's, such as `channel_is_archived`.
fn is_word(text: &str) -> bool {
    (2..=60).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The answer in quotation marks. A page that says which path it does not know would show the secret.
fn shown(reply: &Reply, webhook: &Webhook) -> String {
    let said = on_one_line(&webhook.mask(&String::from_utf8_lossy(&reply.body)), WORDS);
    if said.is_empty() {
        "nothing".to_owned()
    } else {
        format!("{said:?}")
    }
}

/// A refusal in Slack's words.
fn refused(reply: &Reply, word: String) -> Outcome {
    if is_about_the_moment(&word) || reply.status == StatusCode::TOO_MANY_REQUESTS {
        let why = "Slack: too many messages at once; this one was not processed and is tried again";
        return rejected(reply, None, Some(word), why.to_owned());
    }
    let scope = if is_about_the_message(&word) {
        Scope::Message
    } else {
        Scope::Channel
    };
    let why = format!("Slack error {word}: {}", sentence(&word));
    rejected(reply, Some(scope), Some(word), why)
}

/// A refusal. Without a `scope` another try may help.
fn rejected(reply: &Reply, scope: Option<Scope>, code: Option<String>, why: String) -> Outcome {
    let lasts = [
        StatusCode::BAD_REQUEST,
        StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND,
        StatusCode::GONE,
    ];
    let scope = scope.filter(|_| !reply.status.is_client_error() || lasts.contains(&reply.status));
    Outcome::Rejected {
        permanent: scope.is_some(),
        scope: scope.unwrap_or(Scope::Message),
        retry_after: reply.retry_after,
        code,
        why,
    }
}

fn is_about_the_moment(word: &str) -> bool {
    matches!(word, "rate_limited" | "ratelimited")
}

/// Whether another message may get through.
fn is_about_the_message(word: &str) -> bool {
    matches!(
        word,
        "invalid_payload" | "no_text" | "invalid_blocks" | "too_many_attachments" | "rollup_error"
    )
}

/// What happened and what to do.
fn sentence(word: &str) -> &'static str {
    match word {
        "no_service" | "no_service_id" | "no_active_hooks" | "invalid_token" => {
            "the webhook is gone or was revoked; make a new one and set SLACK_WEBHOOK_URL"
        }
        "no_team" | "team_disabled" => "the workspace is gone or disabled; check SLACK_WEBHOOK_URL",
        "channel_not_found" | "user_not_found" => {
            "the channel or person of the webhook is gone; make a new webhook"
        }
        "channel_is_archived" => "the webhook's channel is archived; restore it or make a new webhook",
        "action_prohibited" | "posting_to_general_channel_denied" => {
            "the workspace does not allow this; ask its administrator"
        }
        "invalid_payload" | "no_text" | "invalid_blocks" | "too_many_attachments" => {
            "Slack could not use the message"
        }
        _ => "Slack refused the message; see Slack's list of webhook errors",
    }
}
