use std::{
    fs::File,
    io::Write as _,
    os::unix::fs::FileExt as _,
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use jiff::SignedDuration;
use rustix::process::{Signal, getpid, kill_process};

use super::ALL;

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

/// The process passes the failpoint `name`. Every plan for this name and this passage acts.
///
/// # Panics
/// If `MECRIS_FAILPOINT` cannot be parsed: a test whose failpoint never acts must not pass.
pub fn pass(name: &str) {
    static PLANS: OnceLock<Vec<Plan>> = OnceLock::new();
    note(name);
    let plans = PLANS
        .get_or_init(|| std::env::var("MECRIS_FAILPOINT").map_or_else(|_| Vec::new(), |text| parse(&text)));
    for plan in plans.iter().filter(|plan| plan.name == name) {
        if plan.passed.fetch_add(1, Ordering::SeqCst) + 1 == plan.at {
            plan.act();
        }
    }
}

/// Replaces the name in `MECRIS_FAILPOINT_AT`. A test that stops the process at a random instant reads there
/// how far the process came.
fn note(name: &str) {
    static FILE: OnceLock<Option<File>> = OnceLock::new();
    let open = |path| {
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
    };
    let file = FILE.get_or_init(|| {
        std::env::var_os("MECRIS_FAILPOINT_AT")
            .map(open)
            .transpose()
            .expect("the file of MECRIS_FAILPOINT_AT can be opened")
    });
    if let Some(file) = file {
        file.write_all_at(format!("{name:<40}").as_bytes(), 0)
            .expect("the file of MECRIS_FAILPOINT_AT can be written");
    }
}

/// The task passes a place at which it can hang. It hangs forever if the file `MECRIS_FAILPOINT_HANG` holds
/// the name as a line.
pub async fn hang(name: &str) {
    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let file = FILE.get_or_init(|| std::env::var_os("MECRIS_FAILPOINT_HANG").map(PathBuf::from));
    // A missing file: nothing hangs yet.
    let names = file
        .as_ref()
        .and_then(|file| std::fs::read_to_string(file).ok())
        .unwrap_or_default();
    if names.lines().any(|line| line == name) {
        std::future::pending::<()>().await;
    }
}

/// How much is added to the wall clock now, from the file `MECRIS_FAILPOINT_CLOCK`.
///
/// # Panics
/// If the file cannot be read or does not hold a number.
pub fn clock_error() -> SignedDuration {
    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let file = FILE.get_or_init(|| std::env::var_os("MECRIS_FAILPOINT_CLOCK").map(PathBuf::from));
    let Some(file) = file else {
        return SignedDuration::ZERO;
    };
    let text = std::fs::read_to_string(file).expect("MECRIS_FAILPOINT_CLOCK names a file");
    SignedDuration::from_millis(
        text.trim()
            .parse()
            .expect("MECRIS_FAILPOINT_CLOCK holds milliseconds"),
    )
}

impl Plan {
    fn act(&self) {
        if let Some(path) = std::env::var_os("MECRIS_FAILPOINT_LOG") {
            let log = File::options().create(true).append(true).open(path);
            let line = format!("{} {}\n", self.name, self.action.word());
            log.and_then(|mut log| log.write_all(line.as_bytes()))
                .expect("the log of failpoints can be written");
        }
        match self.action {
            Action::Signal(signal) => kill_process(getpid(), signal).expect("a process may signal itself"),
            #[allow(clippy::disallowed_methods, reason = "the whole thread is to stand still")]
            Action::Sleep(time) => std::thread::sleep(time),
        }
    }
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::Signal(Signal::STOP) => "stop",
            Self::Signal(_) => "kill",
            Self::Sleep(_) => "sleep",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None if text == "kill" => Some(Self::Signal(Signal::KILL)),
            None if text == "stop" => Some(Self::Signal(Signal::STOP)),
            Some(("sleep", millis)) => Some(Self::Sleep(Duration::from_millis(millis.parse().ok()?))),
            _ => None,
        }
    }
}

fn parse(text: &str) -> Vec<Plan> {
    let plan = |text: &str| {
        let (name, rest) = text.split_once('=')?;
        let (action, at) = rest.split_once('@').unwrap_or((rest, "1"));
        ALL.contains(&name).then_some(())?;
        Some(Plan {
            name: name.to_owned(),
            action: Action::parse(action)?,
            at: at.parse().ok()?,
            passed: AtomicU32::new(0),
        })
    };
    text.split(';')
        .map(|text| {
            plan(text).unwrap_or_else(|| {
                panic!("MECRIS_FAILPOINT: {text}: expected <name>=kill|stop|sleep:<ms>[@<n>], names: {ALL:?}")
            })
        })
        .collect()
}
