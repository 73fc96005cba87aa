//! An empty directory before every pass, as on an instance that lives for one day: no message is repeated, no
//! row is lost.

use std::time::Duration;

use mecris_tests::{agent::Daemon, cases::Case, wait::until};
use serde_json::{Value, json};

use crate::{
    deck::Event,
    stage::{LONG_LEASE, Stage},
};

pub(crate) const CASES: &[Case] = &[(
    "new_machine::a_new_machine_before_every_pass_repeats_nothing_and_forgets_nothing",
    a_new_machine_before_every_pass_repeats_nothing_and_forgets_nothing,
)];

/// The number of machines, one after the other. The clock goes on by a day before every third.
const MACHINES: usize = 9;

/// The data that a person sent to the agent, as the agent returns it.
fn told(daemon: &Daemon) -> (Value, Value, Value) {
    let usage = daemon.get("/usage").json();
    let odometer = daemon.get("/groq/odometer/status").json();
    let sessions = daemon.get("/usage/recent").json();
    let rows = usage["providers"]
        .as_array()
        .expect("a row for each provider")
        .iter();
    let budgets = rows
        .map(|row| json!([row["provider"], row["total_budget"], row["used_budget"]]))
        .collect();
    (
        budgets,
        odometer["current_month"].clone(),
        sessions["sessions"].clone(),
    )
}

fn a_new_machine_before_every_pass_repeats_nothing_and_forgets_nothing() {
    let mut stage = Stage::new(false);
    stage.set_lease(LONG_LEASE);
    let config = &mut stage.machines[0].config;
    config.set("heuristic.interval", "15m");
    config.set(
        "budget.groq",
        json!({"source": "odometer", "limit_usd": 500.0, "period": "monthly"}),
    );
    config.set(
        "budget.anthropic",
        json!({"source": "ledger", "limit_usd": 250.0, "period": "monthly"}),
    );
    stage.show(&["reading".to_owned()]);
    let (mut days, mut first) = (1, None);
    for machine in 0..MACHINES {
        let mut daemon = Daemon::spawn(stage.machine());
        assert!(daemon.wait_ready(Duration::from_secs(20)), "{}", daemon.logs());
        if machine == 0 {
            let session =
                json!({"input_tokens": 1_000_000, "output_tokens": 1_000, "model": "claude-sonnet-4-5"});
            assert_eq!(daemon.post("/groq/odometer/record?value=0.5", None).status, 200);
            assert_eq!(daemon.post("/usage/record", Some(&session)).status, 200);
        }
        let pass = daemon.post("/intelligent-reminder/trigger", None);
        assert_eq!(pass.status, 200, "{}", pass.body);
        let sent = until(Duration::from_secs(20), || {
            (stage.twilio.accepted_count() >= days).then_some(())
        });
        assert!(
            sent.is_some(),
            "machine {machine}: nothing was sent on day {days}\n{}",
            daemon.logs()
        );
        let now = told(&daemon);
        assert_eq!(
            &now,
            first.get_or_insert_with(|| now.clone()),
            "machine {machine}"
        );
        // Data of a person is safe as soon as the request is answered. The last machine ends as instances do.
        let status = daemon
            .terminate(Duration::from_secs(20))
            .expect("it stops in time");
        assert_eq!(status.code(), Some(0), "{}", daemon.logs());
        assert_eq!(
            stage.twilio.accepted_count(),
            days,
            "machine {machine}: {:?}",
            stage.twilio.accepted()
        );
        if machine % 3 == 2 && machine + 1 < MACHINES {
            days += 1;
            stage.jump_days(1, 60);
        }
        assert!(stage.happens(Event::NewMachine), "all of it is off the machine");
        assert!(!stage.machine().database().exists());
    }
    assert_eq!(
        (stage.twilio.accepted_count(), stage.violations()),
        (days, Vec::new())
    );
}
