//! Arguments: from the query, as the Python system took them, or from a JSON body, as its documentation
//! showed them.
//!
//! A request takes exactly the arguments that the OpenAPI document lists for it. Any other name is refused,
//! so that a misspelt `limit` gives an error and not the wrong answer.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{FromRequest, Query, Request},
};
use http::{HeaderMap, header::CONTENT_TYPE};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, IgnoredAny},
};
use url::form_urlencoded;
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type,
        path::{Parameter, ParameterIn},
    },
};

use super::{ApiError, error::Kind};
use crate::config::{handwritten::without_bom, nearest};

/// Largest body that is read of most requests.
pub(super) const BODY_LIMIT_BYTES: usize = 64 * 1024;

/// Largest body of a request that brings many sessions.
const BULK_LIMIT_BYTES: usize = 1024 * 1024;

/// Largest body that is read at a path.
pub(super) fn body_limit(path: &str) -> usize {
    match path {
        "/usage/records" => BULK_LIMIT_BYTES,
        _ => BODY_LIMIT_BYTES,
    }
}

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(5);

/// The arguments of a request, parsed. A query and a body at once are refused, because one of the two would
/// be ignored.
#[derive(Debug)]
pub(super) struct Args<T>(pub(super) T);

/// The arguments of a request that takes none.
#[derive(Debug, Deserialize)]
pub(super) struct NoArguments {}

impl IntoParams for NoArguments {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Vec::new()
    }
}

/// How many items a caller wants: `USUAL` if the caller does not say, at least 1, at most `MOST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count<const USUAL: u32, const MOST: u32>(u32);

impl<const USUAL: u32, const MOST: u32> Count<USUAL, MOST> {
    /// The number.
    pub(super) fn get(self) -> u32 {
        self.0
    }
}

impl<const USUAL: u32, const MOST: u32> Default for Count<USUAL, MOST> {
    fn default() -> Self {
        Self(USUAL)
    }
}

impl<'de, const USUAL: u32, const MOST: u32> Deserialize<'de> for Count<USUAL, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            number if (1..=MOST).contains(&number) => Ok(Self(number)),
            number => Err(D::Error::custom(format_args!(
                "{number} is not allowed, expected 1 to {MOST}"
            ))),
        }
    }
}

impl<const USUAL: u32, const MOST: u32> PartialSchema for Count<USUAL, MOST> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(1))
            .maximum(Some(MOST))
            .default(Some(USUAL.into()))
            .into()
    }
}

impl<const USUAL: u32, const MOST: u32> ToSchema for Count<USUAL, MOST> {}

impl<S: Sync, T: DeserializeOwned + IntoParams> FromRequest<S> for Args<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let body = read(body, BODY_LIMIT_BYTES).await?;
        let body = body.slice_ref(without_bom(&body));
        let query = parts.uri.query().unwrap_or_default();
        if body.is_empty() {
            let names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
            refuse_unknown::<T>(names)?;
            let query = Query::<T>::try_from_uri(&parts.uri);
            return query
                .map(|Query(args)| Self(args))
                .map_err(|error| refuse("the query", &error.body_text()));
        }
        if !query.is_empty() {
            return Err(ApiError::invalid(
                "arguments came in the query and in the body: send them in one of the two",
            ));
        }
        if !is_json(&parts.headers) {
            let detail = "the body is not marked as JSON: send content-type: application/json, or the arguments in the query";
            return Err(ApiError::new(Kind::NotJson, detail));
        }
        // Arguments have names. From a list, the parser below would take them by their position.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err(ApiError::invalid(
                "the body cannot be used: expected a JSON object, {\"name\": value}",
            ));
        }
        // The parser below says what is wrong with an object that cannot be read.
        let names = serde_json::from_slice::<BTreeMap<String, Option<IgnoredAny>>>(&body).unwrap_or_default();
        refuse_unknown::<T>(names.keys())?;
        if let Some((name, _)) = names.iter().find(|(_, value)| value.is_none()) {
            let detail =
                format!("the body cannot be used: {name} is null, leave it out to say nothing about it");
            return Err(ApiError::invalid(detail));
        }
        let json = Json::<T>::from_bytes(&body);
        json.map(|Json(args)| Self(args))
            .map_err(|error| refuse("the body", &error.body_text()))
    }
}

