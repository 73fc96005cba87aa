//! `lineage`: which generation of the state this file is, and whether copying it off the machine succeeds.
//! One row.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::Serialize;

use super::sql::{Columns, time};

/// The row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The file is this generation, perhaps with later writes.
    pub generation: u64,
    /// Tells who made that generation, because two instances never choose the same nonce.
    pub nonce: String,
    /// The copy that is known to be safe.
    pub saved: Option<Saved>,
    /// Why copies fail; `None` while they succeed.
    pub trouble: Option<Trouble>,
}

/// A copy that is known to be safe off the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = SavedCopy)]
pub struct Saved {
    /// Its generation.
    pub generation: u64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Its size, compressed.
    pub bytes: u64,
}

/// Copies off the machine fail: since when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = CopyTrouble)]
pub struct Trouble {
    /// When copies began to fail.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Why, for a person.
    pub why: String,
}

impl Lineage {
    /// Whether the file's own generation is known to be on the remote.
    pub fn is_confirmed(&self) -> bool {
        self.saved
            .is_some_and(|saved| saved.generation == self.generation)
    }
}

/// The row, if a copy of the file was ever begun or loaded.
pub fn get(connection: &Connection) -> rusqlite::Result<Option<Lineage>> {
    connection
        .prepare_cached(
            "SELECT generation, nonce, saved, saved_at, saved_bytes, trouble_since, trouble FROM lineage",
        )?
        .query_row([], |row| {
            let mut columns = Columns::of(row);
            let generation = columns.get::<i64>()?.unsigned_abs();
            let nonce = columns.get()?;
            let saved = columns.get::<Option<i64>>()?.zip(columns.time_or_null()?);
            let bytes = columns.get::<Option<i64>>()?.unwrap_or_default();
            let trouble = columns.time_or_null()?.zip(columns.get()?);
            Ok(Lineage {
                generation,
                nonce,
                saved: saved.map(|(generation, at)| Saved {
                    generation: generation.unsigned_abs(),
                    at,
                    bytes: bytes.unsigned_abs(),
                }),
                trouble: trouble.map(|(since, why)| Trouble { since, why }),
            })
        })
        .optional()
}

/// Names the generation that the file is from now on. If the file's last generation is known to be safe, this
/// is the next number, with `nonce`. If we do not know yet whether the last generation arrived, it is that
/// generation again, with its own nonce. The number is never below `least`.
pub(in crate::store) fn begin(tx: &Transaction<'_>, nonce: &str, least: u64) -> rusqlite::Result<Lineage> {
    let before = get(tx)?;
    if let Some(pending) = before
        .as_ref()
        .filter(|before| !before.is_confirmed() && before.generation >= least)
    {
        return Ok(pending.clone());
    }
    let generation = before
        .map_or(0, |before| before.generation)
        .saturating_add(1)
        .max(least);
    tx.prepare_cached(
        "INSERT INTO lineage (id, generation, nonce) VALUES (1, ?1, ?2)
         ON CONFLICT (id) DO UPDATE SET generation = excluded.generation, nonce = excluded.nonce",
    )?
    .execute(params![generation.cast_signed(), nonce])?;
    Ok(get(tx)?.unwrap_or(Lineage {
        generation,
        nonce: nonce.to_owned(),
        saved: None,
        trouble: None,
    }))
}

/// Forgets which generation the file came from, so that [`begin`] does not count on from it.
pub(in crate::store) fn forget(tx: &Transaction<'_>) -> rusqlite::Result<()> {
    tx.execute("DELETE FROM lineage", []).map(drop)
}

/// Makes the file the generation that its copy is named after. A person may have copied a generation to another
/// number: the number in the name is what fences instances, so the next generation counts on from it.
pub(in crate::store) fn adopt(tx: &Transaction<'_>, saved: Saved) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO lineage (id, generation, nonce) VALUES (1, ?1, '')
         ON CONFLICT (id) DO UPDATE SET generation = excluded.generation",
    )?
    .execute([saved.generation.cast_signed()])?;
    confirm(tx, saved)
}

/// Notes that a copy is safe.
pub(in crate::store) fn confirm(tx: &Transaction<'_>, saved: Saved) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE lineage SET saved = ?1, saved_at = ?2, saved_bytes = ?3, trouble_since = NULL, trouble = NULL",
    )?
    .execute(params![saved.generation.cast_signed(), time(saved.at), saved.bytes.cast_signed()])?;
    Ok(())
}

/// Notes that copies fail. The time of the first failure stays.
pub(in crate::store) fn troubled(tx: &Transaction<'_>, trouble: &Trouble) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE lineage SET trouble_since = coalesce(trouble_since, ?1), trouble = ?2")?
        .execute(params![time(trouble.since), trouble.why])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::scratch;

    fn saved(generation: u64) -> Saved {
        Saved {
            generation,
            at: "2026-11-21T18:00:00Z".parse().unwrap(),
            bytes: 4_000,
        }
    }

    #[tokio::test]
    async fn a_generation_is_named_again_until_it_is_known_to_be_safe() {
        let (_folder, store) = scratch();
        let begin = |nonce: &'static str, least| store.write(move |tx| begin(tx, nonce, least));
        assert_eq!(begin("a", 0).await.unwrap().generation, 1);
        let again = begin("b", 0).await.unwrap();
        assert_eq!(
            (again.generation, again.nonce.as_str()),
            (1, "a"),
            "nobody knows whether it arrived"
        );
        store.write(|tx| confirm(tx, saved(1))).await.unwrap();
        let next = begin("c", 0).await.unwrap();
        assert_eq!((next.generation, next.nonce.as_str()), (2, "c"));
        let later = begin("d", 40).await.unwrap();
        assert_eq!(
            (later.generation, later.nonce.as_str()),
            (40, "d"),
            "a restored file goes beyond what is there"
        );
    }

    #[tokio::test]
    async fn trouble_keeps_its_beginning_and_ends_with_a_copy() {
        let (_folder, store) = scratch();
        let trouble = |since: &str, why: &str| Trouble {
            since: since.parse().unwrap(),
            why: why.to_owned(),
        };
        let (first, second) = (
            trouble("2026-11-21T18:00:00Z", "down"),
            trouble("2026-11-21T19:00:00Z", "still down"),
        );
        store.write(|tx| begin(tx, "a", 0).map(drop)).await.unwrap();
        let written = store.write(move |tx| troubled(tx, &first).and_then(|()| troubled(tx, &second)));
        written.await.unwrap();
        let lineage = store.read(get).unwrap().unwrap();
        assert_eq!(
            lineage.trouble,
            Some(trouble("2026-11-21T18:00:00Z", "still down"))
        );
        assert!(!lineage.is_confirmed());
        store.write(|tx| confirm(tx, saved(1))).await.unwrap();
        let lineage = store.read(get).unwrap().unwrap();
        assert_eq!((lineage.trouble.clone(), lineage.saved), (None, Some(saved(1))));
        assert!(lineage.is_confirmed());
    }
}
