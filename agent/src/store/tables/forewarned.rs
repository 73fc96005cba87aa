//! `forewarned`: what a person heard when they went on vacation.

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};

use super::{
    outbox::NOBODY_TOLD,
    sql::{Columns, time},
};
use crate::domain::{Daystamp, Forewarned, Subject};

/// A derailment that was announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The goal.
    pub subject: Subject,
    /// Beeminder's day on which it derails.
    pub occasion: Daystamp,
    /// When it was announced.
    pub told_at: Timestamp,
}

/// Notes what was announced for a vacation, by its answer or, with `notification_id`, by a message. What was
/// announced before stays.
///
/// # Errors
/// The error of SQLite.
pub fn insert(
    tx: &Transaction<'_>,
    silence_id: &str,
    goals: &[Forewarned],
    notification_id: Option<&str>,
    at: Timestamp,
) -> rusqlite::Result<()> {
    for goal in goals {
        tx.prepare_cached(
            "INSERT INTO forewarned (silence_id, subject, occasion, derails_at, stake_micros, told_at, notification_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            silence_id,
            goal.subject,
            goal.occasion,
            time(goal.derails_at),
            goal.stake,
            time(at),
            notification_id,
        ])?;
    }
    Ok(())
}

/// What was announced since `from` for vacations that were not taken back, unless the message that told it
/// reached nobody.
///
/// # Errors
/// The error of SQLite.
pub fn since(connection: &Connection, from: Timestamp) -> rusqlite::Result<Vec<Told>> {
    connection
        .prepare_cached(&format!(
            "SELECT f.subject, f.occasion, f.told_at FROM forewarned f JOIN silences s ON s.id = f.silence_id
              WHERE f.told_at >= ?1 AND s.deleted_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM notifications n WHERE n.id = f.notification_id AND {NOBODY_TOLD})
              ORDER BY f.told_at, f.subject"
        ))?
        .query_map([time(from)], read)?
        .collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Told> {
    let mut columns = Columns::of(row);
    Ok(Told {
        subject: columns.get()?,
        occasion: columns.get()?,
        told_at: columns.time()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Money, store::tests::scratch};

    const NOON: &str = "2026-11-20T12:00:00.000000000Z";

    #[tokio::test]
    async fn what_reached_nobody_or_was_taken_back_was_not_announced() {
        let (_folder, store) = scratch();
        let rows = format!(
            "INSERT INTO silences (id, kind, pattern, starts_at, ends_at, author, created_at)
                SELECT value, 'vacation', '*', '{NOON}', '2026-12-01T00:00:00.000000000Z', 'me', '{NOON}'
                  FROM json_each('[\"answered\", \"sent\", \"refused\", \"back\"]');
             INSERT INTO notifications (id, created_at, severity, subjects, body, tag, state, channel, attempt, updated_at)
                VALUES ('good', '{NOON}', 'WARNING', '[]', '', '#1', 'accepted', 'sms', 1, '{NOON}'),
                       ('bad', '{NOON}', 'WARNING', '[]', '', '#2', 'failed', 'sms', 1, '{NOON}');
             UPDATE silences SET deleted_at = '{NOON}' WHERE id = 'back';"
        );
        let at: Timestamp = NOON.parse().unwrap();
        let announce = move |tx: &Transaction<'_>| {
            tx.execute_batch(&rows)?;
            for (id, message) in [
                ("answered", None),
                ("sent", Some("good")),
                ("refused", Some("bad")),
                ("back", None),
            ] {
                let goal = Forewarned {
                    subject: format!("goal:{id}").parse().unwrap(),
                    occasion: "2026-11-25".parse().unwrap(),
                    derails_at: "2026-11-26T04:59:59Z".parse().unwrap(),
                    stake: Some(Money::ZERO),
                    guesses: false,
                };
                for _ in 0..2 {
                    insert(tx, id, std::slice::from_ref(&goal), message, at)?;
                }
            }
            Ok(())
        };
        store.write(announce).await.unwrap();
        let told = store.read(|connection| since(connection, at)).unwrap();
        let subjects: Vec<_> = told.iter().map(|told| told.subject.as_str()).collect();
        assert_eq!(subjects, ["goal:answered", "goal:sent"]);
        let later = at + jiff::SignedDuration::from_secs(1);
        assert!(
            store
                .read(|connection| since(connection, later))
                .unwrap()
                .is_empty()
        );
    }
}
