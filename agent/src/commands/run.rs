//! `run`: one pass of the heuristic, for cron, a CronJob or Lambda. With `--dry-run` it only shows the
//! decisions.

use std::{io::Write as _, path::Path};

use anyhow::Context as _;
use tempfile::TempDir;

use super::{Exit, context, text};
use crate::{
    cli::RunArgs,
    clock::Clock,
    config::{ConfigError, Environment, Loaded, StateSettings},
    domain::Freshness,
    heuristic::{HeuristicError, Report, Trigger},
    notify::outbox::State,
    runtime::{self, Agent},
    store::{Store, StoreError, file::copies, replica::remote::Remote},
    telemetry::emf::{Emf, Metric},
};

pub(super) async fn run(config: Option<&Path>, options: &RunArgs) -> anyhow::Result<Exit> {
    let loaded = context::load(config).await?;
    let clock = clock(&loaded, options)?;
    let (mut report, at_least) = if options.dry_run {
        (dry_run(&loaded, clock, options.trigger).await?, Exit::Done)
    } else {
        match context::agent(&loaded, clock.clone(), context::REMOTE_TIMEOUT).await {
            Ok(agent) => pass(&agent, options.trigger, &Emf::of(&loaded.settings.telemetry)).await?,
            Err(error) if error.downcast_ref().is_some_and(StoreError::is_unwritable) => {
                not_recorded(
                    &Emf::of(&loaded.settings.telemetry),
                    &clock,
                    &format!("{error:#}"),
                );
                (dry_run(&loaded, clock, options.trigger).await?, Exit::Failed)
            }
            Err(error) => return Err(error),
        }
    };
    let mut out = std::io::stdout().lock();
    if options.json {
        serde_json::to_writer_pretty(&mut out, &report)?;
        writeln!(out)?;
    } else {
        text::report(&mut out, &report, &loaded.settings.time_zone)?;
    }
    if options.dry_run {
        // A message that is only planned is neither failed nor in doubt.
        report.notifications.clear();
    }
    Ok(match exit(&report) {
        Exit::Done => at_least,
        Exit::Unknown if at_least == Exit::Failed => at_least,
        exit => exit,
    })
}

fn clock(loaded: &Loaded, options: &RunArgs) -> anyhow::Result<Clock> {
    match options.at {
        None => Ok(Clock::system()),
        Some(_) if loaded.settings.environment == Environment::Production => {
            let message = "is for development: environment = \"production\" always uses the real time";
            Err(ConfigError::one("--at", message).into())
        }
        Some(at) => Ok(Clock::starting_at(at)),
    }
}

/// Makes a pass, delivers its messages and copies the state. Returns the report and the least severe exit
/// code: `Unknown` if the state could not be copied off the machine, `Failed` if the pass could not be
/// recorded and so sent nothing.
async fn pass(agent: &Agent, trigger: Trigger, emf: &Emf) -> anyhow::Result<(Report, Exit)> {
    if let Err(error) = agent.store.forget(agent.retention, agent.clock.now()).await {
        tracing::warn!(%error, "old rows cannot be removed");
    }
    agent.pickup().decide_waiting().await;
    let passed = agent.heuristic.pass(trigger).await;
    // Messages of earlier passes are sent even if this pass failed.
    agent.outbox.drain(agent.settle_time).await;
    agent.finish().await;
    let mut report = match passed {
        Ok(report) => report,
        Err(HeuristicError::NotRecorded { report, source }) => {
            not_recorded(emf, &agent.clock, &source.to_string());
            return Ok((*report, Exit::Failed));
        }
        Err(error) => {
            emf.count(agent.clock.now(), &[(Metric::FailedPass, 1)]);
            return Err(error.into());
        }
    };
    let read = report.observations.beeminder.status == Freshness::Fresh;
    emf.count(agent.clock.now(), &[(runtime::pass_metric(read), 1)]);
    agent.heuristic.refresh(&mut report, None)?;
    agent.heuristic.add_earlier(&mut report)?;
    agent.prune_if_many().await;
    let copies_fail = agent
        .store
        .copies()
        .is_some_and(|copies| copies.trouble.is_some());
    Ok((report, if copies_fail { Exit::Unknown } else { Exit::Done }))
}

/// Counts and logs a pass that made decisions but could not record them.
fn not_recorded(emf: &Emf, clock: &Clock, why: &str) {
    emf.count(clock.now(), &[(Metric::FailedPass, 1)]);
    tracing::error!(
        error = why,
        "the pass made its decisions but could not record them: nothing is sent"
    );
}

/// Makes a whole pass on a copy of the state and throws the copy away. Nothing is sent, nothing is recorded,
/// and a running daemon is not disturbed.
async fn dry_run(loaded: &Loaded, clock: Clock, trigger: Trigger) -> anyhow::Result<Report> {
    context::require_secrets(loaded)?;
    let (store, _folder) = copy_of_state(&loaded.settings.state).await?;
    let agent = Agent::assemble(&loaded.settings, &loaded.secrets, clock, store)?;
    let mut report = agent.heuristic.pass(trigger).await?;
    for message in &mut report.notifications {
        message.state = State::Planned;
    }
    Ok(report)
}

/// Copies the state to a temporary folder, from this machine or from its newest copy off the machine. Works
/// beside a running daemon. The folder is removed when the returned `TempDir` is dropped.
pub(super) async fn copy_of_state(settings: &StateSettings) -> anyhow::Result<(Store, TempDir)> {
    let folder = tempfile::Builder::new().prefix("mecris-copy-").tempdir();
    let folder = folder.context("cannot make a folder for a copy of the state")?;
    let copy = folder.path().join("state.db");
    match Store::open_read_only(&settings.path) {
        Ok(store) => store
            .copy_to(&copy)
            .map_err(|error| context::advise(settings, error))?,
        Err(StoreError::Missing(_)) => {}
        // SQLite writes files beside a database even to read it. A read-only folder does not allow that.
        Err(error) if error.is_unwritable() => std::fs::write(&copy, copies::read(&settings.path)?)?,
        Err(error) => return Err(context::advise(settings, error)),
    }
    let store = Store::open(&copy).map_err(|error| context::advise(settings, error))?;
    if let Some(url) = &settings.remote {
        let newer = store.load_if_newer(&Remote::open(url)?).await;
        newer.map_err(|error| {
            anyhow::Error::new(error).context("cannot read what other instances recorded")
        })?;
    }
    Ok((store, folder))
}

fn exit(report: &Report) -> Exit {
    if report.something_failed() {
        Exit::Failed
    } else if report.something_unknown() {
        Exit::Unknown
    } else {
        Exit::Done
    }
}
