//! Whether a state is sound: every copy is asked before it is relied on.

mod columns;

use std::{collections::BTreeMap, path::Path};

use rusqlite::{Connection, OptionalExtension as _};

use super::{migrate, version};
use crate::store::StoreError;

/// What a sound state says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Sound {
    /// How many migrations it has.
    pub schema_version: i64,
}

/// Checks every reference, and whether it is a state of Mecris at all: it has the tables of its schema version, and
/// nothing that would run by itself. Every time, day and month in it is one. SQLite's own integrity check comes
/// before: `image::load` makes no connection to a database that fails it.
///
/// # Errors
/// [`StoreError::Damaged`] with what is wrong; `what` is what it is called.
pub fn verify(connection: &Connection, what: &str) -> Result<Sound, StoreError> {
    match check(connection) {
        Ok(Ok(sound)) => Ok(sound),
        Ok(Err(why)) => Err(StoreError::Damaged {
            what: what.to_owned(),
            why,
        }),
        Err(error) => Err(StoreError::Damaged {
            what: what.to_owned(),
            why: error.to_string(),
        }),
    }
}

/// SQLite's own check of the whole file. It takes some milliseconds for a state of some megabytes.
///
/// # Errors
/// [`StoreError::Damaged`] with what is wrong, or SQLite's error if it cannot even look.
pub(in crate::store) fn integrity(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(StoreError::Damaged {
        what: path.display().to_string(),
        why: verdict,
    })
}

fn check(connection: &Connection) -> rusqlite::Result<Result<Sound, String>> {
    if let Some(orphan) = orphan(connection)? {
        return Ok(Err(orphan));
    }
    let schema_version = version::version(connection)?;
    if schema_version <= 0 {
        return Ok(Err("it is no state of Mecris".to_owned()));
    }
    if let Some(why) = wrong_schema(connection, schema_version)? {
        return Ok(Err(why));
    }
    if let Some(why) = columns::unreadable(connection)? {
        return Ok(Err(why));
    }
    Ok(Ok(Sound { schema_version }))
}

/// What its migrations made and is not there any more, what a later migration makes and is there already, or what is
/// there and runs by itself: no release makes triggers or views. What else is there harms nothing. What a newer
/// release makes is not known.
fn wrong_schema(connection: &Connection, schema_version: i64) -> rusqlite::Result<Option<String>> {
    let found = objects(connection)?;
    let runs_by_itself = |(kind, _): &&(String, String)| kind == "trigger" || kind == "view";
    if let Some((kind, name)) = found.keys().find(runs_by_itself) {
        return Ok(Some(format!("it has a {kind} {name}, which is none of Mecris")));
    }
    if schema_version > version::known() {
        return Ok(None);
    }
    let expected = objects(&migrate::empty_of(schema_version)?)?;
    // Tables before their indexes, whose absence follows from theirs.
    for (object @ (kind, name), columns) in expected.iter().rev() {
        let is_missing =
            || format!("it has no {kind} {name}, although its schema version is {schema_version}");
        match found.get(object) {
            None => return Ok(Some(is_missing())),
            Some(found) => {
                if let Some(column) = columns.iter().find(|column| !found.contains(column)) {
                    return Ok(Some(format!("its {kind} {name} has no column {column}")));
                }
            }
        }
    }
    if schema_version < version::known() {
        return made_later(&found, &expected, schema_version);
    }
    Ok(None)
}

/// What only a later migration makes and is there already: the version is wrong, and that migration would fail.
fn made_later(found: &Objects, expected: &Objects, schema_version: i64) -> rusqlite::Result<Option<String>> {
    let newest = objects(&migrate::empty_of(version::known())?)?;
    for (object @ (kind, name), columns) in newest.iter().rev() {
        let Some(found) = found.get(object) else { continue };
        let Some(expected) = expected.get(object) else {
            return Ok(Some(format!(
                "it has the {kind} {name}, although its schema version is only {schema_version}"
            )));
        };
        let is_later = |column: &&String| found.contains(column) && !expected.contains(column);
        if let Some(column) = columns.iter().find(is_later) {
            return Ok(Some(format!(
                "its {kind} {name} has the column {column}, although its schema version is only {schema_version}"
            )));
        }
    }
    Ok(None)
}

/// The columns of each object, by its kind and name.
type Objects = BTreeMap<(String, String), Vec<String>>;

