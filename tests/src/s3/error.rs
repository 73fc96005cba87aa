//! S3's errors in S3's words, secrets included: the real S3 echoes the session token, so a log of the body
//! would leak it.

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};

/// An error code. The code determines the status and the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they are S3's names")]
pub enum Code {
    AccessDenied,
    AuthorizationHeaderMalformed,
    ConditionalRequestConflict,
    ExpiredToken,
    InternalError,
    InvalidAccessKeyId,
    InvalidArgument,
    InvalidRange,
    InvalidRequest,
    InvalidToken,
    MalformedXML,
    NoSuchBucket,
    NoSuchKey,
    NotImplemented,
    PreconditionFailed,
    RequestTimeTooSkewed,
    ServiceUnavailable,
    SignatureDoesNotMatch,
    SlowDown,
    XAmzContentSHA256Mismatch,
}

impl Code {
    fn words(self) -> (u16, &'static str) {
        match self {
            Self::AccessDenied => (403, "Access Denied"),
            Self::AuthorizationHeaderMalformed => (400, "The authorization header is malformed."),
            Self::ConditionalRequestConflict => (
                409,
                "The conditional request cannot succeed due to a conflicting operation against this resource.",
            ),
            Self::ExpiredToken => (400, "The provided token has expired."),
            Self::InternalError => (500, "We encountered an internal error. Please try again."),
            Self::InvalidAccessKeyId => (
                403,
                "The AWS Access Key Id you provided does not exist in our records.",
            ),
            Self::InvalidArgument => (400, "Invalid Argument"),
            Self::InvalidRange => (416, "The requested range is not satisfiable"),
            Self::InvalidRequest => (400, "Missing required header for this request: Content-MD5"),
            Self::InvalidToken => (400, "The provided token is malformed or otherwise invalid."),
            Self::MalformedXML => (400, "The XML you provided was not well-formed."),
            Self::NoSuchBucket => (404, "The specified bucket does not exist"),
            Self::NoSuchKey => (404, "The specified key does not exist."),
            Self::NotImplemented => (
                501,
                "A header you provided implies functionality that is not implemented",
            ),
            Self::PreconditionFailed => (
                412,
                "At least one of the pre-conditions you specified did not hold",
            ),
            Self::RequestTimeTooSkewed => (
                403,
                "The difference between the request time and the current time is too large.",
            ),
            Self::ServiceUnavailable => (503, "Service is unable to handle request."),
            Self::SignatureDoesNotMatch => (
                403,
                "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
            ),
            Self::SlowDown => (503, "Please reduce your request rate."),
            Self::XAmzContentSHA256Mismatch => (
                400,
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            ),
        }
    }

    pub(super) fn message(self) -> &'static str {
        self.words().1
    }
}

/// The documented body. `details` are further elements, by name.
pub(super) fn error(code: Code, details: &[(&str, &str)]) -> Response {
    let (status, message) = code.words();
    let mut body = format!(
        "<Error><Code>{code:?}</Code><Message>{}</Message>",
        escape(message)
    );
    for (name, value) in details {
        body.push_str(&format!("<{name}>{}</{name}>", escape(value)));
    }
    body.push_str("<RequestId>656c76696e6727732072</RequestId><HostId>Uuag1LuByRx9e6j5Onimru9pO4ZVKnJ2Qz7/C1NPcfTWAtRPfTaOFg==</HostId></Error>");
    xml(
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        &body,
    )
}

/// XML as S3 sends it.
pub(super) fn xml(status: StatusCode, body: &str) -> Response {
    let whole = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}");
    (status, [("content-type", "application/xml")], whole).into_response()
}

/// Escapes a text for use between two tags.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Undoes [`escape`].
pub(super) fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}
