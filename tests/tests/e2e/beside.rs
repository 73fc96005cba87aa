//! An alert that is asked for while another process has the state: `send-alert` leaves it for the daemon,
//! which decides about it and sends it.

use std::time::Duration;

use mecris_tests::{clock::machine_time, wait::until};

use crate::stage::Stage;

const PATIENCE: Duration = Duration::from_secs(30);
const ALERT: &[&str] = &[
    "send-alert",
    "--subject",
    "unit:backup",
    "--severity",
    "CRITICAL",
    "--text",
    "backup gave up",
];

#[test]
fn an_alert_beside_the_daemon_is_sent_by_the_daemon_once() {
    let stage = Stage::of_the_daemon();
    let daemon = stage.setup.serve();
    for _ in 0..2 {
        let asked = stage.setup.agent(ALERT);
        assert_eq!(asked.code, 0, "{}", asked.everything());
        assert!(
            asked.stdout.contains(&format!("(process {})", daemon.pid())),
            "{}",
            asked.stdout
        );
    }
    let decided = until(PATIENCE, || {
        (daemon
            .logs()
            .matches("decided about an alert of another process")
            .count()
            == 2)
            .then_some(())
    });
    assert!(decided.is_some(), "{}", daemon.logs());
    let sent = until(PATIENCE, || (stage.twilio.accepted_count() > 0).then_some(()));
    assert!(sent.is_some(), "{}", daemon.logs());
    assert_eq!(stage.texts().len(), 1, "{:?}", stage.texts());
    assert!(stage.texts()[0].contains("backup gave up"), "{:?}", stage.texts());
}

#[test]
fn an_alert_that_was_left_for_a_daemon_that_died_is_sent_by_the_next() {
    let stage = Stage::of_the_daemon();
    let mut daemon = stage.setup.serve();
    let pid = i32::try_from(daemon.pid())
        .ok()
        .and_then(rustix::process::Pid::from_raw)
        .expect("a process");
    // The daemon has the state and does nothing any more.
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).expect("it is ours");
    assert_eq!(stage.setup.agent(ALERT).code, 0);
    assert_eq!(stage.twilio.accepted_count(), 0);
    daemon.kill();
    let _next = stage.setup.serve();
    let sent = until(PATIENCE, || (stage.twilio.accepted_count() > 0).then_some(()));
    assert!(
        sent.is_some() && stage.texts()[0].contains("backup gave up"),
        "{:?}",
        stage.texts()
    );
}

/// The alerts that wait beside the state.
fn waiting(stage: &Stage) -> usize {
    let mut folder = stage.setup.database().into_os_string();
    folder.push(".alerts");
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[test]
fn an_alert_that_was_left_and_is_held_back_waits_until_it_may_be_said() {
    let mut stage = Stage::of_the_daemon();
    // Quiet hours all day, except for another hour than the present one.
    let hour = machine_time().in_tz("America/New_York").expect("a zone").hour();
    let times = [(hour + 13) % 24, (hour + 12) % 24].map(|hour| format!("{hour:02}:00"));
    stage
        .setup
        .config
        .set("policy.quiet_hours", serde_json::json!(times));
    let mut daemon = stage.setup.serve();
    assert_eq!(stage.setup.agent(ALERT).code, 0);
    let held = until(PATIENCE, || daemon.logs().contains("quiet_hours").then_some(()));
    assert!(held.is_some(), "{}", daemon.logs());
    daemon.terminate(PATIENCE).expect("it stops in time");
    assert_eq!(
        (stage.twilio.accepted_count(), waiting(&stage)),
        (0, 1),
        "{}",
        daemon.logs()
    );

    let status = stage.setup.agent(&["status"]);
    assert!(
        status.stdout.contains("alerts        1 left here"),
        "{}",
        status.everything()
    );

    stage
        .setup
        .config
        .set("policy.quiet_hours", serde_json::json!([]));
    // `run` takes the alert up as a daemon does.
    let pass = stage.setup.agent(&["run"]);
    assert_eq!(
        (stage.twilio.accepted_count(), waiting(&stage)),
        (1, 0),
        "{}",
        pass.everything()
    );
    assert!(stage.texts()[0].contains("backup gave up"), "{:?}", stage.texts());
}
