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
    App, AppParts, AppSettings, Limits, Server, Tokens,
    passes::{PassFuture, Passes},
    service::HttpService,
    views::testing::{decision, message_in, now, report, zone},
};
use crate::{
    budget::{self, BudgetArm},
    clock::Clock,
    config::{
        Auth, BudgetSettings, RenewableSecrets, SecretName, Secrets,
        secrets::{Renew, Renewable, Renewal},
    },
    domain::{Reason, Severity},
    heuristic::Report,
    notify::outbox::State,
    store::Store,
    telemetry::{live::LiveStatus, metrics::Metrics},
};

pub(super) const TOKEN: &str = "correct-horse-battery-staple";

/// The source of `MECRIS_API_TOKENS`: its present value, and how often that was read. The server starts with
/// the tokens `test` and `other`.
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

/// Controls passes that need no heuristic. A pass adds a permit to `started`, waits for a permit of `let_go`,
/// adds a permit to `finished`, and returns `report`.
pub(super) struct Fake {
    pub(super) let_go: Semaphore,
    pub(super) started: Semaphore,
    pub(super) finished: Semaphore,
    pub(super) report: std::sync::Mutex<Report>,
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
        report: std::sync::Mutex::new(a_pass_that_told()),
    });
    let mut settings = AppSettings {
        auth: Auth::Token,
        requests_per_minute: 600,
        facts: crate::status::Facts {
            window: crate::config::WindowSettings::from_13(5),
            zone: zone(),
            remote: Some("file:///copies".to_owned()),
            channels: vec![crate::domain::ChannelKind::Sms],
        },
        zone: zone(),
        rules: crate::heuristic::Rules::new(&crate::config::tests::in_new_york(""), Vec::new()),
        interval: Duration::from_secs(900),
        pass_deadline: Duration::from_secs(30),
        lease: Duration::from_secs(5),
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
        budget: BudgetArm::new(&budgets(), &zone(), store.clone()),
        passes: Arc::new(FakePasses(Arc::clone(&fake))),
    });
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), limits)
        .await
        .unwrap();
    let address = server.address();
    let stop = CancellationToken::new();
    let served = tokio::spawn(server.serve(HttpService::new(Arc::clone(&app)), stop.clone()));
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

    /// Drops a table, so that everything that reads it fails.
    pub(super) async fn drop_table(&self, table: &'static str) {
        let drop = move |tx: &rusqlite::Transaction<'_>| tx.execute_batch(&format!("DROP TABLE {table}"));
        self.store.write(drop).await.unwrap();
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

/// The report of a pass that told of the goal `reading`.
fn a_pass_that_told() -> Report {
    Report {
        changed: true,
        decisions: vec![decision("goal:reading", Severity::Critical, Reason::FirstOfDay)],
        notifications: vec![message_in(State::Accepted)],
        ..report()
    }
}

/// The budgets of the arm's tests, and a price for the model of a session that names no model.
fn budgets() -> BudgetSettings {
    let mut settings = budget::tests::settings();
    let mut price = settings.prices[0].clone();
    price.model = "claude-3-5-sonnet-20241022".to_owned();
    settings.prices.push(price);
    settings
}

struct FakePasses(Arc<Fake>);

impl Passes for FakePasses {
    fn pass(&self) -> PassFuture {
        let fake = Arc::clone(&self.0);
        Box::pin(async move {
            fake.started.add_permits(1);
            fake.let_go.acquire().await.unwrap().forget();
            fake.finished.add_permits(1);
            Ok(fake.report.lock().unwrap().clone())
        })
    }
}
