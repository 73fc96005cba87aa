//! `claims`: at most one alert for each subject, day and step, as a release without steps counts them. They are
//! written for that release, and read as steps where it wrote them (see [`steps`](super::steps)).

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::{
    outbox::{ACKNOWLEDGED_BY, NOBODY_TOLD, REFUSED_AT},
    sql::{Columns, time},
};
use crate::domain::{Daystamp, Severity, Subject};

/// One claim, with what became of its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRow {
    /// The subject of the alert.
    pub subject: Subject,
    /// The day of the alert.
    pub day: Daystamp,
    /// 0: the first of the day; 1: the escalation.
    pub step: u8,
    /// The severity that was said.
    pub severity: Severity,
    /// Who acknowledged the alert, if anybody did.
    pub acknowledged_by: Option<String>,
    /// When every channel had refused its message and none had ever accepted it, so that nobody was told.
    pub refused_at: Option<Timestamp>,
}

/// What to claim.
#[derive(Clone, Debug)]
pub struct NewClaim<'a> {
    /// The subject of the alert.
    pub subject: &'a Subject,
    /// The day of the alert.
    pub day: Daystamp,
    /// 0: the first of the day; 1: the escalation.
    pub step: u8,
    /// The severity that is said.
    pub severity: Severity,
}

/// Makes a claim for a message. An existing claim is taken over if its message reached nobody. Any other
/// existing claim ends the transaction.
///
/// # Errors
/// [`rusqlite::Error::StatementChangedRows`] if another message holds the claim.
pub fn insert(
    tx: &Transaction<'_>,
    claim: &NewClaim<'_>,
    notification_id: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    match insert_if_free(tx, claim, notification_id, at)? {
        1 => Ok(()),
        changed => Err(rusqlite::Error::StatementChangedRows(changed)),
    }
}

/// As [`insert`], but an existing claim of another message stays without an error. Returns how many rows were
/// written: 1 or 0.
pub fn insert_if_free(
    tx: &Transaction<'_>,
    claim: &NewClaim<'_>,
    notification_id: &str,
    at: Timestamp,
) -> rusqlite::Result<usize> {
    tx.prepare_cached(&format!(
        "INSERT INTO claims (subject, day, step, severity, notification_id, claimed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (subject, day, step) DO UPDATE
            SET severity = excluded.severity, notification_id = excluded.notification_id, claimed_at = excluded.claimed_at
          WHERE EXISTS (SELECT 1 FROM notifications n WHERE n.id = claims.notification_id AND {NOBODY_TOLD})"
    ))?
    .execute(params![
        claim.subject,
        claim.day,
        claim.step,
        claim.severity,
        notification_id,
        time(at)
    ])
}

/// The claims for `day` or later days.
pub fn from_day(connection: &Connection, day: Daystamp) -> rusqlite::Result<Vec<ClaimRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT c.subject, c.day, c.step, c.severity, {ACKNOWLEDGED_BY}, {REFUSED_AT}
               FROM claims c JOIN notifications n ON n.id = c.notification_id
              WHERE c.day >= ?1
              ORDER BY c.subject, c.day, c.step"
        ))?
        .query_map([day], |row| {
            let mut columns = Columns::of(row);
            Ok(ClaimRow {
                subject: columns.get()?,
                day: columns.get()?,
                step: columns.get()?,
                severity: columns.get()?,
                acknowledged_by: columns.get()?,
                refused_at: columns.time_or_null()?,
            })
        })?
        .collect()
}

/// The claims that a message holds: subject and day, in order, each once. What a message of this release tells
/// is in [`steps`](super::steps::of_message): some of that has no claim.
///
/// # Errors
/// The error of SQLite.
pub fn of_message(
    connection: &Connection,
    notification_id: &str,
) -> rusqlite::Result<Vec<(Subject, Daystamp)>> {
    connection
        .prepare_cached(
            "SELECT DISTINCT subject, day FROM claims WHERE notification_id = ?1 ORDER BY claimed_at, subject, day",
        )?
        .query_map([notification_id], |row| row.try_into())?
        .collect()
}

/// Releases the claim of a message on a subject.
///
/// # Errors
/// The error of SQLite.
pub fn release(tx: &Transaction<'_>, notification_id: &str, subject: &Subject) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM claims WHERE notification_id = ?1 AND subject = ?2")?
        .execute(params![notification_id, subject])?;
    Ok(())
}

/// Releases all claims of a message.
///
/// # Errors
/// The error of SQLite.
pub fn release_all(tx: &Transaction<'_>, notification_id: &str) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM claims WHERE notification_id = ?1")?
        .execute([notification_id])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, StoreError, tests::scratch};

    fn now() -> Timestamp {
        "2026-11-20T18:00:00Z".parse().unwrap()
    }

    /// Adds a message in a state, with the least that a claim needs.
    async fn message(store: &Store, id: &'static str, state: &'static str, accepted: bool) {
        let insert = move |tx: &Transaction<'_>| {
            tx.execute(
                "INSERT INTO notifications (id, created_at, severity, subjects, body, tag, state, channel, attempt, accepted_at, updated_at)
                 VALUES (?1, ?2, 'WARNING', '[]', '', ?1, ?3, 'sms', 1, CASE WHEN ?4 THEN ?2 END, ?2)",
                params![id, time(now()), state, accepted],
            )
        };
        store.write(insert).await.unwrap();
    }

    async fn claim(store: &Store, id: &'static str, day: &'static str, step: u8) -> Result<(), StoreError> {
        let insert = move |tx: &Transaction<'_>| {
            let (subject, day) = (Subject::walk(), day.parse().unwrap());
            insert(
                tx,
                &NewClaim {
                    subject: &subject,
                    day,
                    step,
                    severity: Severity::Warning,
                },
                id,
                now(),
            )
        };
        store.write(insert).await
    }

    #[tokio::test]
    async fn a_subject_has_one_claim_a_day() {
        let (_folder, store) = scratch();
        message(&store, "first", "accepted", true).await;
        message(&store, "second", "sending", false).await;
        claim(&store, "first", "2026-11-20", 0).await.unwrap();
        assert!(claim(&store, "second", "2026-11-20", 0).await.is_err());
        claim(&store, "second", "2026-11-20", 1).await.unwrap();
        claim(&store, "second", "2026-11-21", 0).await.unwrap();
    }

    #[tokio::test]
    async fn a_claim_whose_message_may_have_reached_somebody_stays() {
        for (state, accepted) in [
            ("planned", false),
            ("sending", false),
            ("unknown", false),
            ("failed", true),
        ] {
            let (_folder, store) = scratch();
            message(&store, "first", state, accepted).await;
            message(&store, "second", "sending", false).await;
            claim(&store, "first", "2026-11-20", 0).await.unwrap();
            assert!(claim(&store, "second", "2026-11-20", 0).await.is_err(), "{state}");
        }
    }

    #[tokio::test]
    async fn a_claim_whose_message_was_refused_everywhere_is_taken_over() {
        let (_folder, store) = scratch();
        message(&store, "first", "failed", false).await;
        message(&store, "second", "sending", false).await;
        claim(&store, "first", "2026-11-20", 0).await.unwrap();
        let refused_at = |store: &Store| {
            let claims = store
                .read(|c| from_day(c, "2026-11-20".parse().unwrap()))
                .unwrap();
            assert_eq!(claims.len(), 1);
            claims[0].refused_at
        };
        assert_eq!(refused_at(&store), Some(now()));
        claim(&store, "second", "2026-11-20", 0).await.unwrap();
        assert_eq!(refused_at(&store), None);
    }
}
