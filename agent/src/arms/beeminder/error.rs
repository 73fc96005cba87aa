use std::path::PathBuf;

use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::repair::{self, Document};
use crate::{
    config::{handwritten::without_bom, secrets::is_in_quotes},
    domain::on_one_line,
    outbound::{CallError, Reply, redact},
};

const CHECK_TOKEN: &str =
    "check BEEMINDER_AUTH_TOKEN; it must be the personal auth_token, an OAuth access_token is something else";

const TAKE_OFF_QUOTES: &str = "BEEMINDER_AUTH_TOKEN begins and ends with a quotation mark, which belongs to no token: remove the two marks";

/// Why the account could not be read: one sentence for a person, with the next step. No sentence contains the
/// token.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BeeminderError {
    /// The token is missing.
    #[error("BEEMINDER_AUTH_TOKEN is not set: log in to Beeminder and copy it from /api/v1/auth_token.json")]
    MissingToken,
    /// No reply came.
    #[error(transparent)]
    Transport(#[from] CallError),
    /// Status 401.
    #[error(
        "Beeminder refused the token (401: {said}): {}",
        if *in_quotes { TAKE_OFF_QUOTES } else { CHECK_TOKEN }
    )]
    Unauthorized {
        /// Beeminder's words.
        said: String,
        /// Whether the token is in quotes, which is the likely reason.
        in_quotes: bool,
    },
    /// Status 404.
    #[error("Beeminder does not know {what} (404: {said}): check beeminder.username and beeminder.base_url")]
    NotFound {
        /// What was asked for.
        what: String,
        /// Beeminder's words.
        said: String,
    },
    /// A redirect. It is never followed: the token in the URL would be sent along.
    #[error(
        "Beeminder answered with a redirect (status {status}): beeminder.base_url should be https://www.beeminder.com/api/v1/"
    )]
    Redirected {
        /// The status, 300 to 399.
        status: u16,
    },
    /// Any other refusal: 422, 429, 406.
    #[error("Beeminder refused the request for {what} (status {status}: {said})")]
    Refused {
        /// What was asked for.
        what: String,
        /// The status, 400 to 499.
        status: u16,
        /// Beeminder's words.
        said: String,
    },
    /// A failure of Beeminder itself.
    #[error("Beeminder failed (status {status}: {said})")]
    Failing {
        /// The status, 500 to 599.
        status: u16,
        /// Beeminder's words.
        said: String,
    },
    /// A success whose body is not JSON: a login page, a maintenance page, half a body.
    #[error("Beeminder's answer is {found} (status {status}{at})")]
    NotJson {
        /// The status, 200 as a rule.
        status: u16,
        /// What the body is: `empty`, `HTML, not JSON`, `an incomplete JSON document`, `not JSON`.
        found: &'static str,
        /// `, line 1 column 7`, where it is no JSON any more; empty if it never was.
        at: String,
    },
    /// JSON of another shape than documented.
    #[error("Beeminder's reply has an unknown shape: {0}")]
    Malformed(#[from] Malformed),
    /// The file of a `file:` source cannot be used.
    #[error("beeminder.source = \"file:{}\": {why}", path.display())]
    File {
        /// The path, as configured.
        path: PathBuf,
        /// What is wrong with the file.
        why: String,
    },
    /// The base URL is of a kind that has no path, such as `mailto:`.
    #[error(
        "beeminder.base_url = {0:?} cannot be extended by a path: expected something like https://www.beeminder.com/api/v1/"
    )]
    BaseUrl(String),
}

impl BeeminderError {
    /// What only a person can do so that Beeminder can be read again, in the words of a message; `None` if it
    /// may pass by itself, or if the next step depends.
    pub fn cure(&self) -> Option<&'static str> {
        match self {
            Self::MissingToken => Some("there is no Beeminder token: put one into BEEMINDER_AUTH_TOKEN"),
            Self::Unauthorized { in_quotes: true, .. } => {
                Some("Beeminder refuses the token: remove the quotation marks around BEEMINDER_AUTH_TOKEN")
            }
            Self::Unauthorized { .. } => Some("Beeminder refuses the token: put a new BEEMINDER_AUTH_TOKEN"),
            _ => None,
        }
    }
}

/// A JSON value of another shape than documented.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{what} should be {expected}, not {found}")]
pub struct Malformed {
    what: &'static str,
    expected: &'static str,
    found: &'static str,
}

