//! Arguments: from the query, as the Python system took them, or from a JSON body, as its documentation
//! showed them.

use std::time::Duration;

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{FromRequest, Query, Request},
};
use http::{HeaderMap, header::CONTENT_TYPE};
use serde::de::DeserializeOwned;

use super::{ApiError, error::Kind};

/// Largest body that is read.
pub(super) const BODY_LIMIT_BYTES: usize = 64 * 1024;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(5);

/// The arguments of a request, parsed. A body wins nothing over a query: both at once are refused, for one of
/// them would be ignored.
#[derive(Debug)]
pub(super) struct Args<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Args<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let body = read(body).await?;
        if body.is_empty() {
            let query = Query::<T>::try_from_uri(&parts.uri);
            return query
                .map(|Query(args)| Self(args))
                .map_err(|error| refuse("the query", &error.body_text()));
        }
        if parts.uri.query().is_some_and(|query| !query.is_empty()) {
            return Err(ApiError::invalid(
                "arguments came in the query and in the body: send them in one of the two",
            ));
        }
        if !is_json(&parts.headers) {
            let detail = "the body is not marked as JSON: send content-type: application/json, or the arguments in the query";
            return Err(ApiError::new(Kind::NotJson, detail));
        }
        let json = Json::<T>::from_bytes(&body);
        json.map(|Json(args)| Self(args))
            .map_err(|error| refuse("the body", &error.body_text()))
    }
}

async fn read(body: Body) -> Result<bytes::Bytes, ApiError> {
    match tokio::time::timeout(BODY_TIME, to_bytes(body, BODY_LIMIT_BYTES)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_length_limit(&error) => Err(too_large()),
        Ok(Err(error)) => Err(ApiError::new(
            Kind::BadRequest,
            format!("the body could not be read: {error}"),
        )),
        Err(_) => Err(ApiError::new(
            Kind::SlowBody,
            format!("the body did not arrive within {BODY_TIME:?}"),
        )),
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    std::error::Error::source(error)
        .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>)
}

/// The one sentence for every body that is too large.
pub(super) fn too_large() -> ApiError {
    ApiError::new(
        Kind::TooLarge,
        format!("the body is larger than {BODY_LIMIT_BYTES} bytes"),
    )
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else {
        return false;
    };
    let essence = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// serde's words name the field; axum's words before them do not help a caller, and Rust's own words about
/// numbers do not say what is allowed.
fn refuse(part: &str, text: &str) -> ApiError {
    let why = text.split_once(": ").map_or(text, |(_, why)| why);
    let plain = NUMBERS
        .iter()
        .find_map(|(rust, plain)| Some(format!("{}{plain}", why.strip_suffix(rust)?)));
    ApiError::invalid(format!(
        "{part} cannot be used: {}",
        plain.as_deref().unwrap_or(why)
    ))
}

/// What the standard library says of a number in a query, and what it means.
const NUMBERS: [(&str, &str); 6] = [
    (
        "invalid digit found in string",
        "expected a whole number, in digits only",
    ),
    (
        "cannot parse integer from empty string",
        "expected a whole number, not nothing",
    ),
    (
        "number too large to fit in target type",
        "the number is too large",
    ),
    (
        "number too small to fit in target type",
        "the number is too small",
    ),
    (
        "cannot parse float from empty string",
        "expected a number, not nothing",
    ),
    ("invalid float literal", "expected a number such as 12 or 0.5"),
];

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Tokens {
        input_tokens: u64,
        #[serde(default)]
        notes: String,
    }

    async fn parse(uri: &str, kind: Option<&str>, body: &str) -> Result<Tokens, (Kind, String)> {
        let mut request = Request::builder().uri(uri);
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let parsed = Args::<Tokens>::from_request(request, &()).await;
        parsed
            .map(|Args(args)| args)
            .map_err(|error| (error.kind(), error.detail().to_owned()))
    }

    #[tokio::test]
    async fn query_and_body_give_the_same() {
        let expected = Tokens {
            input_tokens: 7,
            notes: "a b".to_owned(),
        };
        assert_eq!(
            parse("/?input_tokens=7&notes=a+b", None, "").await.unwrap(),
            expected
        );
        let json = r#"{"input_tokens": 7, "notes": "a b"}"#;
        assert_eq!(
            parse("/", Some("application/json; charset=utf-8"), json)
                .await
                .unwrap(),
            expected
        );
    }

    #[tokio::test]
    async fn what_cannot_be_used_is_named() {
        let (kind, detail) = parse("/?input_tokens=many", None, "").await.unwrap_err();
        assert_eq!(kind, Kind::Invalid);
        assert_eq!(
            detail,
            "the query cannot be used: input_tokens: expected a whole number, in digits only"
        );
        let (_, detail) = parse("/", None, "").await.unwrap_err();
        assert_eq!(detail, "the query cannot be used: missing field `input_tokens`");
        let (kind, detail) = parse("/", Some("application/json"), r#"{"input_tokens": -1}"#)
            .await
            .unwrap_err();
        assert_eq!(kind, Kind::Invalid);
        assert!(
            detail.starts_with("the body cannot be used: input_tokens: invalid value: integer `-1`"),
            "{detail}"
        );
    }

    #[tokio::test]
    async fn a_body_must_be_json_small_and_alone() {
        assert_eq!(
            parse("/", None, "input_tokens=7").await.unwrap_err().0,
            Kind::NotJson
        );
        let large = format!(
            r#"{{"input_tokens": 7, "notes": "{}"}}"#,
            "x".repeat(BODY_LIMIT_BYTES)
        );
        assert_eq!(
            parse("/", Some("application/json"), &large).await.unwrap_err().0,
            Kind::TooLarge
        );
        let both = parse(
            "/?input_tokens=7",
            Some("application/json"),
            r#"{"input_tokens": 7}"#,
        )
        .await;
        assert_eq!(both.unwrap_err().0, Kind::Invalid);
    }
}
