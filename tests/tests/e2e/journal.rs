//! `ship-journal` against moto's CloudWatch Logs, through three restarts and one kill -9 while a batch is on
//! its way.
//!
//! A file of lines stands for journald, and a script that follows the file from a cursor stands for
//! `journalctl`. So these tests show how the shipper uses cursors; they do not test systemd.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use jiff::Timestamp;
use mecris_tests::{agent::API_TOKEN, clock::machine_time, moto::Moto, twilio, wait};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::stage::Stage;

const GROUP: &str = "/mecris/test";
const STREAM: &str = "i-0123456789abcdef0/journal";
const LINES: usize = 10_000;
const PATIENCE: Duration = Duration::from_secs(60);

/// The cursor of line 7 is `i=7`. The script ends with the process that started it.
const JOURNALCTL: &str = r#"#!/bin/sh
from=1
for argument; do
    case $argument in --after-cursor=i=*) from=$((${argument#--after-cursor=i=} + 1)) ;; esac
done
exec tail --pid="$PPID" -n "+$from" -s 0.1 -f journal.json
"#;

struct Machine {
    stage: Stage,
    moto: Moto,
    journal: File,
    written: usize,
    began: Timestamp,
    shipper: Option<Child>,
}

impl Machine {
    fn new(moto: Moto) -> Self {
        let mut stage = Stage::new();
        let folder = stage.setup.folder().to_owned();
        let script = folder.join("journalctl");
        std::fs::write(&script, JOURNALCTL).expect("a script");
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("to be run");
        let journal = OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join("journal.json"))
            .expect("a file");
        for (name, value) in moto.environment() {
            stage.setup.set_env(&name, &value);
        }
        stage
            .setup
            .set_env("PATH", &format!("{}:/usr/bin:/bin", folder.display()));
        stage.setup.config.set("journal.log_group", GROUP);
        stage.setup.config.set("journal.log_stream", STREAM);
        moto.ask(
            "logs",
            "Logs_20140328.CreateLogGroup",
            &json!({"logGroupName": GROUP}),
        );
        Self {
            stage,
            moto,
            journal,
            written: 0,
            began: machine_time(),
            shipper: None,
        }
    }

    /// Writes this many more lines. Each tenth holds a secret, each hundredth holds metrics.
    fn write(&mut self, lines: usize) {
        let mut text = String::new();
        for _ in 0..lines {
            self.written += 1;
            let number = self.written;
            let message = match number {
                _ if number.is_multiple_of(100) => {
                    json!({"_aws": {"CloudWatchMetrics": []}, "Environment": "test", "number": number})
                        .to_string()
                }
                _ if number.is_multiple_of(10) => {
                    format!(
                        "line {number}: {} and {API_TOKEN} and Bearer canary-unknown-to-all",
                        twilio::AUTH_TOKEN
                    )
                }
                _ => format!("line {number} ~"),
            };
            let entry = json!({
                "__CURSOR": format!("i={number}"),
                "__REALTIME_TIMESTAMP": (self.began.as_microsecond() + number as i64 * 500).to_string(),
                "PRIORITY": "6",
                "SYSLOG_IDENTIFIER": "test",
                "_SYSTEMD_UNIT": "mecris-agent.service",
                "MESSAGE": message,
            });
            text.push_str(&format!("{entry}\n"));
        }
        // A byte that is no UTF-8 costs neither its line nor the process.
        let mut bytes = text.into_bytes();
        for byte in bytes.iter_mut().filter(|byte| **byte == b'~') {
            *byte = 0xe9;
        }
        self.journal.write_all(&bytes).expect("written");
    }

    fn start(&mut self) {
        let log = || {
            OpenOptions::new()
                .create(true)
                .append(true)
                .open(self.path("shipper.log"))
                .expect("a file")
        };
        let mut command: Command = self
            .stage
            .setup
            .command(&["ship-journal", "--state-directory", "."]);
        let child = command
            .stdout(log())
            .stderr(log())
            .stdin(Stdio::null())
            .spawn()
            .expect("the agent starts");
        self.shipper = Some(child);
    }

    fn end(&mut self, signal: Signal) {
        let mut child = self.shipper.take().expect("it runs");
        kill_process(Pid::from_child(&child), signal).expect("it is there");
        let status = child.wait().expect("it ends");
        assert_eq!(
            status.success(),
            signal == Signal::TERM,
            "{status}\n{}",
            self.log()
        );
    }

    fn path(&self, name: &str) -> PathBuf {
        self.stage.setup.folder().join(name)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path("shipper.log")).unwrap_or_default()
    }

    fn wait_for_position(&self, what: &str, condition: impl Fn(&Value) -> bool) {
        let look = || {
            let text = std::fs::read(self.path("position.json")).ok()?;
            condition(&serde_json::from_slice(&text).ok()?).then_some(())
        };
        wait::until(PATIENCE, look).unwrap_or_else(|| panic!("not {what}:\n{}", self.log()));
    }

    fn wait_until_shipped(&self) {
        let last = format!("i={}", self.written);
        self.wait_for_position("shipped", |position| position["shipped"] == last.as_str());
    }

    /// All lines of the stream, in its order.
    fn arrived(&self) -> Vec<String> {
        self.moto.log_lines(GROUP, STREAM)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(mut child) = self.shipper.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
#[ignore = "heavy tier: needs moto (python3, a package registry); scripts/test-all runs it"]
fn ten_thousand_lines_arrive_once_and_in_order_through_restarts_and_a_kill() {
    let Some(moto) = Moto::start_or_say("the journal in CloudWatch Logs") else {
        return;
    };
    let mut machine = Machine::new(moto);
    machine.start();
    machine.write(2_500);
    machine.wait_until_shipped();
    machine.end(Signal::TERM);

    machine.write(2_500);
    machine.start();
    machine.wait_for_position("on its way", |position| !position["pending"].is_null());
    machine.end(Signal::KILL);
    assert!(!machine.log().is_empty());

    machine.write(2_500);
    machine.start();
    machine.wait_until_shipped();
    machine.end(Signal::TERM);

    machine.start();
    machine.write(LINES - machine.written);
    machine.wait_until_shipped();
    machine.end(Signal::TERM);

    let texts = machine.arrived();
    let cursors: Vec<Value> = texts
        .iter()
        .map(|text| serde_json::from_str::<Value>(text).expect("an object")["cursor"].clone())
        .collect();
    let expected: Vec<Value> = (1..=LINES).map(|number| format!("i={number}").into()).collect();
    assert_eq!(cursors.len(), expected.len(), "{}", machine.log());
    assert!(cursors == expected, "not in order");
    for secret in [twilio::AUTH_TOKEN, API_TOKEN, "canary-unknown-to-all"] {
        assert!(!texts.concat().contains(secret), "{secret} left the machine");
    }
    let metrics: Value = serde_json::from_str(&texts[99]).expect("an object");
    assert_eq!(
        metrics,
        json!({"_aws": {"CloudWatchMetrics": []}, "Environment": "test", "number": 100, "cursor": "i=100"})
    );
}

#[test]
#[ignore = "heavy tier: needs moto (python3, a package registry); scripts/test-all runs it"]
fn beyond_the_days_limit_only_metrics_go_out_and_a_line_says_so() {
    let Some(moto) = Moto::start_or_say("the limit of the journal") else {
        return;
    };
    let mut machine = Machine::new(moto);
    machine
        .stage
        .setup
        .config
        .set("journal.max_bytes_per_day", 1_000_000);
    machine.write(LINES);
    machine.start();
    machine.wait_until_shipped();
    machine.end(Signal::TERM);
    let texts = machine.arrived();
    assert!(texts.len() < LINES, "{} lines", texts.len());
    let said = texts
        .iter()
        .filter(|text| text.contains("journal.max_bytes_per_day = 1000000 is reached"))
        .count();
    assert_eq!(said, 1, "{}", machine.log());
    assert_eq!(
        texts.iter().filter(|text| text.contains("_aws")).count(),
        LINES / 100,
        "metrics go on"
    );
}
