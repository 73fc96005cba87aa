//! `run`: one pass of the heuristic, for cron, a CronJob, Lambda, or a look at what it would do.

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
    let (mut report, least) = if options.dry_run {
        (dry_run(&loaded, clock).await?, Exit::Done)
    } else {
        match context::agent(&loaded, clock.clone(), context::PATIENCE).await {
            Ok(agent) => pass(&agent, &Emf::of(&loaded.settings.telemetry)).await?,
            Err(error) if error.downcast_ref().is_some_and(StoreError::is_unwritable) => {
                not_recorded(
                    &Emf::of(&loaded.settings.telemetry),
                    &clock,
                    &format!("{error:#}"),
                );
                (dry_run(&loaded, clock).await?, Exit::Failed)
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
        // What would be sent is no doubt.
        report.notifications.clear();
    }
    Ok(match exit(&report) {
        Exit::Done => least,
        Exit::Unknown if least == Exit::Failed => least,
        exit => exit,
    })
}

fn clock(loaded: &Loaded, options: &RunArgs) -> anyhow::Result<Clock> {
    match options.at {
        None => Ok(Clock::system()),
        Some(_) if loaded.settings.environment == Environment::Production => {
            let message = "is for development: with environment = \"production\" the time is what it is";
            Err(ConfigError::one("--at", message).into())
        }
        Some(at) => Ok(Clock::starting_at(at)),
    }
}

/// A pass, its deliveries, and the copy of what came of them; and the least that the exit code has to say:
/// what is on this machine alone is not as safe as it should be, and what could not be recorded was not sent.
async fn pass(agent: &Agent, emf: &Emf) -> anyhow::Result<(Report, Exit)> {
    if let Err(error) = agent.store.forget(agent.retention, agent.clock.now()).await {
        tracing::warn!(%error, "old rows cannot be removed");
    }
    agent.pickup().decide_waiting().await;
    let passed = agent.heuristic.pass(Trigger::Cli).await;
    // Whatever became of the pass: what was recorded before it is sent.
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
    agent.heuristic.add_failures(&mut report)?;
    agent.tidy().await;
    let copies_fail = agent
        .store
        .copies()
        .is_some_and(|copies| copies.trouble.is_some());
    Ok((report, if copies_fail { Exit::Unknown } else { Exit::Done }))
}

/// Counts and logs a pass of which only the report remains.
fn not_recorded(emf: &Emf, clock: &Clock, why: &str) {
    emf.count(clock.now(), &[(Metric::FailedPass, 1)]);
    tracing::error!(
        error = why,
        "decided, but nothing is recorded and nothing is sent"
    );
}

/// A whole pass on a copy of the state that is thrown away: nothing is sent, nothing is remembered, and a
/// running daemon is not disturbed.
async fn dry_run(loaded: &Loaded, clock: Clock) -> anyhow::Result<Report> {
    context::require_secrets(loaded)?;
    let (store, _folder) = copy_of_state(&loaded.settings.state).await?;
    let agent = Agent::assemble(&loaded.settings, &loaded.secrets, clock, store)?;
    let mut report = agent.heuristic.pass(Trigger::Cli).await?;
    for message in &mut report.notifications {
        message.state = State::Planned;
    }
    Ok(report)
}

/// The state as it is now, here or by its newest copy, in a folder that goes away again. Beside a running
/// daemon, too.
pub(super) async fn copy_of_state(settings: &StateSettings) -> anyhow::Result<(Store, TempDir)> {
    let folder = tempfile::Builder::new().prefix("mecris-copy-").tempdir();
    let folder = folder.context("cannot make a folder for a copy of the state")?;
    let copy = folder.path().join("state.db");
    match Store::open_read_only(&settings.path) {
        Ok(store) => store.copy_to(&copy)?,
        Err(StoreError::Missing(_)) => {}
        // SQLite wants to write beside what it reads.
        Err(error) if error.is_unwritable() => std::fs::write(&copy, copies::read(&settings.path)?)?,
        Err(error) => return Err(error.into()),
    }
    let store = Store::open(&copy)?;
    if let Some(url) = &settings.remote {
        let newer = store.load_if_newer(&Remote::open(url)?).await;
        newer
            .map_err(|error| anyhow::Error::new(error).context("what other instances did cannot be read"))?;
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
