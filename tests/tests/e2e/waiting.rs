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

/// A person without budgets and with a walk that is done.
fn evening() -> Stage {
    let mut stage = Stage::new();
    stage.setup.config.remove("budget");
    stage
}

fn goals(stage: &Stage, goals: &[(&str, i64)]) {
    let walk = GoalSpec::new("bike", 6).walked(Some(0));
    stage.beeminder.set_goals(
        goals
            .iter()
            .map(|(slug, safebuf)| GoalSpec::new(slug, *safebuf))
            .chain([walk]),
    );
}

/// State and subjects of each message, oldest first.
fn messages(stage: &Stage) -> Vec<(String, Vec<String>)> {
    ledger::notifications(&stage.setup.database())
        .expect("a database")
        .into_iter()
        .map(|message| (message.state, message.subjects))
        .collect()
}

fn message(state: &str, subjects: &[&str]) -> (String, Vec<String>) {
    (
        state.to_owned(),
        subjects.iter().map(|subject| (*subject).to_owned()).collect(),
    )
}

#[test]
fn what_was_done_while_the_message_waited_is_not_sent_any_more() {
    let stage = evening();
    goals(&stage, &[("reading", 0)]);
    stage.twilio.fail_always(Some(Fault::TooMany(1_800)));
    let waits = stage.pass("2026-03-03T16:00:00-05:00");
    assert_eq!(waits.code, 3, "nobody was told yet: {}", waits.everything());
    assert_eq!(messages(&stage), [message("planned", &["goal:reading"])]);

    // The person enters it, while Twilio still refuses.
    goals(&stage, &[("reading", 3)]);
    let done = stage.pass("2026-03-03T16:15:00-05:00");
    assert_eq!(done.code, 0, "{}", done.everything());
    assert_eq!(messages(&stage), [message("withdrawn", &["goal:reading"])]);
    assert!(stage.table("steps").is_empty() && stage.table("claims").is_empty());

    stage.twilio.fail_always(None);
    let next = stage.pass("2026-03-03T17:00:00-05:00");
    assert_eq!(next.code, 0, "{}", next.everything());
    assert_eq!(stage.texts(), Vec::<String>::new(), "nothing is sent any more");
    assert_eq!(messages(&stage), [message("withdrawn", &["goal:reading"])]);
    // By the machine's clock the passes after that day are overdue, which is the reason for 3; a message that was
    // withdrawn is no failure.
    let status = stage.setup.agent(&["status", "--json"]);
    assert_eq!(status.code, 3, "{}", status.everything());
    assert_eq!(status.json()["overdue"], true, "{}", status.everything());

    // The entry was wrong and is deleted: the goal is said after all.
    goals(&stage, &[("reading", 0)]);
    assert_eq!(stage.pass("2026-03-03T17:30:00-05:00").code, 0);
    let texts = stage.texts();
    assert!(
        texts.len() == 1 && texts[0].contains("reading derails today"),
        "{texts:?}"
    );
}

#[test]
fn a_message_that_waited_says_what_is_so_when_it_leaves() {
    let stage = evening();
    goals(&stage, &[("reading", 0), ("piano", 0)]);
    stage.twilio.fail_always(Some(Fault::TooMany(1_800)));
    assert_eq!(stage.pass("2026-03-03T16:00:00-05:00").code, 3);
    goals(&stage, &[("reading", 3), ("piano", 0)]);
    stage.pass("2026-03-03T16:15:00-05:00");
    assert_eq!(messages(&stage), [message("planned", &["goal:piano"])]);

    stage.twilio.fail_always(None);
    let later = stage.pass("2026-03-03T16:45:00-05:00");
    assert_eq!(later.code, 0, "{}", later.everything());
    let texts = stage.texts();
    assert!(
        texts.len() == 1 && texts[0].contains("piano") && !texts[0].contains("reading"),
        "{texts:?}"
    );
    assert_eq!(messages(&stage), [message("accepted", &["goal:piano"])]);

    // What dropped out may be said: it turns red again.
    goals(&stage, &[("reading", 0), ("piano", 0)]);
    stage.pass("2026-03-03T17:30:00-05:00");
    let texts = stage.texts();
    assert!(texts.len() == 2 && texts[1].contains("reading"), "{texts:?}");
}

#[test]
fn what_is_in_doubt_is_not_sent_again_when_it_is_done() {
    let mut stage = evening();
    stage.setup.config.set("notify.lease", "300ms");
    stage.setup.config.set("notify.settle", "300ms");
    goals(&stage, &[("reading", 0)]);
    stage.twilio.fail_next([Fault::DropBefore]);
    stage.twilio.fail_reads(Some(Fault::StatusBefore(503)));
    let lost = stage.pass("2026-03-03T16:00:00-05:00");
    assert_eq!(lost.code, 3, "{}", lost.everything());
    goals(&stage, &[("reading", 3)]);
    stage.twilio.fail_reads(None);
    let done = stage.pass("2026-03-03T16:15:00-05:00");
    assert_eq!(done.code, 0, "{}", done.everything());
    let rows = ledger::notifications(&stage.setup.database()).expect("a database");
    let why = rows[0].why.clone().unwrap_or_default();
    assert!(
        rows[0].state == "unknown" && why.starts_with("not sent again, no longer so"),
        "{rows:?}"
    );
    assert_eq!((stage.twilio.creates(), stage.texts().len()), (1, 0));
    assert_eq!(
        stage.table("steps").len(),
        1,
        "it may have arrived, so it keeps its claim"
    );
}
