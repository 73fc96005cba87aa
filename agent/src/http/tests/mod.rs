//! A real server on a free port, asked over TCP.

mod compat;
mod gate;
mod limits;
mod records;
mod silences;

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{net::TcpStream, sync::Semaphore, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    ActionError, Actions, App, AppParts, AppSettings, Limits, Server, Tokens, Views,
    actions::{AlertReply, Answer, RecordOdometer, RecordSession, UpdateBudget},
    front::Front,
    views::testing::{now, zone},
};
use crate::{
    clock::Clock,
    config::{
        Auth, RenewableSecrets, SecretName, Secrets,
        secrets::{Renew, Renewable, Renewal},
    },
    domain::Silence,
    store::{Store, tables::outbox::Notification},
    telemetry::{live::LiveStatus, metrics::Metrics},
};

pub(super) const TOKEN: &str = "correct-horse-battery-staple";

/// What `MECRIS_API_TOKENS` is, and how often somebody asked for it. The server starts with `test` and
/// `other`.
#[derive(Clone)]
pub(super) struct Vault(Arc<(std::sync::Mutex<String>, AtomicUsize)>);

impl Vault {
    pub(super) fn put(&self, tokens: &str) {
        *self.0.0.lock().unwrap() = tokens.to_owned();
    }

    pub(super) fn asked(&self) -> usize {
        self.0.1.load(Ordering::Relaxed)
    }

    fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::default();
        secrets.insert(
            SecretName::MecrisApiTokens,
            self.0.0.lock().unwrap().clone().into(),
        );
        secrets
    }
}

impl Renew for Vault {
    fn renew(&self) -> Renewal<'_> {
        self.0.1.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(self.secrets()) })
    }
}

/// Answers that need no heuristic. A pass hangs until [`Fake::let_go`] has a permit, and says how it went.
pub(super) struct Fake {
    pub(super) let_go: Semaphore,
    pub(super) started: Semaphore,
    pub(super) finished: Semaphore,
    pub(super) silences: std::sync::Mutex<Vec<Silence>>,
}

