//! What a year leaves in the state, all of which every copy off the machine carries.

use super::*;
use crate::{
    simulate::{run, world::World},
    store::{self, file::image, tables::retention},
};

/// Goals of an ordinary account.
const GOALS: usize = 12;

/// Bytes of a copy, compressed.
const REACH: usize = 300_000;

/// The first goals of someone with forty, with ids as Beeminder's.
fn twelve_goals() -> Person {
    let mut person = example("forty");
    person.goals.truncate(GOALS);
    person
}

/// The state after some days, without what is forgotten then.
fn after(days: u16) -> rusqlite::Connection {
    let person = twelve_goals();
    let scenario = Scenario {
        passes: "13-18/15m".parse().unwrap(),
        days,
        ..Scenario::of(&person)
    };
    let settings = settings_of(None, &scenario, &[]).unwrap();
    let mut connection = store::in_memory().unwrap();
    let life = scenario.life();
    let end = life.midnight(i64::from(days));
    let stage = run::Stage {
        life: life.clone(),
        passes: &scenario.passes,
        silences: &[],
        known: None,
    };
    run::play_in(Box::new(World::new(life)), &stage, &settings, &mut connection).unwrap();
    let tx = connection.transaction().unwrap();
    let kept = jiff::SignedDuration::from_hours(24 * i64::from(settings.state.retention_days));
    retention::forget(&tx, kept, end).unwrap();
    tx.commit().unwrap();
    connection.execute_batch("VACUUM").unwrap();
    connection
}

/// How many rows each table has.
fn rows(connection: &rusqlite::Connection) -> Vec<(String, u32)> {
    let tables: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    let count =
        |table: &String| connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0));
    tables
        .iter()
        .map(|table| (table.clone(), count(table).unwrap()))
        .collect()
}

#[test]
#[ignore = "heavy tier: scripts/test-all runs it"]
fn the_state_is_small_after_a_year() {
    let mut connection = after(365);
    let packed = image::take_packed(&mut connection).unwrap().unwrap().len();
    println!("{packed} bytes: {:?}", rows(&connection));
    assert!(packed <= REACH, "{packed} bytes: {:?}", rows(&connection));
}
