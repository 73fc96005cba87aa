//! How the fake misbehaves.

use std::time::Duration;

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::server;

/// What happens before or instead of the good answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The good answer, this many milliseconds late.
    Delay(u64),
    /// No answer; the connection stays open.
    Hang,
    /// This status with a JSON error.
    Status(u16),
    /// 200 with a web page, as a proxy or a maintenance page sends.
    Html,
    /// 200 and the first half of the good answer's body, then the connection closes.
    HalfBody,
    /// 200 with well-formed JSON of another shape.
    WrongJson,
    /// 200 with this text as the body, unchanged. The content type is JSON, even if the text is not.
    Body(String),
    /// The connection closes without an answer.
    DropConnection,
    /// The recorded answer to a wrong token.
    BadToken,
}

/// A planned fault: the requests that it applies to, and how many are left (`None`: until it is cleared).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Planned {
    /// The fault.
    pub fault: Fault,
    /// How many requests the fault still applies to, at least 1. `None`: all, until the faults are cleared.
    #[serde(default)]
    pub requests: Option<u32>,
    /// Only requests whose path ends with this text, for example `goals.json`. `None`: every request.
    #[serde(default)]
    pub only: Option<String>,
}

impl Fault {
    /// The fault as a response. `right` is the good answer.
    pub async fn apply(self, right: Response) -> Response {
        match self {
            Self::Delay(milliseconds) => {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                right
            }
            Self::Hang => std::future::pending().await,
            Self::Status(code) => {
                let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                reply(status, &json!({"error": "Something went wrong."}))
            }
            Self::Html => {
                let page = "<!DOCTYPE html><html><body><h1>We'll be back soon</h1></body></html>";
                (
                    StatusCode::OK,
                    [("content-type", "text/html; charset=utf-8")],
                    page,
                )
                    .into_response()
            }
            Self::HalfBody => match axum::body::to_bytes(right.into_body(), usize::MAX).await {
                Ok(body) => server::broken_off(&body),
                Err(_) => server::hang_up(),
            },
            Self::WrongJson => reply(
                StatusCode::OK,
                &json!({"status": "ok", "data": {"items": [1, "two", null]}}),
            ),
            Self::Body(body) => (
                StatusCode::OK,
                [("content-type", "application/json; charset=utf-8")],
                body,
            )
                .into_response(),
            Self::DropConnection => server::hang_up(),
            Self::BadToken => bad_token(),
        }
    }
}

/// JSON as Beeminder sends it.
pub(super) fn reply(status: StatusCode, body: &Value) -> Response {
    (
        status,
        [("content-type", "application/json; charset=utf-8")],
        body.to_string(),
    )
        .into_response()
}

/// The recorded answer to a wrong token.
pub(super) fn bad_token() -> Response {
    let message = "No such auth_token found. (Did you mix up auth_token and access_token?)";
    reply(
        StatusCode::UNAUTHORIZED,
        &json!({"errors": {"auth_token": "bad_token", "message": message}}),
    )
}

/// The recorded answer to an unknown goal or user.
pub(super) fn not_found() -> Response {
    reply(
        StatusCode::NOT_FOUND,
        &json!({"error": "The requested resource was not found."}),
    )
}
