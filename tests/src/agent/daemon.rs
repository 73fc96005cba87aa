//! `mecris-agent serve` as a child process.

use std::{
    fs::File,
    io,
    net::SocketAddr,
    os::unix::net::UnixDatagram,
    path::PathBuf,
    process::{Child, ExitStatus},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{API_TOKEN, Setup};
use crate::{
    http_client::{Answer, request},
    wait,
};

/// A running daemon; killed when dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    address: SocketAddr,
    logs: PathBuf,
    notify: UnixDatagram,
}

impl Daemon {
    /// Starts the daemon and waits for READY=1.
    ///
    /// # Panics
    /// If the daemon is not ready within 20 s. The message shows its logs.
    pub(super) fn start(setup: &Setup) -> Self {
        let mut daemon = Self::spawn(setup);
        assert!(
            daemon.wait_ready(Duration::from_secs(20)),
            "serve is not ready:\n{}",
            daemon.logs()
        );
        daemon
    }

    /// Starts the daemon without waiting for it.
    ///
    /// # Panics
    /// If the process cannot be started.
    pub fn spawn(setup: &Setup) -> Self {
        let socket = setup.folder().join("notify");
        let _ = std::fs::remove_file(&socket);
        let notify = UnixDatagram::bind(&socket).expect("a socket in the test's folder");
        let logs = setup.folder().join("serve.log");
        let stream = || {
            File::options()
                .create(true)
                .append(true)
                .open(&logs)
                .expect("a file for the logs")
        };
        let listen = setup.config.get("http.listen");
        let child = setup
            .command(&["serve"])
            .env("NOTIFY_SOCKET", &socket)
            .stdout(stream())
            .stderr(stream())
            .spawn()
            .expect("the agent starts");
        Self {
            child,
            address: listen.parse().expect("http.listen is an address"),
            logs,
            notify,
        }
    }

    /// Waits for READY=1; false if the process ended or the time passed.
    pub fn wait_ready(&mut self, within: Duration) -> bool {
        self.notify
            .set_nonblocking(true)
            .expect("a socket can be told not to block");
        wait::until(within, || {
            if self
                .notifications()
                .iter()
                .any(|n| n.lines().any(|line| line == "READY=1"))
            {
                return Some(true);
            }
            self.child.try_wait().ok().flatten().map(|_| false)
        })
        .unwrap_or(false)
    }

    /// The notifications to systemd since the last call.
    pub fn notifications(&self) -> Vec<String> {
        let mut buffer = [0; 4096];
        std::iter::from_fn(|| {
            let length = self.notify.recv(&mut buffer).ok()?;
            Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
        })
        .collect()
    }

    /// The address at which the daemon listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The logs so far, of this daemon and of earlier ones in this installation.
    pub fn logs(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.logs).unwrap_or_default()).into_owned()
    }

    /// GET with the token.
    ///
    /// # Panics
    /// If no answer comes. The message shows the logs.
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None)
    }

    /// POST with the token. `body` is sent as JSON.
    ///
    /// # Panics
    /// If no answer comes. The message shows the logs.
    pub fn post(&self, path: &str, body: Option<&Value>) -> Answer {
        self.ask("POST", path, body)
    }

    /// DELETE with the token.
    ///
    /// # Panics
    /// If no answer comes. The message shows the logs.
    pub fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, None)
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let token = format!("Bearer {API_TOKEN}");
        request(self.address, method, path, &[("authorization", &token)], body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}\n{}", self.logs()))
    }

    /// Sends SIGKILL and waits until the process is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends SIGTERM and waits for the end of the process.
    ///
    /// # Errors
    /// If the process still runs after `within`.
    pub fn terminate(&mut self, within: Duration) -> io::Result<ExitStatus> {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(Pid::from_raw)
            .ok_or(io::ErrorKind::InvalidInput)?;
        kill_process(pid, Signal::TERM)?;
        self.wait_for_end(within)
    }

    /// Waits until the process ends by itself.
    ///
    /// # Errors
    /// If the process still runs after `within`.
    pub fn wait_for_end(&mut self, within: Duration) -> io::Result<ExitStatus> {
        wait::until(within, || self.child.try_wait().transpose())
            .unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}
