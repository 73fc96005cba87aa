//! Places at which a test kills, stops or delays this process. Without the feature `failpoints` the macro is nothing at all.
//!
//! One at a time, chosen by the environment: `MECRIS_FAILPOINT=<name>=<action>[@<n>]`, where the action is `kill`, `stop` (SIGSTOP:
//! every thread, like a machine that sleeps) or `sleep:<milliseconds>` and `n` counts the passages (1, the first, if it is left out).
//! A failpoint that acts first adds its name as a line to the file `MECRIS_FAILPOINT_LOG`: whoever killed a process this way can
//! count where.

/// Marks a place by its name, which stands in [`ALL`](crate::failpoint::ALL).
#[macro_export]
macro_rules! failpoint {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        $crate::failpoint::pass($name);
    };
}

/// Every failpoint, in the order of a message's life.
pub const ALL: &[&str] = &[
    "pass.assessed",
    "checkpoint.drafted",
    "checkpoint.created",
    "checkpoint.looked_beyond",
    "outbox.claimed",
    "outbox.checkpointed",
    "outbox.lease_checked",
    "outbox.sent",
    "outbox.accepted",
    "outbox.recorded",
    "restore.fetched",
    "restore.replaced",
];

#[cfg(feature = "failpoints")]
pub use active::pass;

#[cfg(feature = "failpoints")]
mod active {
    use std::{
        io::Write as _,
        sync::{
            OnceLock,
            atomic::{AtomicU32, Ordering},
        },
        time::Duration,
    };

    use rustix::process::{Signal, getpid, kill_process};

    struct Plan {
        name: String,
        action: Action,
        at: u32,
        passed: AtomicU32,
    }

    #[derive(Clone, Copy)]
    enum Action {
        Signal(Signal),
        Sleep(Duration),
    }

    /// The process passes a failpoint: if it is the chosen one, and this the chosen time, something happens to it.
    ///
    /// # Panics
    /// If `MECRIS_FAILPOINT` makes no sense: a test that hits nothing must not pass.
    pub fn pass(name: &str) {
        static PLAN: OnceLock<Option<Plan>> = OnceLock::new();
        let plan = PLAN.get_or_init(|| std::env::var("MECRIS_FAILPOINT").ok().map(|text| parse(&text)));
        let Some(plan) = plan.as_ref().filter(|plan| plan.name == name) else { return };
        if plan.passed.fetch_add(1, Ordering::SeqCst) + 1 != plan.at {
            return;
        }
        if let Some(path) = std::env::var_os("MECRIS_FAILPOINT_LOG") {
            let log = std::fs::OpenOptions::new().create(true).append(true).open(path);
            log.and_then(|mut log| writeln!(log, "{name}")).expect("the log of failpoints can be written");
        }
        match plan.action {
            Action::Signal(signal) => kill_process(getpid(), signal).expect("a process may signal itself"),
            #[allow(clippy::disallowed_methods, reason = "the whole thread is to stand still")]
            Action::Sleep(time) => std::thread::sleep(time),
        }
    }

    fn parse(text: &str) -> Plan {
        let plan = || {
            let (name, rest) = text.split_once('=')?;
            let (action, at) = rest.split_once('@').unwrap_or((rest, "1"));
            let action = match action.split_once(':') {
                None if action == "kill" => Action::Signal(Signal::KILL),
                None if action == "stop" => Action::Signal(Signal::STOP),
                Some(("sleep", millis)) => Action::Sleep(Duration::from_millis(millis.parse().ok()?)),
                _ => return None,
            };
            super::ALL.contains(&name).then_some(())?;
            Some(Plan { name: name.to_owned(), action, at: at.parse().ok()?, passed: AtomicU32::new(0) })
        };
        plan().unwrap_or_else(|| {
            panic!("MECRIS_FAILPOINT={text}: expected <name>=kill|stop|sleep:<ms>[@<n>], names: {:?}", super::ALL)
        })
    }
}
