//! `durable_writes`: marks of the newest writes. An instance that loads a generation looks for its mark
//! there. If it finds the mark, the generation holds its write already.
//!
//! An instance may be suspended after it made a generation and before it hears that the remote has it.
//! Meanwhile another instance may go on from that generation. The state then holds the write already, and
//! writing it again would count a session twice.

use rusqlite::{Connection, Transaction};

/// How many marks are kept. After more than 256 writes by others, a suspended writer no longer finds its mark
/// and repeats its write.
const KEPT: i64 = 256;

/// Marks what the transaction writes.
pub(in crate::store) fn mark(tx: &Transaction<'_>, nonce: i64) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT INTO durable_writes (nonce) VALUES (?1)")?
        .execute([nonce])?;
    tx.prepare_cached("DELETE FROM durable_writes WHERE seq <= (SELECT max(seq) FROM durable_writes) - ?1")?
        .execute([KEPT])?;
    Ok(())
}

/// Whether the write with this mark is in the state.
pub(in crate::store) fn has(connection: &Connection, nonce: i64) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM durable_writes WHERE nonce = ?1")?
        .exists([nonce])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::scratch;

    #[tokio::test]
    async fn the_newest_marks_are_kept() {
        let (_folder, store) = scratch();
        store
            .write(|tx| (0..KEPT + 9).try_for_each(|nonce| mark(tx, nonce)))
            .await
            .unwrap();
        let kept = |nonce| store.read(move |connection| has(connection, nonce)).unwrap();
        assert_eq!([8, 9, KEPT + 8].map(kept), [false, true, true]);
    }
}
