//! moto, a fake of AWS that we did not write ourselves. `scripts/fake-aws` installs and starts it.
//!
//! It needs python3 and a package registry, so the tests with moto are in the heavy tier. Where moto cannot
//! be started there either, a test says so and checks nothing: [`Moto::start_or_say`]. moto 5.2.5 checks no
//! signatures and no permissions: [`crate::gate`] refuses in its place.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

use crate::http_client;

/// How long installing and starting may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// The region of the moto that [`Moto::start_or_say`] starts.
pub const REGION: &str = "us-east-1";

/// A running moto. It and its child processes end when it is dropped.
#[derive(Debug)]
pub struct Moto {
    child: Child,
    endpoint: String,
    region: &'static str,
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
    /// Starts moto. If that is impossible, writes past the test runner, which would hide the message, that
    /// `what` is not checked.
    pub fn start_or_say(what: &str) -> Option<Self> {
        match Self::start() {
            Ok(moto) => Some(moto),
            Err(why) => {
                let _ = writeln!(std::io::stderr(), "!! SKIPPED: {what}: no moto: {why}");
                None
            }
        }
    }

    /// Starts moto.
    ///
    /// # Errors
    /// The reason why moto cannot be started.
    fn start() -> Result<Self, String> {
        let mut command = Command::new(script());
        command.arg("0");
        Self::started(command, REGION)
    }

    /// Starts moto for a region, at an address of another network (a name of `ip netns`). Its clients have to
    /// be in that network.
    ///
    /// # Errors
    /// The reason why moto cannot be started.
    pub fn start_in(network: &str, listen: SocketAddr, region: &'static str) -> Result<Self, String> {
        // The other network may have no package registry.
        let installed = Command::new(script()).arg("--install").status();
        if !installed.is_ok_and(|status| status.success()) {
            return Err("scripts/fake-aws cannot install it; it said why above".to_owned());
        }
        let mut command = Command::new("ip");
        command.args(["netns", "exec", network]).arg(script());
        command.args(["--listen", &listen.ip().to_string(), &listen.port().to_string()]);
        Self::started(command, region)
    }

    fn started(mut command: Command, region: &'static str) -> Result<Self, String> {
        let mut child = command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", command.get_program().display()))?;
        let stdout = child.stdout.take().expect("it is piped");
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = BufReader::new(stdout).read_line(&mut line);
            let _ = tell.send(line);
        });
        let line = told.recv_timeout(PATIENCE);
        if let Some(endpoint) = line
            .as_deref()
            .ok()
            .and_then(|line| line.trim().strip_prefix("ready "))
        {
            return Ok(Self {
                child,
                endpoint: endpoint.to_owned(),
                region,
            });
        }
        end(&mut child);
        Err(match line {
            Ok(_) => "scripts/fake-aws gave up; it said why above".to_owned(),
            Err(_) => format!("scripts/fake-aws was not ready within {PATIENCE:?}"),
        })
    }

    /// The environment variables that moto's clients need.
    pub fn environment(&self) -> Vec<(String, String)> {
        [
            ("AWS_REGION", self.region),
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", "anything"),
            ("AWS_SECRET_ACCESS_KEY", "anything"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// The address of the socket.
    ///
    /// # Panics
    /// If moto printed no address.
    pub fn address(&self) -> SocketAddr {
        self.endpoint
            .trim_start_matches("http://")
            .parse()
            .expect("an address")
    }

    /// Makes a bucket.
    ///
    /// # Panics
    /// If moto refuses.
    pub fn make_bucket(&self, name: &str) {
        let answer = http_client::request(self.address(), "PUT", &format!("/{name}"), &[], None)
            .expect("moto answers");
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Calls a service that speaks JSON, as in `("secretsmanager", "secretsmanager.CreateSecret")`.
    ///
    /// # Panics
    /// If moto refuses; the message shows its answer.
    pub fn ask(&self, service: &str, target: &str, body: &Value) -> Value {
        let scope = self.scope(service);
        let headers = [
            ("authorization", scope.as_str()),
            ("x-amz-target", target),
            ("content-type", "application/x-amz-json-1.1"),
        ];
        let answer = http_client::exchange(self.address(), "POST", "/", &headers, &body.to_string())
            .expect("moto answers");
        assert_eq!(answer.status, 200, "{target}: {answer:?}");
        if answer.body.is_empty() {
            Value::Null
        } else {
            answer.json()
        }
    }

    /// The texts of a log stream, in its order; empty if there is no such stream.
    ///
    /// # Panics
    /// If moto refuses.
    pub fn log_lines(&self, group: &str, stream: &str) -> Vec<String> {
        let of = json!({"logGroupName": group, "logStreamNamePrefix": stream});
        let streams = self.ask("logs", "Logs_20140328.DescribeLogStreams", &of);
        if !streams["logStreams"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["logStreamName"] == stream))
        {
            return Vec::new();
        }
        let (mut lines, mut token) = (Vec::new(), Value::Null);
        loop {
            let mut body = json!({"logGroupName": group, "logStreamName": stream, "startFromHead": true});
            if !token.is_null() {
                body["nextToken"] = token.clone();
            }
            let page = self.ask("logs", "Logs_20140328.GetLogEvents", &body);
            let events = page["events"].as_array().into_iter().flatten();
            lines.extend(events.filter_map(|event| event["message"].as_str().map(str::to_owned)));
            let next = page["nextForwardToken"].clone();
            if next.is_null() || next == token {
                return lines;
            }
            token = next;
        }
    }

    /// Calls a service that takes a form and answers in XML.
    ///
    /// # Panics
    /// If moto refuses; the message shows its answer.
    pub fn ask_form(&self, service: &str, form: &[(&str, &str)]) -> String {
        let scope = self.scope(service);
        let headers = [("authorization", scope.as_str())];
        let answer = http_client::post_form_with(self.address(), "/", &headers, form).expect("moto answers");
        assert_eq!(answer.status, 200, "{service}: {answer:?}");
        answer.body
    }

    /// The header by which moto finds the service and the region.
    fn scope(&self, service: &str) -> String {
        let region = self.region;
        format!(
            "AWS4-HMAC-SHA256 Credential=anything/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
        )
    }
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/fake-aws")
}
