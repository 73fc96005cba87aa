use super::*;
use crate::store::in_memory;

/// Every column of text of the newest schema, as `table.column`.
fn in_schema() -> BTreeSet<String> {
    let connection = in_memory().unwrap();
    let mut statement = connection
        .prepare(
            "SELECT object.name || '.' || column.name
               FROM sqlite_schema AS object JOIN pragma_table_info(object.name) AS column
              WHERE object.type = 'table' AND object.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND column.type = 'TEXT'",
        )
        .unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    names.collect::<rusqlite::Result<_>>().unwrap()
}

fn listed() -> impl Iterator<Item = (&'static str, &'static str, Holds)> {
    COLUMNS.iter().flat_map(|(table, columns)| {
        let of_table = |(column, holds): &(&'static str, Holds)| (*table, *column, *holds);
        columns.iter().map(of_table)
    })
}

#[test]
fn the_list_has_every_column_of_text_once() {
    let names: Vec<String> = listed()
        .map(|(table, column, _)| format!("{table}.{column}"))
        .collect();
    let once: BTreeSet<String> = names.iter().cloned().collect();
    assert_eq!(once.len(), names.len(), "a column is listed twice");
    assert_eq!(once, in_schema());
}

#[test]
fn what_is_named_like_a_time_or_a_day_is_one() {
    for (table, column, holds) in listed() {
        let expected = match column {
            "at" | "since" | "until" | "losedate" | "as_of" => Time,
            "day" | "occasion" => Day,
            "month" => OfMonth,
            _ if ["_at", "_until", "_since"]
                .iter()
                .any(|end| column.ends_with(end)) =>
            {
                Time
            }
            _ if ["period_start", "period_end"]
                .iter()
                .any(|end| column.ends_with(end)) =>
            {
                Day
            }
            _ => Text,
        };
        assert_eq!(holds, expected, "{table}.{column}");
    }
}

/// A state with one row in each table, whose texts are all readable. References are not checked here.
fn filled() -> Connection {
    let connection = in_memory().unwrap();
    connection
        .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
        .unwrap();
    for (table, columns) in COLUMNS {
        connection.execute(&format!("DELETE FROM {table}"), []).unwrap();
        let mut statement = connection
            .prepare("SELECT name, type FROM pragma_table_info(?1)")
            .unwrap();
        let all: Vec<(String, String)> = statement
            .query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap();
        let value = |(name, kind): &(String, String)| {
            let holds = columns.iter().find(|(column, _)| column == name);
            match holds.map(|(_, holds)| *holds) {
                Some(Time) => "'2026-11-21T15:00:00.000000000Z'",
                Some(Day) => "'2026-11-21'",
                Some(OfMonth) => "'2026-11'",
                Some(Text) => "'a'",
                None if kind == "REAL" => "1.0",
                None => "1",
            }
        };
        let (names, values): (Vec<&str>, Vec<&str>) = all
            .iter()
            .map(|column| (column.0.as_str(), value(column)))
            .unzip();
        let sql = format!(
            "INSERT INTO {table} ({}) VALUES ({})",
            names.join(", "),
            values.join(", ")
        );
        connection.execute(&sql, []).unwrap();
    }
    connection
}

#[test]
fn what_is_no_time_no_day_and_no_month_is_found_in_every_column() {
    let connection = filled();
    assert_eq!(unreadable(&connection).unwrap(), None);
    for (table, column, holds) in listed().filter(|(.., holds)| *holds != Text) {
        for odd in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-02-30T00:00:00Z",
            "1764000000",
        ] {
            connection
                .execute_batch(&format!("SAVEPOINT one; UPDATE {table} SET {column} = '{odd}'"))
                .unwrap();
            let why = unreadable(&connection).unwrap().unwrap_or_default();
            let expected = format!(
                "column {column} of its table {table} holds no {}, but {odd:?}, in the row ",
                holds.name()
            );
            assert!(why.starts_with(&expected), "{table}.{column}: {why}");
            connection.execute_batch("ROLLBACK TO one; RELEASE one").unwrap();
        }
    }
    assert_eq!(unreadable(&connection).unwrap(), None);
}

#[test]
fn the_row_is_named_by_its_key_and_nothing_of_it_breaks_the_line() {
    let connection = filled();
    connection
        .execute_batch(
            "UPDATE readings SET goal = 'a' || char(10) || 'b', losedate = 'no' || char(27) || 'ne'",
        )
        .unwrap();
    insta::assert_snapshot!(
        unreadable(&connection).unwrap().unwrap(),
        @"column losedate of its table readings holds no time, but \"no ne\", in the row goal = 'a b', at = '2026-11-21T15:00:00.000000000Z'"
    );
}
