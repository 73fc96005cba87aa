//! moto's fake of AWS, as `scripts/fake-aws` installs and starts it: a witness that others wrote.
//!
//! Where that cannot be done (no python3, no package registry), a test says so and checks nothing: [`Moto::start_or_say`]. moto 5.2.5
//! checks no signatures and no permissions.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

use crate::http_client;

/// How long installing and starting may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// The region of everything in it.
pub const REGION: &str = "us-east-1";

/// A running moto; ended when dropped, with all that it started.
#[derive(Debug)]
pub struct Moto {
    child: Child,
    endpoint: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    let _ = child.wait();
}

impl Moto {
    /// Starts it; where that cannot be, says so past the test runner, which would keep it to itself. `what` goes unchecked then.
    pub fn start_or_say(what: &str) -> Option<Self> {
        match Self::start() {
            Ok(moto) => Some(moto),
            Err(why) => {
                let _ = writeln!(std::io::stderr(), "!! SKIPPED: {what}: no moto: {why}");
                None
            }
        }
    }

    /// Starts it, or says why that cannot be.
    fn start() -> Result<Self, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/fake-aws");
        let mut child = Command::new(&script)
            .arg("0")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", script.display()))?;
        let stdout = child.stdout.take().expect("it is piped");
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = BufReader::new(stdout).read_line(&mut line);
            let _ = tell.send(line);
        });
        let line = told.recv_timeout(PATIENCE);
        if let Some(endpoint) = line.as_deref().ok().and_then(|line| line.trim().strip_prefix("ready ")) {
            return Ok(Self { child, endpoint: endpoint.to_owned() });
        }
        end(&mut child);
        Err(match line {
            Ok(_) => "scripts/fake-aws gave up; it said why above".to_owned(),
            Err(_) => format!("scripts/fake-aws was not ready within {PATIENCE:?}"),
        })
    }

    /// What its clients need in their environment.
    pub fn environment(&self) -> Vec<(String, String)> {
        [
            ("AWS_REGION", REGION),
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", "anything"),
            ("AWS_SECRET_ACCESS_KEY", "anything"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// Where it listens.
    ///
    /// # Panics
    /// If it said no address.
    pub fn address(&self) -> SocketAddr {
        self.endpoint.trim_start_matches("http://").parse().expect("an address")
    }

    /// Makes a bucket.
    ///
    /// # Panics
    /// If moto does not.
    pub fn make_bucket(&self, name: &str) {
        let answer = http_client::request(self.address(), "PUT", &format!("/{name}"), &[], None).expect("moto answers");
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Asks a service that speaks JSON, as in `("secretsmanager", "secretsmanager.CreateSecret")`.
    ///
    /// # Panics
    /// If moto refuses; the message shows its answer.
    pub fn ask(&self, service: &str, target: &str, body: &Value) -> Value {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=anything/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        let headers = [
            ("authorization", scope.as_str()),
            ("x-amz-target", target),
            ("content-type", "application/x-amz-json-1.1"),
        ];
        let answer =
            http_client::exchange(self.address(), "POST", "/", &headers, &body.to_string()).expect("moto answers");
        assert_eq!(answer.status, 200, "{target}: {answer:?}");
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }
}
