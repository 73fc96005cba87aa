//! Measures endpoints against a bare hyper server in a separate process that answers the same bytes, in turns.

use std::time::Duration;

use anyhow::Context as _;
use mecris_tests::{
    agent::{self, Daemon, Setup},
    wait,
};

use crate::{
    bare, load,
    report::{Report, milliseconds},
};

/// The paths, and the least share of the bare server's requests per second that each should reach.
const REACHES: [(&str, f64); 3] = [("/health", 0.8), ("/usage", 0.4), ("/beeminder/status", 0.2)];

/// How the load is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Rounds on each server, taken in turns.
    pub(crate) rounds: usize,
    /// The length of a round.
    pub(crate) round: Duration,
    /// The number of concurrent connections.
    pub(crate) connections: usize,
}

/// Measures each path once the first pass has recorded budgets and all of these goals.
pub(crate) fn measure(setup: &Setup, goals: usize, load: Load, report: &mut Report) -> anyhow::Result<()> {
    let daemon = setup.serve();
    wait::until(Duration::from_secs(20), || {
        is_recorded(&daemon, goals).then_some(())
    })
    .context("the first pass recorded no budgets or not all goals")?;
    for (path, reach) in REACHES {
        compare(setup, &daemon, path, reach, load, report)?;
    }
    Ok(())
}

/// Whether the first pass has recorded what the endpoints show.
fn is_recorded(daemon: &Daemon, goals: usize) -> bool {
    let status = daemon.get("/beeminder/status").json();
    let usage = daemon.get("/usage").json();
    status["goals"].as_array().map(Vec::len) == Some(goals) && usage["total_budget"].is_number()
}

fn compare(
    setup: &Setup,
    daemon: &Daemon,
    path: &str,
    reach: f64,
    load: Load,
    report: &mut Report,
) -> anyhow::Result<()> {
    let token = format!("Bearer {}", agent::API_TOKEN);
    let answer = daemon.get(path);
    let bare = bare::Process::start(setup.folder(), &answer)?;
    let (mut ours, mut theirs) = (load::Figures::default(), load::Figures::default());
    for _ in 0..load.rounds {
        for (address, figures) in [(daemon.address(), &mut ours), (bare.address(), &mut theirs)] {
            figures.add(load::run(address, path, &token, load.connections, load.round)?);
        }
    }
    let ratio = ours.ratio(&theirs);
    let name = |what: &str| format!("{path}, c={}: {what}", load.connections);
    let mut plain = |what: &str, value: String| report.row(&name(what), value, "", true);
    plain("requests per second", format!("{:.0}", ours.per_second()));
    let bytes = answer.body.len();
    plain(
        &format!("bare hyper, the same {bytes} bytes"),
        format!("{:.0}", theirs.per_second()),
    );
    let p99 = format!("{} / {}", milliseconds(ours.p99()), milliseconds(theirs.p99()));
    plain("p99, ours / bare", p99);
    report.row(
        &name("ratio (median of rounds)"),
        format!("{ratio:.2}"),
        &format!(">= {reach}"),
        ratio >= reach,
    );
    Ok(())
}