/// Refuses the first name that the OpenAPI document does not list for this request.
fn refuse_unknown<T: IntoParams>(names: impl Iterator<Item = impl AsRef<str>>) -> Result<(), ApiError> {
    let mut names = names.peekable();
    if names.peek().is_none() {
        return Ok(());
    }
    let known = T::into_params(|| None);
    let known: Vec<&str> = known.iter().map(|parameter| parameter.name.as_str()).collect();
    match names.find(|name| !known.contains(&name.as_ref())) {
        Some(unknown) => Err(ApiError::invalid(no_such_argument(unknown.as_ref(), &known))),
        None => Ok(()),
    }
}

/// Says that there is no such argument, and which one may have been meant.
pub(super) fn no_such_argument(name: &str, known: &[&str]) -> String {
    // 40 characters are more than any argument has, and few enough for one sentence.
    let shown: String = name.chars().take(40).collect();
    let hint = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None if known.is_empty() => "this request takes none".to_owned(),
        None => format!("expected {}", known.join(", ")),
    };
    format!("there is no argument {shown:?}: {hint}")
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn read(body: Body, limit: usize) -> Result<bytes::Bytes, ApiError> {
    match tokio::time::timeout(BODY_TIME, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_length_limit(&error) => Err(too_large(limit)),
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
pub(super) fn too_large(limit: usize) -> ApiError {
    ApiError::new(Kind::TooLarge, format!("the body is larger than {limit} bytes"))
}

/// Whether the headers say that the body is JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
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

/// Keeps serde's part of `text`, which names the field. Drops axum's part before it, which does not help a
/// caller. Replaces what Rust says about numbers, because that does not say what is allowed.
fn refuse(part: &str, text: &str) -> ApiError {
    let why = text.split_once(": ").map_or(text, |(_, why)| why);
    let why = why.rsplit_once(" at line ").map_or(why, |(why, _)| why);
    let plain = NUMBERS
        .iter()
        .find_map(|(rust, plain)| Some(format!("{}{plain}", why.strip_suffix(rust)?)));
    ApiError::invalid(format!(
        "{part} cannot be used: {}",
        plain.as_deref().unwrap_or(why)
    ))
}

/// What the standard library and serde say about a number, and what the caller is told instead. A body's text
/// also says where in the body the number stands, after ` at line `.
const NUMBERS: [(&str, &str); 9] = [
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
    ("expected u64", "expected a whole number from 0 on"),
    ("expected u32", "expected a whole number from 0 on"),
    ("expected f64", "expected a number"),
];

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, IntoParams, PartialEq)]
    struct Tokens {
        input_tokens: u64,
        #[serde(default)]
        notes: String,
    }

    #[derive(Debug, Deserialize, IntoParams)]
    struct Page {
        #[serde(default)]
        #[param(inline)]
        limit: Rows,
    }

    type Rows = Count<50, 500>;

    async fn parse(uri: &str, kind: Option<&str>, body: &str) -> Result<Tokens, (Kind, String)> {
        let mut request = Request::builder().uri(uri);
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        parse_as::<Tokens>(request).await
    }

    async fn parse_as<T: DeserializeOwned + IntoParams>(request: Request) -> Result<T, (Kind, String)> {
        let parsed = Args::<T>::from_request(request, &()).await;
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

    #[tokio::test]
    async fn a_body_is_an_object_and_not_a_list_of_values_by_position() {
        for body in [r#"[7, "a b"]"#, " []", "7", "null", r#""input_tokens""#] {
            let (kind, detail) = parse("/", Some("application/json"), body).await.unwrap_err();
            assert_eq!(kind, Kind::Invalid);
            assert!(
                detail.ends_with(r#"expected a JSON object, {"name": value}"#),
                "{body}: {detail}"
            );
        }
    }

    #[tokio::test]
    async fn a_byte_order_mark_before_a_body_is_no_part_of_it() {
        let body = "\u{feff}{\"input_tokens\": 7}";
        assert!(parse("/", Some("application/json"), body).await.is_ok());
        let twice = r#"{"input_tokens": 7, "input_tokens": 9}"#;
        let (kind, detail) = parse("/", Some("application/json"), twice).await.unwrap_err();
        assert_eq!(kind, Kind::Invalid);
        assert!(detail.contains("duplicate field `input_tokens`"), "{detail}");
    }

    #[tokio::test]
    async fn a_null_is_refused_whatever_the_argument_is() {
        for name in ["input_tokens", "notes"] {
            let body = format!(r#"{{"{name}": null}}"#);
            let (kind, detail) = parse("/", Some("application/json"), &body).await.unwrap_err();
            assert_eq!(kind, Kind::Invalid);
            assert_eq!(
                detail,
                format!("the body cannot be used: {name} is null, leave it out to say nothing about it")
            );
        }
    }

    #[tokio::test]
    async fn a_refusal_is_one_short_line_whatever_the_body_repeats() {
        let long = "y".repeat(5000);
        for body in [
            "{\"input_tokens\": 7, \"no\u{85}tes\" 1".to_owned(),
            format!("{{\"{long}\" 1"),
        ] {
            let (_, detail) = parse("/", Some("application/json"), &body).await.unwrap_err();
            assert!(detail.starts_with("the body cannot be used: "), "{detail}");
            assert!(
                !detail.contains(char::is_control) && detail.chars().count() <= 1000,
                "{detail}"
            );
        }
    }

    #[tokio::test]
    async fn a_number_of_a_body_is_refused_in_plain_words() {
        for body in [r#"{"input_tokens": "7"}"#, r#"{"input_tokens": 0.5}"#] {
            let (_, detail) = parse("/", Some("application/json"), body).await.unwrap_err();
            assert!(
                detail.starts_with("the body cannot be used: input_tokens: ")
                    && detail.ends_with("expected a whole number from 0 on"),
                "{body}: {detail}"
            );
        }
    }

    #[tokio::test]
    async fn a_name_that_is_not_known_is_refused_with_the_nearest_one() {
        let json = Some("application/json");
        for (uri, kind, body) in [
            ("/?input_tokens=7&note=a", None, ""),
            ("/", json, r#"{"input_tokens": 7, "note": "a"}"#),
            ("/?note=a", None, ""),
        ] {
            let refused = parse(uri, kind, body).await.unwrap_err();
            let detail = r#"there is no argument "note": did you mean notes?"#;
            assert_eq!(refused, (Kind::Invalid, detail.to_owned()), "{uri} {body}");
        }
        let (_, detail) = parse("/?x%22y=1", None, "").await.unwrap_err();
        assert_eq!(
            detail,
            r#"there is no argument "x\"y": expected input_tokens, notes"#
        );
        let request = Request::get("/?limit=7").body(Body::empty()).unwrap();
        let (kind, detail) = parse_as::<NoArguments>(request).await.unwrap_err();
        assert_eq!(kind, Kind::Invalid);
        assert_eq!(detail, r#"there is no argument "limit": this request takes none"#);
    }

    #[tokio::test]
    async fn a_count_is_the_usual_one_or_within_its_bounds() {
        let limit = async |uri: &str| {
            let request = Request::get(uri).body(Body::empty()).unwrap();
            parse_as::<Page>(request).await.map(|page| page.limit.get())
        };
        assert_eq!(limit("/").await, Ok(50));
        assert_eq!(limit("/?limit=500").await, Ok(500));
        for number in ["0", "501"] {
            let detail =
                format!("the query cannot be used: limit: {number} is not allowed, expected 1 to 500");
            assert_eq!(
                limit(&format!("/?limit={number}")).await,
                Err((Kind::Invalid, detail))
            );
        }
        let (_, detail) = limit("/?limit=many").await.unwrap_err();
        assert!(
            detail.ends_with("limit: expected a whole number, in digits only"),
            "{detail}"
        );
    }

    #[test]
    fn the_document_has_the_bounds_of_a_count() {
        let schema = serde_json::to_value(&Page::into_params(|| None)[0].schema).unwrap();
        let bounds = ["minimum", "maximum", "default"].map(|bound| schema[bound].as_f64());
        assert_eq!(bounds, [Some(1.0), Some(500.0), Some(50.0)], "{schema}");
    }
}
