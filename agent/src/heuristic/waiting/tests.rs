use std::time::Duration;

use jiff::SignedDuration;
use rusqlite::Connection;

use super::*;
use crate::{
    arms::beeminder::Account,
    domain::{Ask, ChannelKind, Money, Observation, Phrase, Severity, Step},
    heuristic::record,
    notify::outbox::insert_delivered,
    store::{
        self,
        tables::outbox::{Ending, Notification},
    },
};

fn now() -> Timestamp {
    "2026-11-21T15:00:00-05:00".parse().unwrap()
}

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

fn read() -> Observed {
    Observed {
        beeminder: Observation::Fresh {
            value: Account {
                time_zone: None,
                deadbeat: false,
                goals: Vec::new(),
                unreadable: Vec::new(),
                ignored: 0,
            },
            at: now(),
        },
        cure: None,
        walk: None,
        budgets: Vec::new(),
        elapsed: Duration::ZERO,
    }
}

fn unread() -> Observed {
    Observed {
        beeminder: Observation::Unknown {
            why: "it is down".to_owned(),
        },
        ..read()
    }
}

/// A goal that derails today.
fn red(slug: &str, usd: f64, step: Step) -> Condition {
    let long = format!("{slug} derails today 23:59 (${usd})");
    Condition {
        subject: format!("goal:{slug}").parse().unwrap(),
        severity: Severity::Critical,
        day: "2026-11-21".parse().unwrap(),
        expires_at: Some("2026-11-21T23:59:59-05:00".parse().unwrap()),
        evidence: String::new(),
        phrase: Phrase {
            short: long.clone(),
            long,
        },
        ask: Some(Ask::at_once(step, "2026-11-21".parse().unwrap())),
        stake: Money::from_usd(usd).ok(),
        heading: None,
    }
}

/// What a message of a pass about these conditions becomes whose attempts ended like this.
fn decided(conditions: Vec<Condition>) -> Decided {
    let mut decisions: Vec<Decision> = conditions.into_iter().map(said).collect();
    let told = tell(&mut decisions, &zone(), now()).into_iter().collect();
    Decided { decisions, told }
}

/// A message about these goals that waits. Its attempts so far ended like this.
fn waiting(tx: &Transaction<'_>, conditions: Vec<Condition>, endings: &[Ending]) -> String {
    let insert = |message| Ok(insert_delivered(tx, &message, &[ChannelKind::Sms], now())?.id);
    let id = record::decisions_and_messages(tx, insert, None, &decided(conditions), &zone(), now())
        .unwrap()
        .remove(0);
    tx.execute_batch(&format!(
        "INSERT OR IGNORE INTO runs (id, started_at, finished_at, trigger, outcome, succeeded, changed, observations)
             VALUES ('run', '2026-11-21T20:00:00Z', '2026-11-21T20:00:00Z', 'cli', 'done', 1, 1, '{{}}');
         UPDATE notifications SET state = 'planned', accepted_at = NULL, next_at = created_at, run_id = 'run',
                why = 'too many requests' WHERE id = '{id}';
         DELETE FROM attempts WHERE notification_id = '{id}';"
    ))
    .unwrap();
    for (number, ending) in (1..).zip(endings) {
        let row = Row {
            attempt: number,
            ..outbox::load(tx, &id).unwrap().unwrap()
        };
        outbox::begin_attempt(tx, &row, now()).unwrap();
        outbox::end_attempt(tx, &row, *ending, None, None, now()).unwrap();
    }
    tx.execute(
        "UPDATE notifications SET attempt = ?2 WHERE id = ?1",
        rusqlite::params![id, u32::try_from(endings.len()).unwrap()],
    )
    .unwrap();
    id
}

/// A pass a minute later that finds these conditions and says these.
fn pass(tx: &Transaction<'_>, observed: &Observed, found: &[Condition], says: Vec<Condition>) {
    let later = now() + SignedDuration::from_mins(1);
    let remaining = check(tx, observed, found, later).unwrap();
    retell(tx, remaining, &decided(says), &zone(), later).unwrap();
}

fn see(connection: &Connection, id: &str) -> Notification {
    outbox::get(connection, id).unwrap().unwrap()
}

