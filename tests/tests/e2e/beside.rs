//! An alert that is asked for while another process has the state: it is left for the daemon, which decides about it and sends it.

use std::time::Duration;

use mecris_tests::wait::until;

use crate::stage::Stage;

const PATIENCE: Duration = Duration::from_secs(30);
const ALERT: &[&str] =
    &["send-alert", "--subject", "unit:backup", "--severity", "CRITICAL", "--text", "backup gave up"];

#[test]
fn an_alert_beside_the_daemon_is_sent_by_the_daemon_once() {
    let stage = Stage::of_the_daemon();
    let daemon = stage.setup.serve();
    for _ in 0..2 {
        let asked = stage.setup.agent(ALERT);
        assert_eq!(asked.code, 0, "{}", asked.everything());
        assert!(asked.stdout.contains(&format!("(process {})", daemon.pid())), "{}", asked.stdout);
    }
    let decided = until(PATIENCE, || (daemon.logs().matches("an alert was left here").count() == 2).then_some(()));
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
    let pid = i32::try_from(daemon.pid()).ok().and_then(rustix::process::Pid::from_raw).expect("a process");
    // It has the state, and does nothing any more.
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).expect("it is ours");
    assert_eq!(stage.setup.agent(ALERT).code, 0);
    assert_eq!(stage.twilio.accepted_count(), 0);
    daemon.kill();
    let _next = stage.setup.serve();
    let sent = until(PATIENCE, || (stage.twilio.accepted_count() > 0).then_some(()));
    assert!(sent.is_some() && stage.texts()[0].contains("backup gave up"), "{:?}", stage.texts());
}