/// The server under test; it stops when it is dropped.
pub(super) struct Harness {
    pub(super) app: Arc<App>,
    pub(super) address: SocketAddr,
    pub(super) store: Store,
    pub(super) live: LiveStatus,
    pub(super) fake: Arc<Fake>,
    pub(super) vault: Vault,
    pub(super) secrets: RenewableSecrets,
    pub(super) stop: CancellationToken,
    pub(super) served: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

/// One reply, read to the end of its connection.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Reply {
    fn parse(raw: &str) -> Self {
        let (head, body) = raw.split_once("\r\n\r\n").unwrap_or((raw, ""));
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|word| word.parse().ok())
            .unwrap_or(0);
        Self {
            status,
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

pub(super) async fn serve() -> Harness {
    serve_with(|_| {}, Limits::default()).await
}

pub(super) async fn serve_with(edit: impl FnOnce(&mut AppSettings), limits: Limits) -> Harness {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("mecris_usage.db") as &Path).unwrap();
    let live = LiveStatus::new(now());
    let fake = Arc::new(Fake {
        let_go: Semaphore::new(0),
        started: Semaphore::new(0),
        finished: Semaphore::new(0),
        silences: std::sync::Mutex::default(),
    });
    let mut settings = AppSettings {
        auth: Auth::Token,
        requests_per_minute: 600,
        facts: crate::status::Facts {
            window: crate::clock::Window {
                start: "13:00:00".parse().unwrap(),
                length: jiff::SignedDuration::from_hours(5),
            },
            grace: jiff::SignedDuration::from_mins(10),
            zone: zone(),
            remote: Some("file:///copies".to_owned()),
            channels: vec![crate::domain::ChannelKind::Sms],
        },
        zone: zone(),
        interval: Duration::from_secs(900),
        pass_deadline: Duration::from_secs(30),
        walk_goal: Some("bike".parse().unwrap()),
        walk_from: None,
        walk_until: None,
        twilio: true,
        heartbeat_bound: Duration::from_secs(60),
    };
    edit(&mut settings);
    let vault = Vault(Arc::new((
        format!("test:{TOKEN},other:{TOKEN}-too").into(),
        AtomicUsize::new(0),
    )));
    let secrets = RenewableSecrets::with_source(vault.secrets(), vault.clone());
    let app = App::new(AppParts {
        settings,
        clock: Clock::manual(now()),
        store: store.clone(),
        tokens: Renewable::new(&secrets, |s| s.api_tokens().map(|tokens| Tokens::new(&tokens))).unwrap(),
        metrics: Metrics::new(),
        live: live.clone(),
        actions: Arc::new(FakeActions(Arc::clone(&fake))),
        views: Arc::new(FakeViews),
    });
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), limits)
        .await
        .unwrap();
    let address = server.address();
    let stop = CancellationToken::new();
    let served = tokio::spawn(server.serve(Front::new(Arc::clone(&app)), stop.clone()));
    Harness {
        app,
        address,
        store,
        live,
        fake,
        vault,
        secrets,
        stop,
        served,
        _folder: folder,
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Harness {
    pub(super) async fn get(&self, path: &str) -> Reply {
        self.request("GET", path, &[("authorization", &format!("Bearer {TOKEN}"))], "")
            .await
    }

    pub(super) async fn post(&self, path: &str) -> Reply {
        self.request("POST", path, &[("authorization", &format!("Bearer {TOKEN}"))], "")
            .await
    }

    pub(super) async fn delete(&self, path: &str) -> Reply {
        self.request(
            "DELETE",
            path,
            &[("authorization", &format!("Bearer {TOKEN}"))],
            "",
        )
        .await
    }

    /// POST with a JSON body.
    pub(super) async fn post_json(&self, path: &str, body: &Value) -> Reply {
        let headers = [
            ("authorization", &*format!("Bearer {TOKEN}")),
            ("content-type", "application/json"),
        ];
        self.request("POST", path, &headers, &body.to_string()).await
    }

    pub(super) async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let mut raw = format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n");
        for (name, value) in headers {
            raw.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            raw.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        raw.push_str("\r\n");
        raw.push_str(body);
        self.raw(raw.as_bytes()).await
    }

    /// Sends bytes as they are and reads until the server closes.
    pub(super) async fn raw(&self, bytes: &[u8]) -> Reply {
        let stream = TcpStream::connect(self.address).await.unwrap();
        write(&stream, bytes).await;
        Reply::parse(&read_to_end(&stream).await)
    }
}

/// Writes all of it, or as much as the server takes before it closes.
pub(super) async fn write(stream: &TcpStream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        stream.writable().await.unwrap();
        match stream.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

pub(super) async fn read_to_end(stream: &TcpStream) -> String {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        stream.readable().await.unwrap();
        match stream.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => all.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
    String::from_utf8(all).unwrap()
}

struct FakeActions(Arc<Fake>);

impl Actions for FakeActions {
    fn trigger_pass(&self) -> Answer<Value> {
        let fake = Arc::clone(&self.0);
        Box::pin(async move {
            fake.started.add_permits(1);
            fake.let_go.acquire().await.unwrap().forget();
            fake.finished.add_permits(1);
            Ok(
                json!({ "changed": true, "decisions": [], "notifications": [{ "id": "n1", "state": "accepted" }] }),
            )
        })
    }

    fn beeminder_alert(&self) -> Answer<AlertReply> {
        Box::pin(async {
            Ok(AlertReply {
                alert_sent: false,
                critical_count: Some(1),
                message: "Beemergency alert on cooldown".to_owned(),
                reason: Some("cooldown_active".to_owned()),
                notification_id: None,
                subjects: vec!["goal:reading".parse().unwrap()],
            })
        })
    }

    fn record_session(&self, session: RecordSession) -> Answer<Value> {
        Box::pin(async move {
            Ok(json!({ "recorded": true, "input_tokens": session.input_tokens, "model": session.model }))
        })
    }

    fn update_budget(&self, update: UpdateBudget) -> Answer<Value> {
        Box::pin(async move { Ok(json!({ "updated": true, "total": update.total_budget })) })
    }

    fn record_odometer(&self, reading: RecordOdometer) -> Answer<Value> {
        Box::pin(async move { Ok(json!({ "recorded": true, "cumulative_value": reading.value })) })
    }

    fn acknowledge(&self, id: String, _author: String) -> Answer<Notification> {
        Box::pin(async move { Err(ActionError::NotFound(format!("there is no notification {id}"))) })
    }

    fn silence(&self, silence: Silence) -> Answer<Silence> {
        let fake = Arc::clone(&self.0);
        Box::pin(async move {
            fake.silences.lock().unwrap().push(silence.clone());
            Ok(silence)
        })
    }

    fn unsilence(&self, id: String, author: String) -> Answer<Silence> {
        let fake = Arc::clone(&self.0);
        Box::pin(async move {
            let mut silences = fake.silences.lock().unwrap();
            let found = silences.iter_mut().find(|silence| silence.id == id);
            let Some(silence) = found else {
                return Err(ActionError::NotFound(format!("there is no silence {id}")));
            };
            (silence.deleted_at, silence.deleted_by) = (Some(now()), Some(author));
            Ok(silence.clone())
        })
    }
}

struct FakeViews;

impl Views for FakeViews {
    fn usage(&self) -> Answer<Value> {
        Box::pin(async { Ok(json!({ "days_remaining": 9, "budget_health": "GOOD", "providers": [] })) })
    }

    fn usage_summary(&self, days: u32) -> Answer<Value> {
        Box::pin(async move { Ok(json!({ "period_days": days })) })
    }

    fn usage_recent(&self, limit: u32) -> Answer<Value> {
        Box::pin(async move { Ok(json!([{ "limit": limit }])) })
    }

    fn odometer_status(&self) -> Answer<Value> {
        Box::pin(async { Err(ActionError::Failed("disk I/O error at secret-place".to_owned())) })
    }

    fn odometer_context(&self) -> Answer<Value> {
        Box::pin(async { Ok(json!({ "groq_tracking": {} })) })
    }
}