/// The subjects that a message holds in `steps` and in `claims`.
fn holds(connection: &Connection, id: &str) -> [Vec<String>; 2] {
    ["steps", "claims"].map(|table| {
        let mut statement = connection
            .prepare(&format!(
                "SELECT subject FROM {table} WHERE notification_id = ?1 ORDER BY subject"
            ))
            .unwrap();
        let rows = statement.query_map([id], |row| row.get(0)).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    })
}

/// The steps that a message holds.
fn steps_of(connection: &Connection, id: &str) -> Vec<Step> {
    let held = steps::held(connection, id).unwrap().into_iter();
    held.map(|held| held.step).collect()
}

fn both(subjects: &[&str]) -> [Vec<String>; 2] {
    let subjects: Vec<String> = subjects.iter().map(|subject| (*subject).to_owned()).collect();
    [subjects.clone(), subjects]
}

const DEFINITE: [&[Ending]; 3] = [
    &[Ending::Retry],
    &[Ending::NotSent, Ending::Rejected, Ending::Retry],
    &[Ending::Retry, Ending::Expired],
];

/// Attempts that may have arrived, the last one aside.
const IN_DOUBT: [&[Ending]; 4] = [
    &[Ending::Resent, Ending::Retry],
    &[Ending::Absent, Ending::Retry],
    &[Ending::Absent, Ending::Unknown, Ending::NotSent],
    &[Ending::Unknown, Ending::Rejected, Ending::Retry],
];

#[test]
fn what_is_settled_and_reached_nobody_is_withdrawn_and_may_be_said_again() {
    for endings in DEFINITE {
        let mut connection = store::in_memory().unwrap();
        let tx = connection.transaction().unwrap();
        let goals = || vec![red("reading", 5.0, Step::Last), red("piano", 10.0, Step::Last)];
        let id = waiting(&tx, goals(), endings);
        assert_eq!(holds(&tx, &id), both(&["goal:piano", "goal:reading"]));
        assert_eq!(outbox::messages_since(&tx, now()).unwrap(), 1);

        pass(&tx, &read(), &[], Vec::new());
        let seen = see(&tx, &id);
        assert_eq!(
            (seen.state, seen.why.as_deref()),
            (State::Withdrawn, Some("no longer so: too many requests"))
        );
        assert_eq!(holds(&tx, &id), both(&[]));
        assert_eq!(outbox::of_passes(&tx).unwrap(), [], "nobody looks at it again");
        assert_eq!(outbox::failed_since(&tx, now()).unwrap(), [], "it is no failure");
        assert_eq!(
            outbox::messages_since(&tx, now()).unwrap(),
            0,
            "nor does it use up a limit"
        );
        assert_eq!(outbox::counts(&tx).unwrap()[&State::Withdrawn], 1);
        let raw: String = tx
            .query_row("SELECT state FROM notifications", [], |row| row.get(0))
            .unwrap();
        assert_eq!(raw, "failed", "for the release before");

        let again = waiting(&tx, goals(), endings);
        assert_eq!(holds(&tx, &again), both(&["goal:piano", "goal:reading"]));
    }
}

#[test]
fn what_nobody_could_read_is_left_alone() {
    let mut connection = store::in_memory().unwrap();
    let tx = connection.transaction().unwrap();
    let id = waiting(&tx, vec![red("reading", 5.0, Step::Last)], DEFINITE[0]);
    let before = see(&tx, &id);
    pass(&tx, &unread(), &[], Vec::new());
    assert_eq!(see(&tx, &id), before);
}

#[test]
fn a_settled_subject_drops_out_of_the_text_and_its_claim_is_released() {
    let mut connection = store::in_memory().unwrap();
    let tx = connection.transaction().unwrap();
    let goals = vec![red("reading", 5.0, Step::Last), red("piano", 10.0, Step::Last)];
    let id = waiting(&tx, goals, DEFINITE[0]);
    pass(&tx, &read(), &[red("reading", 7.0, Step::Last)], Vec::new());
    let seen = see(&tx, &id);
    assert_eq!(
        (seen.state, seen.body.as_str()),
        (State::Planned, "Mecris: reading derails today 23:59 ($7)"),
        "and the stake is the new one"
    );
    assert_eq!(seen.subjects, ["goal:reading".parse().unwrap()]);
    assert_eq!(seen.attempts.len(), 1, "it is the same message");
    assert_eq!(holds(&tx, &id), both(&["goal:reading"]));

    let same = see(&tx, &id);
    pass(&tx, &read(), &[red("reading", 7.0, Step::Last)], Vec::new());
    assert_eq!(see(&tx, &id), same, "what did not change is not written again");
}

