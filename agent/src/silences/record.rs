//! Records what a person says: a silence, its early end, an acknowledgement. Each function is one transaction
//! with its lines in the decision log. Running it a second time changes nothing.

use std::collections::{HashMap, VecDeque};

use jiff::{Timestamp, tz::TimeZone};
use rusqlite::Transaction;

use crate::{
    clock,
    domain::{Daystamp, Silence, SilenceKind, Subject, SubjectPattern},
    heuristic::{Forewarning, Rules, standing},
    store::tables::{
        decisions::{self, Act, NewAct},
        forewarned,
        outbox::{self, Notification},
        silences, steps,
    },
};

/// What a person hears when they ask for a silence.
#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    /// The silence.
    pub silence: Silence,
    /// A sentence if its pattern covers nothing that Mecris watches.
    pub warning: Option<String>,
    /// Of a vacation: what derails while it lasts.
    pub forewarning: Option<Forewarning>,
}

/// Whether the person waits for the answer to what they ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// What the answer says of derailments counts as said.
    Yes,
    /// A message has to say it.
    No,
}

/// Inserts a silence, with one line in the decision log. What derails during a vacation is on record if the
/// person waits for the answer.
///
/// # Errors
/// The error of SQLite.
pub fn silence(
    tx: &Transaction<'_>,
    silence: &Silence,
    rules: &Rules,
    waits: Waits,
) -> rusqlite::Result<Begun> {
    let zone = rules.zone();
    let is_vacation = silence.kind == SilenceKind::Vacation;
    let begun = Begun {
        silence: silence.clone(),
        warning: standing::warning(tx, &silence.pattern)?,
        forewarning: is_vacation
            .then(|| Forewarning::of(tx, silence, rules, silence.created_at))
            .transpose()?,
    };
    if silences::insert(tx, silence)? {
        let end = clock::local_minute(silence.ends_at, zone);
        let begins = if silence.starts_at > silence.created_at {
            format!("from {} ", clock::local_minute(silence.starts_at, zone))
        } else {
            String::new()
        };
        let evidence = match &begun.forewarning {
            None => format!("{} is silent until {end}", silence.pattern),
            Some(forewarning) => format!("vacation {begins}until {end}; {}", forewarning.text),
        };
        if let Some(forewarning) = begun.forewarning.as_ref().filter(|_| waits == Waits::Yes) {
            let said = forewarning.counts_as_said();
            forewarned::insert(tx, &silence.id, said, None, silence.created_at)?;
        }
        let act = NewAct {
            act: Act::Silence,
            about: silence.pattern.as_str(),
            day: clock::local_day(silence.created_at, zone),
            evidence: &evidence,
            author: &silence.author,
            until: Some(silence.ends_at),
            silence_id: Some(&silence.id),
            notification_id: None,
            comment: &silence.comment,
        };
        decisions::insert_act(tx, silence.created_at, &act)?;
    }
    Ok(begun)
}

/// Ends every silence of this pattern before its time, or every vacation, those that begin later, too. Returns
/// them as they are afterwards.
///
/// # Errors
/// The error of SQLite.
pub fn unsilence_all(
    tx: &Transaction<'_>,
    pattern: Option<&SubjectPattern>,
    author: &str,
    now: Timestamp,
    zone: &TimeZone,
) -> rusqlite::Result<Vec<Silence>> {
    let kind = match pattern {
        Some(_) => SilenceKind::Silence,
        None => SilenceKind::Vacation,
    };
    let is_meant =
        |silence: &Silence| silence.kind == kind && pattern.is_none_or(|pattern| silence.pattern == *pattern);
    let mut ended = Vec::new();
    for silence in silences::not_ended(tx, now)? {
        if is_meant(&silence) {
            ended.extend(unsilence(tx, &silence.id, author, now, zone)?);
        }
    }
    Ok(ended)
}