impl Malformed {
    pub(super) fn new(what: &'static str, expected: &'static str, found: &Value) -> Self {
        let found = match found {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        Self {
            what,
            expected,
            found,
        }
    }
}

/// The JSON of a successful reply. `what` names what was asked for, as in "the goals of me".
pub(super) fn json(reply: &Reply, what: &str, token: &SecretString) -> Result<Document, BeeminderError> {
    let status = reply.status.as_u16();
    if reply.status.is_success() {
        return repair::read(&reply.body, |text| serde_json::from_slice(text)).map_err(|error| {
            let (found, is_json_so_far) = what_it_is(&reply.body, &error);
            let at = format!(", line {} column {}", error.line(), error.column());
            BeeminderError::NotJson {
                status,
                found,
                at: if is_json_so_far { at } else { String::new() },
            }
        });
    }
    let said = serde_json::from_slice::<Value>(without_bom(&reply.body))
        .ok()
        .and_then(|body| sentence(&body))
        .unwrap_or_else(|| "no reason given".to_owned());
    // Cut after it was masked: half a token would not be known any more.
    let said = tidy(&redact::text(&said, &[token]));
    let what = what.to_owned();
    Err(match reply.status {
        StatusCode::UNAUTHORIZED => BeeminderError::Unauthorized {
            said,
            in_quotes: is_in_quotes(token.expose_secret()),
        },
        StatusCode::NOT_FOUND => BeeminderError::NotFound { what, said },
        code if code.is_server_error() => BeeminderError::Failing { status, said },
        code if code.is_redirection() => BeeminderError::Redirected { status },
        _ => BeeminderError::Refused { what, status, said },
    })
}

/// What a body is that is not JSON, and whether its beginning might be.
fn what_it_is(body: &[u8], error: &serde_json::Error) -> (&'static str, bool) {
    match without_bom(body).trim_ascii_start().first() {
        None => ("empty", false),
        Some(b'<') => ("HTML, not JSON", false),
        Some(_) if error.is_eof() => ("an incomplete JSON document", true),
        Some(_) => ("not JSON", true),
    }
}

/// The sentence of an error body. Beeminder has several shapes: `error`, `errors` (a text, or an object of
/// texts and lists), `error_message`.
fn sentence(body: &Value) -> Option<String> {
    let said = ["error", "errors", "error_message"]
        .into_iter()
        .find_map(|key| body.get(key))?;
    let said = said
        .get("message")
        .filter(|message| message.is_string())
        .unwrap_or(said);
    let text = match said {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| format!("{name} {}", words(value)))
            .collect::<Vec<_>>()
            .join("; "),
        other => words(other),
    };
    (!text.trim().is_empty()).then_some(text)
}

fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// One line of at most 200 characters, without a full stop at its end: the text becomes part of our sentence.
fn tidy(said: &str) -> String {
    on_one_line(said, 200).trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn error(status: u16, body: &str) -> String {
        let reply = Reply {
            status: StatusCode::from_u16(status).unwrap(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            retry_after: None,
        };
        json(&reply, "the goals of me", &SecretString::from("canary"))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn every_known_error_shape_becomes_one_sentence() {
        let recorded: Value =
            serde_json::from_str(include_str!("fixtures/get_user_invalid_auth.json")).unwrap();
        let not_found: Value =
            serde_json::from_str(include_str!("fixtures/get_goal_not_found.json")).unwrap();
        let sentences = [
            error(401, &recorded["response"]["body"].to_string()),
            error(
                401,
                r#"{"error":"You need to log in or sign up before continuing."}"#,
            ),
            error(404, &not_found["response"]["body"].to_string()),
            error(
                422,
                r#"{"errors":{"value":["can't be blank","is not a number"]}}"#,
            ),
            error(422, r#"{"errors":"Cannot do that"}"#),
            error(429, r#"{"error_message":"Slow\n\u0000 down"}"#),
            error(406, "{}"),
            error(500, "<html>oops</html>"),
            error(503, ""),
            error(302, ""),
            error(200, "\n <!DOCTYPE html>"),
            error(200, r#"[{"slug":"#),
            error(200, ""),
            error(200, "OK"),
        ];
        insta::assert_snapshot!(sentences.join("\n"), @r"
        Beeminder refused the token (401: No such auth_token found. (Did you mix up auth_token and access_token?)): check BEEMINDER_AUTH_TOKEN; it must be the personal auth_token, an OAuth access_token is something else
        Beeminder refused the token (401: You need to log in or sign up before continuing): check BEEMINDER_AUTH_TOKEN; it must be the personal auth_token, an OAuth access_token is something else
        Beeminder does not know the goals of me (404: The requested resource was not found): check beeminder.username and beeminder.base_url
        Beeminder refused the request for the goals of me (status 422: value can't be blank, is not a number)
        Beeminder refused the request for the goals of me (status 422: Cannot do that)
        Beeminder refused the request for the goals of me (status 429: Slow down)
        Beeminder refused the request for the goals of me (status 406: no reason given)
        Beeminder failed (status 500: no reason given)
        Beeminder failed (status 503: no reason given)
        Beeminder answered with a redirect (status 302): beeminder.base_url should be https://www.beeminder.com/api/v1/
        Beeminder's answer is HTML, not JSON (status 200)
        Beeminder's answer is an incomplete JSON document (status 200, line 1 column 9)
        Beeminder's answer is empty (status 200)
        Beeminder's answer is not JSON (status 200, line 1 column 1)
        ");
    }

    #[test]
    fn a_refused_token_in_quotes_is_told_apart_from_a_wrong_one() {
        let reply = Reply {
            status: StatusCode::UNAUTHORIZED,
            body: Bytes::from_static(br#"{"error":"No such auth_token found"}"#),
            retry_after: None,
        };
        let refused = |token: &str| json(&reply, "the goals of me", &SecretString::from(token)).unwrap_err();
        let (quoted, wrong) = (refused("\"canary\""), refused("canary"));
        assert!(quoted.to_string().ends_with("remove the two marks"), "{quoted}");
        assert!(quoted.cure().unwrap().contains("quotation marks"));
        assert!(!wrong.to_string().contains("marks"), "{wrong}");
        assert!(!quoted.to_string().contains("canary"), "{quoted}");
    }

    #[test]
    fn a_token_that_beeminder_repeats_is_masked() {
        let said = error(
            422,
            r#"{"errors":{"token":"canary is odd, see ?auth_token=canary&x"}}"#,
        );
        assert!(!said.contains("canary") && said.contains("*** is odd"), "{said}");
        let said = error(422, &format!(r#"{{"errors":"{}canary"}}"#, "x".repeat(196)));
        assert!(!said.contains("xcan"), "{said}");
    }
}
