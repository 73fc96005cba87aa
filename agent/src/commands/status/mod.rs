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
    http::views::SilenceView,
    status::{Facts, Status},
    store::{
        Store, StoreError,
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
    Ok(if known && settled && copied {
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
        Err(error) => return Err(error.into()),
    };
    store.read(|connection| {
        shown.last_run = runs::newest(connection)?;
        shown.status = Status::recorded(connection, shown.last_run.as_ref(), &facts, now)?;
        shown.notifications = outbox::list(connection, MESSAGES)?;
        shown.silences = SilenceView::all(&silences::not_ended(connection, now)?, now);
        if let Some(run) = &shown.last_run {
            shown.never_ran = false;
            shown.decisions = decisions::list(connection, u32::MAX, Some(&run.id))?;
            shown.decisions.reverse();
        }
        Ok(())
    })?;
    Ok(shown)
}
