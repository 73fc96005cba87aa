//! An installation that has something to show at every endpoint.

use serde_json::json;

use crate::{
    agent::{Daemon, Setup},
    beeminder::{Beeminder, GoalSpec},
    clock::FakeClock,
    twilio::Twilio,
};

/// Three goals, one of them due today, a walk, and a budget of each provider. The fakes stop when this is dropped.
#[derive(Debug)]
pub struct Installation {
    /// The person's account.
    pub beeminder: Beeminder,
    /// The person's phone.
    pub twilio: Twilio,
    /// The agent, with no quiet hours.
    pub setup: Setup,
}

impl Installation {
    /// Starts the fakes at the machine's time.
    ///
    /// # Panics
    /// If no port is free.
    pub fn complete() -> Self {
        let clock = FakeClock::default();
        let beeminder = Beeminder::start(&clock).expect("a free port");
        let twilio = Twilio::start(&clock).expect("a free port");
        beeminder.set_goals([
            GoalSpec::new("reading", 0),
            GoalSpec::new("piano", 1),
            GoalSpec::new("bike", 9).walked(Some(0)),
        ]);
        let mut setup = Setup::new(beeminder.address(), twilio.address());
        let config = &mut setup.config;
        config.set("policy.quiet_hours", json!([]));
        config.set("walk", json!({"goal": "bike", "from": "00:00", "until": "23:59"}));
        config.set(
            "budget.groq",
            json!({"source": "odometer", "limit_usd": 5.0, "period": "monthly"}),
        );
        config.set(
            "budget.anthropic",
            json!({"source": "ledger", "limit_usd": 25.0, "period": "monthly"}),
        );
        Self {
            beeminder,
            twilio,
            setup,
        }
    }

    /// Writes the OpenAPI document that this daemon sends into the folder of the installation, and returns its path.
    ///
    /// # Panics
    /// If the daemon does not send it, or it cannot be written.
    pub fn document(&self, daemon: &Daemon) -> std::path::PathBuf {
        let path = self.setup.folder().join("openapi.json");
        let answer = daemon.get("/openapi.json");
        assert_eq!(answer.status, 200, "{}", answer.body);
        std::fs::write(&path, answer.body).expect("the document can be written");
        path
    }
}
