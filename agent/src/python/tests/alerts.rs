//! What the old system said today is not said again.

use super::*;
use crate::{
    clock::DeadlineOffset,
    domain::{Severity, Subject},
    store::tables::{
        claims::{self, NewClaim},
        outbox,
    },
};

const BEEMERGENCY: &str = "🚨 BEEMERGENCY: 2 goals need immediate attention!
• bike: bike: DERAILING NOW! Need data immediately
• project-fi: project-fi: DERAILING NOW! Need data immediately";

const CLAIMS: &str = "SELECT subject, day, step, severity FROM claims ORDER BY day, subject, step";

fn with_deadlines(deadlines: &[(&str, i64)]) -> Context {
    let mut context = context(NOW);
    for (slug, seconds) in deadlines {
        let deadline = DeadlineOffset::from_seconds(*seconds).unwrap();
        context.goals.deadlines.insert(slug.parse().unwrap(), deadline);
    }
    context
}

#[test]
fn a_beemergency_claims_each_goal_that_it_names() {
    let (old, mut state) = (Old::new(), state());
    old.alert(
        "beeminder",
        "critical",
        BEEMERGENCY,
        "2025-09-15T08:05:00.123456",
        "critical_count: 2",
    );
    let report = take_at(
        &mut state,
        &old.paths(),
        &with_deadlines(&[("bike", 0), ("project-fi", 0)]),
    );
    assert_eq!(counts(&report, "alert_log"), (1, 1, 0, 0, 0));
    assert!(!report.something_unknown(), "{report:?}");
    assert_eq!(
        column(&state, CLAIMS),
        [
            "goal:bike | 2025-09-15 | 0 | CRITICAL",
            "goal:project-fi | 2025-09-15 | 0 | CRITICAL"
        ]
    );
    let messages = outbox::list(&state, 10).unwrap();
    assert_eq!(messages.len(), 1);
    let message = &messages[0];
    assert_eq!(
        (message.state, message.severity, message.body.as_str()),
        (outbox::State::Delivered, Severity::Critical, BEEMERGENCY)
    );
    assert_eq!(message.created_at, "2025-09-15T12:05:00.123456Z".parse().unwrap());
    assert_eq!(message.accepted_at, Some(message.created_at));
    assert_eq!(
        message.why.as_deref(),
        Some("sent by the Python system, as far as its alert_log says")
    );
    assert_eq!(
        outbox::open(&state).unwrap(),
        [],
        "nothing is left to do about it"
    );
    assert_eq!(
        column(&state, "SELECT 1 FROM pragma_foreign_key_check"),
        Vec::<String>::new()
    );
}

#[test]
fn a_goals_day_is_beeminders() {
    let (old, mut state) = (Old::new(), state());
    // 02:00 is still yesterday with a deadline at 03:00, 23:00 already tomorrow with one at 22:45.
    old.alert("beeminder", "critical", "x\n• late: y", "2025-09-15T02:00:00", "");
    old.alert(
        "beeminder",
        "critical",
        "x\n• early: y",
        "2025-09-14T23:00:00",
        "",
    );
    take_at(
        &mut state,
        &old.paths(),
        &with_deadlines(&[("late", 3 * 3600), ("early", -4500)]),
    );
    assert_eq!(
        column(&state, CLAIMS),
        [
            "goal:late | 2025-09-14 | 0 | CRITICAL",
            "goal:early | 2025-09-15 | 0 | CRITICAL"
        ]
    );
}

#[test]
fn a_deadline_that_is_not_known_is_a_doubt_while_it_matters() {
    let (old, mut state) = (Old::new(), state());
    old.alert("beeminder", "critical", "x\n- bike: y", "2025-09-15T08:05:00", "");
    old.alert(
        "beeminder",
        "critical",
        "x\n- arabiya: y",
        "2025-09-12T08:05:00",
        "critical_count: 7",
    );
    let report = take_all(&mut state, &old);
    assert_eq!(counts(&report, "alert_log"), (2, 2, 0, 0, 0));
    assert_eq!(
        report.doubts,
        [
            "goal:bike: Mecris has not read its deadline yet, so the alert of 08:05 counts for 2025-09-15 from midnight to midnight"
        ]
    );
    assert!(report.something_unknown());
}

#[test]
fn goals_that_were_counted_but_not_named_are_a_doubt() {
    let (old, mut state) = (Old::new(), state());
    old.alert(
        "beeminder",
        "critical",
        "🚨 5!\n• a: x\n• b: x\n• c: x",
        "2025-09-15T08:05:00",
        "critical_count: 5",
    );
    let report = take_at(
        &mut state,
        &old.paths(),
        &with_deadlines(&[("a", 0), ("b", 0), ("c", 0)]),
    );
    assert_eq!(
        report.doubts,
        ["the alert of 08:05 counted 2 more than it named (a, b, c): Mecris may say those again"]
    );
}

