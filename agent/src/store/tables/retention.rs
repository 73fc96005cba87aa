//! What is deleted, and when. The state must stay small, because the whole of it is copied several times an
//! hour.
//!
//! * Up to a week: everything is kept.
//! * From a week to `state.retention_days`: if several decisions to stay silent say the same about a subject
//!   on a day, only the first is kept. Passes that found everything out in time and that no row refers to any
//!   more are deleted.
//! * Older than that: messages with their claims and attempts, decisions, passes and what was announced for
//!   vacations are deleted.
//!
//! What was entered into goals and how the goals stood is kept for 120 days, whatever `state.retention_days`
//! says.
//!
//! What a rule still looks at stays:
//!
//! * The claims of the newest seven days that have claims stay, whatever the clock says. The clock may be
//!   wrong and be set back later.
//! * What was said about the newest period of each budget stays, because a period may be long.
//! * An open message stays, however old it is.
//! * The last two successful passes stay, for the dead-man's switch and for the gap between them.
//! * The newest reading of each goal stays, so that a goal that never changes is not taken for a new one.
//! * The claim of a broken channel stays until the channel works again.
//!
//! What a person told us (sessions, readings, reconciliations, silences) is never deleted. Each limit is a
//! midnight in UTC, so that a file has something to delete only once a day.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rusqlite::{Connection, Transaction, params};

use super::sql::{Time, time};

/// How long every single decision is kept.
const IN_FULL: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long entries and readings of goals are kept.
pub const GOALS_KEPT: SignedDuration = SignedDuration::from_hours(120 * 24);

/// Deletes what is older than `kept` at `now`, and what is older than a week and only repeats something.
/// Returns how many rows were deleted.
pub fn forget(tx: &Transaction<'_>, kept: SignedDuration, now: Timestamp) -> rusqlite::Result<usize> {
    Ok(forget_old(tx, midnight_before(now, kept))?
        + forget_repeated(tx, midnight_before(now, IN_FULL))?
        + forget_goals(tx, midnight_before(now, GOALS_KEPT))?)
}

fn midnight_before(now: Timestamp, span: SignedDuration) -> Time {
    let day = now
        .saturating_sub(span)
        .unwrap_or(Timestamp::MIN)
        .to_zoned_datetime(TimeZone::UTC);
    time(
        day.start_of_day()
            .map_or(Timestamp::MIN, |start| start.timestamp()),
    )
}

fn forget_old(tx: &Transaction<'_>, before: Time) -> rusqlite::Result<usize> {
    let mut gone = 0;
    for sql in [
        "DELETE FROM decisions WHERE at < ?1",
        "DELETE FROM forewarned WHERE told_at < ?1",
        "DELETE FROM claims WHERE claimed_at < ?1
            AND day NOT IN (SELECT DISTINCT day FROM claims ORDER BY day DESC LIMIT 7)
            AND notification_id IN (SELECT id FROM notifications WHERE next_at IS NULL AND created_at < ?1)
            AND subject NOT IN (SELECT 'channel:' || channel FROM broken_channels)",
        "DELETE FROM steps WHERE claimed_at < ?1
            AND notification_id NOT IN (SELECT notification_id FROM claims)
            AND (subject NOT LIKE 'budget:%' OR occasion <
                (SELECT max(occasion) FROM steps AS other WHERE other.subject = steps.subject AND step <> 'unknown'))",
        "DELETE FROM attempts WHERE notification_id IN
            (SELECT id FROM notifications n WHERE next_at IS NULL AND created_at < ?1
                AND NOT EXISTS (SELECT 1 FROM claims WHERE notification_id = n.id)
                AND NOT EXISTS (SELECT 1 FROM steps WHERE notification_id = n.id)
                AND NOT EXISTS (SELECT 1 FROM forewarned WHERE notification_id = n.id)
                AND NOT EXISTS (SELECT 1 FROM decisions WHERE notification_id = n.id))",
        "DELETE FROM notifications WHERE next_at IS NULL AND created_at < ?1
            AND NOT EXISTS (SELECT 1 FROM claims WHERE notification_id = notifications.id)
            AND NOT EXISTS (SELECT 1 FROM steps WHERE notification_id = notifications.id)
            AND NOT EXISTS (SELECT 1 FROM forewarned WHERE notification_id = notifications.id)
            AND NOT EXISTS (SELECT 1 FROM decisions WHERE notification_id = notifications.id)",
        "DELETE FROM runs WHERE started_at < ?1
            AND id NOT IN (SELECT id FROM runs WHERE succeeded = 1 ORDER BY started_at DESC LIMIT 2)
            AND NOT EXISTS (SELECT 1 FROM notifications WHERE run_id = runs.id)
            AND NOT EXISTS (SELECT 1 FROM decisions WHERE run_id = runs.id)",
    ] {
        gone += tx.prepare_cached(sql)?.execute(params![before])?;
    }
    Ok(gone)
}

