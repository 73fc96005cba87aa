//! Measures a checkpoint of a database of 1 MB, to a folder of this machine and to a fake of S3. It runs in a
//! separate process, because the environment names the address of S3.

use std::{process::Command, time::Duration};

use anyhow::Context as _;
use mecris_agent::{
    clock::Clock,
    store::{Store, Verdict, Written, replica::remote::Remote, tables::sessions},
};
use mecris_tests::{clock::FakeClock, s3::S3};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use url::Url;

use crate::{
    person,
    report::{Report, milliseconds, percentile},
};

/// The number of checkpoints, each with one new row.
const TIMES: usize = 500;
/// A timeout that is much longer than any checkpoint.
const LONG: Duration = Duration::from_secs(60);

#[derive(Serialize, Deserialize)]
struct Figures {
    /// The size of the last copy.
    bytes: u64,
    p50: Duration,
    p99: Duration,
}

/// Measures checkpoints to the folder and to S3.
pub(crate) fn measure(clock: &FakeClock, report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let local = Url::from_directory_path(folder.path())
        .ok()
        .context("a temporary folder has an absolute path")?;
    let to_folder = in_a_process(local.as_str(), &[])?;
    let s3 = S3::start(clock)?;
    let to_s3 = in_a_process(&s3.url("bench"), &s3.environment())?;
    anyhow::ensure!(s3.violations().is_empty(), "{:?}", s3.violations());
    report.row(
        "1 MB database, compressed",
        format!("{:.0} kB", to_s3.bytes as f64 / 1e3),
        "",
        true,
    );
    for (place, figures) in [
        ("a local folder, fsync included", to_folder),
        ("S3, a fake on this machine", to_s3),
    ] {
        for (percent, took) in [(50, figures.p50), (99, figures.p99)] {
            report.row(
                &format!("its checkpoint to {place}, p{percent}"),
                milliseconds(took),
                "",
                true,
            );
        }
    }
    Ok(())
}

fn in_a_process(url: &str, environment: &[(String, String)]) -> anyhow::Result<Figures> {
    let environment = environment.iter().map(|(name, value)| (name, value));
    let output = Command::new(std::env::current_exe()?)
        .args(["checkpoints", url])
        .envs(environment)
        .output()?;
    anyhow::ensure!(
        output.status.success(),
        "checkpoints to {url}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The separate process: measures and prints its figures.
pub(crate) fn run(url: &Url) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    println!("{}", serde_json::to_string(&runtime.block_on(checkpoints(url))?)?);
    Ok(())
}

async fn checkpoints(url: &Url) -> anyhow::Result<Figures> {
    let folder = tempfile::tempdir()?;
    let (remote, mut store) = (Remote::open(url)?, Store::open(&folder.path().join("state.db"))?);
    store.join(&remote, &Clock::system()).await?;
    let mut rng = fastrand::Rng::with_seed(1);
    while std::fs::metadata(store.path())?.len() < 1_000_000 {
        let rows: Vec<sessions::Session> = (0..1_000).map(|_| person::session(&mut rng)).collect();
        store
            .write(move |tx| rows.iter().try_for_each(|row| sessions::insert(tx, row)))
            .await?;
    }
    let mut durations = Vec::new();
    for _ in 0..TIMES {
        let row = person::session(&mut rng);
        let Written { epoch, .. } = store.write_in_epoch(move |tx| sessions::insert(tx, &row)).await?;
        let begin = Instant::now();
        let verdict = store.checkpoint(epoch, LONG).await;
        durations.push(begin.elapsed());
        anyhow::ensure!(verdict == Verdict::Safe, "a checkpoint ended {verdict:?}");
    }
    durations.sort_unstable();
    let bytes = store
        .copies()
        .and_then(|copies| copies.saved)
        .map_or(0, |saved| saved.bytes);
    Ok(Figures {
        bytes,
        p50: percentile(&durations, 50),
        p99: percentile(&durations, 99),
    })
}
