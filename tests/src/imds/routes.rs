//! The paths of the service, and the rule of version 2: no answer without a token.

use std::time::Duration;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Bucket, Fault, Inner, ROLE, Shared};
use crate::{clock::machine_time, s3::Credential, server};

/// What the fault does instead of an answer.
async fn misbehave(shared: &Shared, of_role: bool) -> Option<Response> {
    let fault = shared.lock().fault;
    match fault? {
        Fault::Status(status) => Some(
            StatusCode::from_u16(status)
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
                .into_response(),
        ),
        Fault::NoRole => of_role.then(|| StatusCode::NOT_FOUND.into_response()),
        Fault::Hang => std::future::pending().await,
        Fault::Drop => Some(server::hang_up()),
    }
}

pub(super) async fn token(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    if let Some(instead) = misbehave(&shared, false).await {
        return instead;
    }
    let given = headers
        .get("x-aws-ec2-metadata-token-ttl-seconds")
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let mut inner = shared.lock();
    let Some(seconds @ 1..=21_600) = given else {
        inner
            .violations
            .push("a token without a time to live between 1 and 21600 s".to_owned());
        return StatusCode::BAD_REQUEST.into_response();
    };
    let token = format!("AQAEAOfTheTests{:016x}==", fastrand::u64(..));
    inner
        .tokens
        .insert(token.clone(), Instant::now() + Duration::from_secs(seconds));
    // The SDKs insist on the header, curl does not.
    (
        [("x-aws-ec2-metadata-token-ttl-seconds", seconds.to_string())],
        token,
    )
        .into_response()
}

pub(super) async fn role(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    match admit(&shared, &headers).await {
        Some(refusal) => refusal,
        None => ROLE.into_response(),
    }
}

pub(super) async fn credentials(
    State(shared): State<Shared>,
    Path(role): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Some(refusal) = admit(&shared, &headers).await {
        return refusal;
    }
    if role != ROLE {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut inner = shared.lock();
    inner.asked += 1;
    let kept = inner.current.take().filter(|c| !c.expired());
    let credential = match kept {
        Some(credential) => credential,
        None => issue(&mut inner, &shared.bucket),
    };
    let body = json!({
        "Code": "Success",
        "LastUpdated": machine_time().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "Type": "AWS-HMAC",
        "AccessKeyId": credential.access_key_id,
        "SecretAccessKey": credential.secret_access_key,
        "Token": credential.session_token,
        "Expiration": credential.expires_at.map(|end| end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
    });
    inner.current = Some(credential);
    ([("content-type", "text/plain")], body.to_string()).into_response()
}

/// Versions of the service that cloud-init may ask for.
const VERSIONS: &[&str] = &[
    "1.0",
    "2009-04-04",
    "2016-09-02",
    "2018-09-24",
    "2021-03-23",
    "latest",
];

/// A folder as its names, one a line. A leaf as its text.
pub(super) async fn described(State(shared): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    if let Some(refusal) = admit(&shared, &headers).await {
        return refusal;
    }
    let mut path = uri.path().split('/').filter(|part| !part.is_empty());
    match path.next() {
        None => return VERSIONS.join("\n").into_response(),
        Some(version) if VERSIONS.contains(&version) => {}
        Some(_) => return StatusCode::NOT_FOUND.into_response(),
    }
    let mut inner = shared.lock();
    if uri.path().ends_with("/user-data") {
        inner.user_data_asked += 1;
        return inner.user_data.clone().map_or_else(
            || StatusCode::NOT_FOUND.into_response(),
            IntoResponse::into_response,
        );
    }
    let found = path.try_fold(&inner.instance, |folder, name| folder.get(name));
    match found {
        Some(Value::Object(folder)) => {
            let name = |(name, inside): (&String, &Value)| {
                format!("{name}{}", if inside.is_object() { "/" } else { "" })
            };
            folder
                .iter()
                .map(name)
                .collect::<Vec<_>>()
                .join("\n")
                .into_response()
        }
        Some(Value::String(text)) => text.clone().into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn issue(inner: &mut Inner, bucket: &Bucket) -> Credential {
    inner.issued += 1;
    let credential = Credential {
        access_key_id: format!("ASIAOFTHETESTS{:06}", inner.issued),
        secret_access_key: format!("temporary-secret-of-the-tests-{:016x}", fastrand::u64(..)),
        session_token: Some(format!("session-token-of-the-tests-{:016x}", fastrand::u64(..))),
        expires_at: Some(machine_time() + inner.lifetime),
    };
    bucket.add_credential(credential.clone());
    credential
}

/// 401 without a valid token, as on an instance where version 1 is switched off.
async fn admit(shared: &Shared, headers: &HeaderMap) -> Option<Response> {
    if let Some(instead) = misbehave(shared, true).await {
        return Some(instead);
    }
    let mut inner = shared.lock();
    let given = headers
        .get("x-aws-ec2-metadata-token")
        .and_then(|value| value.to_str().ok());
    if given.is_none() {
        inner
            .violations
            .push("asked without a token, as in version 1".to_owned());
    }
    let good = given
        .and_then(|token| inner.tokens.get(token))
        .is_some_and(|end| Instant::now() < *end);
    (!good).then(|| StatusCode::UNAUTHORIZED.into_response())
}