#[test]
fn what_a_newer_message_says_drops_out_of_the_older_one() {
    let mut connection = store::in_memory().unwrap();
    let tx = connection.transaction().unwrap();
    let goals = vec![red("reading", 5.0, Step::Ahead), red("piano", 10.0, Step::Ahead)];
    let id = waiting(&tx, goals, DEFINITE[0]);
    let (reading, piano) = (red("reading", 5.0, Step::Last), red("piano", 10.0, Step::Ahead));
    pass(
        &tx,
        &read(),
        &[reading.clone(), piano.clone()],
        vec![reading.clone()],
    );
    assert_eq!(see(&tx, &id).body, "Mecris: piano derails today 23:59 ($10)");
    assert_eq!(holds(&tx, &id), both(&["goal:piano"]));
    pass(&tx, &read(), &[reading, piano.clone()], vec![piano]);
    assert_eq!(see(&tx, &id).state, State::Withdrawn);
    assert_eq!(holds(&tx, &id), both(&[]));
}

#[test]
fn what_may_have_arrived_is_neither_withdrawn_nor_told_anew_and_keeps_its_claims() {
    for endings in IN_DOUBT {
        for (state, after) in [
            ("planned", State::Unknown),
            ("unknown", State::Unknown),
            ("sending", State::Sending),
        ] {
            let mut connection = store::in_memory().unwrap();
            let tx = connection.transaction().unwrap();
            let id = waiting(&tx, vec![red("reading", 5.0, Step::Last)], endings);
            tx.execute("UPDATE notifications SET state = ?1", [state])
                .unwrap();
            let body = see(&tx, &id).body;

            pass(&tx, &read(), &[red("reading", 7.0, Step::Last)], Vec::new());
            let seen = see(&tx, &id);
            assert_eq!(
                (seen.body.as_str(), seen.state.as_str()),
                (body.as_str(), state),
                "{endings:?}"
            );
            assert_eq!(seen.no_longer_so_since, None);

            pass(&tx, &read(), &[], Vec::new());
            let seen = see(&tx, &id);
            assert_eq!(
                (&seen.body, seen.state),
                (&body, after),
                "{state} after {endings:?}"
            );
            assert!(seen.no_longer_so_since.is_some());
            assert_eq!(holds(&tx, &id), both(&["goal:reading"]));
            if state == "planned" {
                assert_eq!(
                    seen.why.as_deref(),
                    Some("not sent again, no longer so: too many requests")
                );
                assert_eq!(outbox::of_passes(&tx).unwrap(), []);
                continue;
            }
            pass(&tx, &read(), &[red("reading", 7.0, Step::Last)], Vec::new());
            assert_eq!(see(&tx, &id).no_longer_so_since, None, "it is so again");
        }
    }
}

#[test]
fn what_was_accepted_and_could_not_be_delivered_ends_without_a_failure() {
    let mut connection = store::in_memory().unwrap();
    let tx = connection.transaction().unwrap();
    let id = waiting(&tx, vec![red("reading", 5.0, Step::Last)], &[Ending::Undelivered]);
    tx.execute("UPDATE notifications SET accepted_at = created_at", [])
        .unwrap();
    pass(&tx, &read(), &[], Vec::new());
    assert_eq!(see(&tx, &id).state, State::Failed);
    assert_eq!(holds(&tx, &id), both(&["goal:reading"]), "a provider had it");
    assert_eq!(outbox::failed_since(&tx, now()).unwrap(), []);
}

#[test]
fn what_nobody_asked_a_pass_for_and_what_an_older_release_said_stays() {
    for change in ["UPDATE notifications SET run_id = NULL", "DELETE FROM steps"] {
        let mut connection = store::in_memory().unwrap();
        let tx = connection.transaction().unwrap();
        let id = waiting(&tx, vec![red("reading", 5.0, Step::Last)], DEFINITE[0]);
        tx.execute(change, []).unwrap();
        let before = see(&tx, &id);
        pass(&tx, &read(), &[], Vec::new());
        assert_eq!(see(&tx, &id), before, "{change}");
    }
}