/// Ends a silence before its time and returns it as it is afterwards; `None` if there is no such silence. A
/// silence that has already ended stays unchanged.
///
/// # Errors
/// The error of SQLite.
pub fn unsilence(
    tx: &Transaction<'_>,
    id: &str,
    author: &str,
    now: Timestamp,
    zone: &TimeZone,
) -> rusqlite::Result<Option<Silence>> {
    let ended = silences::delete(tx, id, author, now)?;
    let found = silences::get(tx, id)?;
    if let Some(silence) = found.as_ref().filter(|_| ended) {
        let end = clock::local_minute(silence.ends_at, zone);
        let evidence = match silence.kind {
            SilenceKind::Silence => format!("{} is not silent any more, it was until {end}", silence.pattern),
            SilenceKind::Vacation if silence.starts_at > now => {
                format!("the vacation does not take place, it was until {end}")
            }
            SilenceKind::Vacation => format!("the vacation is over, it was until {end}"),
        };
        let act = NewAct {
            act: Act::Unsilence,
            about: silence.pattern.as_str(),
            day: clock::local_day(now, zone),
            evidence: &evidence,
            author,
            until: None,
            silence_id: Some(id),
            notification_id: None,
            comment: "",
        };
        decisions::insert_act(tx, now, &act)?;
    }
    Ok(found)
}

