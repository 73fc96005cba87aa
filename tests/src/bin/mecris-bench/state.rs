//! The state off the machine: how large it gets in a year, what a day moves, and how long a checkpoint takes.

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use mecris_agent::{
    clock::Clock,
    config::{self, Fetched, Inputs, Loaded},
    domain::{Money, Provider},
    heuristic::Trigger,
    runtime::Agent,
    store::{Store, Verdict, remote::Remote, sessions},
};
use mecris_tests::{
    agent::Setup,
    beeminder::{Beeminder, GoalSpec},
    clock::FakeClock,
};
use tokio::time::Instant;

use crate::report::{Report, milliseconds, percentile};

/// Goals on the account.
const GOALS: i64 = 8;
/// A pass every 15 minutes for five hours, both ends included.
const PASSES_PER_DAY: i64 = 21;
/// So much longer than any checkpoint that it does not matter.
const LONG: Duration = Duration::from_secs(60);

/// Measures all three.
pub(crate) fn measure(
    setup: &mut Setup,
    fakes: (&FakeClock, &Beeminder),
    days: i64,
    report: &mut Report,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    setup.config.set("policy.quiet_hours", serde_json::json!([]));
    runtime.block_on(year(&load(setup)?, setup, fakes, days, report))?;
    runtime.block_on(checkpoints(report))
}

fn load(setup: &Setup) -> anyhow::Result<Loaded> {
    // Writes the file.
    drop(setup.command(&[]));
    let inputs = Inputs {
        file: Some(setup.folder().join("agent.toml")),
        fallback_file: "/nonexistent".into(),
        variables: setup.environment.iter().cloned().collect(),
        dotenv: "/nonexistent".into(),
        fetched: Fetched::default(),
    };
    config::load(&inputs).context("the configuration of the benchmark")
}

/// Every pass of so many days, through the agent's own code against the fakes, with a message on most days.
async fn year(
    loaded: &Loaded,
    setup: &Setup,
    (fake_clock, beeminder): (&FakeClock, &Beeminder),
    days: i64,
    report: &mut Report,
) -> anyhow::Result<()> {
    let zone = TimeZone::get("America/New_York")?;
    let first: Date = "2026-01-01".parse()?;
    let opening = |day: i64| -> anyhow::Result<Timestamp> {
        let date = first.checked_add(jiff::Span::new().days(day))?;
        Ok(date.at(13, 0, 0, 0).to_zoned(zone.clone())?.timestamp())
    };
    let clock = Clock::manual(opening(0)?);
    let (remote, mut store) = (folder(setup.folder(), "year")?, Store::open(&setup.folder().join("year.db"))?);
    store.join(&remote, &clock).await?;
    let agent = Agent::assemble(&loaded.settings, &loaded.secrets, clock.clone(), store)?;
    let (mut moved, mut messages) = (Vec::new(), 0);
    for day in 0..days {
        clock.advance(opening(day)?.duration_since(clock.now()));
        // Which goals are in danger moves on from day to day.
        beeminder.set_goals((0..GOALS).map(|n| GoalSpec::new(&format!("goal{n}"), (day + n * 3) % 12)));
        let before = agent.store.copies().and_then(|copies| copies.saved).map_or(0, |saved| saved.generation);
        for _ in 0..PASSES_PER_DAY {
            fake_clock.set(clock.now());
            agent.store.forget(agent.retention, clock.now()).await?;
            messages += u32::from(agent.heuristic.pass(Trigger::Schedule).await?.changed);
            agent.outbox.work().await;
            clock.advance(SignedDuration::from_mins(15));
        }
        agent.finish().await;
        moved.push(remote.list(before).await?.iter().map(|generation| generation.bytes).sum::<u64>());
        for old in remote.list(0).await?.iter().rev().skip(1) {
            remote.delete(old.number).await?;
        }
    }
    let saved = agent.store.copies().and_then(|copies| copies.saved).context("no copy was made")?;
    report.row(&format!("{days} simulated days: passes"), (days * PASSES_PER_DAY).to_string(), "", true);
    report.row(&format!("{days} simulated days: messages"), messages.to_string(), "", true);
    let kilobytes = saved.bytes as f64 / 1e3;
    report.row("state object after them", format!("{kilobytes:.0} kB"), "< 200 kB", kilobytes < 200.0);
    let size = std::fs::metadata(agent.store.path())?.len();
    report.row("the database itself then", format!("{:.0} kB", size as f64 / 1e3), "", true);
    let last = moved.last().copied().unwrap_or_default();
    report.row("moved off the machine on the last five-hour day", format!("{:.0} kB", last as f64 / 1e3), "", true);
    Ok(())
}

/// Checkpoints of a database of 1 MB, each with one new row.
async fn checkpoints(report: &mut Report) -> anyhow::Result<()> {
    let temporary = tempfile::tempdir()?;
    let remote = folder(temporary.path(), "copies")?;
    let mut store = Store::open(&temporary.path().join("state.db"))?;
    store.join(&remote, &Clock::system()).await?;
    let mut rng = fastrand::Rng::with_seed(1);
    while std::fs::metadata(store.path())?.len() < 1_000_000 {
        let rows: Vec<sessions::Session> = (0..1_000).map(|_| session(&mut rng)).collect();
        store.write(move |tx| rows.iter().try_for_each(|row| sessions::insert(tx, row))).await?;
    }
    let mut durations = Vec::new();
    for _ in 0..200 {
        let row = session(&mut rng);
        let (_, epoch) = store.write_in_epoch(move |tx| sessions::insert(tx, &row)).await?;
        let begin = Instant::now();
        let verdict = store.checkpoint(epoch, LONG).await;
        durations.push(begin.elapsed());
        anyhow::ensure!(verdict == Verdict::Safe, "a checkpoint ended {verdict:?}");
    }
    durations.sort_unstable();
    let bytes = store.copies().and_then(|copies| copies.saved).map_or(0, |saved| saved.bytes);
    report.row("1 MB database, compressed", format!("{:.0} kB", bytes as f64 / 1e3), "", true);
    for percent in [50, 99] {
        let took = milliseconds(percentile(&durations, percent));
        report.row(&format!("its checkpoint to a local folder, p{percent}"), took, "", true);
    }
    Ok(())
}

fn session(rng: &mut fastrand::Rng) -> sessions::Session {
    sessions::Session {
        at: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(rng.i64(1_700_000_000..1_800_000_000)),
        provider: Provider::Anthropic,
        model: "claude-sonnet-5".to_owned(),
        input_tokens: rng.i64(0..100_000),
        output_tokens: rng.i64(0..10_000),
        cost: Money::from_micros(rng.i64(0..1_000_000)),
        session_type: "interactive".to_owned(),
        notes: String::new(),
    }
}

fn folder(parent: &Path, name: &str) -> anyhow::Result<Remote> {
    let url = url::Url::from_directory_path(parent.join(name));
    Ok(Remote::open(&url.map_err(|()| anyhow::anyhow!("the folder of the installation is no absolute path"))?)?)
}
