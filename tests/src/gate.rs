//! A proxy before moto, for tests about permissions. It refuses the actions that a test takes away, in AWS'
//! own words, and forwards all other requests.

use std::{
    collections::BTreeSet,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde_json::{Value, json};

use crate::{http_client, server::Server};

/// A running gate; stops when dropped.
#[derive(Debug)]
pub struct Gate {
    server: Server,
    rules: Rules,
}

#[derive(Clone, Debug)]
struct Rules {
    behind: SocketAddr,
    /// The role that a refusal names.
    role: String,
    refused: Arc<Mutex<Refused>>,
}

#[derive(Debug, Default)]
struct Refused {
    actions: BTreeSet<String>,
    every_signature: bool,
    /// How many requests were refused.
    count: u64,
}

impl Rules {
    fn refused(&self) -> MutexGuard<'_, Refused> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gate {
    /// Starts a gate at an address of the calling thread's network, before the services at `behind`, for
    /// callers in this role.
    ///
    /// # Errors
    /// If the address is taken.
    pub fn start_at(address: SocketAddr, behind: SocketAddr, role: &str) -> io::Result<Self> {
        let rules = Rules {
            behind,
            role: role.to_owned(),
            refused: Arc::default(),
        };
        let router = Router::new().route("/", post(pass)).with_state(rules.clone());
        Ok(Self {
            server: Server::start_at(router, address)?,
            rules,
        })
    }

    /// The address of the socket.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// How many requests were refused.
    pub fn refusals(&self) -> u64 {
        self.rules.refused().count
    }

    /// Takes a permission away, as in `secretsmanager:GetSecretValue`.
    pub fn deny(&self, action: &str) {
        self.rules.refused().actions.insert(action.to_owned());
    }

    /// Gives the permission back.
    pub fn allow(&self, action: &str) {
        self.rules.refused().actions.remove(action);
    }

    /// Refuses every signature as two hours old, as AWS does when the client's clock is wrong; or ends that.
    pub fn clock_is_off(&self, off: bool) {
        self.rules.refused().every_signature = off;
    }
}

/// The action of the header `x-amz-target`, as a policy spells it: `AmazonSSM.GetParameter` is
/// `ssm:GetParameter`.
fn action(target: &str) -> String {
    let (service, name) = target.split_once('.').unwrap_or((target, ""));
    let service = match service {
        "AmazonSSM" => "ssm",
        "Logs_20140328" => "logs",
        service => service,
    };
    format!("{service}:{name}")
}

async fn pass(State(rules): State<Rules>, headers: HeaderMap, body: String) -> Response {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let action = action(&header("x-amz-target"));
    let (denied, expired) = {
        let mut refused = rules.refused();
        let (denied, expired) = (refused.actions.contains(&action), refused.every_signature);
        refused.count += u64::from(denied || expired);
        (denied, expired)
    };
    if expired {
        let words = "Signature expired: 20260101T100000Z is now earlier than 20260101T115500Z (20260101T120000Z - 5 min.)";
        return answer(
            400,
            json!({"__type": "InvalidSignatureException", "message": words}).to_string(),
        );
    }
    if denied {
        let caller = format!("arn:aws:sts::123456789012:assumed-role/{}/i-0abc", rules.role);
        let words = format!(
            "User: {caller} is not authorized to perform: {action} on resource: {} because no identity-based policy allows the \
             {action} action",
            resource(&body)
        );
        return answer(
            400,
            json!({"__type": "AccessDeniedException", "Message": words}).to_string(),
        );
    }
    let names = ["authorization", "x-amz-target", "content-type"];
    let kept = names.map(|name| (name, header(name)));
    let asked = tokio::task::spawn_blocking(move || {
        let headers = kept.each_ref().map(|(name, value)| (*name, value.as_str()));
        http_client::exchange(rules.behind, "POST", "/", &headers, &body)
    });
    match asked.await {
        Ok(Ok(given)) => answer(given.status, given.body),
        Ok(Err(error)) => answer(502, error.to_string()),
        Err(error) => answer(500, error.to_string()),
    }
}

/// The name of the resource that the request is about. AWS also shows only the name if it knows no more.
fn resource(body: &str) -> String {
    let asked: Value = serde_json::from_str(body).unwrap_or_default();
    let name = ["SecretId", "Name", "logGroupName"]
        .iter()
        .find_map(|key| asked[key].as_str());
    name.unwrap_or("*").to_owned()
}

fn answer(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, [("content-type", "application/x-amz-json-1.1")], body).into_response()
}
