//! A whole database as bytes: what a generation holds, and what a copy in a file holds.

use std::io::{self, Read as _, Write as _};

use rusqlite::{Connection, MAIN_DB};
use zstd::{
    stream::{raw::CParameter, read::Decoder, write::Encoder},
    zstd_safe::get_frame_content_size,
};

/// Tens of kilobytes, several times an hour: worth some effort. Measured in docs/PERFORMANCE.md.
const LEVEL: i32 = 12;

/// Bounds the compressor's memory: a window of 2^18 bytes, and tables of 2^17 entries of four bytes. [`LEVEL`]
/// alone would let them grow with the state, and the allocator keeps what it was once asked for.
const BOUNDS: [CParameter; 3] = [
    CParameter::WindowLog(18),
    CParameter::HashLog(17),
    CParameter::ChainLog(17),
];

/// The largest database that is unpacked.
const LARGEST: u64 = 256 * 1024 * 1024;

/// A database shrinks to about a tenth. To less than a 200th shrinks only what was made to take memory, or what is
/// [`SMALL`].
const MOST_SHRUNK: u64 = 200;
const SMALL: u64 = 8 * 1024 * 1024;

/// The widest window that is unpacked, as a power of two: releases before [`BOUNDS`] used up to 2^22 bytes.
const WIDEST_WINDOW: u32 = 24;

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

/// [`take`] and [`pack`] in one, without a second copy of the database in memory.
///
/// # Errors
/// If SQLite cannot read it; inside, if zstd has no memory.
pub fn take_packed(connection: &mut Connection) -> rusqlite::Result<io::Result<Vec<u8>>> {
    let image = connection.serialize(MAIN_DB)?;
    Ok(pack(&image))
}

/// Compresses the bytes of a database file, as one that needs no `-wal` beside it, with a checksum.
///
/// # Errors
/// If zstd has no memory.
pub fn pack(database: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = Encoder::new(Vec::new(), LEVEL)?;
    for bound in BOUNDS {
        encoder.set_parameter(bound)?;
    }
    encoder.include_checksum(true)?;
    encoder.set_pledged_src_size(Some(database.len() as u64))?;
    let (head, rest) = database.split_at(database.len().min(FORMAT_VERSIONS.end));
    let mut head = head.to_vec();
    no_wal(&mut head);
    encoder.write_all(&head)?;
    encoder.write_all(rest)?;
    encoder.finish()
}

/// What [`pack`] packed, its checksum checked. Takes no more memory than a state can need.
///
/// # Errors
/// With why it is damaged, or that it would become larger than any state.
pub(in crate::store) fn unpack(packed: &[u8]) -> Result<Vec<u8>, String> {
    let most = SMALL
        .saturating_add(MOST_SHRUNK.saturating_mul(packed.len() as u64))
        .min(LARGEST);
    let too_large = || format!("it would unpack to more than {most} bytes, which no state does");
    if matches!(get_frame_content_size(packed), Ok(Some(size)) if size > most) {
        return Err(too_large());
    }
    let unpack = || -> io::Result<Vec<u8>> {
        let mut decoder = Decoder::new(packed)?;
        decoder.window_log_max(WIDEST_WINDOW)?;
        let mut bytes = Vec::new();
        decoder.take(most + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = unpack().map_err(|error| error.to_string())?;
    if bytes.len() as u64 > most {
        return Err(too_large());
    }
    Ok(bytes)
}

/// Opens the bytes of a database file in memory, with SQLite's own integrity check. Changes there change
/// nothing else.
///
/// # Errors
/// With why it is damaged.
pub(in crate::store) fn load(mut bytes: Vec<u8>) -> Result<Connection, String> {
    if bytes.is_empty() {
        return Err("it is empty".to_owned());
    }
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

    #[test]
    fn what_would_take_more_memory_than_a_state_is_refused() {
        let zeros = vec![0; 64 * 1024 * 1024];
        let with_size = pack(&zeros).unwrap();
        assert!(with_size.len() < 16 * 1024, "{} bytes", with_size.len());
        // A stream does not say how large it becomes.
        let without_size = zstd::stream::encode_all(zeros.as_slice(), 3).unwrap();
        assert!(matches!(get_frame_content_size(&without_size), Ok(None)));
        for packed in [with_size, without_size] {
            let error = unpack(&packed).unwrap_err();
            assert!(error.starts_with("it would unpack to more than 8"), "{error}");
        }
        let mut wide = Encoder::new(Vec::new(), 3).unwrap();
        wide.window_log(27).unwrap();
        wide.write_all(&zeros).unwrap();
        let error = unpack(&wide.finish().unwrap()).unwrap_err();
        assert!(error.contains("memory"), "{error}");
    }
}
