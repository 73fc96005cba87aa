use rusqlite::Connection;

use super::*;

const NOW: &str = "2026-11-21T18:00:00Z";

fn database() -> Connection {
    crate::store::in_memory().unwrap()
}

fn row(id: &str, state: State) -> Row {
    let now: Timestamp = NOW.parse().unwrap();
    Row {
        id: id.to_owned(),
        state,
        channel: ChannelKind::Sms,
        pinned: false,
        channels: None,
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
        updated_at: now,
    }
}

fn add(connection: &mut Connection, row: &Row) {
    let subjects = ["goal:reading".parse().unwrap(), Subject::walk()];
    let tx = connection.transaction().unwrap();
    insert(
        &tx,
        row,
        About {
            run_id: None,
            severity: Severity::Critical,
            subjects: &subjects,
        },
    )
    .unwrap();
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
    let next = Row {
        attempt: 2,
        ..sending.clone()
    };
    let accepted = Row {
        state: State::Accepted,
        provider_id: Some("SM1".to_owned()),
        ..sending.clone()
    };
    let tx = connection.transaction().unwrap();
    assert!(replace(&tx, &sending, &next, now).unwrap());
    assert!(
        !replace(&tx, &sending, &accepted, now).unwrap(),
        "attempt 1 is over"
    );
    assert!(
        !replace(
            &tx,
            &Row {
                state: State::Unknown,
                ..next.clone()
            },
            &accepted,
            now
        )
        .unwrap(),
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
    end_attempt(
        &tx,
        &sending,
        Ending::Retry,
        Some("20429"),
        Some("too many requests"),
        sending.created_at,
    )
    .unwrap();
    assert!(acknowledge(&tx, "a", "laptop", sending.created_at).unwrap());
    assert!(
        !acknowledge(&tx, "a", "phone", sending.created_at).unwrap(),
        "once"
    );
    assert!(!acknowledge(&tx, "b", "laptop", sending.created_at).unwrap());
    tx.commit().unwrap();
    let next = |channel| Row {
        attempt: 2,
        channel,
        ..sending.clone()
    };
    insta::assert_json_snapshot!(get(&connection, "a").unwrap());
    assert_eq!(
        list(&connection, 10).unwrap(),
        vec![get(&connection, "a").unwrap().unwrap()]
    );
    assert_eq!(
        tally(&connection, &next(ChannelKind::Sms)).unwrap(),
        Tally {
            retries: 1,
            ..Tally::default()
        }
    );
    assert_eq!(
        tally(&connection, &next(ChannelKind::Console)).unwrap(),
        Tally::default()
    );
}

/// The states that a message can begin with: a message is withdrawn only later.
fn first_states() -> impl Iterator<Item = State> {
    State::ALL.into_iter().filter(|state| *state != State::Withdrawn)
}

#[test]
fn what_the_person_knows_is_not_tried_again_and_no_failure() {
    let mut connection = database();
    for state in first_states() {
        add(&mut connection, &row(state.as_str(), state));
    }
    let now: Timestamp = NOW.parse().unwrap();
    let tx = connection.transaction().unwrap();
    for state in first_states() {
        assert!(acknowledge(&tx, state.as_str(), "laptop", now).unwrap());
        assert!(is_acknowledged(&tx, state.as_str()).unwrap());
    }
    tx.commit().unwrap();
    for state in first_states() {
        let after = load(&connection, state.as_str()).unwrap().unwrap();
        if state == State::Planned {
            assert_eq!((after.state, after.next_at), (State::Failed, None));
            assert_eq!(after.why.as_deref(), Some("not sent again, the person knows"));
        } else {
            assert_eq!(
                after,
                row(state.as_str(), state),
                "what is under way or over stays as it is"
            );
        }
    }
    assert_eq!(failed_since(&connection, now).unwrap(), []);
}

#[test]
fn pages_go_back_and_an_unknown_beginning_is_told() {
    let mut connection = database();
    for id in ["a", "b", "c"] {
        add(&mut connection, &row(id, State::Accepted));
    }
    let ids = |limit, before| -> Option<String> {
        Some(
            page(&connection, limit, before)
                .unwrap()?
                .into_iter()
                .map(|message| message.id)
                .collect(),
        )
    };
    assert_eq!(ids(2, None).as_deref(), Some("cb"));
    assert_eq!(
        ids(2, Some("b")).as_deref(),
        Some("a"),
        "of the same instant the later id comes first"
    );
    assert_eq!(ids(2, Some("a")).as_deref(), Some(""));
    assert_eq!(ids(2, Some("x")), None);
}

#[test]
fn limits_count_what_reached_a_provider_or_may_have() {
    let mut connection = database();
    for state in first_states() {
        add(&mut connection, &row(state.as_str(), state));
    }
    let withdrawn = row("withdrawn", State::Planned);
    add(&mut connection, &withdrawn);
    let now: Timestamp = NOW.parse().unwrap();
    let tx = connection.transaction().unwrap();
    end_attempt(&tx, &withdrawn, Ending::Retry, None, None, now).unwrap();
    let failed = row("failed", State::Failed);
    end_attempt(&tx, &failed, Ending::Rejected, None, None, now).unwrap();
    assert!(withdraw(&tx, &withdrawn, "no longer so", now).unwrap());
    tx.commit().unwrap();
    assert_eq!(
        messages_since(&connection, now).unwrap(),
        5,
        "the failed and the withdrawn one reached nobody"
    );
    let tx = connection.transaction().unwrap();
    replace(
        &tx,
        &failed,
        &Row {
            accepted_at: Some(now),
            ..failed.clone()
        },
        now,
    )
    .unwrap();
    tx.commit().unwrap();
    assert_eq!(
        messages_since(&connection, now).unwrap(),
        6,
        "accepted, then undelivered: the person may have seen it"
    );
    assert_eq!(
        messages_since(&connection, now + SignedDuration::from_nanos(1)).unwrap(),
        0
    );
    assert!(counts(&connection).unwrap().values().all(|n| *n == 1));
}

#[test]
fn each_attempt_that_may_have_arrived_counts_when_it_was_made() {
    let now: Timestamp = NOW.parse().unwrap();
    let minutes = |n| now + SignedDuration::from_mins(n);
    for (outcomes, wanted) in [
        (&[Ending::Absent, Ending::Unknown][..], [2, 1, 0]),
        (&[Ending::Resent, Ending::Accepted], [2, 1, 0]),
        (&[Ending::Retry, Ending::Retry], [1, 0, 0]),
        (&[Ending::Rejected, Ending::Adopted], [1, 1, 0]),
        (&[Ending::NotSent, Ending::Expired], [1, 0, 0]),
        (&[Ending::Undelivered, Ending::Accepted], [1, 1, 0]),
    ] {
        let mut connection = database();
        let first = row("a", State::Planned);
        add(&mut connection, &first);
        let second = Row {
            attempt: 2,
            ..first.clone()
        };
        let tx = connection.transaction().unwrap();
        begin_attempt(&tx, &second, minutes(50)).unwrap();
        for (attempt, ending) in [first, second].iter().zip(outcomes) {
            end_attempt(&tx, attempt, *ending, None, None, minutes(51)).unwrap();
        }
        let counted = [0, 30, 70].map(|from| messages_since(&tx, minutes(from)).unwrap());
        assert_eq!(counted, wanted, "{outcomes:?}");
    }
}

#[test]
fn a_message_without_expiry_is_worth_a_day() {
    let mut row = row("a", State::Planned);
    assert_eq!(row.deadline(), "2026-11-22T18:00:00Z".parse().unwrap());
    row.expires_at = Some(NOW.parse().unwrap());
    assert_eq!(row.deadline(), NOW.parse().unwrap());
}

/// A message whose attempt on the channel `voice` began so many seconds after [`NOW`] and had 15 seconds.
fn attempt(
    connection: &mut Connection,
    id: &str,
    state: State,
    second: i64,
    provider_id: Option<&str>,
) -> Row {
    let began = NOW.parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second);
    let lease_until = Some(began + SignedDuration::from_secs(15));
    let row = Row {
        channel: ChannelKind::Voice,
        created_at: began,
        lease_until,
        ..row(id, State::Sending)
    };
    add(connection, &row);
    let after = Row {
        state,
        provider_id: provider_id.map(str::to_owned),
        ..row.clone()
    };
    let tx = connection.transaction().unwrap();
    assert!(replace(&tx, &row, &after, began).unwrap());
    if state != State::Sending {
        end_attempt(&tx, &row, Ending::Accepted, None, None, began).unwrap();
    }
    tx.commit().unwrap();
    after
}

