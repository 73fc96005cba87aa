//! `goal_names`: the name of each goal at its last reading. A subject has the goal's name, because that is what
//! people say and read. When a goal has another name, what was said about it gets that name too.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, Transaction, params};

use crate::domain::{Slug, Subject};

/// A goal has another name than at the last reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// What it was about.
    pub from: Subject,
    /// What it is about now.
    pub to: Subject,
    /// Whether a silence of exactly the old name goes with it.
    takes_silences: bool,
}

/// Compares the goals of a reading, by id, with their names at the last one. What was said about a goal with
/// another name, since when it cannot be told, and the silences of exactly the old name go with it. What was
/// said about a goal that is gone stays apart from a new goal that has its name. Returns what was renamed.
///
/// # Errors
/// The error of SQLite.
pub fn follow<'a>(
    tx: &Transaction<'_>,
    goals: impl IntoIterator<Item = (&'a str, &'a Slug)>,
) -> rusqlite::Result<Vec<Renamed>> {
    let known = all(tx)?;
    let goals: Vec<(&str, &str)> = goals.into_iter().map(|(id, slug)| (id, slug.as_str())).collect();
    let shown: HashSet<&str> = goals.iter().map(|(id, _)| *id).collect();
    let taken: HashSet<&str> = goals.iter().map(|(_, slug)| *slug).collect();
    let changed = goals
        .into_iter()
        .filter(|(id, slug)| known.get(*id).is_none_or(|before| before != slug));
    // Its name is another goal's now. Its id cannot be.
    let displaced = known
        .iter()
        .filter(|(id, slug)| !shown.contains(id.as_str()) && taken.contains(slug.as_str()))
        .map(|(id, _)| (id.as_str(), id.as_str()));
    let mut renamed = Vec::new();
    for (id, slug) in changed.chain(displaced) {
        tx.prepare_cached("INSERT OR REPLACE INTO goal_names (goal, slug) VALUES (?1, ?2)")?
            .execute([id, slug])?;
        let subject = |name: &str| format!("goal:{name}").parse::<Subject>().ok();
        let before = known.get(id).and_then(|before| subject(before));
        if let (Some(from), Some(to)) = (before, subject(slug)) {
            let takes_silences = shown.contains(id);
            renamed.push(Renamed {
                from,
                to,
                takes_silences,
            });
        }
    }
    rename(tx, &renamed)?;
    Ok(renamed)
}

