//! The gate between the outermost service and the handlers, as one function. On the way in it gives the
//! request an id, checks where it comes from, its size, its token and its rate, and limits its time. On the way out it writes the
//! body of an error, sets the headers, counts the response and logs one line.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Uri,
    header::{
        CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
    },
};
use tokio::time::{Instant, timeout};
use tower::ServiceExt;

use super::{
    ApiError, App, args,
    error::{Error, Kind},
    origin, passes,
    request_id::X_REQUEST_ID,
};
use crate::config::Auth;

/// How long a request may take.
const REQUEST_TIME: Duration = Duration::from_secs(10);

/// Who is asking: the name of the token. What a request records bears this name.
#[derive(Clone, Debug)]
pub(super) struct Caller(pub(super) Arc<str>);

/// The caller's name if `http.auth` is "none". Then only this machine can reach the server.
const NO_TOKEN: &str = "local";

/// Answers one request.
pub(super) async fn pass(app: Arc<App>, router: Router, mut request: Request<Body>) -> Response {
    let started = Instant::now();
    let id = app.request_ids.of(request.headers());
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let path = uri.path();
    let admitted = origin::one_host(request.version(), request.headers())
        .and_then(|()| admit(&app, request.headers(), &uri));
    let response = match admitted {
        Err(error) => error.into_response(),
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            handle(router, request, time_for(&app, path)).await
        }
    };
    let response = finish(response, id, &method, path);
    app.metrics.http_request(response.status());
    tracing::debug!(
        request_id = response.headers().get(&X_REQUEST_ID).and_then(|id| id.to_str().ok()), %method, path, status = response.status().as_u16(),
        took = ?started.elapsed(), "answered"
    );
    response
}

/// Decides from the head of the request whether the request may go on.
fn admit(app: &App, headers: &HeaderMap, uri: &Uri) -> Result<Caller, ApiError> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let limit = args::body_limit(uri.path());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(args::too_large(limit));
    }
    if matches!(uri.path(), "/health" | "/ready") {
        return Ok(Caller(NO_TOKEN.into()));
    }
    origin::admit(app.settings.auth, uri, headers)?;
    let name = match app.settings.auth {
        Auth::None => NO_TOKEN.into(),
        Auth::Token => authenticate(app, headers)?,
    };
    app.rates
        .admit(&name)
        .map_err(|wait| ApiError::too_many_requests(whole_seconds_up(wait)))?;
    Ok(Caller(name))
}

/// The caller's name, according to the tokens that are loaded now. A request does not wait until newer tokens
/// are read.
fn authenticate(app: &App, headers: &HeaderMap) -> Result<Arc<str>, ApiError> {
    let detail = "a known token is needed: authorization: Bearer <token>";
    let caller = app.tokens.current().value.find(headers).cloned();
    caller.ok_or_else(|| ApiError::new(Kind::Unauthorized, detail))
}

/// How long a request may take. A request for a pass may wait for the end of the pass that runs, for the turn of
/// its own, and for its end. All other requests only read or write the state.
fn time_for(app: &App, path: &str) -> Duration {
    match path {
        "/intelligent-reminder/trigger" | "/beeminder/alert" => {
            2 * (app.settings.pass_deadline + REQUEST_TIME) + passes::TURN
        }
        _ => REQUEST_TIME,
    }
}

async fn handle(router: Router, request: Request<Body>, time: Duration) -> Response {
    match timeout(time, router.oneshot(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_) => ApiError::new(
            Kind::TimedOut,
            format!("this took longer than {} s", time.as_secs()),
        )
        .into_response(),
    }
}

/// Writes the body of an error, and sets the headers that every response has.
fn finish(mut response: Response, id: HeaderValue, method: &Method, path: &str) -> Response {
    let error = response.extensions_mut().remove::<ApiError>();
    if response.status().is_client_error() || response.status().is_server_error() {
        // If axum itself refused the request, there is no `ApiError`. Axum's plain text is not part of our
        // contract, so it is replaced.
        let error = error.unwrap_or_else(|| bare(&response));
        log(&error, &id, method, path);
        write_error(&mut response, &error, &id);
    }
    let headers = response.headers_mut();
    headers.insert(&X_REQUEST_ID, id);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn bare(response: &Response) -> ApiError {
    if response.status().is_server_error() {
        ApiError::internal(format!(
            "a handler answered {} without saying why",
            response.status()
        ))
    } else {
        ApiError::new(Kind::BadRequest, "the request cannot be read")
    }
}

fn write_error(response: &mut Response, error: &ApiError, id: &HeaderValue) {
    *response.status_mut() = error.kind().status();
    let request_id = id.to_str().unwrap_or_default();
    let body = Error {
        detail: error.detail().to_owned(),
        code: error.kind().code().to_owned(),
        request_id: request_id.to_owned(),
    };
    let body = serde_json::to_vec(&body).expect("text is JSON");
    *response.body_mut() = Body::from(body);
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if error.kind() == Kind::Unauthorized {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = error.retry_after_seconds() {
        insert_number(headers, RETRY_AFTER, seconds);
    }
}

fn insert_number(headers: &mut HeaderMap, name: HeaderName, number: u64) {
    headers.insert(name, HeaderValue::from(number));
}

/// The one place where an error of a request is logged. The path has no query, so no argument gets into the
/// log.
fn log(error: &ApiError, id: &HeaderValue, method: &Method, path: &str) {
    let request_id = id.to_str().unwrap_or_default();
    if let Some(why) = error.operator() {
        tracing::error!(request_id, %method, path, code = error.kind().code(), why, "request failed");
    } else {
        tracing::debug!(request_id, %method, path, code = error.kind().code(), detail = error.detail(), "request refused");
    }
}

fn whole_seconds_up(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
