//! A whole database as bytes: what a generation holds, and what a copy in a file holds.

use rusqlite::{Connection, MAIN_DB};

use super::RemoteError;

/// Tens of kilobytes, several times an hour: worth some effort. Measured in docs/PERFORMANCE.md.
const LEVEL: i32 = 12;

/// Where the file header says whether the file is in WAL mode: 2 twice, or 1 twice if it is not (SQLite file
/// format, 1.3).
const FORMAT_VERSIONS: std::ops::Range<usize> = 18..20;

/// What a database holds at this moment, as the bytes of a database file that needs no `-wal` beside it.
///
/// # Errors
/// If SQLite cannot read it.
pub fn take(connection: &mut Connection) -> rusqlite::Result<Vec<u8>> {
    let mut bytes = connection.serialize(MAIN_DB)?.to_vec();
    no_wal(&mut bytes);
    Ok(bytes)
}

/// Compresses, with a checksum.
///
/// # Errors
/// If zstd has no memory.
pub fn pack(bytes: &[u8]) -> Result<Vec<u8>, RemoteError> {
    let pack = || {
        let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
        compressor.include_checksum(true)?;
        compressor.compress(bytes)
    };
    pack().map_err(RemoteError::Compression)
}

/// Opens a generation in memory, checked: its checksum, and SQLite's own integrity check.
///
/// # Errors
/// If it is damaged.
pub fn open(generation: u64, packed: &[u8]) -> Result<Connection, RemoteError> {
    let opened = unpack(packed).and_then(load);
    opened.map_err(|why| RemoteError::Damaged { generation, why })
}

/// What [`pack`] packed, its checksum checked.
///
/// # Errors
/// With why it is damaged.
pub(in crate::store) fn unpack(packed: &[u8]) -> Result<Vec<u8>, String> {
    zstd::decode_all(packed).map_err(|error| error.to_string())
}

/// Opens the bytes of a database file in memory, with SQLite's own integrity check. Changes there change
/// nothing else.
///
/// # Errors
/// With why it is damaged.
pub(in crate::store) fn load(mut bytes: Vec<u8>) -> Result<Connection, String> {
    no_wal(&mut bytes);
    let check = || -> rusqlite::Result<(Connection, String)> {
        let mut connection = Connection::open_in_memory()?;
        connection.deserialize_read_exact(MAIN_DB, bytes.as_slice(), bytes.len(), false)?;
        let verdict = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        Ok((connection, verdict))
    };
    match check() {
        Ok((connection, verdict)) if verdict == "ok" => Ok(connection),
        Ok((_, verdict)) => Err(verdict),
        Err(error) => Err(error.to_string()),
    }
}

fn no_wal(bytes: &mut [u8]) {
    if let Some(versions) = bytes.get_mut(FORMAT_VERSIONS) {
        versions.fill(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
