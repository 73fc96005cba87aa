//! The body of a request that brings many sessions at once.

use axum::extract::{FromRequest, Request};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::form_urlencoded;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{ArrayBuilder, ObjectBuilder, RefOr, Schema, Type},
};

use super::{ApiError, args, error::Kind};
use crate::{budget::NewSession, config::handwritten::without_bom, domain::SessionSource};

/// The most sessions of one request.
pub(super) const MOST_SESSIONS: usize = 500;

/// The arguments.
const ARGUMENTS: [&str; 2] = ["source", "sessions"];

/// Sessions, each read or refused by itself.
#[derive(Debug)]
pub(super) struct Bulk {
    pub(super) source: SessionSource,
    pub(super) sessions: Vec<Read>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Read {
    /// As it was sent, if it can be read.
    pub(super) request_id: Option<String>,
    /// The session, or why it cannot be read.
    pub(super) session: Result<NewSession, String>,
}

/// Many sessions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UsageRecordManyArguments)]
pub(in crate::http) struct Body {
    /// How they were found: `transcripts` for those of Claude Code's transcripts.
    #[serde(default)]
    source: BulkSource,
    /// The sessions, 1 to 500, each with the arguments of `/usage/record`. One whose arguments cannot be used is refused in
    /// the answer, and the others are recorded.
    #[schema(schema_with = sessions)]
    sessions: Vec<Map<String, Value>>,
}

/// Who may bring sessions: the other sources are Mecris itself.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum BulkSource {
    /// Somebody recorded them.
    #[default]
    Recorded,
    /// Claude Code's transcripts have them.
    Transcripts,
}

fn sessions() -> RefOr<Schema> {
    ArrayBuilder::new()
        .items(ObjectBuilder::new().schema_type(Type::Object))
        .min_items(Some(1))
        .max_items(Some(MOST_SESSIONS))
        .into()
}

impl<S: Sync> FromRequest<S> for Bulk {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let query = parts.uri.query().unwrap_or_default();
        if let Some((name, _)) = form_urlencoded::parse(query.as_bytes()).next() {
            return Err(ApiError::invalid(match ARGUMENTS.contains(&&*name) {
                true => "this request takes no query: send a JSON object in the body".to_owned(),
                false => args::no_such_argument(&name, &ARGUMENTS),
            }));
        }
        if !args::is_json(&parts.headers) {
            let detail = "the body is not marked as JSON: send content-type: application/json";
            return Err(ApiError::new(Kind::NotJson, detail));
        }
        let body = args::read(body, args::body_limit(parts.uri.path())).await?;
        let body = without_bom(&body);
        // From a list, the parser below would take the arguments by their position.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err(ApiError::invalid(
                "the body cannot be used: expected a JSON object, {\"sessions\": [...]}",
            ));
        }
        let refuse = |error: serde_json::Error| {
            let why = error.to_string();
            let why = why.rsplit_once(" at line ").map_or(why.as_str(), |(why, _)| why);
            ApiError::invalid(format!("the body cannot be used: {why}"))
        };
        let names: Map<String, Value> = serde_json::from_slice(body).map_err(refuse)?;
        if let Some(unknown) = names.keys().find(|name| !ARGUMENTS.contains(&name.as_str())) {
            return Err(ApiError::invalid(args::no_such_argument(unknown, &ARGUMENTS)));
        }
        let body: Body = serde_json::from_value(names.into()).map_err(refuse)?;
        let count = body.sessions.len();
        if !(1..=MOST_SESSIONS).contains(&count) {
            return Err(ApiError::invalid(format!(
                "sessions has {count} of them: expected 1 to {MOST_SESSIONS}"
            )));
        }
        Ok(Self {
            source: match body.source {
                BulkSource::Recorded => SessionSource::Recorded,
                BulkSource::Transcripts => SessionSource::Transcripts,
            },
            sessions: body.sessions.into_iter().map(read).collect(),
        })
    }
}

/// Reads a session by the rules of [`args::Args`].
fn read(session: Map<String, Value>) -> Read {
    let request_id = session
        .get("request_id")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let known = NewSession::into_params(|| None);
    let known: Vec<&str> = known.iter().map(|parameter| parameter.name.as_str()).collect();
    let unknown = session.keys().find(|name| !known.contains(&name.as_str()));
    let null = session.iter().find(|(_, value)| value.is_null());
    let session = match (unknown, null) {
        (Some(unknown), _) => Err(args::no_such_argument(unknown, &known)),
        (_, Some((name, _))) => Err(format!("{name} is null, leave it out to say nothing about it")),
        _ => serde_json::from_value(Value::Object(session)).map_err(|error| error.to_string()),
    };
    Read { request_id, session }
}
