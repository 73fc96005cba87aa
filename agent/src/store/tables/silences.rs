//! `silences`: a person's requests not to be told something for a while. Ended silences stay, as a record.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params};

use super::sql::{Columns, time};
use crate::domain::Silence;

/// Adds a silence, unless it is there already, so that the same transaction can be run again. Returns whether
/// it was added.
pub fn insert(tx: &Transaction<'_>, silence: &Silence) -> rusqlite::Result<bool> {
    let added = tx
        .prepare_cached(
            "INSERT INTO silences (id, kind, pattern, starts_at, ends_at, author, comment, created_at)
             VALUES (:id, :kind, :pattern, :starts_at, :ends_at, :author, :comment, :created_at)
             ON CONFLICT (id) DO NOTHING",
        )?
        .execute(named_params! {
            ":id": silence.id,
            ":kind": silence.kind,
            ":pattern": silence.pattern,
            ":starts_at": time(silence.starts_at),
            ":ends_at": time(silence.ends_at),
            ":author": silence.author,
            ":comment": silence.comment,
            ":created_at": time(silence.created_at),
        })?;
    Ok(added == 1)
}

/// Ends a silence before its time. Returns `false` if the silence has ended already or never existed.
pub fn delete(tx: &Transaction<'_>, id: &str, by: &str, now: Timestamp) -> rusqlite::Result<bool> {
    let ended = tx
        .prepare_cached(
            "UPDATE silences SET deleted_at = ?2, deleted_by = ?3 WHERE id = ?1 AND deleted_at IS NULL AND ends_at > ?2",
        )?
        .execute((id, time(now), by))?;
    Ok(ended == 1)
}

/// One silence.
pub fn get(connection: &Connection, id: &str) -> rusqlite::Result<Option<Silence>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM silences WHERE id = ?1"))?
        .query_row([id], read)
        .optional()
}

/// The silences that hold at `now`, in the order in which they end.
pub fn active(connection: &Connection, now: Timestamp) -> rusqlite::Result<Vec<Silence>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM silences WHERE deleted_at IS NULL AND starts_at <= ?1 AND ends_at > ?1 ORDER BY ends_at, id"
        ))?
        .query_map([time(now)], read)?
        .collect()
}

/// The silences that hold at `now` or begin later, in the order in which they end.
pub fn not_ended(connection: &Connection, now: Timestamp) -> rusqlite::Result<Vec<Silence>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM silences WHERE deleted_at IS NULL AND ends_at > ?1 ORDER BY ends_at, id"
        ))?
        .query_map([time(now)], read)?
        .collect()
}

/// The silences that have ended by `now`, the last to end first.
pub fn ended(connection: &Connection, now: Timestamp, limit: u32) -> rusqlite::Result<Vec<Silence>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM silences WHERE deleted_at IS NOT NULL OR ends_at <= ?1
              ORDER BY min(coalesce(deleted_at, ends_at), ends_at) DESC, id DESC LIMIT ?2"
        ))?
        .query_map((time(now), limit), read)?
        .collect()
}

const COLUMNS: &str =
    "id, kind, pattern, starts_at, ends_at, author, comment, created_at, deleted_at, deleted_by";

fn read(row: &Row<'_>) -> rusqlite::Result<Silence> {
    let mut columns = Columns::of(row);
    Ok(Silence {
        id: columns.get()?,
        kind: columns.get()?,
        pattern: columns.get()?,
        starts_at: columns.time()?,
        ends_at: columns.time()?,
        author: columns.get()?,
        comment: columns.get()?,
        created_at: columns.time()?,
        deleted_at: columns.time_or_null()?,
        deleted_by: columns.get()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::SilenceKind, store::tests::scratch};

    fn at(hour: i8) -> Timestamp {
        format!("2026-11-21T{hour:02}:00:00Z").parse().unwrap()
    }

    fn silence(id: &str, from: i8, until: i8) -> Silence {
        Silence {
            id: id.to_owned(),
            kind: SilenceKind::Silence,
            pattern: "goal:*".parse().unwrap(),
            starts_at: at(from),
            ends_at: at(until),
            author: "laptop".to_owned(),
            comment: "on a plane".to_owned(),
            created_at: at(from),
            deleted_at: None,
            deleted_by: None,
        }
    }

    fn ids(silences: Vec<Silence>) -> String {
        silences.into_iter().map(|silence| silence.id).collect()
    }

    #[tokio::test]
    async fn what_is_over_is_kept_apart_from_what_is_not() {
        let (_folder, store) = scratch();
        let all = [
            silence("a", 1, 9),
            silence("b", 1, 3),
            silence("c", 2, 6),
            silence("d", 2, 7),
        ];
        store
            .write(move |tx| all.iter().try_for_each(|s| insert(tx, s).map(drop)))
            .await
            .unwrap();
        assert!(store.write(|tx| delete(tx, "d", "phone", at(4))).await.unwrap());
        assert_eq!(ids(store.read(|c| active(c, at(5))).unwrap()), "ca");
        assert_eq!(ids(store.read(|c| ended(c, at(5), 9)).unwrap()), "db");
        assert_eq!(ids(store.read(|c| ended(c, at(5), 1)).unwrap()), "d");
        assert_eq!(
            ids(store.read(|c| active(c, at(6))).unwrap()),
            "a",
            "the end is not part of it"
        );
    }

    #[tokio::test]
    async fn a_silence_is_written_once_and_ended_once() {
        let (_folder, store) = scratch();
        let new = silence("a", 1, 9);
        let written = new.clone();
        let again = store
            .write(move |tx| Ok((insert(tx, &new)?, insert(tx, &new)?)))
            .await
            .unwrap();
        assert_eq!(again, (true, false));
        assert_eq!(store.read(|c| get(c, "a")).unwrap(), Some(written.clone()));
        let ends = store
            .write(|tx| Ok([delete(tx, "a", "phone", at(2))?, delete(tx, "a", "desk", at(3))?]))
            .await;
        assert_eq!(ends.unwrap(), [true, false]);
        let ended = Silence {
            deleted_at: Some(at(2)),
            deleted_by: Some("phone".to_owned()),
            ..written
        };
        assert_eq!(store.read(|c| get(c, "a")).unwrap(), Some(ended));
        let late = silence("b", 1, 2);
        assert!(
            !store
                .write(move |tx| insert(tx, &late).and(delete(tx, "b", "phone", at(2))))
                .await
                .unwrap()
        );
        assert!(
            !store
                .write(|tx| delete(tx, "nobody", "phone", at(2)))
                .await
                .unwrap()
        );
    }
}
