use rusqlite::Connection;

use super::*;

const NOW: &str = "2026-11-21T18:00:00Z";

fn database() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(include_str!("../schema/0001_initial.sql")).unwrap();
    connection
}

fn row(id: &str, state: State) -> Row {
    let now: Timestamp = NOW.parse().unwrap();
    Row {
        id: id.to_owned(),
        state,
        channel: ChannelKind::Sms,
        pinned: false,
        attempt: 1,
        body: "Mecris: reading derails today".to_owned(),
        tag: format!("#{id}"),
        created_at: now,
        expires_at: None,
        lease_until: Some(now),
        next_at: Some(now),
        provider_id: None,
        accepted_at: None,
        why: None,
    }
}

fn add(connection: &mut Connection, row: &Row) {
    let subjects = ["goal:reading".parse().unwrap(), Subject::walk()];
    let tx = connection.transaction().unwrap();
    insert(&tx, row, About { run_id: None, severity: Severity::Critical, subjects: &subjects }).unwrap();
    begin_attempt(&tx, row, row.created_at).unwrap();
    tx.commit().unwrap();
}

#[test]
fn a_message_reads_back_as_it_was_written() {
    let mut connection = database();
    let written = row("a", State::Sending);
    add(&mut connection, &written);
    assert_eq!(load(&connection, "a").unwrap(), Some(written.clone()));
    assert_eq!(open(&connection).unwrap(), vec![written]);
    assert_eq!(load(&connection, "b").unwrap(), None);
    assert!(tag_exists(&connection, "#a").unwrap() && !tag_exists(&connection, "#b").unwrap());
}

#[test]
fn a_late_worker_cannot_overwrite_a_newer_state() {
    let mut connection = database();
    let sending = row("a", State::Sending);
    add(&mut connection, &sending);
    let now = sending.created_at;
    let next = Row { attempt: 2, ..sending.clone() };
    let accepted = Row { state: State::Accepted, provider_id: Some("SM1".to_owned()), ..sending.clone() };
    let tx = connection.transaction().unwrap();
    assert!(replace(&tx, &sending, &next, now).unwrap());
    assert!(!replace(&tx, &sending, &accepted, now).unwrap(), "attempt 1 is over");
    assert!(
        !replace(&tx, &Row { state: State::Unknown, ..next.clone() }, &accepted, now).unwrap(),
        "it is not unknown"
    );
    tx.commit().unwrap();
    assert_eq!(load(&connection, "a").unwrap(), Some(next));
}

#[test]
fn what_people_see_is_complete() {
    let mut connection = database();
    let sending = row("a", State::Sending);
    add(&mut connection, &sending);
    let tx = connection.transaction().unwrap();
    end_attempt(&tx, &sending, Ending::Retry, Some("20429"), Some("too many requests"), sending.created_at).unwrap();
    assert!(acknowledge(&tx, "a", sending.created_at).unwrap());
    assert!(!acknowledge(&tx, "b", sending.created_at).unwrap());
    tx.commit().unwrap();
    insta::assert_json_snapshot!(get(&connection, "a").unwrap());
    assert_eq!(list(&connection, 10).unwrap(), vec![get(&connection, "a").unwrap().unwrap()]);
    assert_eq!(tally(&connection, "a", ChannelKind::Sms).unwrap(), Tally { retries: 1, ..Tally::default() });
    assert_eq!(tally(&connection, "a", ChannelKind::Console).unwrap(), Tally::default());
}

#[test]
fn limits_count_what_reached_a_provider_or_may_have() {
    let mut connection = database();
    for state in State::ALL {
        add(&mut connection, &row(state.as_str(), state));
    }
    let now: Timestamp = NOW.parse().unwrap();
    assert_eq!(messages_since(&connection, now).unwrap(), 5, "only the failed one reached nobody");
    let failed = row("failed", State::Failed);
    let tx = connection.transaction().unwrap();
    replace(&tx, &failed, &Row { accepted_at: Some(now), ..failed.clone() }, now).unwrap();
    tx.commit().unwrap();
    assert_eq!(messages_since(&connection, now).unwrap(), 6, "accepted, then undelivered: the person may have seen it");
    assert_eq!(messages_since(&connection, now + SignedDuration::from_nanos(1)).unwrap(), 0);
    assert!(counts(&connection).unwrap().values().all(|n| *n == 1));
}

#[test]
fn a_message_without_expiry_is_worth_a_day() {
    let mut row = row("a", State::Planned);
    assert_eq!(row.deadline(), "2026-11-22T18:00:00Z".parse().unwrap());
    row.expires_at = Some(NOW.parse().unwrap());
    assert_eq!(row.deadline(), NOW.parse().unwrap());
}
