//! The fakes as a program: for `scripts/demo`, `scripts/bench` and a person with curl.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::Context as _;
use clap::Parser;
use jiff::Timestamp;
use mecris_tests::{
    beeminder::{self, Beeminder, GoalSpec},
    clock::FakeClock,
    s3::S3,
    twilio::{self, Twilio},
};
use serde_json::json;

/// Starts fakes of Beeminder, Twilio and S3 on 127.0.0.1, prints their addresses as one line of JSON, and
/// runs until it is killed.
///
/// Control them over HTTP while they run. Beeminder: PUT /_control/{goals,now,account,fault}, DELETE
/// /_control/fault, GET /_control/stats. Twilio: GET /_control/{accepted,calls,stats}, PUT
/// /_control/{fault,fate,chaos}, DELETE /_control/credentials. S3: GET /_control/{objects,stats}, PUT
/// /_control/{fault,chaos}.
#[derive(Debug, Parser)]
#[command(name = "mecris-fakes", version)]
struct Arguments {
    /// Port of the fake Beeminder; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    beeminder_port: u16,
    /// Port of the fake Twilio; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    twilio_port: u16,
    /// Port of the fake S3; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    s3_port: u16,
    /// The time of the fakes' clock at the start; it runs on from there. Default: the machine's time.
    #[arg(long, value_name = "RFC3339")]
    now: Option<Timestamp>,
    /// A JSON array of goals, `[{"slug": "reading", "safebuf": 0}, …]`. Default: one of each kind.
    #[arg(long, value_name = "FILE")]
    goals: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let clock = FakeClock::default();
    if let Some(now) = arguments.now {
        clock.set(now);
    }
    let goals = match &arguments.goals {
        None => one_of_each(),
        Some(file) => {
            let text =
                std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            serde_json::from_str(&text).with_context(|| format!("{} is no array of goals", file.display()))?
        }
    };
    let beeminder =
        Beeminder::start_on(&clock, arguments.beeminder_port).context("cannot start the fake Beeminder")?;
    let twilio = Twilio::start_on(&clock, arguments.twilio_port).context("cannot start the fake Twilio")?;
    let s3 = S3::start_on(&clock, arguments.s3_port).context("cannot start the fake S3")?;
    beeminder.set_goals(goals);
    let where_and_how = json!({
        "beeminder": {"base_url": beeminder.base_url(), "auth_token": beeminder::TOKEN},
        "twilio": {
            "base_url": twilio.base_url(),
            "account_sid": twilio::ACCOUNT_SID,
            "auth_token": twilio::AUTH_TOKEN,
            "messaging_service_sid": twilio::MESSAGING_SERVICE_SID,
            "content_sid": twilio::CONTENT_SID,
        },
        "s3": {
            "remote": s3.url("agent"),
            "environment": s3.environment().into_iter().collect::<BTreeMap<_, _>>(),
        },
    });
    println!("{where_and_how}");
    loop {
        std::thread::park();
    }
}

/// A goal on its last day, one with a day left, a safe one, a frozen one, and the walk's goal without a walk
/// today.
fn one_of_each() -> Vec<GoalSpec> {
    vec![
        GoalSpec::new("reading", 0),
        GoalSpec::new("piano", 1),
        GoalSpec::new("writing", 5),
        GoalSpec::new("running", 0).frozen(),
        GoalSpec::new("bike", 6).walked(Some(1)),
    ]
}
