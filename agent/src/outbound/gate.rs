//! The last question before the bytes of a call leave: is it still time?
//!
//! Between a check and the write to the socket lie the pool, perhaps a new connection, and other tasks'
//! turns. So the check rides in the body of the request: it is made when the connection asks for the bytes,
//! which it hands to the socket next. A closed gate ends the request without its body, and a request without
//! its body is none.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};

tokio::task_local! {
    static GATE: Gate;
}

/// Whether it is still time. Cheap to clone.
#[derive(Clone)]
pub struct Gate(Arc<dyn Fn() -> bool + Send + Sync>);

/// It was not.
#[derive(Debug, thiserror::Error)]
#[error("not sent: its time was over before the connection was ready for it")]
struct Closed;

impl Gate {
    /// Open as long as `is_open` says so.
    pub fn new(is_open: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(is_open))
    }

    /// Every request with a body that `calls` makes through an [`Outbound`](super::Outbound) passes this
    /// gate.
    pub async fn around<F: Future>(self, calls: F) -> F::Output {
        GATE.scope(self, calls).await
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

/// Puts the gate that the caller is [around](Gate::around) into the request's body, if there is one.
pub(super) fn put_into(request: &mut reqwest::Request) {
    let Ok(gate) = GATE.try_with(Gate::clone) else {
        return;
    };
    let Some(body) = request.body_mut() else { return };
    let Some(bytes) = body.as_bytes().map(Bytes::copy_from_slice) else {
        return;
    };
    *body = reqwest::Body::wrap(Gated {
        gate,
        bytes: Full::new(bytes),
    });
}

struct Gated {
    gate: Gate,
    bytes: Full<Bytes>,
}

impl Body for Gated {
    type Data = Bytes;
    type Error = Closed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Closed>>> {
        if !self.bytes.is_end_stream() && !(self.gate.0)() {
            return Poll::Ready(Some(Err(Closed)));
        }
        let frame = Pin::new(&mut self.bytes).poll_frame(context);
        frame.map(|frame| frame.map(|frame| frame.map_err(|never: Infallible| match never {})))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.bytes.size_hint()
    }
}
