//! No decision lets an insert reach the key of a claim: each pair of things to say is decided and recorded, one
//! after the other.

use jiff::tz;

use super::*;
use crate::{
    domain::{Ask, Daystamp, Money, Phrase, Severity, Share, Step},
    heuristic::{decide::decide, policy::Policy, tell::tell_each},
    notify::outbox::insert_delivered,
    store,
};

const CHANNEL: [ChannelKind; 1] = [ChannelKind::Sms];

fn now() -> Timestamp {
    "2026-11-20T20:00:00Z".parse().unwrap()
}

fn policy(zone: &TimeZone) -> Policy {
    Policy {
        zone: zone.clone(),
        max_messages_per_hour: 100,
        max_messages_per_day: 100,
        quiet_hours: None,
        escalate: true,
        channels: HashMap::new(),
    }
}

fn condition(subject: &str, ask: Option<Ask>, severity: Severity, day: Daystamp) -> Condition {
    Condition {
        subject: subject.parse().unwrap(),
        severity,
        day,
        expires_at: None,
        evidence: String::new(),
        phrase: Phrase {
            long: "x".to_owned(),
            short: "x".to_owned(),
        },
        ask,
        stake: Some(Money::ZERO),
        heading: None,
    }
}

/// What can be said about a subject on a day: each step of each occasion around it.
fn all(subject: &str, at: Timestamp, zone: &TimeZone) -> Vec<Condition> {
    let today = clock::local_day(at, zone);
    let shares = [75, 95, 100].map(|percent| Share::of_percent(percent).map(Step::Share).unwrap());
    let steps: Vec<Step> = match subject {
        "goal:reading" => vec![
            Step::Alert,
            Step::Unknown,
            Step::Ahead,
            Step::LastSeen,
            Step::Last,
            Step::LastCall,
            Step::Derailed,
        ],
        "walk" => vec![Step::Unknown, Step::Last],
        "run" => vec![Step::Alert],
        _ => [Step::Unknown, Step::Pace].into_iter().chain(shares).collect(),
    };
    let days = ["2026-11-19", "2026-11-20", "2026-11-21"].map(|day| day.parse().unwrap());
    let asks = steps
        .iter()
        .flat_map(|step| days.map(|day| Ask::at_once(*step, day)));
    asks.map(|ask| condition(subject, Some(ask), Severity::Warning, today))
        .collect()
}

/// Decides and records. Whether something was said.
fn pass(
    tx: &Transaction<'_>,
    conditions: Vec<Condition>,
    policy: &Policy,
    at: Timestamp,
) -> rusqlite::Result<bool> {
    let ledger = ledger(tx, &conditions, &policy.zone, at)?;
    let mut decisions = decide(conditions, &ledger, policy, at);
    let told = tell_each(&mut decisions, policy, at);
    let decided = Decided { decisions, told };
    let insert = |message: NewMessage| Ok(insert_delivered(tx, &message, &CHANNEL, at)?.id);
    let messages = decisions_and_messages(tx, insert, None, &decided, &policy.zone, at)?;
    Ok(!messages.is_empty())
}

/// How many steps have the key of this condition.
fn held(connection: &Connection, condition: &Condition) -> i64 {
    let Some(ask) = condition.ask else { return 0 };
    connection
        .query_row(
            "SELECT count(*) FROM steps WHERE subject = ?1 AND occasion = ?2 AND step = ?3",
            rusqlite::params![condition.subject, ask.occasion, ask.step],
            |row| row.get(0),
        )
        .unwrap()
}

#[test]
fn whatever_was_said_before_a_clash_is_a_reason_and_no_error() {
    let home = TimeZone::get("America/New_York").unwrap();
    let away = TimeZone::fixed(tz::offset(11));
    let mut connection = store::in_memory().unwrap();
    for subject in ["goal:reading", "walk", "budget:groq", "run"] {
        for (hours, zone) in [
            (0, &home),
            (0, &away),
            (24, &home),
            (-48, &home),
            (24 * 60, &home),
        ] {
            let later = now() + SignedDuration::from_hours(hours);
            for first in all(subject, now(), &home) {
                for second in all(subject, later, zone) {
                    for refused in [false, true] {
                        let name = format!("{first:?}, refused: {refused}, then after {hours} h {second:?}");
                        let tx = connection.transaction().unwrap();
                        assert!(
                            pass(&tx, vec![first.clone()], &policy(&home), now()).unwrap(),
                            "{name}"
                        );
                        if refused {
                            let fail = "UPDATE notifications SET state = 'failed', accepted_at = NULL";
                            tx.execute(fail, []).unwrap();
                        }
                        let held = held(&tx, &second);
                        let said = pass(&tx, vec![second.clone()], &policy(zone), later);
                        let said = said.unwrap_or_else(|error| panic!("{name}: {error}"));
                        assert!(!(said && held > 0 && !refused), "{name}: said twice");
                    }
                }
            }
        }
    }
}

#[test]
fn a_subject_that_is_listed_twice_is_said_once() {
    let zone = TimeZone::get("America/New_York").unwrap();
    let mut connection = store::in_memory().unwrap();
    let today = clock::local_day(now(), &zone);
    let ask = Ask::at_once(Step::Last, today);
    let twice = vec![
        condition("goal:reading", Some(ask), Severity::Critical, today),
        condition("goal:reading", Some(ask), Severity::Critical, today.plus(1)),
    ];
    let tx = connection.transaction().unwrap();
    assert!(pass(&tx, twice, &policy(&zone), now()).unwrap());
}
