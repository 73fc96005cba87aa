//! Errors of the endpoints: which type is used where.
//!
//! * Code below HTTP returns its own `thiserror` enums, which know nothing of statuses. The conversions at
//!   the end of this file say which status each of these errors becomes.
//! * [`ApiError`] is what a handler returns. Its constructors are named after the statuses of HTTP. It holds
//!   two texts. `detail` is for the caller. `operator` is for the log and is never sent: the gate logs it
//!   once, with the request id, when the response leaves.
//!
//! On the wire every error is `{"detail", "code", "request_id"}`. A `code` is stable; a client may act on it.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{budget::BudgetError, domain::on_one_line, heuristic::HeuristicError, store::StoreError};

/// The longest text of an error, in characters. No text of ours has half of it.
const LONGEST_DETAIL: usize = 1000;

/// Every error on the wire, whatever its status.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Error {
    /// One sentence for a person.
    pub(super) detail: String,
    /// A stable word for a program.
    pub(super) code: String,
    /// What to look for in the log; also in `x-request-id`.
    pub(super) request_id: String,
}

/// The error that a handler returns in place of an answer.
#[derive(Clone, Debug)]
pub struct ApiError {
    kind: Kind,
    detail: String,
    operator: Option<String>,
    retry_after_seconds: Option<u64>,
}

/// All kinds of errors. None of them has a 2xx status, so no error can be sent as a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be read.
    BadRequest,
    /// No token, or not a known one.
    Unauthorized,
    /// A browser sent it for another site, or it came by a foreign name.
    Forbidden,
    /// There is no such path or thing.
    NotFound,
    /// The path exists, but it does not take this method.
    MethodNotAllowed,
    /// The arguments are allowed, but not with what is on record, with this configuration, or at this time.
    Conflict,
    /// The body did not come in time.
    SlowBody,
    /// The body is too large.
    TooLarge,
    /// The body is not JSON.
    NotJson,
    /// The arguments are not what the OpenAPI document allows.
    Invalid,
    /// Too many requests with this token.
    TooManyRequests,
    /// The request failed, and that is our fault.
    Internal,
    /// The request cannot be carried out now. It may work later.
    Unavailable,
    /// The request took too long.
    TimedOut,
}

impl Kind {
    /// The status on the wire.
    pub fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable | Self::TimedOut => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The stable word on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict => "conflict",
            Self::SlowBody => "slow_body",
            Self::TooLarge => "too_large",
            Self::NotJson => "not_json",
            Self::Invalid => "invalid",
            Self::TooManyRequests => "too_many_requests",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
            Self::TimedOut => "timed_out",
        }
    }
}

impl ApiError {
    /// An error whose text the caller may read. It becomes one line, because it may repeat a name or a value of the
    /// caller's.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: on_one_line(&detail.into(), LONGEST_DETAIL),
            operator: None,
            retry_after_seconds: None,
        }
    }

    /// There is no such thing.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, detail)
    }

    /// The arguments cannot be used: a sentence that names the argument and what is allowed.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, detail)
    }

    /// The request failed, and that is our fault. `operator` goes to the log only.
    pub fn internal(operator: impl Into<String>) -> Self {
        let told = Self::new(
            Kind::Internal,
            "something went wrong here; the log has the reason under this request_id",
        );
        Self {
            operator: Some(operator.into()),
            ..told
        }
    }

    /// The request may work later. `operator` goes to the log only.
    pub fn unavailable(operator: impl Into<String>) -> Self {
        let told = Self::new(
            Kind::Unavailable,
            "this cannot be done at the moment; the log has the reason under this request_id",
        );
        Self {
            operator: Some(operator.into()),
            ..told
        }
    }

    /// Too many requests; try again after so many seconds.
    pub(super) fn too_many_requests(retry_after_seconds: u64) -> Self {
        let told = Self::new(
            Kind::TooManyRequests,
            format!("too many requests, try again in {retry_after_seconds} s"),
        );
        Self {
            retry_after_seconds: Some(retry_after_seconds),
            ..told
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    pub(super) fn operator(&self) -> Option<&str> {
        self.operator.as_deref()
    }

    pub(super) fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after_seconds
    }
}

/// A response that carries the error and has no body yet. The gate knows the request id, so the gate writes
/// the body and the log line.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The recorded state cannot be read.
impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(error.to_string())
    }
}

/// No pass was made, or nothing of the pass was recorded. The next pass may succeed.
impl From<Arc<HeuristicError>> for ApiError {
    fn from(error: Arc<HeuristicError>) -> Self {
        Self::unavailable(error.to_string())
    }
}

/// If the arguments are refused, the caller can repair them. If the state cannot be written now, it may be
/// writable later.
impl From<BudgetError> for ApiError {
    fn from(error: BudgetError) -> Self {
        match error {
            BudgetError::Store(error) => Self::unavailable(error.to_string()),
            BudgetError::Invalid(refused) => Self::invalid(refused.to_string()),
            refused => Self::new(Kind::Conflict, refused.to_string()),
        }
    }
}