#[test]
fn what_comes_too_late_is_a_failure_and_not_withdrawn() {
    let mut connection = store::in_memory().unwrap();
    let tx = connection.transaction().unwrap();
    let goals = vec![red("reading", 5.0, Step::Last), red("piano", 10.0, Step::Last)];
    let id = waiting(&tx, goals, DEFINITE[0]);
    let over = Condition {
        expires_at: Some(now()),
        ..red("reading", 5.0, Step::Last)
    };
    pass(&tx, &read(), &[over], Vec::new());
    assert_eq!(see(&tx, &id).state, State::Failed);
    assert_eq!(outbox::failed_since(&tx, now()).unwrap().len(), 1);
}

#[test]
fn a_clock_that_was_set_back_and_a_message_that_ended_change_nothing() {
    for (hours, endings) in [(-24, DEFINITE[0]), (24, IN_DOUBT[0])] {
        let mut connection = store::in_memory().unwrap();
        let tx = connection.transaction().unwrap();
        let id = waiting(&tx, vec![red("reading", 5.0, Step::Last)], endings);
        let before = see(&tx, &id);
        let at = now() + SignedDuration::from_hours(hours);
        assert!(check(&tx, &read(), &[], at).unwrap().is_empty());
        assert_eq!(see(&tx, &id), before);
    }
}

#[test]
fn a_message_that_says_another_step_now_holds_it_as_well() {
    let mut connection = store::in_memory().unwrap();
    let tx = connection.transaction().unwrap();
    let id = waiting(&tx, vec![red("reading", 5.0, Step::LastSeen)], &[]);
    let now_last = red("reading", 10.0, Step::Last);
    pass(&tx, &read(), std::slice::from_ref(&now_last), Vec::new());
    assert_eq!(steps_of(&tx, &id), [Step::LastSeen, Step::Last]);
}

#[test]
fn a_last_call_that_is_none_any_more_is_not_said_as_something_else_and_can_be_made_later() {
    let mut connection = store::in_memory().unwrap();
    let tx = connection.transaction().unwrap();
    let goals = vec![
        red("reading", 90.0, Step::LastCall),
        red("piano", 5.0, Step::Last),
    ];
    let id = waiting(&tx, goals, DEFINITE[0]);
    // A daemon makes the passes now: a later one can make the last call. `last` was said by an earlier message.
    let less = [red("reading", 90.0, Step::Last), red("piano", 5.0, Step::Last)];
    pass(&tx, &read(), &less, Vec::new());
    assert_eq!(see(&tx, &id).body, "Mecris: piano derails today 23:59 ($5)");
    assert_eq!(holds(&tx, &id), both(&["goal:piano"]));

    let last_call = waiting(&tx, vec![red("reading", 90.0, Step::LastCall)], &[]);
    assert_eq!(holds(&tx, &last_call), both(&["goal:reading"]));
}

#[test]
fn of_what_is_the_last_day_no_more_nothing_is_claimed_unless_it_may_have_arrived() {
    for (endings, state, held) in [
        (DEFINITE[0], State::Withdrawn, both(&[])),
        (IN_DOUBT[0], State::Planned, both(&["goal:reading"])),
    ] {
        let mut connection = store::in_memory().unwrap();
        let tx = connection.transaction().unwrap();
        let id = waiting(&tx, vec![red("reading", 5.0, Step::Last)], endings);
        let body = see(&tx, &id).body;
        pass(&tx, &read(), &[red("reading", 5.0, Step::Ahead)], Vec::new());
        let seen = see(&tx, &id);
        assert_eq!((seen.state, seen.body), (state, body), "{endings:?}");
        assert_eq!(holds(&tx, &id), held, "{endings:?}");
        assert_eq!(seen.no_longer_so_since, None, "{endings:?}");
    }
}

#[test]
fn a_step_that_is_released_leaves_the_claim_of_another_step_of_its_subject() {
    let mut connection = store::in_memory().unwrap();
    let tx = connection.transaction().unwrap();
    let id = waiting(&tx, vec![red("reading", 5.0, Step::Last)], &[]);
    let called = red("reading", 5.0, Step::LastCall);
    pass(&tx, &read(), std::slice::from_ref(&called), Vec::new());
    pass(&tx, &read(), &[red("reading", 5.0, Step::Last)], Vec::new());
    assert_eq!(steps_of(&tx, &id), [Step::Last]);
    assert_eq!(holds(&tx, &id), both(&["goal:reading"]));
}
