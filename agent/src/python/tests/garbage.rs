//! Whatever is in the cells: nothing breaks, the good rows come over, and a second time changes nothing.

use proptest::prelude::*;
use rusqlite::{params_from_iter, types::Value};

use super::*;

/// Tables whose columns take any value, as SQLite's do when nobody declared a type.
fn loose(schema: &str) -> String {
    let mut text = String::new();
    for line in schema.lines().filter(|line| !line.starts_with("--")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        text.push_str(match words.first() {
            Some(first) if *first == "CREATE" || first.starts_with(')') => line,
            Some(first) if first.starts_with("UNIQUE") => "unused",
            Some(first) => first,
            None => "",
        });
        text.push_str(if line.ends_with(',') { ",\n" } else { "\n" });
    }
    text
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Integer),
        (-3_i64..40).prop_map(Value::Integer),
        any::<f64>().prop_map(Value::Real),
        Just(Value::Real(1e308)),
        (-10.0..30.0).prop_map(Value::Real),
        any::<String>().prop_map(Value::Text),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Value::Blob),
        prop::sample::select(vec![
            "",
            " ",
            "0.5",
            "-1",
            "NaN",
            "inf",
            "1e309",
            "anthropic",
            "groq",
            "GROQ ",
            "beeminder",
            "budget",
            "critical",
            "warning",
            "2025-09",
            "2025-13",
            "9999-12",
            "2025-09-10",
            "2025-09-10T19:39:08",
            "2025-09-10 19:39:08",
            "2025-03-09T02:30:00",
            "0001-01-01T00:00:00",
            "9999-12-31T23:59:59",
            "-009999-01-01T00:00:00",
            "2025-09-10T19:39:08+25:00",
            "2025-09-10T19:39:08Z",
            "20250910T193908",
            "x\n• bike: y\n• bike: z",
            "• : :",
            "critical_count: 99999999999999999999999",
        ])
        .prop_map(|text| Value::Text(text.to_owned())),
    ]
}

/// Rows for the eight tables, each as wide as the widest.
fn rows() -> impl Strategy<Value = Vec<(usize, Vec<Value>)>> {
    prop::collection::vec((0..8_usize, prop::collection::vec(value(), 12)), 0..24)
}

const TABLES: [(&str, bool); 8] = [
    ("usage_sessions", true),
    ("budget_tracking", true),
    ("alert_log", true),
    ("budget_reconciliation", true),
    ("provider_usage", false),
    ("reconciliation_jobs", false),
    ("groq_odometer_readings", false),
    ("groq_monthly_summaries", false),
];

fn anything_goes() -> Old {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str, schema: &str| {
        let connection = Connection::open(folder.path().join(name)).unwrap();
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        connection.execute_batch(&loose(schema)).unwrap();
        connection
    };
    let usage = make("mecris_usage.db", include_str!("../fixtures/usage.sql"));
    let budget = make(
        "mecris_virtual_budget.db",
        include_str!("../fixtures/virtual_budget.sql"),
    );
    Old {
        folder,
        usage,
        budget,
    }
}