#[test]
fn an_attempt_in_doubt_knows_what_else_its_channel_did() {
    let mut connection = database();
    let ours = attempt(&mut connection, "a", State::Unknown, 0, None);
    attempt(&mut connection, "b", State::Accepted, 5, Some("CA1"));
    attempt(&mut connection, "c", State::Unknown, 70, None);
    attempt(&mut connection, "d", State::Sending, 76, None);
    add(
        &mut connection,
        &Row {
            lease_until: ours.lease_until,
            ..row("e", State::Sending)
        },
    );
    let around = |apart| surroundings(&connection, &ours, SignedDuration::from_secs(apart)).unwrap();
    assert_eq!(around(60).others, ["CA1"]);
    assert_eq!(
        (around(60).began, Some(around(60).ended)),
        (ours.created_at, ours.lease_until)
    );
    // 15 s to 70 s are 55 s apart, 15 s to 76 s are 61 s; the text message is another channel's.
    assert_eq!([54, 55, 60, 61].map(|apart| around(apart).rivals), [0, 1, 1, 2]);
}

#[test]
fn what_a_call_was_called_is_kept_when_its_message_goes_on() {
    let mut connection = database();
    let first = attempt(&mut connection, "a", State::Accepted, 0, Some("CA1"));
    let second = Row {
        state: State::Sending,
        attempt: 2,
        provider_id: None,
        lease_until: first.lease_until.map(|at| at + SignedDuration::from_mins(5)),
        ..first.clone()
    };
    let tx = connection.transaction().unwrap();
    let later = first.created_at + SignedDuration::from_mins(5);
    assert!(replace(&tx, &first, &second, later).unwrap());
    end_attempt(&tx, &first, Ending::Undelivered, None, None, later).unwrap();
    begin_attempt(&tx, &second, later).unwrap();
    tx.commit().unwrap();
    let around = surroundings(&connection, &second, SignedDuration::from_mins(2)).unwrap();
    assert_eq!(
        (around.others, around.began, around.rivals),
        (vec!["CA1".to_owned()], later, 0)
    );
    assert_eq!(channels_tried(&connection, "a").unwrap(), [ChannelKind::Voice]);
}

#[test]
fn words_of_the_store_are_the_same_in_json_and_everywhere_else() {
    use crate::domain::word_tests::is_spelled_once;
    is_spelled_once::<Ending>();
    is_spelled_once::<State>();
}
