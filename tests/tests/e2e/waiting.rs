//! A message that waits through a stop or through a night.

use std::time::Duration;

use mecris_tests::{
    beeminder::{self, GoalSpec},
    ledger,
    twilio::Fault,
    wait::until,
};

use crate::stage::Stage;

#[test]
fn a_stop_does_not_wait_for_a_beeminder_that_hangs() {
    let stage = Stage::of_the_daemon();
    stage.beeminder.fail(beeminder::Fault::Hang);
    let mut daemon = stage.setup.serve();
    assert!(
        until(Duration::from_secs(5), || (stage.beeminder.requests() > 0)
            .then_some(()))
        .is_some()
    );
    let status = daemon
        .terminate(Duration::from_secs(5))
        .expect("it stops in time");
    assert_eq!(status.code(), Some(0), "{}", daemon.logs());
}

#[test]
fn a_stop_in_the_middle_of_a_send_waits_for_the_answer() {
    let mut stage = Stage::of_the_daemon();
    stage.setup.config.set("notify.lease", "10s");
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    stage.twilio.fail_next([Fault::Delay(1_000)]);
    let mut daemon = stage.setup.serve();
    let sending = until(Duration::from_secs(5), || {
        (stage.twilio.creates() > 0).then_some(())
    });
    assert!(sending.is_some(), "{}", daemon.logs());
    let status = daemon
        .terminate(Duration::from_secs(20))
        .expect("it stops in time");
    assert_eq!(status.code(), Some(0), "{}", daemon.logs());
    let states: Vec<String> = ledger::notifications(&stage.setup.database())
        .expect("a database")
        .into_iter()
        .map(|n| n.state)
        .collect();
    assert_eq!(
        (stage.twilio.accepted_count(), states),
        (1, vec!["accepted".to_owned()]),
        "{}",
        daemon.logs()
    );
}

#[test]
fn a_message_that_could_not_leave_today_does_not_say_today_tomorrow() {
    let mut stage = Stage::new();
    stage.setup.config.remove("budget");
    stage.beeminder.set_goals([
        GoalSpec::new("reading", 1),
        GoalSpec::new("bike", 6).walked(Some(0)),
    ]);
    stage.twilio.fail_always(Some(Fault::TooMany(3_600)));
    let evening = stage.pass("2026-03-03T17:50:00-05:00");
    assert_eq!(evening.code, 3, "nobody was told yet: {}", evening.everything());
    assert_eq!(stage.texts(), Vec::<String>::new());

    stage.twilio.fail_always(None);
    let next_day = stage.pass("2026-03-04T13:00:00-05:00");
    let texts = stage.texts();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("reading derails tomorrow"), "{texts:?}");
    assert_eq!(
        next_day.code,
        1,
        "the next pass reports once that yesterday's message reached nobody: {}",
        next_day.everything()
    );
    assert_eq!(stage.pass("2026-03-04T13:15:00-05:00").code, 0);
}