/// Acknowledges a message: the person knows what it says, and its subjects are not repeated on their day.
/// Returns the message as it is afterwards; `None` if there is no such message. The first acknowledgement
/// counts, later ones change nothing.
///
/// # Errors
/// The error of SQLite.
pub fn acknowledge(
    tx: &Transaction<'_>,
    id: &str,
    author: &str,
    now: Timestamp,
    zone: &TimeZone,
) -> rusqlite::Result<Option<Notification>> {
    let new = outbox::acknowledge(tx, id, author, now)?;
    let found = outbox::get(tx, id)?;
    if let Some(message) = found.as_ref().filter(|_| new) {
        let mut said: HashMap<Subject, VecDeque<Daystamp>> = HashMap::new();
        for (subject, day) in steps::of_message(tx, id)? {
            said.entry(subject).or_default().push_back(day);
        }
        let evidence = format!(
            "they know what the message of {} says",
            clock::local_minute(message.created_at, zone)
        );
        for subject in &message.subjects {
            // A subject that is told twice, as derailed and as due, has two days.
            let day = said.get_mut(subject).and_then(VecDeque::pop_front);
            let act = NewAct {
                act: Act::Acknowledge,
                about: subject.as_str(),
                day: day.unwrap_or_else(|| clock::local_day(now, zone)),
                evidence: &evidence,
                author,
                until: None,
                silence_id: None,
                notification_id: Some(id),
                comment: "",
            };
            decisions::insert_act(tx, now, &act)?;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::tests::in_new_york,
        domain::{Ask, Severity, Step},
        store::{
            Store,
            tables::{
                claims::{self, NewClaim},
                decisions::DecisionRow,
                steps,
            },
            tests::scratch,
        },
    };

    fn now() -> Timestamp {
        "2026-03-03T15:00:00-05:00".parse().unwrap()
    }

    fn zone() -> TimeZone {
        TimeZone::get("America/New_York").unwrap()
    }

    fn of_goals() -> Silence {
        Silence {
            id: "a".to_owned(),
            kind: SilenceKind::Silence,
            pattern: "goal:*".parse().unwrap(),
            starts_at: now(),
            ends_at: "2026-03-03T18:00:00-05:00".parse().unwrap(),
            author: "laptop".to_owned(),
            comment: "on a plane".to_owned(),
            created_at: now(),
            deleted_at: None,
            deleted_by: None,
        }
    }

    /// The log, oldest first.
    fn log(store: &Store) -> Vec<DecisionRow> {
        let mut rows = store
            .read(|connection| decisions::list(connection, 100, None))
            .unwrap();
        rows.reverse();
        rows
    }

    #[tokio::test]
    async fn each_silence_and_its_end_are_one_line_however_often_the_transaction_runs() {
        let (_folder, store) = scratch();
        let vacation = Silence {
            id: "b".to_owned(),
            kind: SilenceKind::Vacation,
            pattern: "*".parse().unwrap(),
            comment: String::new(),
            ..of_goals()
        };
        for _ in 0..2 {
            let (new, rules) = (
                [of_goals(), vacation.clone()],
                Rules::new(&in_new_york(""), Vec::new()),
            );
            store
                .write(move |tx| {
                    new.iter()
                        .try_for_each(|new| silence(tx, new, &rules, Waits::Yes).map(drop))
                })
                .await
                .unwrap();
        }
        for author in ["phone", "desk"] {
            for id in ["a", "b"] {
                let found = store
                    .write(move |tx| unsilence(tx, id, author, now(), &zone()))
                    .await
                    .unwrap();
                assert_eq!(
                    found.unwrap().deleted_by.as_deref(),
                    Some("phone"),
                    "who was first"
                );
            }
        }
        assert_eq!(
            store
                .write(|tx| unsilence(tx, "nobody", "phone", now(), &zone()))
                .await
                .unwrap(),
            None
        );
        insta::assert_json_snapshot!(log(&store));
    }

    /// A message about these subjects that was accepted.
    fn message(tx: &Transaction<'_>, subjects: &[&str]) -> rusqlite::Result<()> {
        tx.execute(
            "INSERT INTO notifications (id, created_at, severity, subjects, body, tag, state, channel, attempt, updated_at)
             VALUES ('n', ?1, 'CRITICAL', ?2, '', '#n', 'accepted', 'sms', 1, ?1)",
            rusqlite::params![
                crate::store::tables::sql::time(now()),
                serde_json::json!(subjects).to_string()
            ],
        )
        .map(drop)
    }

    fn claim(tx: &Transaction<'_>, subject: &str, day: &str) -> rusqlite::Result<()> {
        let (subject, day) = (subject.parse().unwrap(), day.parse().unwrap());
        let claim = NewClaim {
            subject: &subject,
            day,
            step: 0,
            severity: Severity::Critical,
        };
        claims::insert(tx, &claim, "n", now())
    }

    fn step(tx: &Transaction<'_>, subject: &str, step: Step, occasion: &str) -> rusqlite::Result<()> {
        let ask = Ask::at_once(step, occasion.parse().unwrap());
        steps::insert(tx, &subject.parse().unwrap(), &ask, Severity::Warning, "n", now())
    }

    /// Subject and day of each line of the log, oldest first.
    fn acknowledged(store: &Store) -> Vec<(String, String)> {
        log(store)
            .into_iter()
            .map(|row| (row.subject.as_str().to_owned(), row.day.to_string()))
            .collect()
    }

    async fn acknowledge_it(store: &Store) {
        store
            .write(|tx| acknowledge(tx, "n", "phone", now(), &zone()))
            .await
            .unwrap()
            .unwrap();
    }

    #[tokio::test]
    async fn an_acknowledgement_of_a_derailment_alone_has_its_day_although_it_claims_nothing() {
        let (_folder, store) = scratch();
        let insert = |tx: &Transaction<'_>| {
            message(tx, &["goal:late"])?;
            step(tx, "goal:late", Step::Derailed, "2026-02-28")
        };
        store.write(insert).await.unwrap();
        acknowledge_it(&store).await;
        let line = |subject: &str, day: &str| (subject.to_owned(), day.to_owned());
        assert_eq!(acknowledged(&store), [line("goal:late", "2026-02-28")]);
    }

    #[tokio::test]
    async fn what_was_told_as_derailed_and_as_due_is_acknowledged_on_both_days() {
        let (_folder, store) = scratch();
        let insert = |tx: &Transaction<'_>| {
            message(tx, &["goal:late", "walk", "goal:late"])?;
            step(tx, "goal:late", Step::Last, "2026-03-04")?;
            claim(tx, "goal:late", "2026-03-03")?;
            step(tx, "walk", Step::Last, "2026-03-03")?;
            step(tx, "goal:late", Step::Derailed, "2026-02-28")
        };
        store.write(insert).await.unwrap();
        acknowledge_it(&store).await;
        let line = |subject: &str, day: &str| (subject.to_owned(), day.to_owned());
        assert_eq!(
            acknowledged(&store),
            [
                line("goal:late", "2026-03-04"),
                line("walk", "2026-03-03"),
                line("goal:late", "2026-02-28")
            ]
        );
    }

    #[tokio::test]
    async fn an_acknowledgement_of_a_message_without_steps_has_the_days_of_its_claims() {
        let (_folder, store) = scratch();
        let insert = |tx: &Transaction<'_>| {
            message(tx, &["goal:late", "walk"])?;
            claim(tx, "goal:late", "2026-03-02")
        };
        store.write(insert).await.unwrap();
        for author in ["phone", "desk"] {
            let found = store
                .write(move |tx| acknowledge(tx, "n", author, now(), &zone()))
                .await
                .unwrap()
                .unwrap();
            assert_eq!(found.acknowledged_by.as_deref(), Some("phone"), "who was first");
        }
        assert!(
            store
                .write(|tx| acknowledge(tx, "nobody", "phone", now(), &zone()))
                .await
                .unwrap()
                .is_none()
        );
        insta::assert_json_snapshot!(log(&store));
    }
}
