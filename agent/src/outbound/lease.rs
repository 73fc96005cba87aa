//! The last check before a message leaves: does the sender still hold its lease?
//!
//! Between a check and the write to the socket lie the connection pool, perhaps a new connection, and the
//! turns of other tasks. So an HTTP request carries its check in its body: hyper asks for the body when the
//! connection is open, and writes it to the socket next. If the lease is over by then, the request ends
//! without its body, and no provider accepts a request whose body is missing. A channel that does not speak
//! HTTP calls [`LeaseCheck::pass`] itself, on an open connection, right before it writes the message.

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

/// Says whether the sender of a message still holds its lease. Cheap to clone.
#[derive(Clone)]
pub struct LeaseCheck(Arc<dyn Fn() -> bool + Send + Sync>);

/// The lease was over when the connection was ready, so the message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not sent: the lease was over before the connection was ready")]
pub struct LeaseOver;

impl LeaseCheck {
    /// A check that passes while `holds` returns true. `holds` is called once for each send, just before the
    /// bytes leave.
    pub fn new(holds: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(holds))
    }

    /// Call this when the connection is open, right before the first byte of the message is written.
    ///
    /// # Errors
    /// [`LeaseOver`]: write nothing.
    pub fn pass(&self) -> Result<(), LeaseOver> {
        if (self.0)() { Ok(()) } else { Err(LeaseOver) }
    }
}

impl fmt::Debug for LeaseCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeaseCheck")
    }
}

/// Puts the check into the body of a request. A request without a body is checked at once.
///
/// # Errors
/// [`LeaseOver`], for a request without a body.
pub(super) fn guard(request: &mut reqwest::Request, check: &LeaseCheck) -> Result<(), LeaseOver> {
    let bytes = request.body().and_then(reqwest::Body::as_bytes);
    let Some(bytes) = bytes.map(Bytes::copy_from_slice) else {
        return check.pass();
    };
    *request.body_mut() = Some(reqwest::Body::wrap(Checked {
        check: check.clone(),
        bytes: Full::new(bytes),
    }));
    Ok(())
}

/// A body that makes the check when it is asked for its bytes.
struct Checked {
    check: LeaseCheck,
    bytes: Full<Bytes>,
}

impl Body for Checked {
    type Data = Bytes;
    type Error = LeaseOver;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, LeaseOver>>> {
        if !self.bytes.is_end_stream()
            && let Err(over) = self.check.pass()
        {
            return Poll::Ready(Some(Err(over)));
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