#[test]
fn budget_alerts_are_about_claude_and_the_local_day() {
    let (old, mut state) = (Old::new(), state());
    old.alert(
        "budget",
        "warning",
        "⚠️ WARNING: 2 days left\n$3.10 remaining",
        "2025-09-13T23:59:59",
        "",
    );
    old.alert(
        "budget",
        "critical",
        "🚨 CRITICAL: 1 days left!\n$1.10 remaining",
        "2025-09-14T00:00:00",
        "",
    );
    old.alert(
        "walk_reminder",
        "info",
        "Time for that daily walk",
        "2025-09-14T15:00:00",
        "",
    );
    let report = take_all(&mut state, &old);
    assert!(!report.something_unknown(), "{report:?}");
    assert_eq!(
        column(&state, CLAIMS),
        [
            "budget:anthropic | 2025-09-13 | 0 | WARNING",
            "budget:anthropic | 2025-09-14 | 0 | CRITICAL",
            "walk | 2025-09-14 | 0 | WARNING",
        ]
    );
}

#[test]
fn the_same_alert_again_is_one_and_a_worse_one_is_the_escalation() {
    let (old, mut state) = (Old::new(), state());
    for (hour, level) in [
        (8, "warning"),
        (10, "warning"),
        (12, "critical"),
        (14, "critical"),
        (16, "warning"),
    ] {
        old.alert("budget", level, "m", &format!("2025-09-14T{hour:02}:00:00"), "");
    }
    let report = take_all(&mut state, &old);
    assert_eq!(counts(&report, "alert_log"), (5, 2, 0, 3, 0));
    assert_eq!(
        reasons(&report, "alert_log"),
        ["id 2 x3 -: another alert about budget:anthropic on 2025-09-14 is here already: one a day counts"]
    );
    assert_eq!(
        column(&state, CLAIMS),
        [
            "budget:anthropic | 2025-09-14 | 0 | WARNING",
            "budget:anthropic | 2025-09-14 | 1 | CRITICAL"
        ]
    );
    assert_eq!(
        column(&state, "SELECT count(*), count(DISTINCT tag) FROM notifications"),
        ["2 | 2"]
    );
}

#[test]
fn what_was_said_here_stays_and_what_reached_nobody_is_taken_over() {
    let (old, mut state) = (Old::new(), state());
    old.alert("budget", "critical", "m", "2025-09-14T08:00:00", "");
    for (message_state, accepted) in [("accepted", true), ("failed", false)] {
        let tx = state.transaction().unwrap();
        tx.execute_batch("DELETE FROM claims; DELETE FROM notifications; DELETE FROM imports")
            .unwrap();
        tx.execute(
            "INSERT INTO notifications (id, created_at, severity, subjects, body, tag, state, channel, attempt, accepted_at, updated_at)
             VALUES ('ours', ?1, 'CRITICAL', '[]', '', '#t', ?2, 'sms', 1, CASE WHEN ?3 THEN ?1 END, ?1)",
            (at("2025-09-14T11:00:00Z"), message_state, accepted),
        )
        .unwrap();
        let subject = Subject::budget(crate::domain::Provider::Anthropic);
        let claim = NewClaim {
            subject: &subject,
            day: "2025-09-14".parse().unwrap(),
            step: 0,
            severity: Severity::Critical,
        };
        claims::insert(&tx, &claim, "ours", "2025-09-14T11:00:00Z".parse().unwrap()).unwrap();
        tx.commit().unwrap();
        take_all(&mut state, &old);
        let holder = column(&state, "SELECT notification_id = 'ours' FROM claims");
        assert_eq!(holder, [if accepted { "1" } else { "0" }], "{message_state}");
    }
}

#[test]
fn an_alert_of_which_nobody_can_tell_what_it_is_about_is_not_guessed() {
    let (old, mut state) = (Old::new(), state());
    old.alert(
        "beeminder",
        "critical",
        "🚨 BEEMERGENCY: 2 goals need immediate attention!",
        "2025-09-15T08:00:00",
        "count: 2",
    );
    old.alert("startup", "info", "narrator is online", "2025-09-15T08:00:00", "");
    old.alert("budget", "purple", "m", "2025-09-15T08:00:00", "");
    old.alert("budget", "critical", "m", "2025-09-15T13:00:00", "");
    old.alert(
        "beeminder",
        "critical",
        "x\n• bike and arabiya: y",
        "2025-09-15T08:00:00",
        "",
    );
    let report = take_all(&mut state, &old);
    assert_eq!(counts(&report, "alert_log"), (5, 0, 0, 5, 5));
    assert_eq!(
        reasons(&report, "alert_log"),
        [
            "id 1 x2 message: it names no goal, so it is unknown which goal was meant",
            "id 2 x1 alert_type: it is unknown what \"startup\" is about",
            "id 3 x1 alert_level: \"PURPLE\" is not one of caution, warning, critical",
            "id 4 x1 sent_at: \"2025-09-15T13:00:00\" lies in the future: is --zone the zone of the old machine's clock?",
        ]
    );
    assert_eq!(column(&state, CLAIMS), Vec::<String>::new());
}
