//! How the fakes of the small HTTP channels misbehave, once or always.

use std::{collections::VecDeque, future::Future};

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

use crate::server;

/// A fault of one send. "After accept" means that the message exists and reaches the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Accepted, then the connection closes without an answer.
    DropReplyAfterAccept,
    /// Accepted, then this status.
    StatusAfterAccept(u16),
    /// Accepted, then no answer while the connection stays open.
    HangAfterAccept,
    /// Accepted, then 200 with a web page.
    GarbageAfterAccept,
    /// Not accepted, this status with a web page.
    StatusBefore(u16),
    /// Not accepted, the connection closes without an answer.
    DropBefore,
    /// Not accepted, no answer.
    Hang,
    /// Not accepted, and still 200 with a web page.
    Garbage2xx,
    /// 429 with this `retry-after` in seconds. The message is not accepted.
    TooMany(u64),
    /// Refused with this status, in the provider's own words.
    Refuse(u16),
}

/// The faults to come.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// One after the other.
    pub(crate) next: VecDeque<Fault>,
    /// The fault of every further request.
    pub(crate) always: Option<Fault>,
}

impl Faults {
    /// The fault of one send.
    pub(crate) fn take(&mut self) -> Option<Fault> {
        self.next.pop_front().or_else(|| self.always.clone())
    }
}

/// Answers a send. `accept` processes it without a fault. `refuse` makes the provider's refusal from a status
/// and the seconds to wait.
pub(crate) async fn answer(
    fault: Option<Fault>,
    accept: impl FnOnce() -> Response,
    refuse: impl FnOnce(u16, Option<u64>) -> Response,
) -> Response {
    match fault {
        None => accept(),
        Some(Fault::DropReplyAfterAccept) => after(accept(), server::hang_up()),
        Some(Fault::StatusAfterAccept(status)) => after(accept(), web_page(status)),
        Some(Fault::GarbageAfterAccept) => after(accept(), web_page(200)),
        Some(Fault::HangAfterAccept) => {
            accept();
            forever().await
        }
        Some(Fault::StatusBefore(status)) => web_page(status),
        Some(Fault::DropBefore) => server::hang_up(),
        Some(Fault::Hang) => forever().await,
        Some(Fault::Garbage2xx) => web_page(200),
        Some(Fault::TooMany(seconds)) => refuse(429, Some(seconds)),
        Some(Fault::Refuse(status)) => refuse(status, None),
    }
}

fn forever() -> impl Future<Output = Response> {
    std::future::pending()
}

/// `instead` in place of a good answer. A refusal stays as it is.
fn after(right: Response, instead: Response) -> Response {
    if right.status().is_success() {
        instead
    } else {
        right
    }
}

/// A web page, as a proxy or a hotel's Wi-Fi answers.
fn web_page(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (
        status,
        [("content-type", "text/html")],
        "<html><body>Welcome to the hotel Wi-Fi</body></html>",
    )
        .into_response()
}
