//! `untold`: since when nobody could tell how a promise stands.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::sql::{Columns, time};
use crate::domain::Subject;

/// Since when each promise could not be told, by the passes before this one.
///
/// # Errors
/// The error of SQLite.
pub fn all(connection: &Connection) -> rusqlite::Result<HashMap<Subject, Timestamp>> {
    connection
        .prepare_cached("SELECT subject, since FROM untold")?
        .query_map([], |row| {
            let mut columns = Columns::of(row);
            Ok((columns.get()?, columns.time()?))
        })?
        .collect()
}

/// Keeps what a pass at `now` could not tell. What is neither in `untold` nor in `kept` could be told. What is
/// in `kept` only stays as it was.
///
/// # Errors
/// The error of SQLite.
pub fn keep(
    tx: &Transaction<'_>,
    untold: &BTreeSet<Subject>,
    kept: &BTreeSet<Subject>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let before = all(tx)?;
    for subject in before.keys() {
        if !untold.contains(subject) && !kept.contains(subject) {
            tx.prepare_cached("DELETE FROM untold WHERE subject = ?1")?
                .execute([subject])?;
        }
    }
    for subject in untold.iter().filter(|subject| !before.contains_key(*subject)) {
        tx.prepare_cached("INSERT INTO untold (subject, since) VALUES (?1, ?2)")?
            .execute(params![subject, time(now)])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::store::tests::scratch;

    #[tokio::test]
    async fn a_promise_is_untold_since_the_first_look_until_it_can_be_told() {
        let (_folder, store) = scratch();
        let at =
            |hours| "2026-11-20T18:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours);
        let set = |names: &[&str]| -> BTreeSet<Subject> {
            names.iter().map(|name| name.parse().unwrap()).collect()
        };
        for (hour, untold, kept, want) in [
            (0, &["walk"][..], &[][..], vec![("walk", 0)]),
            (
                1,
                &["walk", "budget:groq"],
                &[],
                vec![("budget:groq", 1), ("walk", 0)],
            ),
            (
                2,
                &["budget:groq"],
                &["walk", "goal:a"],
                vec![("budget:groq", 1), ("walk", 0)],
            ),
            (3, &["walk"], &[], vec![("walk", 0)]),
            (4, &[], &[], vec![]),
            (5, &["walk"], &[], vec![("walk", 5)]),
        ] {
            let (untold, kept) = (set(untold), set(kept));
            store
                .write(move |tx| keep(tx, &untold, &kept, at(hour)))
                .await
                .unwrap();
            let mut found: Vec<_> = store.read(all).unwrap().into_iter().collect();
            found.sort();
            let want: Vec<_> = want
                .into_iter()
                .map(|(name, hour)| (name.parse().unwrap(), at(hour)))
                .collect();
            assert_eq!(found, want, "at hour {hour}");
        }
    }
}
