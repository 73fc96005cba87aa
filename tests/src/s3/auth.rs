//! Checks the credentials of a request, temporary and permanent ones, and makes S3's refusals.

use axum::response::Response;
use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use sha2::{Digest as _, Sha256};

use super::{Code, error::error, request::Request, sigv4::Authorization};
use crate::clock::machine_time;

/// How far a request's time may differ from the clock.
const SKEW: SignedDuration = SignedDuration::from_mins(15);

/// An access key that the fake knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The key's id.
    pub access_key_id: String,
    /// The secret that signs requests.
    pub secret_access_key: String,
    /// The session token of a temporary key.
    pub session_token: Option<String>,
    /// When the key ends, by the machine's clock: object_store goes by that clock.
    pub expires_at: Option<Timestamp>,
}

impl Credential {
    pub(crate) fn expired(&self) -> bool {
        self.expires_at.is_some_and(|end| end <= machine_time())
    }
}

/// Why a request was turned away.
pub(super) struct Denial {
    pub(super) response: Box<Response>,
    /// A request that no correct client makes, which is worse than bad credentials.
    pub(super) violation: Option<String>,
}

fn denial(code: Code, details: &[(&str, &str)]) -> Denial {
    Denial {
        response: Box::new(error(code, details)),
        violation: None,
    }
}

fn violation(code: Code, why: &str) -> Denial {
    Denial {
        response: Box::new(error(code, &[])),
        violation: Some(why.to_owned()),
    }
}

pub(super) fn authorize(credentials: &[Credential], request: &Request) -> Result<(), Denial> {
    let Some(header) = request.header("authorization") else {
        return Err(violation(Code::AccessDenied, "an unsigned request"));
    };
    let Some(authorization) = Authorization::parse(header) else {
        return Err(violation(
            Code::AuthorizationHeaderMalformed,
            "not AWS4-HMAC-SHA256 for s3",
        ));
    };
    let key = authorization.access_key_id.as_str();
    let token = request.header("x-amz-security-token");
    let known = credentials
        .iter()
        .find(|c| c.access_key_id == key && (c.session_token.is_none() || token.is_some()));
    let Some(credential) = known else {
        return Err(denial(Code::InvalidAccessKeyId, &[("AWSAccessKeyId", key)]));
    };
    if credential.session_token.as_deref() != token {
        return Err(denial(
            Code::InvalidToken,
            &[("Token-0", token.unwrap_or_default())],
        ));
    }
    if credential.expired() {
        return Err(denial(
            Code::ExpiredToken,
            &[("Token-0", token.unwrap_or_default())],
        ));
    }
    if token.is_some() && !authorization.covers("x-amz-security-token") {
        return Err(violation(
            Code::AccessDenied,
            "the session token is not under the signature",
        ));
    }
    in_time(request)?;
    let (canonical, to_sign, expected) = authorization.expect(
        &credential.secret_access_key,
        &request.method,
        &request.uri,
        &request.headers,
    );
    if expected != authorization.signature {
        let details = [
            ("AWSAccessKeyId", key),
            ("StringToSign", &to_sign),
            ("SignatureProvided", &authorization.signature),
            ("CanonicalRequest", &canonical),
        ];
        return Err(denial(Code::SignatureDoesNotMatch, &details));
    }
    intact(request)
}

fn in_time(request: &Request) -> Result<(), Denial> {
    let given = request.header("x-amz-date").unwrap_or_default();
    let at = DateTime::strptime("%Y%m%dT%H%M%SZ", given).and_then(|at| at.to_zoned_datetime(TimeZone::UTC));
    match at {
        Ok(at) if at.timestamp().duration_since(machine_time()).abs() <= SKEW => Ok(()),
        Ok(_) => Err(denial(Code::RequestTimeTooSkewed, &[("RequestTime", given)])),
        Err(_) => Err(violation(Code::AccessDenied, "no x-amz-date")),
    }
}

/// Checks that the payload is the one that was signed.
fn intact(request: &Request) -> Result<(), Denial> {
    match request.header("x-amz-content-sha256") {
        Some("UNSIGNED-PAYLOAD") => Ok(()),
        Some(hash) if hash == hex::encode(Sha256::digest(&request.body)) => Ok(()),
        Some(_) => Err(denial(Code::XAmzContentSHA256Mismatch, &[])),
        None => Err(violation(Code::InvalidRequest, "no x-amz-content-sha256")),
    }
}
