//! A stateful fake of a Slack incoming webhook: it answers `ok` in plain text, or the name of an error.
//!
//! A post exists from the moment it is accepted, even if the reply is lost. A field that the agent has no
//! reason to send is a violation.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use bytes::Bytes;
use serde_json::Value;

use crate::{
    fault::{self, Fault, Faults},
    server::Server,
};

/// The last part of the webhook's path.
pub const SECRET: &str = "slack-secret-of-the-tests";

/// A running fake; stops when dropped.
#[derive(Debug)]
pub struct Slack {
    server: Server,
    shared: Shared,
}

#[derive(Clone, Debug)]
struct Shared(Arc<Mutex<Posts>>);

#[derive(Debug)]
struct Posts {
    secret: String,
    texts: Vec<String>,
    faults: Faults,
    sends: u64,
    knocks: u64,
    violations: Vec<String>,
    answer: Option<(StatusCode, &'static str)>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Posts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slack {
    /// Starts the fake on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// If no port is free.
    pub fn start() -> io::Result<Self> {
        let shared = Shared(Arc::new(Mutex::new(Posts {
            secret: SECRET.to_owned(),
            texts: Vec::new(),
            faults: Faults::default(),
            sends: 0,
            knocks: 0,
            violations: Vec::new(),
            answer: None,
        })));
        let api = Router::new()
            .route("/{kind}/T000/B000/{secret}", post(take))
            .route("/", get(knock))
            .with_state(shared.clone());
        Ok(Self {
            server: Server::start(api, 0)?,
            shared,
        })
    }

    /// The address of the socket.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// For `SLACK_WEBHOOK_URL`.
    pub fn webhook_url(&self) -> String {
        self.webhook_url_of("services")
    }

    /// As [`Slack::webhook_url`], of another kind: `triggers` for a workflow of Slack, `hooks` for another product.
    pub fn webhook_url_of(&self, kind: &str) -> String {
        format!(
            "http://{}/{kind}/T000/B000/{}",
            self.address(),
            self.shared.lock().secret
        )
    }

    /// The texts as they were posted, oldest first.
    pub fn texts(&self) -> Vec<String> {
        self.shared.lock().texts.clone()
    }

    /// How many posts arrived at the right path.
    pub fn sends(&self) -> u64 {
        self.shared.lock().sends
    }

    /// How many requests only opened a connection, without a post.
    pub fn knocks(&self) -> u64 {
        self.shared.lock().knocks
    }

    /// Requests that a correct agent never makes. Must stay empty.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }

    /// Plans faults for the next posts, one each.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.lock().faults.next.extend(faults);
    }

    /// Every post fails with this fault; `None` ends that.
    pub fn fail_always(&self, fault: Option<Fault>) {
        self.shared.lock().faults.always = fault;
    }

    /// Answers every further post that it takes with this status and body instead of 200 and `ok`.
    pub fn answer_with(&self, status: u16, body: &'static str) {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.shared.lock().answer = Some((status, body));
    }

    /// Replaces the secret part of the path.
    pub fn set_secret(&self, secret: &str) {
        secret.clone_into(&mut self.shared.lock().secret);
    }
}

async fn knock(State(shared): State<Shared>) -> StatusCode {
    shared.lock().knocks += 1;
    StatusCode::FOUND
}

async fn take(
    State(shared): State<Shared>,
    Path((_kind, secret)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fault = {
        let mut posts = shared.lock();
        if secret != posts.secret {
            return refusal(404, None);
        }
        posts.sends += 1;
        posts.faults.take()
    };
    fault::answer(fault, || accept(&shared, &headers, &body), refusal).await
}

fn accept(shared: &Shared, headers: &HeaderMap, body: &Bytes) -> Response {
    let mut posts = shared.lock();
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let is_json = headers
        .get("content-type")
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let text = json["text"].as_str().unwrap_or_default().to_owned();
    let alone = json.as_object().is_some_and(|fields| fields.len() == 1);
    if !is_json || !alone || text.is_empty() || text.contains(['<', '>']) {
        posts.violations.push(format!("{headers:?} {body:?}"));
        return refusal(400, None);
    }
    posts.texts.push(text);
    posts.answer.unwrap_or((StatusCode::OK, "ok")).into_response()
}

fn refusal(status: u16, retry_after: Option<u64>) -> Response {
    let word = match status {
        400 => "invalid_payload",
        403 => "action_prohibited",
        404 => "no_service",
        410 => "channel_is_archived",
        429 => "rate_limited",
        _ => "rollup_error",
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, word).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert("retry-after", seconds.into());
    }
    response
}

#[cfg(test)]
mod tests;
