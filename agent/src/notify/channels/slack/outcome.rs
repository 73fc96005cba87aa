//! What Slack's answers mean: `ok` in plain text, or a status with one word in plain text.

use http::StatusCode;

use crate::{
    notify::channels::{Outcome, Scope},
    outbound::Reply,
};

/// The outcome of a post. Slack gives no id, so the id is made of the tag: `slack-k7q2x9` for `#k7q2x9`.
pub(super) fn posted(reply: &Reply, tag: &str) -> Outcome {
    let status = reply.status;
    if status == StatusCode::OK && reply.body.trim_ascii() == b"ok" {
        return Outcome::Accepted(format!("slack-{}", tag.trim_start_matches('#')));
    }
    if !status.is_client_error() || status == StatusCode::REQUEST_TIMEOUT {
        return Outcome::Unknown {
            why: format!("Slack answered {status}, and not with its \"ok\""),
        };
    }
    let word = word(reply);
    let lasts = [
        StatusCode::BAD_REQUEST,
        StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND,
        StatusCode::GONE,
    ];
    let why = match word {
        _ if status == StatusCode::TOO_MANY_REQUESTS => {
            "Slack: too many messages at once; this one was not processed and is tried again".to_owned()
        }
        Some(word) => format!("Slack error {word}: {}", sentence(word)),
        None => format!("Slack answered {status} and gave no reason"),
    };
    // Without Slack's own word the answer may come from a proxy.
    let permanent = word.is_some() && lasts.contains(&status);
    let scope = if permanent && !word.is_some_and(is_about_the_message) {
        Scope::Channel
    } else {
        Scope::Message
    };
    Outcome::Rejected {
        permanent,
        scope,
        retry_after: reply.retry_after,
        code: word.map(str::to_owned),
        why,
    }
}

/// Slack's reason for a refusal, such as `channel_is_archived`.
fn word(reply: &Reply) -> Option<&str> {
    let word = std::str::from_utf8(reply.body.trim_ascii()).ok()?;
    let is_word = (2..=60).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    is_word.then_some(word)
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
