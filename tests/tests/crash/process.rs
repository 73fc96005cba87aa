//! A process of the agent, with or without failpoints.

use std::{
    fs::File,
    os::unix::process::ExitStatusExt as _,
    process::{Child, ExitStatus},
    time::Duration,
};

use mecris_tests::{agent::Setup, wait::until};
use rustix::process::{Pid, Signal, kill_process};

/// A running agent; killed when dropped.
pub(crate) struct Agent {
    child: Child,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By SIGKILL, from a failpoint or from the test.
    Killed,
    /// By itself, with this code.
    Exited(i32),
}

impl Agent {
    /// Starts `mecris-agent <arguments>`, with these failpoints.
    pub(crate) fn start(setup: &Setup, arguments: &[&str], failpoints: &str) -> Self {
        let log = || {
            let path = setup.folder().join("agent.log");
            File::options()
                .create(true)
                .append(true)
                .open(path)
                .expect("a file for the logs")
        };
        let mut command = setup.command(arguments);
        if !failpoints.is_empty() {
            command.env("MECRIS_FAILPOINT", failpoints);
        }
        Self {
            child: command
                .stdout(log())
                .stderr(log())
                .spawn()
                .expect("the agent starts"),
        }
    }

    /// Waits for the end of the process.
    pub(crate) fn ended(&mut self, within: Duration) -> Option<Ended> {
        until(within, || {
            self.child.try_wait().expect("a child can be waited for")
        })
        .map(how)
    }

    /// Sends SIGKILL and waits for the end. Returns how the process ended: it may have ended before.
    pub(crate) fn kill(&mut self) -> Ended {
        let _ = self.child.kill();
        how(self.child.wait().expect("a child can be waited for"))
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends SIGSTOP.
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Sends SIGCONT.
    pub(crate) fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Whether the process is stopped.
    pub(crate) fn is_stopped(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        stat.rsplit_once(')')
            .is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.kill();
    }
}

fn how(status: ExitStatus) -> Ended {
    match (status.signal(), status.code()) {
        (_, Some(code)) => Ended::Exited(code),
        _ => Ended::Killed,
    }
}