fn forget_repeated(tx: &Transaction<'_>, before: Time) -> rusqlite::Result<usize> {
    let mut gone = 0;
    for sql in [
        "DELETE FROM decisions WHERE at < ?1 AND action = 'suppress' AND id NOT IN
            (SELECT min(id) FROM decisions WHERE at < ?1 AND action = 'suppress' GROUP BY subject, day, severity, reason)",
        "DELETE FROM runs WHERE started_at < ?1 AND outcome = 'done' AND overran = 0
            AND id NOT IN (SELECT id FROM runs WHERE succeeded = 1 ORDER BY started_at DESC LIMIT 2)
            AND NOT EXISTS (SELECT 1 FROM notifications WHERE run_id = runs.id)
            AND NOT EXISTS (SELECT 1 FROM decisions WHERE run_id = runs.id)",
    ] {
        gone += tx.prepare_cached(sql)?.execute(params![before])?;
    }
    Ok(gone)
}

fn forget_goals(tx: &Transaction<'_>, before: Time) -> rusqlite::Result<usize> {
    let mut gone = 0;
    for sql in [
        "DELETE FROM entries WHERE entered_at < ?1",
        "DELETE FROM derailments WHERE at < ?1",
        "DELETE FROM readings WHERE at < ?1 AND at < (SELECT max(at) FROM readings AS newer WHERE newer.goal = readings.goal)",
    ] {
        gone += tx.prepare_cached(sql)?.execute(params![before])?;
    }
    Ok(gone)
}

