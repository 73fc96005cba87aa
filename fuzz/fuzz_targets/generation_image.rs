//! Bytes as a generation of the state. The first byte says how they become one:
//!
//! * `0`: they are the packed generation;
//! * `1`: they are the database, which is packed here;
//! * otherwise they are changes to a sound database, four bytes each: a place (three bytes, big endian), and the
//!   byte that stands there.
//!
//! A damaged generation is refused, and a sound one is the same after it was packed again, can be read, and is
//! brought to the newest schema.

#![no_main]

use std::{fs, sync::LazyLock};

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use mecris_agent::{
    domain::Provider,
    store::{
        Store, StoreError,
        file::{
            image,
            verify::{Sound, refuse_newer, verify},
        },
        replica::generation::{made_as, open},
        tables::{budget, decisions, export, outbox, runs, sessions, silences},
    },
};
use mecris_fuzz::file;
use rusqlite::Connection;

/// A state after some passes, with small pages, so that most bytes mean something.
static STATE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut state = open(1, include_bytes!("../state.zst")).expect("the state is sound");
    image::take(&mut state).expect("the state can be read")
});

/// The schema of that state.
static NEWEST: LazyLock<i64> = LazyLock::new(|| {
    let state = open(1, include_bytes!("../state.zst")).expect("the state is sound");
    verify(&state, "the state")
        .expect("the state is sound")
        .schema_version
});

/// Seconds since 1970: 21 November 2026.
const NOW: i64 = 1_795_262_400;

fuzz_target!(|bytes: &[u8]| {
    let Some((&form, rest)) = bytes.split_first() else {
        return;
    };
    let packed = match form {
        b'0' => rest.to_owned(),
        b'1' => pack(rest),
        _ => pack(&changed(rest)),
    };
    let mut state = match open(7, &packed) {
        Ok(state) => state,
        Err(error) => {
            assert!(
                error.to_string().starts_with("generation 7 is damaged: "),
                "{error}"
            );
            return;
        }
    };
    let _ = made_as(&state);
    match verify(&state, "the copy") {
        Ok(sound) => is_used(&mut state, sound),
        Err(StoreError::Damaged { what, .. }) => assert_eq!(what, "the copy"),
        Err(error) => panic!("it is damaged or sound, not: {error}"),
    }
});

fn pack(database: &[u8]) -> Vec<u8> {
    image::pack(database).expect("there is memory")
}

fn changed(changes: &[u8]) -> Vec<u8> {
    let mut database = STATE.clone();
    for change in changes.as_chunks().0 {
        let [high, middle, low, byte] = *change;
        let place = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        let place = place % database.len();
        database[place] = byte;
    }
    database
}

fn is_used(state: &mut Connection, sound: Sound) {
    let image = image::take(state).expect("a sound state can be read");
    open(8, &pack(&image)).expect("what was sound is sound when it was packed again");
    if refuse_newer(state, "the copy").is_err() {
        return;
    }
    let path = file("state.db");
    fs::write(&path, image).expect("the folder of this process is writable");
    let store = Store::open_read_only(&path).expect("a sound state that is not too new can be read");
    if sound.schema_version < *NEWEST {
        store
            .verify()
            .expect("the newest schema changes nothing about that");
    }
    let _ = store.read(is_listed);
}

/// Reads what the endpoints show. A word that no release wrote is an error of the reader, never a panic.
fn is_listed(state: &Connection) -> rusqlite::Result<()> {
    let now = Timestamp::from_second(NOW).expect("a time of this century");
    let _ = runs::list(state, 50);
    let _ = runs::newest(state, now);
    let _ = decisions::list(state, 50, None);
    let _ = outbox::open(state);
    let _ = silences::not_ended(state, now);
    let _ = silences::ended(state, now, 50);
    let _ = sessions::recent(state, 50);
    let _ = budget::get(state, Provider::Anthropic);
    for table in export::tables(state)? {
        for row in export::rows(state, &table)? {
            let line = serde_json::to_string(&row).expect("a row is JSON");
            assert!(!line.contains('\n'), "{line}");
        }
    }
    Ok(())
}
