use rusqlite::types::Value;

use super::*;
use crate::store;

const NOW: &str = "2026-11-16T17:15:00Z";

/// A day ahead.
const AHEAD: &str = "2026-11-17T17:00:00.000000000Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A state with these rows, in which what lies in the future was set right.
fn after(rows: &str) -> Connection {
    let mut connection = store::in_memory().unwrap();
    let tx = connection.transaction().unwrap();
    // A message of which the outcome is known belongs to everything that was said.
    tx.execute_batch(&format!(
        "INSERT INTO notifications (id, created_at, severity, subjects, body, tag, state, channel, attempt, updated_at)
         VALUES ('m', '{AHEAD}', 'WARNING', '[]', '', 't', 'delivered', 'sms', 1, '{AHEAD}');
         {}",
        rows.replace("AHEAD", &format!("'{AHEAD}'"))
    ))
    .unwrap();
    assert!(exist(&tx, now()).unwrap());
    let today = Daystamp::from(jiff::civil::date(2026, 11, 16));
    let before_today = "2026-11-16T04:59:59Z".parse().unwrap();
    assert!(set_right(&tx, now(), today, before_today).unwrap() > 0);
    assert!(!exist(&tx, now()).unwrap(), "nothing is left");
    assert_eq!(
        set_right(&tx, now(), today, before_today).unwrap(),
        0,
        "nothing is left"
    );
    tx.commit().unwrap();
    connection
}

/// The rows of a query, as text.
fn rows(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let text = |value: Value| match value {
        Value::Text(text) => text.replace(".000000000Z", "Z"),
        other => format!("{other:?}"),
    };
    let rows = statement.query_map([], |row| {
        let values: rusqlite::Result<Vec<String>> = (0..columns).map(|at| row.get(at).map(text)).collect();
        Ok(values?.join(" "))
    });
    rows.unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

#[test]
fn a_pass_took_place_now_and_its_message_counts_for_this_day() {
    let connection = after(
        "INSERT INTO runs (id, started_at, finished_at, trigger, outcome, succeeded, overran, changed, observations)
         VALUES ('r', AHEAD, AHEAD, 'cli', 'done', 1, 0, 1, '{}');
         INSERT INTO attempts (notification_id, number, channel, started_at) VALUES ('m', 1, 'sms', AHEAD)",
    );
    assert_eq!(
        rows(&connection, "SELECT started_at, finished_at FROM runs"),
        [format!("{NOW} {NOW}")]
    );
    assert_eq!(
        rows(&connection, "SELECT created_at, updated_at FROM notifications"),
        [format!("{NOW} {NOW}")]
    );
    assert_eq!(rows(&connection, "SELECT started_at FROM attempts"), [NOW]);
}

#[test]
fn a_message_in_doubt_keeps_the_times_by_which_it_is_looked_for() {
    let connection = after(
        "INSERT INTO decisions (at, subject, severity, day, action, reason, evidence)
         VALUES (AHEAD, 'run', 'SAFE', '2026-11-17', 'suppress', 'below_threshold', '');
         UPDATE notifications SET state = 'unknown', created_at = '2026-11-16T17:00:00.000000000Z';
         INSERT INTO attempts (notification_id, number, channel, started_at) VALUES ('m', 1, 'sms', AHEAD)",
    );
    assert_eq!(
        rows(&connection, "SELECT started_at FROM attempts"),
        ["2026-11-17T17:00:00Z"]
    );
    assert_eq!(rows(&connection, "SELECT at FROM decisions"), [NOW]);
}

#[test]
fn what_was_said_keeps_the_derailment_that_it_was_about_and_no_day_to_come() {
    let connection = after(
        "INSERT INTO steps (subject, occasion, step, severity, notification_id, claimed_at)
         VALUES ('goal:reading', '2026-11-17', 'last', 'CRITICAL', 'm', AHEAD),
                ('walk', '2026-11-17', 'last', 'WARNING', 'm', AHEAD),
                ('walk', '2026-11-16', 'last', 'WARNING', 'm', '2026-11-16T17:00:00.000000000Z'),
                ('budget:groq', '2026-12-01', '75', 'WARNING', 'm', AHEAD),
                ('budget:groq', '2026-11-01', '75', 'WARNING', 'm', AHEAD)",
    );
    let said = rows(
        &connection,
        "SELECT subject, occasion, claimed_at FROM steps ORDER BY subject, occasion",
    );
    let expected = [
        format!("budget:groq 2026-11-01 {NOW}"),
        "goal:reading 2026-11-17 2026-11-16T04:59:59Z".to_owned(),
        format!("walk 2026-11-16 {NOW}"),
    ];
    assert_eq!(said, expected);
}

#[test]
fn what_cannot_be_told_cannot_be_told_since_now() {
    let connection = after("INSERT INTO untold (subject, since) VALUES ('walk', AHEAD)");
    assert_eq!(rows(&connection, "SELECT since FROM untold"), [NOW]);
}

#[test]
fn a_silence_lasts_as_long_as_it_was_to_last() {
    let connection = after(
        "INSERT INTO silences (id, kind, pattern, starts_at, ends_at, author, created_at)
         VALUES ('ahead', 'silence', 'walk', AHEAD, '2026-11-17T19:00:00.000000000Z', 'me', AHEAD),
                ('now', 'vacation', '*', '2026-11-20T17:00:00.000000000Z', '2026-11-22T17:00:00.000000000Z', 'me',
                 '2026-11-16T17:00:00.000000000Z')",
    );
    assert_eq!(
        rows(
            &connection,
            "SELECT id, starts_at, ends_at FROM silences ORDER BY id"
        ),
        [
            format!("ahead {NOW} 2026-11-16T19:15:00Z"),
            "now 2026-11-20T17:00:00Z 2026-11-22T17:00:00Z".to_owned(),
        ]
    );
}

#[test]
fn an_acknowledgement_was_made_now() {
    let connection = after("UPDATE notifications SET acknowledged_at = AHEAD, acknowledged_by = 'me'");
    assert_eq!(
        rows(&connection, "SELECT acknowledged_at FROM notifications"),
        [NOW]
    );
}
