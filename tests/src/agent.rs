//! Starts the real `mecris-agent` against the fakes: configuration file, environment, subcommands, the
//! daemon.
//!
//! [`Setup`] is an installation: a folder, a configuration, and secrets that reach the agent only by its
//! environment. Each subcommand is a process. [`Setup::serve`] starts the daemon and waits for READY=1.

mod binary;
mod config;
mod daemon;

use std::{
    ffi::OsString,
    net::SocketAddr,
    path::PathBuf,
    process::{Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
};

use serde_json::Value;
use tempfile::TempDir;

pub use binary::{binary, failpoints_binary, optimised_binary};
pub use config::Config;
pub use daemon::Daemon;

use crate::{beeminder, twilio};

/// The token that the harness gives to the agent's endpoints.
pub const API_TOKEN: &str = "api-token-of-the-tests";

/// One installation of the agent.
#[derive(Debug)]
pub struct Setup {
    folder: TempDir,
    /// The configuration; written out before each start.
    pub config: Config,
    /// The whole environment of the agent, secrets included.
    pub environment: Vec<(String, String)>,
    /// The binary to start instead of [`binary`].
    pub program: Option<PathBuf>,
}

/// The output and the exit code of a subcommand.
#[derive(Debug)]
pub struct Output {
    /// The exit code; -1 if the process was killed.
    pub code: i32,
    /// Results.
    pub stdout: String,
    /// Diagnostics.
    pub stderr: String,
}

impl Output {
    /// Standard output as JSON.
    ///
    /// # Panics
    /// If standard output is not JSON. The message shows both streams.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!(
                "exit {}: no JSON ({error})\nstdout: {}\nstderr: {}",
                self.code, self.stdout, self.stderr
            )
        })
    }

    /// Both streams together, to check that a text is in neither.
    pub fn everything(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

impl Setup {
    /// An installation in a new folder that talks to these fakes with their credentials.
    ///
    /// # Panics
    /// If no folder can be made.
    pub fn new(beeminder: SocketAddr, twilio: SocketAddr) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("mecris-")
            .tempdir()
            .expect("a folder for the test");
        let mut config = Config::default();
        config.set("beeminder.base_url", format!("http://{beeminder}/api/v1/"));
        for channel in ["sms", "whatsapp", "voice"] {
            config.set(&format!("notify.{channel}.base_url"), format!("http://{twilio}"));
        }
        config.set(
            "state.path",
            folder.path().join("mecris_usage.db").display().to_string(),
        );
        config.set("http.listen", format!("127.0.0.1:{}", free_port()));
        let environment = [
            ("BEEMINDER_AUTH_TOKEN", beeminder::TOKEN),
            ("TWILIO_ACCOUNT_SID", twilio::ACCOUNT_SID),
            ("TWILIO_AUTH_TOKEN", twilio::AUTH_TOKEN),
            ("MECRIS_API_TOKENS", &format!("tests:{API_TOKEN}")),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        Self {
            folder,
            config,
            environment,
            program: None,
        }
    }

    /// Sets one environment variable of the agent.
    pub fn set_env(&mut self, name: &str, value: &str) {
        self.environment.retain(|(n, _)| n != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("mecris_usage.db")
    }

    /// The installation's folder.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Lets the state be copied to a folder `copies` beside it, and returns that folder.
    pub fn copy_to_a_folder(&mut self) -> PathBuf {
        let copies = self.folder().join("copies");
        self.config
            .set("state.remote", format!("file://{}", copies.display()));
        copies
    }

    /// Writes the configuration and prepares a start with these arguments.
    ///
    /// # Panics
    /// If the file cannot be written.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let file = self.folder.path().join("agent.toml");
        std::fs::write(&file, self.config.to_toml()).expect("the configuration can be written");
        let mut command = Command::new(self.program.as_deref().unwrap_or_else(|| binary()));
        command
            .arg("--config")
            .arg(file)
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(instrumentation())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs one subcommand to its end.
    ///
    /// # Panics
    /// If the process cannot be started.
    pub fn agent(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().expect("the agent starts");
        Output {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Makes a pass at an instant: `run --json --at …`.
    pub fn run_at(&self, at: &str) -> Output {
        self.agent(&["run", "--json", "--at", at])
    }

    /// Starts the daemon and waits for READY=1.
    pub fn serve(&self) -> Daemon {
        Daemon::start(self)
    }
}

/// The environment variable that tells an instrumented agent where to write its coverage, if
/// `scripts/coverage` set it.
pub fn instrumentation() -> Option<(&'static str, OsString)> {
    let name = "LLVM_PROFILE_FILE";
    Some((name, std::env::var_os(name)?))
}

/// A free port below the ephemeral range. No other test of this process gets the same port.
///
/// # Panics
/// If every port is taken.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 10_000).unwrap_or(0);
    for _ in 0..10_000 {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + (start + step % 10_000) % 10_000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port between 20000 and 30000");
}
