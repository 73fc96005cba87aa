//! `status`: what a person in an SSM session wants to see first. Reads the recorded state, beside a running
//! daemon too.

mod print;

use std::{io::Write as _, path::Path};

use jiff::Timestamp;
use serde::Serialize;

use super::{Exit, context};
use crate::{
    alerts::Spool,
    cli::JsonArgs,
    clock::Clock,
    config::{Environment, Settings},
    domain::RunOutcome,
    heuristic::Promises,
    http::views::SilenceView,
    status::{Facts, Status},
    store::{
        Lock, Store, StoreError,
        tables::{
            decisions::{self, DecisionRow},
            outbox::{self, Notification},
            runs::{self, RunRow},
            silences,
        },
    },
    telemetry::{BuildInfo, build_info},
};
use print::Printer;

/// How many messages are shown.
const MESSAGES: u32 = 5;

#[derive(Serialize)]
struct Shown {
    version: BuildInfo,
    environment: Environment,
    #[serde(flatten)]
    status: Status,
    /// No pass was ever made: there is no state yet.
    never_ran: bool,
    /// Two promised passes or more did not take place since the last one: what follows is old.
    overdue: bool,
    /// The process that has the state of this machine; `null`: none has.
    holder: Option<Holder>,
    last_run: Option<RunRow>,
    decisions: Vec<DecisionRow>,
    notifications: Vec<Notification>,
    /// What the person asked not to hear about at the moment, and the vacations that begin later.
    silences: Vec<SilenceView>,
    /// Alerts that another process left beside the state, and that are held back or not decided about yet.
    alerts_waiting: usize,
    /// What a person said to another process, and that is not recorded yet.
    words_waiting: usize,
}

/// A process that has the state.
#[derive(Serialize)]
struct Holder {
    /// Its id; `?`: not known.
    process: String,
    /// Whether it is a daemon; `null`: not known. Otherwise it makes one pass, or answers one command.
    daemon: Option<bool>,
}

impl Holder {
    fn of(database: &Path) -> anyhow::Result<Option<Self>> {
        let process = Lock::holder(database)?;
        Ok(process.map(|process| Self {
            daemon: is_daemon(&process),
            process,
        }))
    }
}

/// Whether a process was started as `serve`, as far as the system tells.
fn is_daemon(process: &str) -> Option<bool> {
    let line = std::fs::read(format!("/proc/{process}/cmdline")).ok()?;
    Some(line.split(|&byte| byte == 0).any(|argument| argument == b"serve"))
}

pub(super) async fn status(config: Option<&Path>, options: &JsonArgs) -> anyhow::Result<Exit> {
    let settings = context::load(config).await?.settings;
    let shown = read(&settings, Clock::system().now())?;
    let mut out = std::io::stdout().lock();
    if options.json {
        serde_json::to_writer_pretty(&mut out, &shown)?;
        writeln!(out)?;
    } else {
        Printer::new(&mut out, &shown, &settings.time_zone).print()?;
    }
    let known = shown
        .last_run
        .as_ref()
        .is_some_and(|run| run.outcome == RunOutcome::Done);
    let settled = shown
        .notifications
        .iter()
        .all(|message| !message.state.is_unsettled());
    if shown.status.nobody_to_tell {
        return Ok(Exit::Failed);
    }
    let copies = shown.status.copies.as_ref();
    let copied = copies.is_none_or(|copies| copies.saved.is_some() && copies.trouble.is_none());
    Ok(if known && settled && copied && !shown.overdue {
        Exit::Done
    } else {
        Exit::Unknown
    })
}

fn read(settings: &Settings, now: Timestamp) -> anyhow::Result<Shown> {
    let facts = Facts::new(settings);
    let mut shown = Shown {
        version: build_info(),
        environment: settings.environment,
        status: Status::without_state(&facts, now),
        never_ran: true,
        overdue: false,
        holder: Holder::of(&settings.state.path)?,
        last_run: None,
        decisions: Vec::new(),
        notifications: Vec::new(),
        silences: Vec::new(),
        alerts_waiting: Spool::of(&settings.state.path)
            .waiting()
            .map_or(0, |waiting| waiting.len()),
        words_waiting: Spool::of(&settings.state.path)
            .words()
            .map_or(0, |waiting| waiting.len()),
    };
    let store = match Store::open_read_only(&settings.state.path) {
        Ok(store) => store,
        Err(StoreError::Missing(_)) => return Ok(shown),
        Err(error) => return Err(context::advise(&settings.state, error)),
    };
    let promises = Promises::new(settings);
    let read = store.read(|connection| {
        shown.last_run = runs::newest(connection, now)?;
        shown.overdue = promises.expected(connection, now)?.is_overdue(now);
        shown.status = Status::recorded(connection, shown.last_run.as_ref(), &facts, now)?;
        shown.notifications = outbox::list(connection, MESSAGES)?;
        shown.silences = SilenceView::all(&silences::not_ended(connection, now)?, now);
        if let Some(run) = &shown.last_run {
            shown.never_ran = false;
            shown.decisions = decisions::list(connection, u32::MAX, Some(&run.id))?;
            shown.decisions.reverse();
        }
        Ok(())
    });
    read.map_err(|error| context::advise(&settings.state, error))?;
    Ok(shown)
}
