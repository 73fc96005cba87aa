//! The first pass on a state that the release without steps wrote: what was said today is not said again.

use mecris_tests::beeminder::GoalSpec;
use rusqlite::Connection;
use serde_json::json;

use crate::stage::{AFTERNOON, Stage, about, notified};

/// The schema of that release.
const SCHEMA: [&str; 3] = [
    include_str!("../../../agent/src/store/file/schema/0001_initial.sql"),
    include_str!("../../../agent/src/store/file/schema/0002_durable.sql"),
    include_str!("../../../agent/src/store/file/schema/0003_goal_history.sql"),
];

/// What a pass of that release left at 14:00: a message that arrived and its claims. Of 6 dollars of 5 nothing is
/// left.
const SAID: &str = "
    INSERT INTO runs (id, started_at, finished_at, trigger, outcome, succeeded, changed, observations)
    VALUES ('older', '2026-03-03T19:00:00.000000000Z', '2026-03-03T19:00:01.000000000Z', 'cli', 'done', 1, 1,
            '{\"beeminder\": {\"status\": \"fresh\", \"at\": \"2026-03-03T19:00:00Z\", \"why\": null},
              \"budget\": {\"status\": \"fresh\", \"at\": \"2026-03-03T19:00:00Z\", \"why\": null},
              \"walk\": {\"status\": \"fresh\", \"at\": \"2026-03-03T19:00:00Z\", \"why\": null}}');
    INSERT INTO notifications (id, run_id, created_at, severity, subjects, body, tag, state, channel, attempt,
                               accepted_at, updated_at)
    VALUES ('older', 'older', '2026-03-03T19:00:00.000000000Z', 'CRITICAL',
            '[\"goal:reading\", \"budget:groq\", \"walk\", \"goal:piano\"]',
            'Mecris: reading derails today', '#older', 'delivered', 'sms', 1, '2026-03-03T19:00:00.000000000Z',
            '2026-03-03T19:00:00.000000000Z');
    INSERT INTO attempts (notification_id, number, channel, started_at, finished_at, outcome)
    VALUES ('older', 1, 'sms', '2026-03-03T19:00:00.000000000Z', '2026-03-03T19:00:00.000000000Z', 'accepted');
    INSERT INTO claims (subject, day, step, severity, notification_id, claimed_at)
    VALUES ('goal:reading', '2026-03-03', 0, 'CRITICAL', 'older', '2026-03-03T19:00:00.000000000Z'),
           ('goal:piano', '2026-03-03', 0, 'WARNING', 'older', '2026-03-03T19:00:00.000000000Z'),
           ('walk', '2026-03-03', 0, 'WARNING', 'older', '2026-03-03T19:00:00.000000000Z'),
           ('budget:groq', '2026-03-03', 0, 'CRITICAL', 'older', '2026-03-03T19:00:00.000000000Z');
    INSERT INTO decisions (run_id, at, subject, severity, day, action, reason, evidence, notification_id)
    VALUES ('older', '2026-03-03T19:00:00.000000000Z', 'budget:groq', 'CRITICAL', '2026-03-03', 'notify',
            'first_of_day', '$6.00 of $5.00 used, nothing is left until 2026-03-31', 'older');
    INSERT INTO odometer_readings (provider, at, month, value_micros)
    VALUES ('groq', '2026-03-03T18:00:00.000000000Z', '2026-03', 6000000);";

/// The goals of which that release spoke, and one that turned red since.
fn goals() -> [GoalSpec; 4] {
    [
        GoalSpec::new("reading", 0),
        GoalSpec::new("piano", 1),
        GoalSpec::new("gym", 0),
        GoalSpec::new("bike", 9).walked(Some(1)),
    ]
}

/// A stage whose state that release wrote.
fn upgraded() -> Stage {
    let stage = Stage::new();
    let file = Connection::open(stage.setup.database()).expect("a file");
    for migration in SCHEMA {
        file.execute_batch(migration).expect("a schema");
    }
    file.execute_batch(SAID).expect("the rows of a pass");
    let now = AFTERNOON.parse().expect("an instant");
    let zone = jiff::tz::TimeZone::get("America/New_York").expect("a zone");
    let known = goals().map(|goal| {
        let id = goal.render(now, &zone, true)["id"].clone();
        json!({"slug": goal.slug, "id": id, "title": "", "state": "active", "queued": false, "deadline": 0,
               "datapoints": []})
    });
    let account =
        json!({"time_zone": "America/New_York", "deadbeat": false, "goals": known, "unreadable": []});
    file.execute(
        "INSERT INTO snapshots VALUES ('beeminder', '2026-03-03T19:00:00.000000000Z', ?1)",
        [account.to_string()],
    )
    .expect("a snapshot");
    file.pragma_update(None, "user_version", 3).expect("a version");
    stage.beeminder.set_goals(goals());
    stage
}

#[test]
fn what_was_said_today_is_not_said_again_and_the_first_pass_sends_one_message() {
    let stage = upgraded();
    let report = stage.pass(AFTERNOON).json();
    assert_eq!(notified(&report), ["goal:gym"], "{report:#}");
    for (subject, reason) in [
        ("goal:reading", "already_notified_today"),
        ("goal:piano", "already_notified_today"),
        ("walk", "already_notified_today"),
        ("budget:groq", "share_already_told"),
    ] {
        assert_eq!(
            about(&report, "decisions", subject, "reason"),
            reason,
            "{subject}"
        );
    }
    stage.pass("2026-03-03T15:15:00-05:00");
    assert_eq!(stage.texts().len(), 1, "{:?}", stage.texts());

    // On the next day everything is so again.
    stage.beeminder.set_goals([
        GoalSpec::new("piano", 0),
        GoalSpec::new("bike", 9).walked(Some(1)),
    ]);
    let report = stage.pass("2026-03-04T15:00:00-05:00").json();
    assert_eq!(
        about(&report, "decisions", "goal:piano", "reason"),
        "first_of_day"
    );
    assert_eq!(about(&report, "decisions", "walk", "reason"), "first_of_day");
    assert_eq!(
        about(&report, "decisions", "budget:groq", "reason"),
        "share_already_told"
    );
}

#[test]
fn a_goal_that_was_renamed_with_the_upgrade_is_the_same_goal() {
    let stage = upgraded();
    let [reading, piano, _, bike] = goals();
    stage
        .beeminder
        .set_goals([reading.renamed("books"), piano.renamed("reading"), bike]);
    let report = stage.pass(AFTERNOON).json();
    assert_eq!(stage.texts(), Vec::<String>::new(), "{report:#}");
    for subject in ["goal:books", "goal:reading"] {
        let reason = about(&report, "decisions", subject, "reason");
        assert_eq!(reason, "already_notified_today", "{subject}");
    }
}
