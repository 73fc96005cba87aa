//! Measures the figures of docs/PERFORMANCE.md and prints one Markdown table. `scripts/bench` builds
//! everything and starts this program.

mod bare;
mod checkpoints;
mod decisions;
mod endpoints;
mod load;
mod memory;
mod person;
mod report;
mod startup;
mod state;

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use clap::{Parser, Subcommand, ValueEnum};
use mecris_tests::{
    agent::{self, Setup},
    beeminder::{Beeminder, GoalSpec},
    clock::FakeClock,
    twilio::Twilio,
};

use endpoints::Load;
use report::Report;
use url::Url;

/// Goals on the account.
const GOALS: usize = 10;

/// Measures a release build of mecris-agent against the fakes, and its endpoints against a bare hyper server
/// with the same bytes.
#[derive(Debug, Parser)]
#[command(name = "mecris-bench", version)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// Days of the simulation of the state's growth.
    #[arg(long, default_value_t = 365)]
    days: i64,
    /// Measures only this part.
    #[arg(long)]
    only: Option<Half>,
    /// How often the daemon is started.
    #[arg(long, default_value_t = 50)]
    starts: usize,
    /// Rounds of load on each server, taken in turns.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Seconds of each round.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// The number of concurrent connections.
    #[arg(long, default_value_t = 8)]
    connections: usize,
}

impl Arguments {
    fn load(&self) -> Load {
        Load {
            rounds: self.rounds,
            round: Duration::from_secs(self.seconds),
            connections: self.connections,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Half {
    /// Starts, memory, endpoints, decisions, the size of the binary: five minutes.
    Daemon,
    /// The state off the machine: a year of passes and a thousand copies, a quarter of an hour.
    State,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// The bare hyper server: answers every request with the head and body in this file. For the benchmark
    /// itself.
    #[command(hide = true)]
    Bare {
        /// JSON: `{"headers": [["name", "value"]], "body": "…"}`.
        answer: PathBuf,
    },
    /// Times checkpoints to this remote and prints them as JSON. For the benchmark itself.
    #[command(hide = true)]
    Checkpoints {
        /// As `state.remote`.
        url: Url,
    },
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.part {
        Some(Part::Bare { answer }) => return bare::serve(&answer),
        Some(Part::Checkpoints { url }) => return checkpoints::run(&url),
        None => {}
    }
    let mut report = Report::default();
    let clock = FakeClock::default();
    let beeminder = Beeminder::start(&clock)?;
    let twilio = Twilio::start(&clock)?;
    beeminder.set_goals(goals(5));
    let mut setup = installation(&beeminder, &twilio);
    if arguments.only != Some(Half::State) {
        startup::measure(&setup, arguments.starts, &mut report);
        memory::idle(&setup, &mut report)?;
        beeminder.set_goals(goals(0));
        memory::after_a_day(installation(&beeminder, &twilio), &clock, &mut report)?;
        endpoints::measure(&setup, GOALS, arguments.load(), &mut report)?;
        decisions::measure(&mut report);
        let size = std::fs::metadata(agent::binary())
            .context("the agent's binary")?
            .len();
        report.row(
            "binary size",
            format!("{:.1} MB", size as f64 / 1e6),
            "<= 14 MB",
            size <= 14_000_000,
        );
    }
    if arguments.only != Some(Half::Daemon) {
        state::measure(&mut setup, (&clock, &beeminder), arguments.days, &mut report)?;
        checkpoints::measure(&clock, &mut report)?;
    }
    print!("{}", report.markdown());
    Ok(())
}

/// Goals with this many safe days and more: 0 is a beemergency day.
fn goals(first: i64) -> impl Iterator<Item = GoalSpec> {
    (first..)
        .take(GOALS)
        .map(|safebuf| GoalSpec::new(&format!("goal{safebuf}"), safebuf))
}

fn installation(beeminder: &Beeminder, twilio: &Twilio) -> Setup {
    let mut setup = Setup::new(beeminder.address(), twilio.address());
    setup.config.set("http.requests_per_minute", 1_000_000_000);
    setup.config.set("budget.anthropic.source", "ledger");
    setup.config.set("budget.anthropic.limit_usd", 25.0);
    setup.config.set("budget.anthropic.period", "monthly");
    setup
}
