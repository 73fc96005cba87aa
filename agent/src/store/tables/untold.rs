//! Table `untold`: since when the passes cannot tell how a promise stands.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::sql::{Columns, time};
use crate::domain::Subject;

/// The promises of the table, each with the time of the first pass that could not tell how the promise
/// stands.
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

/// Records the promises of which a pass at `now` could not tell how they stand. A promise of `untold` is
/// added if the table lacks it. A promise of `kept` is not added, but stays if the table has it. Every other
/// promise is deleted, because the pass could tell how it stands.
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
    async fn a_promise_stays_with_its_first_time_until_a_pass_can_tell_how_it_stands() {
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
