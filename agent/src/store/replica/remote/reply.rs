//! What an error of the store says, without what it quotes.
//!
//! `object_store` puts the whole body of a refusal into its error, and S3 repeats secrets there: the session
//! token in `Token-0` of an expired one, the canonical request with that token where the signature is wrong.
//! Only code and message are told.

use secrecy::SecretString;

use crate::{domain::on_one_line, outbound::redact::Masks};

/// S3's code for "somebody deletes or writes this key right now": nothing was created, and nothing is known
/// of the key. Where the key is taken it answers 412 instead; `object_store` calls both `AlreadyExists`.
const CONFLICT: &str = "ConditionalRequestConflict";

/// The address of the instance metadata service.
const INSTANCE_METADATA: &str = "169.254.169.254";

/// The error as a sentence that may be logged and shown.
pub(super) fn sentence(error: &object_store::Error) -> String {
    let text = masks().text(&error.to_string());
    let (head, body) = match text.find(['<', '{', '\n']) {
        Some(at) => text.split_at(at),
        None => (text.as_str(), ""),
    };
    let head = &on_one_line(head.trim_end_matches([' ', ':']), 500);
    let code = element(body, "Code").map(|code| on_one_line(code, 60));
    let advice = advice(head, code.as_deref())
        .map(|advice| format!("; {advice}"))
        .unwrap_or_default();
    let message = element(body, "Message").map(|message| on_one_line(message, 300));
    match (code, message) {
        (Some(code), Some(message)) => format!("{head}: {code}: {message}{advice}"),
        (Some(code), None) => format!("{head}: {code}{advice}"),
        (None, _) => format!("{head}{advice}"),
    }
}

/// The credentials of the environment, which a reply may repeat anywhere. Those of a role are not there.
fn masks() -> Masks {
    let secrets: Vec<SecretString> = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .map(SecretString::from)
        .collect();
    Masks::new(&secrets)
}

/// What to do about it, where that can be known.
fn advice(head: &str, code: Option<&str>) -> Option<&'static str> {
    match code {
        Some("NoSuchBucket") => Some("make the bucket, or correct state.remote"),
        Some("AccessDenied") => Some(
            "whoever runs the agent needs s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject under the prefix",
        ),
        Some("AuthorizationHeaderMalformed") => Some("AWS_REGION must name the bucket's region"),
        Some("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "ExpiredToken") => Some(
            "renew the credentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the role",
        ),
        None if head.contains("redirect without LOCATION") => {
            Some("AWS_REGION must name the bucket's region")
        }
        // Where credentials are asked for last.
        None if head.contains(INSTANCE_METADATA) => Some(
            "no AWS credentials: none in the environment (AWS_ACCESS_KEY_ID and so on), and this is no EC2 instance with a role",
        ),
        _ => None,
    }
}

/// Whether a creation was refused because of another request under way, so that it may be tried again.
pub(super) fn is_conflict(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::AlreadyExists { .. })
        && element(&error.to_string(), "Code").is_some_and(|code| code == CONFLICT)
}

fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expired() -> object_store::Error {
        let source = "Error performing GET http://s3/bucket in 4ms - Server returned non-2xx status code: 400 Bad Request: \
                      <?xml version=\"1.0\"?>\n<Error><Code>ExpiredToken</Code><Message>The provided token has expired.\
                      </Message><Token-0>canary</Token-0></Error>";
        object_store::Error::Generic {
            store: "S3",
            source: source.into(),
        }
    }

    #[test]
    fn code_and_message_are_told_and_nothing_else_of_the_body() {
        assert_eq!(
            sentence(&expired()),
            "Generic S3 error: Error performing GET http://s3/bucket in 4ms - Server returned non-2xx status code: \
             400 Bad Request: ExpiredToken: The provided token has expired.; renew the credentials: AWS_ACCESS_KEY_ID, \
             AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the role"
        );
    }

    #[test]
    fn a_body_of_another_kind_is_left_out_and_an_error_without_one_is_whole() {
        for body in ["<html>canary</html>", "{\"token\": \"canary\"}", "\ncanary"] {
            let source = format!("status code: 500: {body}");
            let error = object_store::Error::Generic {
                store: "S3",
                source: source.into(),
            };
            assert_eq!(sentence(&error), "Generic S3 error: status code: 500");
        }
        let error = object_store::Error::Generic {
            store: "S3",
            source: "operation timed out".into(),
        };
        assert_eq!(sentence(&error), "Generic S3 error: operation timed out");
    }

    #[test]
    fn a_conflict_is_not_a_key_that_is_taken() {
        let refusal = |code: &str| object_store::Error::AlreadyExists {
            path: "state/0000000001.db.zst".to_owned(),
            source: format!("<Error><Code>{code}</Code><Message>No</Message></Error>").into(),
        };
        assert!(is_conflict(&refusal("ConditionalRequestConflict")));
        assert!(!is_conflict(&refusal("PreconditionFailed")));
        assert!(!is_conflict(&expired()));
    }
}
