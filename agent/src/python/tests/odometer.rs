//! Groq readings, and the sessions that were made up from them.

use super::*;

const READINGS: &str =
    "SELECT month, value_micros, at FROM odometer_readings WHERE provider = 'groq' ORDER BY at";

#[test]
fn the_live_readings_come_over_without_the_wrong_one() {
    let (old, mut state) = (Old::live(), state());
    let report = take_all(&mut state, &old);
    let line = |month: &str, micros: i64, utc: &str| format!("{month} | {micros} | {}", at(utc));
    assert_eq!(
        column(&state, READINGS),
        [
            line("2025-09", 1_350_000, "2025-09-10T23:37:45.1Z"),
            line("2025-09", 1_350_000, "2025-09-10T23:39:08.2Z"),
            line("2025-08", 800_000, "2025-09-10T23:52:00.4Z"),
            line("2025-09", 1_900_000, "2025-09-14T13:00:00.5Z"),
        ]
    );
    assert_eq!(
        reasons(&report, "groq_odometer_readings"),
        [
            "id 3 x1 -: the total of 2025-08 entered as one of 2025-09: it was entered again for 2025-08 soon after"
        ]
    );
    assert_eq!(
        reasons(&report, "groq_monthly_summaries"),
        ["month \"2025-08\" x2 -: the month's readings are taken instead"]
    );
    assert_eq!(report.notes, Vec::<String>::new());
}

#[test]
fn an_earlier_months_reading_counts_from_when_it_was_entered() {
    let (old, mut state) = (Old::new(), state());
    old.reading("2025-08-20T10:00:00", "2025-08", 0.50, None);
    // Stamped with the first of the month, and yet the newest total of it.
    old.reading(
        "2025-09-10T10:00:00",
        "2025-08",
        0.80,
        Some("2025-08-01T00:00:00"),
    );
    take_all(&mut state, &old);
    let months = crate::store::tables::odometer::months(&state, crate::domain::Provider::Groq).unwrap();
    assert_eq!(
        (months.len(), months[0].value.micros(), months[0].readings),
        (1, 800_000, 2)
    );
}

#[test]
fn a_drop_inside_a_month_is_taken_as_a_correction_and_said() {
    let (old, mut state) = (Old::new(), state());
    old.reading("2025-09-01T10:00:00", "2025-09", 9.0, None);
    old.reading("2025-09-02T10:00:00", "2025-09", 1.0, None);
    let report = take_all(&mut state, &old);
    assert_eq!(counts(&report, "groq_odometer_readings"), (2, 2, 0, 0, 0));
    assert_eq!(
        report.notes,
        ["Groq's total of 2025-09 fell from $9.00 to $1.00: taken as a correction, the later reading counts"]
    );
}

#[test]
fn a_reset_at_the_turn_of_the_month_is_no_drop() {
    let (old, mut state) = (Old::new(), state());
    old.reading("2025-08-31T10:00:00", "2025-08", 9.0, None);
    old.reading("2025-09-01T10:00:00", "2025-09", 0.1, None);
    old.budget
        .execute_batch("UPDATE groq_odometer_readings SET is_reset = 1 WHERE id = 2")
        .unwrap();
    let report = take_all(&mut state, &old);
    assert_eq!(
        (counts(&report, "groq_odometer_readings").1, report.notes.len()),
        (2, 0)
    );
}

#[test]
fn a_months_total_counts_where_its_readings_are_gone() {
    let (old, mut state) = (Old::new(), state());
    old.budget
        .execute_batch(
            "INSERT INTO groq_monthly_summaries (month, total_cost, finalized, created_at, updated_at)
             VALUES ('2025-07', 3.25, 1, '2025-07-03T10:00:00', '2025-08-01T10:00:00');",
        )
        .unwrap();
    let report = take_all(&mut state, &old);
    assert_eq!(counts(&report, "groq_monthly_summaries"), (1, 1, 0, 0, 0));
    assert_eq!(
        column(&state, READINGS),
        [format!("2025-07 | 3250000 | {}", at("2025-08-01T14:00:00Z"))]
    );
}

#[test]
fn sessions_made_up_from_readings_are_left_out_and_real_ones_are_not() {
    let (old, mut state) = (Old::new(), state());
    // $1.35 on the 10th: 0.135 a day, as tokens and back, twice.
    old.reading("2025-09-10T19:37:45.1", "2025-09", 1.35, None);
    old.reading("2025-09-10T19:39:08.2", "2025-09", 1.35, None);
    old.provider_session("groq", "2025-09-10T19:37:45.2", (945_000, 405_000), 0.135);
    old.provider_session("groq", "2025-09-10T19:39:08.9", (944_990, 404_990), 0.134_998);
    // Real: another cost at the same time, the same cost at another time, another provider.
    old.provider_session("groq", "2025-09-10T19:39:09", (2_000, 800), 0.000_28);
    old.provider_session("groq", "2025-09-10T19:45:00", (945_000, 405_000), 0.135);
    old.provider_session("anthropic", "2025-09-10T19:39:08.9", (945_000, 405_000), 0.135);
    // And one that says itself what it is.
    old.provider_session("groq", "2025-09-11T10:00:00", (10, 10), 0.1);
    old.budget
        .execute_batch("UPDATE provider_usage SET notes = 'Daily share (odometer)' WHERE id = 6")
        .unwrap();
    let report = take_all(&mut state, &old);
    assert_eq!(counts(&report, "provider_usage"), (6, 3, 0, 3, 0));
    assert_eq!(
        reasons(&report, "provider_usage"),
        ["id 1 x3 -: made up from an odometer reading, which is taken itself: the session would count twice"]
    );
    assert!(!report.something_unknown());
}