/// One good row a table, with an id that garbage has not.
fn good(old: &Old) {
    old.usage
        .execute_batch(
            "INSERT INTO usage_sessions VALUES (1000, '2025-09-03T10:00:00', 'good-model', 123, 45, 0.5, 'interactive', '');
             INSERT INTO alert_log VALUES (1000, 'beeminder', 'critical', 'x
• good-goal: y', '2025-09-03T10:00:00', '');
             INSERT INTO budget_reconciliation VALUES (1000, '2025-09-03', 1, 2, 3, 'good-reason', 4, 5, 'me', '2025-09-03 10:00:00');",
        )
        .unwrap();
    old.budget
        .execute_batch(
            "INSERT INTO provider_usage VALUES (1000, 'groq', 'good-model', 77, 45, 0.5, NULL, '2025-09-04T10:00:00', 'interactive', '', 0);
             INSERT INTO reconciliation_jobs VALUES (1000, 'groq', '2025-09-03', 1.0, 2.0, 3.0, 4, '2025-09-03T10:00:00');
             INSERT INTO groq_odometer_readings VALUES (1000, '2025-09-03T10:00:00', '2025-09', 0.75, 0, 0, 'good-note', '2025-09-03T10:00:00');",
        )
        .unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn garbage_breaks_nothing_and_loses_nothing_good(rows in rows()) {
        let old = anything_goes();
        for (table, cells) in rows {
            let (name, in_usage) = TABLES[table];
            let connection = if in_usage { &old.usage } else { &old.budget };
            let width = connection.prepare(&format!("SELECT * FROM {name}")).unwrap().column_count();
            let marks = vec!["?"; width].join(", ");
            let insert = format!("INSERT INTO {name} VALUES ({marks})");
            connection.execute(&insert, params_from_iter(cells.into_iter().take(width))).unwrap();
        }
        good(&old);
        let mut state = state();
        let report = take_all(&mut state, &old);
        for table in &report.tables {
            prop_assert_eq!(table.rows, table.taken + table.already_there + table.skipped, "{:?}", table);
            let told: usize = table.skips.iter().map(|skip| skip.rows).sum();
            prop_assert_eq!(told, table.skipped, "each skipped row has its reason");
        }
        for (query, good) in [
            ("SELECT count(*) FROM usage_sessions WHERE model = 'good-model'", "2"),
            ("SELECT count(*) FROM claims WHERE subject = 'goal:good-goal' AND day = '2025-09-03'", "1"),
            ("SELECT count(*) FROM reconciliations WHERE author = 'me' OR reason LIKE 'estimated and billed for 2025-09-03, 4 %'", "2"),
            ("SELECT count(*) FROM odometer_readings WHERE notes = 'good-note'", "1"),
            ("SELECT count(*) FROM pragma_foreign_key_check", "0"),
        ] {
            prop_assert_eq!(column(&state, query), [good], "{}", query);
        }
        // Whatever came over can be read by everything that reads the state.
        crate::store::tables::outbox::list(&state, 1000).unwrap();
        crate::store::tables::sessions::recent(&state, 1000).unwrap();
        crate::store::tables::odometer::months(&state, crate::domain::Provider::Groq).unwrap();
        crate::store::tables::claims::from_day(&state, "0001-01-01".parse().unwrap()).unwrap();
        crate::store::tables::budget::adjustment(&state, crate::domain::Provider::Anthropic).unwrap();

        let before = dump(&state);
        take_all(&mut state, &old);
        prop_assert_eq!(dump(&state), before);
    }
}

#[test]
fn each_kind_of_nonsense_is_named_with_row_and_column() {
    let (old, mut state) = (anything_goes(), state());
    old.usage
        .execute_batch(
            "INSERT INTO usage_sessions VALUES
                (1, 'yesterday', 'm', 1, 1, 0.1, 's', ''),
                (2, NULL, 'm', 1, 1, 0.1, 's', ''),
                (3, 1757533080, 'm', 1, 1, 0.1, 's', ''),
                (4, '2025-09-01T10:00:00', '', 1, 1, 0.1, 's', ''),
                (5, '2025-09-01T10:00:00', 'm', -5, 1, 0.1, 's', ''),
                (6, '2025-09-01T10:00:00', 'm', 1.5, 1, 0.1, 's', ''),
                (7, '2025-09-01T10:00:00', 'm', 1, 'many', 0.1, 's', ''),
                (8, '2025-09-01T10:00:00', 'm', 1, 1, 1e308, 's', ''),
                (9, '2025-09-01T10:00:00', 'm', 1, 1, 'free', 's', ''),
                (10, '2025-09-01T10:00:00', 'm', 1, 1, -0.5, 's', ''),
                (11, '2025-09-01T10:00:00', 'm', 1, 1, 0.1, x'ff', ''),
                (12, '1970-01-01T00:00:00', 'm', 1, 1, 0.1, 's', ''),
                (13, '2025-09-01T10:00:00', 'm', '1', 2.0, '0.25', NULL, NULL);",
        )
        .unwrap();
    let report = take_all(&mut state, &old);
    assert_eq!(
        reasons(&report, "usage_sessions"),
        [
            "id 1 x1 timestamp: \"yesterday\" is not a time such as 2025-09-10T19:39:08",
            "id 2 x1 timestamp: NULL is not a text",
            "id 3 x1 timestamp: 1757533080 is not a text",
            "id 4 x1 model: \"\" is not a text",
            "id 5 x1 input_tokens: -5 is not a number of 0 or more",
            "id 6 x1 input_tokens: 1.5 is not a number of 0 or more",
            "id 7 x1 output_tokens: \"many\" is not a number of 0 or more",
            "id 8 x1 estimated_cost: 1e308 is not an amount in dollars",
            "id 9 x1 estimated_cost: \"free\" is not an amount in dollars",
            "id 10 x1 estimated_cost: -$0.50 is less than 0",
            "id 11 x1 session_type: 1 bytes that are not a text",
            "id 12 x1 timestamp: \"1970-01-01T00:00:00\" lies before 2000-01-01",
        ]
    );
    assert_eq!(
        column(
            &state,
            "SELECT input_tokens, output_tokens, cost_micros, session_type FROM usage_sessions"
        ),
        ["1 | 2 | 250000 | interactive"],
        "what SQLite kept as another type but means the same comes over"
    );
    assert!(report.something_unknown());
}
