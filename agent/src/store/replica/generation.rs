//! A generation opened in memory: fetched, its checksum and SQLite's integrity check passed.

use rusqlite::Connection;

use super::remote::{Remote, RemoteError};
use crate::store::{
    StoreError,
    file::{
        image,
        verify::{Sound, verify},
    },
    tables::lineage,
};

/// Opens a packed generation in memory, checked: its checksum, and SQLite's own integrity check.
///
/// # Errors
/// If it is damaged.
pub fn open(generation: u64, packed: &[u8]) -> Result<Connection, RemoteError> {
    let opened = image::unpack(packed).and_then(image::load);
    opened.map_err(|why| RemoteError::Damaged { generation, why })
}

/// Fetches a generation, opens it in memory and checks it.
///
/// # Errors
/// If the remote does not answer, or the generation is not there, or not sound.
pub async fn fetch(remote: &Remote, generation: u64) -> Result<(Connection, Sound), StoreError> {
    let Some(packed) = remote.fetch(generation).await? else {
        return Err(RemoteError::gone(generation).into());
    };
    let opened = open(generation, &packed)?;
    let sound = verify(&opened, &format!("generation {generation}"))?;
    Ok((opened, sound))
}

/// Which generation a copy was made as; `None`: it does not say. A person may have copied it to another number.
///
/// # Errors
/// If it cannot be read.
pub fn made_as(copy: &Connection) -> rusqlite::Result<Option<u64>> {
    if !copy.table_exists(None::<&str>, "lineage")? {
        return Ok(None);
    }
    Ok(lineage::get(copy)?.map(|lineage| lineage.generation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::file::image::{pack, take};

    fn database(folder: &std::path::Path) -> Connection {
        let connection = Connection::open(folder.join("a.db")).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection
            .execute_batch("CREATE TABLE words (word TEXT); INSERT INTO words VALUES ('kept')")
            .unwrap();
        connection
    }

    #[test]
    fn what_is_only_in_the_wal_is_in_the_image() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = database(folder.path());
        let packed = pack(&take(&mut connection).unwrap()).unwrap();
        let copy = open(1, &packed).unwrap();
        let word: String = copy
            .query_row("SELECT word FROM words", [], |row| row.get(0))
            .unwrap();
        assert_eq!(word, "kept");
    }

    #[test]
    fn one_flipped_bit_anywhere_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let packed = pack(&take(&mut database(folder.path())).unwrap()).unwrap();
        for place in 0..packed.len() {
            let mut broken = packed.clone();
            broken[place] ^= 0x10;
            // A bit that does not matter (a reserved one of the header) may leave the image as it was.
            if let Ok(copy) = open(7, &broken) {
                let word: String = copy
                    .query_row("SELECT word FROM words", [], |row| row.get(0))
                    .unwrap();
                assert_eq!(word, "kept", "byte {place}");
            }
        }
        let cut = open(7, &packed[..packed.len() - 5]).unwrap_err();
        assert!(cut.to_string().starts_with("generation 7 is damaged: "), "{cut}");
        assert!(open(7, b"").is_err());
        assert!(open(7, b"no zstd").is_err());
    }

    #[test]
    fn an_image_of_no_database_is_refused() {
        let error = open(3, &pack(&[7; 4096]).unwrap()).unwrap_err();
        assert!(error.to_string().contains("generation 3 is damaged"), "{error}");
    }
}
