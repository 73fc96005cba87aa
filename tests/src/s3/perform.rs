//! A request from arrival to reply: credentials, the planned fault, and the operation itself.

use std::time::Duration;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use hyper::body::Body as _;

use super::{
    BUCKET, Code, Fault, Operation, Shared, auth, delete, error::error, fault::Plan, folder_under_guard,
    list, object, request::Request,
};
use crate::server;

pub(super) async fn serve(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = Request::new(method, uri, headers, body);
    let (operation, plan, arrived) = match arrive(&shared, &request) {
        Ok(accepted) => accepted,
        Err(refusal) => return *refusal,
    };
    // In a separate task: the real S3 also finishes what it has begun when the client is gone.
    let work = tokio::spawn(async move { carry_out(&shared, &request, operation, plan, arrived).await });
    match work.await {
        Ok(Some(response)) => response,
        Ok(None) => std::future::pending().await,
        Err(_) => error(Code::InternalError, &[]),
    }
}

/// Refuses bad requests. Otherwise returns the operation, its fault, and the number of deletions so far.
fn arrive(shared: &Shared, request: &Request) -> Result<(Operation, Plan, u64), Box<Response>> {
    let mut state = shared.lock();
    state.counts.bytes_in += request.body.len() as u64;
    if let Err(denial) = auth::authorize(&state.credentials, request) {
        state.counts.denied += 1;
        state.violations.extend(
            denial
                .violation
                .map(|why| format!("{why}: {} {}", request.method, request.uri)),
        );
        return Err(denial.response);
    }
    if request.bucket != BUCKET {
        return Err(Box::new(error(
            Code::NoSuchBucket,
            &[("BucketName", &request.bucket)],
        )));
    }
    let Some(operation) = request.operation() else {
        state
            .violations
            .push(format!("not implemented: {} {}", request.method, request.uri));
        return Err(Box::new(error(Code::NotImplemented, &[])));
    };
    state.counts.arrived(operation);
    if operation == Operation::Put
        && folder_under_guard(&request.key).is_some()
        && request.header("if-none-match") != Some("*")
    {
        state
            .violations
            .push(format!("put unconditionally: {}", request.key));
    }
    Ok((operation, state.faults.plan(operation), state.objects.deletions()))
}

/// The reply; `None` for no reply at all.
async fn carry_out(
    shared: &Shared,
    request: &Request,
    operation: Operation,
    plan: Plan,
    arrived: u64,
) -> Option<Response> {
    tokio::time::sleep(plan.wait_before).await;
    let run = || execute(shared, request, operation, arrived);
    let response = match plan.fault {
        None => run(),
        Some(Fault::Delay(milliseconds)) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            run()
        }
        Some(Fault::Refuse(code)) => refuse(shared, request, operation, code),
        Some(Fault::DropBefore) => server::hang_up(),
        Some(Fault::HangBefore) => return None,
        Some(Fault::DropAfter) => {
            run();
            server::hang_up()
        }
        Some(Fault::RefuseAfter(code)) => {
            run();
            error(code, &[])
        }
        Some(Fault::HangAfter) => {
            run();
            return None;
        }
        Some(Fault::Truncate) => spoil(run(), |bytes| server::broken_off(&bytes)).await,
        Some(Fault::Corrupt) => spoil(run(), |bytes| Body::from(corrupted(&bytes)).into_response()).await,
        Some(Fault::EmptyList) => list::empty(request),
        Some(Fault::Garbage) => (
            StatusCode::OK,
            [("content-type", "text/html")],
            "<html><body>Welcome to the hotel Wi-Fi</body></html>",
        )
            .into_response(),
    };
    tokio::time::sleep(plan.wait_after).await;
    if operation != Operation::Head {
        shared.lock().counts.bytes_out += response.body().size_hint().exact().unwrap_or_default();
    }
    Some(response)
}

/// The error. A bulk delete that is refused has S3's peculiar form: 200 with an error for each key.
fn refuse(shared: &Shared, request: &Request, operation: Operation, code: Code) -> Response {
    if code == Code::ConditionalRequestConflict {
        shared.lock().counts.concurrent_conflicts += 1;
    }
    if operation == Operation::Delete && request.method == Method::POST && code == Code::AccessDenied {
        return delete::denied(request);
    }
    error(
        code,
        &[
            ("Key", &request.key),
            (
                "Token-0",
                request.header("x-amz-security-token").unwrap_or_default(),
            ),
        ],
    )
}

/// A good response with another body. An error stays as it is.
async fn spoil(right: Response, other: impl FnOnce(Bytes) -> Response) -> Response {
    if !right.status().is_success() {
        return right;
    }
    let (mut head, body) = right.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let (made, body) = other(bytes).into_parts();
    head.headers.extend(
        made.headers
            .into_iter()
            .filter(|(n, _)| n.as_ref().is_some_and(|n| n == "content-length")),
    );
    Response::from_parts(head, body)
}

fn corrupted(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 0x55;
    }
    bytes
}

fn execute(shared: &Shared, request: &Request, operation: Operation, arrived: u64) -> Response {
    match operation {
        Operation::Put => object::put(shared, request, arrived),
        Operation::Get | Operation::Head => object::get(shared, request),
        Operation::List => list::list(shared, request),
        Operation::Delete if request.method == Method::POST => delete::many(shared, request),
        Operation::Delete => delete::one(shared, request),
        Operation::Any => error(Code::NotImplemented, &[]),
    }
}
