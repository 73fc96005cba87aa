//! Recorded replies of Beeminder, replies that it might send, and the requests that must never be made.

mod amount;
mod conversion;
mod file;
mod mutated;
mod over_http;
mod read_only;
mod recorded;
mod today;

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::{
    clock::Clock,
    config::{SecretName, Secrets},
};

pub(in crate::arms) const GOALS: &str = include_str!("../fixtures/get_goals_valid.json");
pub(in crate::arms) const USER: &str = include_str!("../fixtures/get_user_valid.json");
pub(in crate::arms) const DATAPOINTS: &str = include_str!("../fixtures/get_datapoints_valid.json");
const WEBHOOK: &str = include_str!("../fixtures/beeminder_webhook_derail.json");

/// The body of a recorded response.
pub(in crate::arms) fn body(recording: &str) -> Value {
    serde_json::from_str::<Value>(recording).unwrap()["response"]["body"].take()
}

/// Just after the recordings were made.
pub(in crate::arms) fn recorded_at() -> Timestamp {
    "2026-01-25T21:40:00Z".parse().unwrap()
}

/// The account of the recordings, with the goals changed by `change`.
pub(in crate::arms) fn account(change: impl FnOnce(&mut Vec<Value>)) -> Account {
    let mut goals = body(GOALS);
    change(goals.as_array_mut().unwrap());
    convert::account(Some(body(USER)), goals, &[], recorded_at()).unwrap()
}

/// The first recorded goal with some fields set to something else.
fn goal(fields: Value) -> Goal {
    account(|goals| merge(&mut goals[0], fields)).goals.remove(0)
}

pub(in crate::arms) fn merge(object: &mut Value, fields: Value) {
    let Value::Object(fields) = fields else {
        panic!("not an object")
    };
    object.as_object_mut().unwrap().extend(fields);
}

/// A Beeminder that answers by path, and the request lines it saw.
pub(in crate::arms) struct Fake {
    pub(in crate::arms) arm: BeeminderArm,
    pub(in crate::arms) seen: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    /// `answer` gets the path without its query and gives a status and a body.
    pub(in crate::arms) async fn start(
        answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/api/v1/", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut request = vec![0; 4096];
                let length = socket.read(&mut request).await.unwrap();
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let line = request.lines().next().unwrap().to_owned();
                let (status, body) = answer(line.split([' ', '?']).nth(1).unwrap());
                log.lock().unwrap().push(line);
                let head = format!(
                    "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                socket.write_all((head + &body).as_bytes()).await.unwrap();
            }
        });
        let source = BeeminderSource::Api {
            base_url,
            username: "me".into(),
        };
        Self {
            arm: arm(source, Some("canary")),
            seen,
        }
    }
}

pub(in crate::arms) fn arm(source: BeeminderSource, token: Option<&str>) -> BeeminderArm {
    let mut secrets = Secrets::default();
    if let Some(token) = token {
        secrets.insert(SecretName::BeeminderAuthToken, token.to_owned().into());
    }
    let settings = BeeminderSettings {
        source,
        ignore: vec!["free".parse().unwrap()],
    };
    BeeminderArm::new(
        &settings,
        &RenewableSecrets::fixed(secrets),
        Outbound::new("beeminder", Clock::system()),
    )
}