/// Tables, indexes, triggers and views by kind and name, with the columns of each. SQLite's own are left out.
fn objects(connection: &Connection) -> rusqlite::Result<Objects> {
    connection
        .prepare(
            "SELECT object.type, object.name, coalesce(group_concat(column.name, char(10)), '')
             FROM sqlite_schema AS object LEFT JOIN pragma_table_info(object.name) AS column
             WHERE object.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
             GROUP BY object.type, object.name",
        )?
        .query_map([], |row| {
            let columns: String = row.get(2)?;
            Ok((
                (row.get(0)?, row.get(1)?),
                columns.split('\n').map(str::to_owned).collect(),
            ))
        })?
        .collect()
}

/// Refuses what a newer Mecris wrote; `what` is what it is called.
///
/// # Errors
/// [`StoreError::TooNew`].
pub fn refuse_newer(connection: &Connection, what: &str) -> Result<(), StoreError> {
    version::refuse_newer(connection, Path::new(what))
}

/// A row that refers to one that is not there.
pub(in crate::store) fn orphan(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection
        .query_row("PRAGMA foreign_key_check", [], |row| {
            let (table, row, parent): (String, Option<i64>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(format!(
                "row {} of {table} refers to one of {parent} that is not there",
                row.unwrap_or_default()
            ))
        })
        .optional()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::in_memory;

    fn why(change: &str) -> String {
        let connection = in_memory().unwrap();
        connection.execute_batch(change).unwrap();
        verify(&connection, "the copy").unwrap_err().to_string()
    }

    #[test]
    fn every_version_of_the_schema_is_sound() {
        for version in 1..=version::known() {
            let empty = migrate::empty_of(version).unwrap();
            let sound = verify(&empty, "the copy").unwrap();
            assert_eq!(
                sound,
                Sound {
                    schema_version: version
                }
            );
        }
    }

    #[test]
    fn what_is_none_of_mecris_is_damage() {
        assert_eq!(
            why("CREATE TRIGGER again AFTER INSERT ON runs BEGIN DELETE FROM steps; END"),
            "the copy is damaged: it has a trigger again, which is none of Mecris"
        );
        assert_eq!(
            why("DROP TABLE claims"),
            format!(
                "the copy is damaged: it has no table claims, although its schema version is {}",
                version::known()
            )
        );
        assert_eq!(
            why("ALTER TABLE claims RENAME COLUMN subject TO about"),
            "the copy is damaged: its table claims has no column subject"
        );
        assert_eq!(
            why("INSERT INTO untold VALUES ('goal:reading', 'yesterday')"),
            "the copy is damaged: column since of its table untold holds no time, but \"yesterday\", in the row subject \
             = 'goal:reading'"
        );
        assert_eq!(
            why("PRAGMA user_version = 0"),
            "the copy is damaged: it is no state of Mecris"
        );
    }

    /// Every lower number that one wrong bit makes of the newest.
    #[test]
    fn a_version_that_is_too_low_is_damage_because_the_state_could_not_be_migrated() {
        let newest = version::known();
        for version in (0..4)
            .map(|bit| newest ^ (1 << bit))
            .filter(|version| (1..newest).contains(version))
        {
            let why = why(&format!("PRAGMA user_version = {version}"));
            let end = format!(", although its schema version is only {version}");
            assert!(
                why.starts_with("the copy is damaged: it") && why.ends_with(&end),
                "{why}"
            );
        }
        assert_eq!(
            why("PRAGMA user_version = 10"),
            "the copy is damaged: its table usage_sessions has the column cache_write_tokens, although its schema \
             version is only 10"
        );
    }

    #[test]
    fn a_table_that_a_person_added_harms_nothing() {
        let connection = in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE words (word TEXT); ALTER TABLE claims ADD COLUMN more TEXT")
            .unwrap();
        verify(&connection, "the copy").unwrap();
    }

    #[test]
    fn of_a_newer_release_only_what_runs_by_itself_is_damage() {
        let connection = in_memory().unwrap();
        let newer = "CREATE TABLE words (word TEXT); PRAGMA user_version = 4711";
        connection.execute_batch(newer).unwrap();
        assert_eq!(verify(&connection, "the copy").unwrap().schema_version, 4711);
        connection
            .execute_batch("CREATE VIEW claimed AS SELECT * FROM claims")
            .unwrap();
        assert!(verify(&connection, "the copy").is_err());
    }
}