/// Gives back the space of deleted rows. Otherwise every copy would carry it along.
pub(in crate::store) fn compact(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("VACUUM")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::ChannelKind,
        store::{
            Store,
            tables::broken_channels::{self, Proof, Refusal},
            tests::scratch,
        },
    };

    const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

    fn now() -> Timestamp {
        "2026-11-21T18:00:00Z".parse().unwrap()
    }

    /// Adds a pass that ran `days` ago, with a decision to stay silent about each of the `subjects`.
    async fn pass(
        store: &Store,
        id: &'static str,
        days: i64,
        outcome: &'static str,
        subjects: &'static [&'static str],
    ) {
        let at = time(now() - SignedDuration::from_hours(24 * days));
        let write = move |tx: &Transaction<'_>| {
            tx.execute(
                "INSERT INTO runs (id, started_at, finished_at, trigger, outcome, succeeded, changed, observations)
                 VALUES (?1, ?2, ?2, 'schedule', ?3, 1, 0, '{}')",
                params![id, at, outcome],
            )?;
            for subject in subjects {
                tx.execute(
                    "INSERT INTO decisions (run_id, at, subject, severity, day, action, reason, evidence)
                     VALUES (?1, ?2, ?3, 'SAFE', substr(?2, 1, 10), 'suppress', 'below_threshold', 'x')",
                    params![id, at, subject],
                )?;
            }
            Ok(())
        };
        store.write(write).await.unwrap();
    }

    /// Adds a message of a pass that ran `days` ago, with a claim and an attempt.
    async fn message(store: &Store, id: &'static str, run: &'static str, days: i64, open: bool) {
        let at = time(now() - SignedDuration::from_hours(24 * days));
        let write = move |tx: &Transaction<'_>| {
            tx.execute(
                "INSERT INTO notifications (id, run_id, created_at, severity, subjects, body, tag, state, channel, attempt, next_at, updated_at)
                 VALUES (?1, ?2, ?3, 'WARNING', '[]', '', ?1, 'unknown', 'sms', 1, CASE WHEN ?4 THEN ?3 END, ?3)",
                params![id, run, at, open],
            )?;
            tx.execute(
                "INSERT INTO attempts (notification_id, number, channel, started_at) VALUES (?1, 1, 'sms', ?2)",
                params![id, at],
            )?;
            tx.execute(
                "INSERT INTO claims (subject, day, severity, notification_id, claimed_at) VALUES ('walk', ?2, 'WARNING', ?1, ?2)",
                params![id, at],
            )
        };
        store.write(write).await.unwrap();
    }

    /// A week in which something was said each day.
    async fn week(store: &Store) {
        pass(store, "week", 1, "unknown", &[]).await;
        message(store, "m-week", "week", 1, false).await;
        let claim = "INSERT INTO claims (subject, day, severity, notification_id, claimed_at) VALUES ('walk', ?1, 'WARNING', 'm-week', ?1)";
        let days = (2..=7).map(|days| time(now() - SignedDuration::from_hours(24 * days)));
        store
            .write(|tx| {
                days.into_iter()
                    .try_for_each(|day| tx.execute(claim, [day]).map(drop))
            })
            .await
            .unwrap();
    }

    async fn forget_now(store: &Store) -> usize {
        store.write(|tx| forget(tx, KEPT, now())).await.unwrap()
    }

    fn ids(store: &Store, table: &str) -> Vec<String> {
        let sql = format!("SELECT id FROM {table} ORDER BY id");
        store
            .read(|c| c.prepare(&sql)?.query_map([], |row| row.get(0))?.collect())
            .unwrap()
    }

    fn count(store: &Store, table: &str) -> u32 {
        store
            .read(|c| c.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)))
            .unwrap()
    }

    #[tokio::test]
    async fn what_is_too_old_goes_with_all_that_belongs_to_it() {
        let (_folder, store) = scratch();
        week(&store).await;
        pass(&store, "old", 92, "unknown", &["walk"]).await;
        message(&store, "m-old", "old", 92, false).await;
        pass(&store, "young", 89, "unknown", &["walk"]).await;
        message(&store, "m-young", "young", 89, false).await;
        pass(&store, "younger", 88, "unknown", &[]).await;
        assert_eq!(forget_now(&store).await, 5);
        assert_eq!(
            (ids(&store, "runs"), ids(&store, "notifications")),
            (
                vec!["week".into(), "young".into(), "younger".into()],
                vec!["m-week".into(), "m-young".into()]
            )
        );
        assert_eq!(
            (
                count(&store, "claims"),
                count(&store, "attempts"),
                count(&store, "decisions")
            ),
            (8, 2, 1)
        );
        assert_eq!(forget_now(&store).await, 0, "once a day is enough");
    }

    #[tokio::test]
    async fn a_clock_that_is_far_ahead_for_a_while_lets_nothing_be_said_again() {
        let (_folder, store) = scratch();
        week(&store).await;
        let ahead = now() + SignedDuration::from_hours(400 * 24);
        store.write(move |tx| forget(tx, KEPT, ahead)).await.unwrap();
        assert_eq!(
            (ids(&store, "notifications"), count(&store, "claims")),
            (vec!["m-week".into()], 7)
        );
    }

    #[tokio::test]
    async fn an_open_message_and_the_last_success_stay_however_old() {
        let (_folder, store) = scratch();
        pass(&store, "last", 400, "done", &[]).await;
        pass(&store, "with an open message", 401, "done", &["walk"]).await;
        message(&store, "open", "with an open message", 401, true).await;
        forget_now(&store).await;
        assert_eq!(ids(&store, "runs"), ["last", "with an open message"]);
        assert_eq!(
            (
                ids(&store, "notifications"),
                count(&store, "claims"),
                count(&store, "attempts")
            ),
            (vec!["open".into()], 1, 1)
        );
    }

    #[tokio::test]
    async fn that_a_channel_is_broken_was_told_and_stays_so_until_it_works_again() {
        let (_folder, store) = scratch();
        week(&store).await;
        pass(&store, "old", 92, "unknown", &[]).await;
        message(&store, "m-old", "old", 92, false).await;
        store
            .write(|tx| {
                tx.execute(
                    "UPDATE claims SET subject = 'channel:sms' WHERE notification_id = 'm-old'",
                    [],
                )?;
                broken_channels::mark(
                    tx,
                    ChannelKind::Sms,
                    Refusal {
                        at_arrival: false,
                        code: None,
                        why: "x",
                    },
                    now(),
                )
            })
            .await
            .unwrap();
        forget_now(&store).await;
        assert_eq!(
            (count(&store, "claims"), ids(&store, "notifications")),
            (8, vec!["m-old".into(), "m-week".into()])
        );
        store
            .write(|tx| broken_channels::clear(tx, ChannelKind::Sms, Proof::Accepted))
            .await
            .unwrap();
        forget_now(&store).await;
        assert_eq!((count(&store, "claims"), count(&store, "notifications")), (7, 1));
    }

    #[tokio::test]
    async fn what_was_said_of_the_newest_period_of_a_budget_stays() {
        let (_folder, store) = scratch();
        week(&store).await;
        pass(&store, "old", 300, "unknown", &[]).await;
        message(&store, "m-old", "old", 300, false).await;
        let step = "INSERT INTO steps (subject, occasion, step, severity, notification_id, claimed_at)
                    VALUES (?1, ?2, ?3, 'WARNING', 'm-old', '2026-01-25T18:00:00.000000000Z')";
        let said = [
            ("budget:groq", "2025-01-01", "100"),
            ("budget:groq", "2026-01-01", "75"),
            ("budget:groq", "2026-01-25", "unknown"),
            ("goal:reading", "2026-01-26", "last"),
        ];
        store
            .write(move |tx| {
                said.into_iter()
                    .try_for_each(|row| tx.execute(step, row).map(drop))
            })
            .await
            .unwrap();
        forget_now(&store).await;
        let kept = |c: &Connection| {
            c.prepare("SELECT occasion || ' ' || step FROM steps ORDER BY 1")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<String>>>()
        };
        assert_eq!(store.read(kept).unwrap(), ["2026-01-01 75", "2026-01-25 unknown"]);
        assert!(ids(&store, "notifications").contains(&"m-old".to_owned()));
    }

    #[tokio::test]
    async fn after_a_week_a_day_that_repeats_itself_is_said_once() {
        let (_folder, store) = scratch();
        pass(&store, "a", 20, "done", &["walk", "goal:reading"]).await;
        pass(&store, "b", 20, "done", &["walk", "goal:reading"]).await;
        pass(&store, "c", 20, "done", &["walk", "goal:piano"]).await;
        pass(&store, "d", 20, "unknown", &[]).await;
        pass(&store, "e", 3, "done", &["walk"]).await;
        pass(&store, "f", 3, "done", &["walk"]).await;
        forget_now(&store).await;
        assert_eq!(
            ids(&store, "runs"),
            ["a", "c", "d", "e", "f"],
            "b said nothing new"
        );
        let kept = |c: &Connection| {
            c.prepare("SELECT run_id || ' ' || subject FROM decisions ORDER BY 1")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<String>>>()
        };
        assert_eq!(
            store.read(kept).unwrap(),
            ["a goal:reading", "a walk", "c goal:piano", "e walk", "f walk"]
        );
    }

    #[tokio::test]
    async fn goals_are_remembered_for_four_months_and_the_newest_reading_for_ever() {
        let (_folder, store) = scratch();
        let days = |days: i64| time(now() - SignedDuration::from_hours(24 * days));
        let rows = [
            ("quiet", 400),
            ("quiet", 200),
            ("busy", 122),
            ("busy", 119),
            ("busy", 1),
        ];
        store
            .write(move |tx| {
                for (goal, age) in rows {
                    tx.execute(
                        "INSERT INTO readings (goal, at, state, deadline, entered) VALUES (?1, ?2, 'active', 0, '')",
                        params![goal, days(age)],
                    )?;
                    tx.execute(
                        "INSERT INTO entries VALUES (?1, ?2, '2026-11-20', ?3, 1, 0, 0, NULL)",
                        params![goal, age, days(age)],
                    )?;
                }
                Ok(())
            })
            .await
            .unwrap();
        assert_eq!(forget_now(&store).await, 5);
        let kept = |table: &str, column: &str| {
            let sql = format!("SELECT goal || ' ' || {column} FROM {table} ORDER BY goal, {column}");
            store
                .read(|c| {
                    c.prepare(&sql)?
                        .query_map([], |row| row.get(0))?
                        .collect::<rusqlite::Result<Vec<String>>>()
                })
                .unwrap()
        };
        assert_eq!(kept("entries", "datapoint"), ["busy 1", "busy 119"]);
        assert_eq!(
            kept("readings", "at"),
            [
                format!("busy {}", days(119)),
                format!("busy {}", days(1)),
                format!("quiet {}", days(200))
            ]
        );
    }

    #[tokio::test]
    async fn the_space_is_given_back() {
        let (_folder, store) = scratch();
        let filler = "x".repeat(1_000_000);
        let write = move |tx: &Transaction<'_>| {
            tx.execute(
                "INSERT INTO decisions (at, subject, severity, day, action, reason, evidence)
                 VALUES ('2020-01-01T00:00:00.000000000Z', 'walk', 'SAFE', '2020-01-01', 'suppress', 'vacation', ?1)",
                [filler],
            )
        };
        store.write(write).await.unwrap();
        let pages = |store: &Store| {
            store
                .read(|c| c.pragma_query_value(None, "page_count", |row| row.get::<_, u32>(0)))
                .unwrap()
        };
        let before = pages(&store);
        store.forget(KEPT, now()).await.unwrap();
        assert!(
            pages(&store) + 200 < before,
            "{before} pages before, {} after",
            pages(&store)
        );
    }
}
