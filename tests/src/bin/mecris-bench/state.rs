//! The state off the machine: its growth in a year, and the bytes that a day transfers.

use std::path::Path;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use mecris_agent::{
    clock::Clock,
    config::{self, Fetched, Inputs, Loaded},
    domain::Provider,
    heuristic::Trigger,
    runtime::Agent,
    store::{
        Store,
        replica::remote::Remote,
        tables::{odometer, sessions},
    },
};
use mecris_tests::{
    agent::Setup,
    beeminder::{Beeminder, GoalSpec, PointSpec},
    clock::FakeClock,
};

use crate::{memory, person, report::Report};

/// Goals on the account.
const GOALS: i64 = 12;
/// How many of a goal's newest days have datapoints in the fake, which sends three of them with the goal.
const DAYS_WITH_DATA: i64 = 4;
const PASSES_PER_DAY: i64 = memory::PASSES_PER_DAY as i64;
/// Sessions that a person sends on a day, beside one reading of the odometer.
const SESSIONS_PER_DAY: i64 = 4;

/// Measures growth and transfer.
pub(crate) fn measure(
    setup: &mut Setup,
    fakes: (&FakeClock, &Beeminder),
    days: i64,
    report: &mut Report,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    setup.config.set("policy.quiet_hours", serde_json::json!([]));
    runtime.block_on(year(&load(setup)?, setup, fakes, days, report))
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

/// Makes every pass of this many days with the agent's own code against the fakes. Most days have a message
/// and a person's sessions and reading.
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
        Ok(date.at(13, 0, 0, 0).to_zoned_datetime(zone.clone())?.timestamp())
    };
    let clock = Clock::manual(opening(0)?);
    let (remote, mut store) = (
        folder(setup.folder(), "year")?,
        Store::open(&setup.folder().join("year.db"))?,
    );
    store.join(&remote, &clock).await?;
    let agent = Agent::assemble(&loaded.settings, &loaded.secrets, clock.clone(), store)?;
    let (mut moved, mut messages, mut rng) = (Vec::new(), 0, fastrand::Rng::with_seed(1));
    for day in 0..days {
        clock.advance(opening(day)?.duration_since(clock.now()));
        // The goals in danger change from day to day, and something is entered into each of them every day.
        beeminder.set_goals((0..GOALS).map(|n| {
            let mut goal = GoalSpec::new(&format!("goal{n}"), (day + n * 3) % 12);
            goal.replace.insert("curval".to_owned(), (100 * day + n).into());
            goal.entered((0..DAYS_WITH_DATA).map(|ago| entered(n, day - ago, ago)))
        }));
        let before = agent
            .store
            .copies()
            .and_then(|copies| copies.saved)
            .map_or(0, |saved| saved.generation);
        let told: Vec<_> = (0..SESSIONS_PER_DAY)
            .map(|_| person::session_at(&mut rng, clock.now()))
            .collect();
        let read = person::reading(&mut rng, clock.now(), zone.to_datetime(clock.now()).date());
        let tell = agent.store.write(move |tx| {
            told.iter()
                .try_for_each(|session| sessions::insert(tx, session))?;
            odometer::insert(tx, Provider::Groq, &read)
        });
        tell.await?;
        for _ in 0..PASSES_PER_DAY {
            fake_clock.set(clock.now());
            agent.store.forget(agent.retention, clock.now()).await?;
            messages += u32::from(agent.heuristic.pass(Trigger::Schedule).await?.changed);
            agent.outbox.work().await;
            clock.advance(SignedDuration::from_mins(15));
        }
        agent.finish().await;
        moved.push(
            remote
                .list(before)
                .await?
                .iter()
                .map(|generation| generation.bytes)
                .sum::<u64>(),
        );
        for old in remote.list(0).await?.iter().rev().skip(1) {
            remote.delete(old.number).await?;
        }
    }
    let saved = agent
        .store
        .copies()
        .and_then(|copies| copies.saved)
        .context("no copy was made")?;
    report.row(
        &format!("{days} simulated days: passes"),
        (days * PASSES_PER_DAY).to_string(),
        "",
        true,
    );
    report.row(
        &format!("{days} simulated days: messages"),
        messages.to_string(),
        "",
        true,
    );
    let kilobytes = saved.bytes as f64 / 1e3;
    report.row(
        "state object after them",
        format!("{kilobytes:.0} kB"),
        "<= 300 kB",
        kilobytes <= 300.0,
    );
    let size = std::fs::metadata(agent.store.path())?.len();
    report.row(
        "the database itself then",
        format!("{:.0} kB", size as f64 / 1e3),
        "",
        true,
    );
    let last = moved.last().copied().unwrap_or_default();
    report.row(
        "moved off the machine on the last five-hour day",
        format!("{:.0} kB", last as f64 / 1e3),
        "",
        true,
    );
    Ok(())
}

/// The datapoint of one goal and day. Entered at any minute of the afternoon, in any amount.
fn entered(goal: i64, day: i64, days_ago: i64) -> PointSpec {
    let mut rng = fastrand::Rng::with_seed((goal * 1_000 + day).unsigned_abs());
    let at = format!("{}:{:02}:{:02}", rng.u8(13..18), rng.u8(0..60), rng.u8(0..60));
    PointSpec::new(days_ago, &at, f64::from(rng.u8(1..100)))
}

fn folder(parent: &Path, name: &str) -> anyhow::Result<Remote> {
    let url = url::Url::from_directory_path(parent.join(name));
    Ok(Remote::open(&url.map_err(|()| {
        anyhow::anyhow!("the folder of the installation is no absolute path")
    })?)?)
}
