//! Measures the memory of a daemon: idle, and after a day of passes with copies to S3.

use std::time::Duration;

use anyhow::Context as _;
use mecris_agent::store::{
    Store, StoreError,
    tables::{outbox, runs},
};
use mecris_tests::{
    agent::{self, Daemon, Setup},
    clock::FakeClock,
    s3::S3,
    wait,
};

use crate::report::Report;

/// A pass every 15 minutes for five hours, both ends included.
pub(crate) const PASSES_PER_DAY: u32 = 21;
/// The time between two passes here. A day then ends after the first pruning of copies, which a daemon does
/// 60 s after its start.
const INTERVAL: &str = "4s";
/// The longest time that the day may take here.
const PATIENCE: Duration = Duration::from_secs(300);

/// Reports the memory of a daemon that has had nothing to do for two seconds.
pub(crate) fn idle(setup: &Setup, report: &mut Report) -> anyhow::Result<()> {
    let daemon = setup.serve();
    wait::pause(Duration::from_secs(2));
    let memory = Memory::of(&daemon)?;
    report.row(
        "idle resident memory after 2 s",
        mebibytes(memory.resident),
        "<= 14 MiB",
        memory.resident <= 14 * 1024,
    );
    report.row(
        "of that: its own memory, not pages of the binary",
        mebibytes(memory.own),
        "",
        true,
    );
    Ok(())
}

/// Reports the memory after a day of passes, one of which sends a message. Each pass is copied to a fake of
/// S3. Expects an account with a goal in danger.
pub(crate) fn after_a_day(mut setup: Setup, clock: &FakeClock, report: &mut Report) -> anyhow::Result<()> {
    let s3 = S3::start(clock)?;
    setup.config.set("state.remote", s3.url("bench"));
    setup.config.set("heuristic.interval", INTERVAL);
    setup.config.set("policy.quiet_hours", serde_json::json!([]));
    for (name, value) in s3.environment() {
        setup.set_env(&name, &value);
    }
    let daemon = setup.serve();
    let state = Store::open_read_only(&setup.database())?;
    wait::until(PATIENCE, || day_is_over(&state).transpose())
        .with_context(|| format!("no {PASSES_PER_DAY} passes and a message:\n{}", daemon.logs()))??;
    let memory = Memory::of(&daemon)?;
    anyhow::ensure!(s3.violations().is_empty(), "{:?}", s3.violations());
    let (kind, reach) = if is_static()? { ("musl", 16) } else { ("glibc", 24) };
    report.row(
        &format!("resident memory after a day of {PASSES_PER_DAY} passes, each copied to S3 ({kind})"),
        mebibytes(memory.resident),
        &format!("<= {reach} MiB"),
        memory.resident <= reach * 1024,
    );
    report.row(
        "of that: its own memory, not pages of the binary",
        mebibytes(memory.own),
        "",
        true,
    );
    report.row("its peak on that day", mebibytes(memory.peak), "", true);
    Ok(())
}

/// `Some` once all passes are recorded and a message was accepted.
fn day_is_over(state: &Store) -> Result<Option<()>, StoreError> {
    state.read(|connection| {
        let passes = runs::list(connection, PASSES_PER_DAY)?.len();
        let accepted = !outbox::accepted(connection)?.is_empty();
        Ok((passes == PASSES_PER_DAY as usize && accepted).then_some(()))
    })
}

/// Memory of a process, in KiB.
struct Memory {
    /// `VmRSS`.
    resident: u64,
    /// `RssAnon`.
    own: u64,
    /// `VmHWM`.
    peak: u64,
}

impl Memory {
    fn of(daemon: &Daemon) -> anyhow::Result<Self> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid()))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
                .with_context(|| format!("no {name} in the status of the agent:\n{status}"))
        };
        Ok(Self {
            resident: field("VmRSS:")?,
            own: field("RssAnon:")?,
            peak: field("VmHWM:")?,
        })
    }
}

fn mebibytes(kibibytes: u64) -> String {
    format!("{:.1} MiB", kibibytes as f64 / 1024.0)
}

/// Whether the agent's binary needs no loader, as the static musl binary that is shipped.
fn is_static() -> anyhow::Result<bool> {
    let binary = std::fs::read(agent::binary()).context("the agent's binary")?;
    Ok(!binary.windows(8).any(|bytes| bytes == b"ld-linux"))
}