/// The names at the last reading, by the goal's id.
fn all(connection: &Connection) -> rusqlite::Result<HashMap<String, String>> {
    connection
        .prepare_cached("SELECT goal, slug FROM goal_names")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Goals may have exchanged their names: first everything leaves its old name, then it gets the new one. What
/// stands there already was said about the same goal by a release that does not follow names.
fn rename(tx: &Transaction<'_>, renamed: &[Renamed]) -> rusqlite::Result<()> {
    let between = |nth: usize| format!("renamed:{nth}");
    for (
        nth,
        Renamed {
            from, takes_silences, ..
        },
    ) in renamed.iter().enumerate()
    {
        for sql in [
            "UPDATE steps SET subject = ?2 WHERE subject = ?1",
            "UPDATE claims SET subject = ?2 WHERE subject = ?1",
            "UPDATE untold SET subject = ?2 WHERE subject = ?1",
            "UPDATE forewarned SET subject = ?2 WHERE subject = ?1",
        ] {
            tx.execute(sql, params![from, between(nth)])?;
        }
        if *takes_silences {
            let sql = "UPDATE silences SET pattern = ?2 WHERE pattern = ?1";
            tx.execute(sql, params![from, between(nth)])?;
        }
    }
    for (nth, Renamed { to, .. }) in renamed.iter().enumerate() {
        for sql in [
            "UPDATE OR IGNORE steps SET subject = ?2 WHERE subject = ?1",
            "UPDATE OR IGNORE claims SET subject = ?2 WHERE subject = ?1",
            "UPDATE OR IGNORE untold SET subject = ?2 WHERE subject = ?1",
            "UPDATE OR IGNORE forewarned SET subject = ?2 WHERE subject = ?1",
            "UPDATE silences SET pattern = ?2 WHERE pattern = ?1",
        ] {
            tx.execute(sql, params![between(nth), to])?;
        }
        for sql in [
            "DELETE FROM steps WHERE subject = ?1",
            "DELETE FROM claims WHERE subject = ?1",
            "DELETE FROM untold WHERE subject = ?1",
            "DELETE FROM forewarned WHERE subject = ?1",
        ] {
            tx.execute(sql, [between(nth)])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, tests::scratch};

    /// Follows a reading of goals, each `id name`.
    async fn read(store: &Store, goals: &[&str]) -> Vec<String> {
        let goals: Vec<(String, Slug)> = goals
            .iter()
            .map(|goal| {
                let (id, slug) = goal.split_once(' ').unwrap();
                (id.to_owned(), slug.parse().unwrap())
            })
            .collect();
        let renamed = store.write(move |tx| follow(tx, goals.iter().map(|(id, slug)| (id.as_str(), slug))));
        let mut renamed: Vec<String> = renamed
            .await
            .unwrap()
            .iter()
            .map(|Renamed { from, to, .. }| format!("{from} -> {to}"))
            .collect();
        renamed.sort();
        renamed
    }

    async fn execute(store: &Store, sql: &'static str) {
        store.write(move |tx| tx.execute_batch(sql)).await.unwrap();
    }

    fn column(store: &Store, sql: &str) -> Vec<String> {
        store
            .read(|connection| {
                connection
                    .prepare(sql)?
                    .query_map([], |row| row.get(0))?
                    .collect()
            })
            .unwrap()
    }

    /// `last` was said about each of these goals, and the person wants to hear no more of them.
    async fn said() -> (tempfile::TempDir, Store) {
        let (folder, store) = scratch();
        execute(
            &store,
            "INSERT INTO notifications (id, created_at, severity, subjects, body, tag, state, channel, attempt, updated_at)
             VALUES ('a', '', 'CRITICAL', '[]', '', 'a', 'accepted', 'sms', 1, ''),
                    ('b', '', 'CRITICAL', '[]', '', 'b', 'accepted', 'sms', 1, '');
             INSERT INTO steps (subject, occasion, step, severity, notification_id, claimed_at)
             VALUES ('goal:a', '2026-11-21', 'last', 'CRITICAL', 'a', ''),
                    ('goal:b', '2026-11-21', 'last', 'CRITICAL', 'b', '');
             INSERT INTO claims (subject, day, severity, notification_id, claimed_at)
             VALUES ('goal:a', '2026-11-21', 'CRITICAL', 'a', ''), ('goal:b', '2026-11-21', 'CRITICAL', 'b', '');
             INSERT INTO untold VALUES ('goal:a', '2026-11-21');
             INSERT INTO silences (id, kind, pattern, starts_at, ends_at, author, created_at)
             VALUES ('a', 'silence', 'goal:a', '', '', '', ''), ('all', 'silence', 'goal:*', '', '', '', '')",
        )
        .await;
        assert_eq!(read(&store, &["1 a", "2 b"]).await, Vec::<String>::new());
        (folder, store)
    }

    const STEPS: &str = "SELECT notification_id || ' ' || subject FROM steps ORDER BY 1";

    #[tokio::test]
    async fn what_was_said_goes_with_a_goal_that_is_renamed() {
        let (_folder, store) = said().await;
        assert_eq!(read(&store, &["1 z", "2 b"]).await, ["goal:a -> goal:z"]);
        assert_eq!(column(&store, STEPS), ["a goal:z", "b goal:b"]);
        let claims = column(
            &store,
            "SELECT notification_id || ' ' || subject FROM claims ORDER BY 1",
        );
        assert_eq!(claims, ["a goal:z", "b goal:b"]);
        assert_eq!(column(&store, "SELECT subject FROM untold"), ["goal:z"]);
        let silences = column(&store, "SELECT pattern FROM silences ORDER BY id");
        assert_eq!(silences, ["goal:z", "goal:*"]);
        assert_eq!(read(&store, &["1 z", "2 b"]).await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn names_may_be_exchanged() {
        let (_folder, store) = said().await;
        assert_eq!(
            read(&store, &["1 b", "2 a"]).await,
            ["goal:a -> goal:b", "goal:b -> goal:a"]
        );
        assert_eq!(column(&store, STEPS), ["a goal:b", "b goal:a"]);
        assert_eq!(
            column(&store, "SELECT pattern FROM silences ORDER BY id"),
            ["goal:b", "goal:*"]
        );
    }

    #[tokio::test]
    async fn a_reading_without_the_goal_forgets_no_name() {
        let (_folder, store) = said().await;
        read(&store, &["2 b"]).await;
        assert_eq!(read(&store, &["1 z", "2 b"]).await, ["goal:a -> goal:z"]);
    }

    #[tokio::test]
    async fn a_new_goal_does_not_inherit_what_was_said_under_its_name() {
        let (_folder, store) = said().await;
        // The silence stays: the person silenced this name.
        assert_eq!(read(&store, &["3 a", "2 b"]).await, ["goal:a -> goal:1"]);
        assert_eq!(column(&store, STEPS), ["a goal:1", "b goal:b"]);
        assert_eq!(
            column(&store, "SELECT pattern FROM silences ORDER BY id"),
            ["goal:a", "goal:*"]
        );
        assert_eq!(
            read(&store, &["1 again", "3 a", "2 b"]).await,
            ["goal:1 -> goal:again"]
        );
        assert_eq!(column(&store, STEPS), ["a goal:again", "b goal:b"]);
    }

    #[tokio::test]
    async fn what_an_older_release_said_under_the_new_name_stays() {
        let (_folder, store) = said().await;
        // It took the renamed goal for another one and said it again.
        execute(
            &store,
            "INSERT INTO steps (subject, occasion, step, severity, notification_id, claimed_at)
             VALUES ('goal:z', '2026-11-21', 'last', 'CRITICAL', 'b', '')",
        )
        .await;
        read(&store, &["1 z", "2 b"]).await;
        assert_eq!(column(&store, STEPS), ["b goal:b", "b goal:z"]);
    }
}
