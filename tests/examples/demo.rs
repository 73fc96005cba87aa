//! The demonstration of `scripts/demo`: the real agent, fake upstreams, four passes, and what the phone
//! shows.

use std::io::IsTerminal as _;

use jiff::Timestamp;
use mecris_tests::{
    agent::Setup,
    beeminder::{Beeminder, Fault, GoalSpec},
    clock::FakeClock,
    twilio::Twilio,
};
use serde_json::Value;

fn main() -> anyhow::Result<()> {
    let clock = FakeClock::default();
    let beeminder = Beeminder::start(&clock)?;
    let twilio = Twilio::start(&clock)?;
    let mut setup = Setup::new(beeminder.address(), twilio.address());
    setup.config.remove("budget");
    let demo = Demo {
        clock,
        twilio,
        setup,
        bold: std::env::var_os("NO_COLOR").is_none() && std::io::stdout().is_terminal(),
    };
    let account = |safebuf| {
        [
            GoalSpec::new("reading", safebuf),
            GoalSpec::new("bike", 9).walked(Some(0)),
        ]
    };

    demo.title("1. Tuesday noon: the goal \"reading\" has five safe days, today's walk is done.");
    beeminder.set_goals(account(5));
    demo.pass("2026-03-03T12:00:00-05:00")?;

    demo.title("2. Three hours later \"reading\" is red: it derails tonight.");
    beeminder.set_goals(account(0));
    demo.pass("2026-03-03T15:00:00-05:00")?;

    demo.title("3. A quarter of an hour later nothing has changed: the agent stays silent, and says why.");
    demo.pass("2026-03-03T15:15:00-05:00")?;

    demo.title("4. Beeminder is down: what cannot be read is unknown, never safe.");
    beeminder.fail(Fault::Html);
    demo.pass("2026-03-03T15:30:00-05:00")?;

    println!("\nIn all, the phone got {}.", count(demo.twilio.accepted_count()));
    Ok(())
}

/// The state that the passes share.
struct Demo {
    clock: FakeClock,
    twilio: Twilio,
    setup: Setup,
    bold: bool,
}

impl Demo {
    fn title(&self, text: &str) {
        if self.bold {
            println!("\n\x1b[1m{text}\x1b[0m");
        } else {
            println!("\n{text}");
        }
    }

    /// Makes a pass at an instant and prints its decisions and the messages on the phone.
    fn pass(&self, at: &str) -> anyhow::Result<()> {
        self.clock.set(at.parse::<Timestamp>()?);
        let before = self.twilio.accepted_count();
        println!("   $ mecris-agent run --json --at {at}");
        let output = self.setup.run_at(at);
        let report: Value =
            serde_json::from_str(&output.stdout).map_err(|_| anyhow::anyhow!("{}", output.everything()))?;
        println!("   exit {}, changed: {}", output.code, report["changed"]);
        if let Some(why) = report["observations"]["beeminder"]["why"].as_str() {
            println!("   beeminder: {why}");
        }
        for decision in report["decisions"].as_array().into_iter().flatten() {
            let word = |field: &str| decision[field].as_str().unwrap_or("?").to_owned();
            println!(
                "   {:<20} {:<9} {:<9} {}",
                word("subject"),
                word("severity"),
                word("action"),
                word("reason")
            );
        }
        let messages = self.twilio.accepted();
        for message in &messages[before..] {
            println!("   the phone {} shows: {}", message.to, message.body);
        }
        if messages.len() == before {
            println!("   the phone stays silent");
        }
        Ok(())
    }
}

fn count(messages: usize) -> String {
    if messages == 1 {
        "one message".to_owned()
    } else {
        format!("{messages} messages")
    }
}
