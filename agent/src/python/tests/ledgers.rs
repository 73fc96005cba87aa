//! Budget, sessions, reconciliations.

use super::*;
use crate::{
    domain::{Money, Provider},
    store::tables::budget::{self, Adjustment},
};

fn said(state: &Connection) -> Option<Adjustment> {
    budget::adjustment(state, Provider::Anthropic).unwrap()
}

#[test]
fn the_live_rows_come_over() {
    let (old, mut state) = (Old::live(), state());
    let report = take_all(&mut state, &old);
    assert_eq!(counts(&report, "budget_tracking"), (1, 1, 0, 0, 0));
    assert_eq!(counts(&report, "usage_sessions"), (2, 2, 0, 0, 0));
    assert_eq!(counts(&report, "groq_odometer_readings"), (5, 4, 0, 1, 0));
    assert_eq!(counts(&report, "groq_monthly_summaries"), (2, 0, 0, 2, 0));
    assert_eq!(counts(&report, "alert_log"), (0, 0, 0, 0, 0));
    assert!(!report.something_unknown(), "{report:?}");
    let expected = Adjustment {
        limit: Money::from_usd(24.96).ok(),
        used: Money::from_usd(5.42).ok(),
        period_start: "2025-08-06".parse().unwrap(),
        period_end: "2025-09-30".parse().unwrap(),
        at: "2025-09-11T00:01:02.345678Z".parse().unwrap(),
    };
    assert_eq!(said(&state), Some(expected));
    assert_eq!(
        column(
            &state,
            "SELECT at, provider, model, input_tokens, output_tokens, cost_micros FROM usage_sessions"
        ),
        [
            "2025-08-07T14:00:00.000001000Z | anthropic | claude-3-5-sonnet-20241022 | 10000 | 2000 | 60000",
            "2025-08-07T15:30:00.000000000Z | anthropic | claude-3-5-sonnet-20241022 | 5000 | 2333 | 50000",
        ]
    );
}

#[test]
fn a_budget_of_a_period_that_is_over_is_history() {
    let (old, mut state) = (Old::live(), state());
    let report = take_at(&mut state, &old.paths(), &context("2025-10-24T12:00:00Z"));
    assert_eq!(counts(&report, "budget_tracking"), (1, 1, 0, 0, 0));
    assert_eq!(said(&state), None);
    assert_eq!(
        column(
            &state,
            "SELECT provider, day, before_micros, after_micros, reason, author FROM reconciliations"
        ),
        [
            "anthropic | 2025-09-30 | - | 19540000 | what remained of $24.96 for 2025-08-06 to 2025-09-30 | budget_tracking"
        ]
    );
    assert_eq!(
        report.notes,
        [
            "the Claude budget's period ended on 2025-09-30: $19.54 of $24.96 remained. It is kept as history; \
          [budget.anthropic] counts from now on"
        ]
    );
}

#[test]
fn the_last_day_of_a_period_still_counts() {
    let (old, mut state) = (Old::live(), state());
    take_at(&mut state, &old.paths(), &context("2025-10-01T03:59:59Z"));
    assert!(said(&state).is_some(), "23:59:59 of 30 September in New York");
}

#[test]
fn what_was_said_here_later_is_not_overwritten() {
    let (old, mut state) = (Old::live(), state());
    let newer = Adjustment {
        limit: None,
        used: Some(Money::from_usd(7.0).unwrap()),
        period_start: "2025-09-01".parse().unwrap(),
        period_end: "2025-09-30".parse().unwrap(),
        at: "2025-09-12T00:00:00Z".parse().unwrap(),
    };
    let tx = state.transaction().unwrap();
    budget::set_adjustment(&tx, Provider::Anthropic, &newer).unwrap();
    tx.commit().unwrap();
    let report = take_all(&mut state, &old);
    assert_eq!(
        reasons(&report, "budget_tracking"),
        ["id 1 x1 -: what was said here on 2025-09-11 is newer"]
    );
    assert_eq!(said(&state), Some(newer.clone()));

    old.tracking(24.96, 15.0, "2025-09-30", "2025-09-13T08:00:00");
    take_all(&mut state, &old);
    assert_eq!(
        said(&state).unwrap().used,
        Money::from_usd(9.96).ok(),
        "and what the old system heard later counts"
    );
}

#[test]
fn the_newest_of_several_copies_counts_in_any_order() {
    let (early, late) = (Old::live(), Old::live());
    late.tracking(30.0, 10.0, "2025-09-30", "2025-09-12T08:00:00");
    let paths = [early.paths()[0].clone(), late.paths()[0].clone()];
    for files in [
        [paths[0].clone(), paths[1].clone()],
        [paths[1].clone(), paths[0].clone()],
    ] {
        let mut state = state();
        let report = take_at(&mut state, &files, &context(NOW));
        assert_eq!(said(&state).unwrap().limit, Money::from_usd(30.0).ok());
        assert_eq!(
            counts(&report, "usage_sessions"),
            (4, 2, 2, 0, 0),
            "the same rows in two copies are one"
        );
    }
}

#[test]
fn budgets_that_nobody_can_mean_are_refused() {
    let refused = |total: f64, remaining: f64, end: &str| {
        let (old, mut state) = (Old::new(), state());
        old.tracking(total, remaining, end, "2025-09-10T20:00:00");
        let report = take_all(&mut state, &old);
        assert_eq!(said(&state), None);
        reasons(&report, "budget_tracking").pop().unwrap()
    };
    assert_eq!(
        refused(24.96, 30.0, "2025-09-30"),
        "id 1 x1 remaining_budget: $30.00 remain of $24.96: one of the two is wrong. Report the right amount with POST /usage/update_budget"
    );
    assert_eq!(
        refused(24.96, 24.95, "2025-09-30"),
        "id 1 x1 -: the Python system writes this row by itself; no person said it"
    );
    assert_eq!(
        refused(-1.0, -2.0, "2025-09-30"),
        "id 1 x1 total_budget: -$1.00 is less than 0"
    );
    assert_eq!(
        refused(1e308, 1.0, "2025-09-30"),
        "id 1 x1 total_budget: 1e308 is not an amount in dollars"
    );
    assert_eq!(
        refused(5.0, 1.0, "2025-08-01"),
        "id 1 x1 budget_period_end: 2025-08-01 lies before the period's start, 2025-08-06"
    );
    assert_eq!(
        refused(5.0, 1.0, "end of month"),
        "id 1 x1 budget_period_end: \"end of month\" is not a day such as 2025-09-30"
    );
}

#[test]
fn a_spent_budget_comes_over_and_a_time_of_day_in_the_period_is_cut() {
    let (old, mut state) = (Old::new(), state());
    old.tracking(5.0, -1.5, "2025-09-30T23:59:59", "2025-09-10T20:00:00+00:00");
    take_all(&mut state, &old);
    let said = said(&state).unwrap();
    assert_eq!(
        (said.used, said.period_end),
        (Money::from_usd(6.5).ok(), "2025-09-30".parse().unwrap())
    );
    assert_eq!(
        said.at,
        "2025-09-10T20:00:00Z".parse().unwrap(),
        "an offset is taken as it is"
    );
}

#[test]
fn a_period_that_lies_ahead_waits() {
    let (old, mut state) = (Old::live(), state());
    old.usage
        .execute(
            "UPDATE budget_tracking SET budget_period_start = '2025-09-20'",
            [],
        )
        .unwrap();
    let report = take_all(&mut state, &old);
    assert_eq!(
        reasons(&report, "budget_tracking"),
        ["id 1 x1 -: its period begins on 2025-09-20: import it then"]
    );
    let report = take_at(&mut state, &old.paths(), &context("2025-09-20T12:00:00Z"));
    assert_eq!(counts(&report, "budget_tracking"), (1, 1, 0, 0, 0));
}

#[test]
fn a_session_in_both_files_is_one() {
    let (old, mut state) = (Old::new(), state());
    old.session("2025-09-01T10:00:00.1", (1_000, 500), 0.0105);
    old.session("2025-09-01T10:00:01.1", (1_000, 500), 0.0105);
    old.provider_session("anthropic", "2025-09-01T10:00:00.2", (1_000, 500), 0.0105);
    old.provider_session("anthropic", "2025-09-01T10:00:01.2", (1_000, 500), 0.0105);
    old.provider_session("anthropic", "2025-09-01T10:00:02.2", (1_000, 500), 0.0105);
    old.provider_session("anthropic", "2025-09-01T10:30:00.2", (1_000, 500), 0.0105);
    let report = take_all(&mut state, &old);
    assert_eq!(counts(&report, "usage_sessions"), (2, 2, 0, 0, 0));
    assert_eq!(
        counts(&report, "provider_usage"),
        (4, 2, 0, 2, 0),
        "each has one twin at most"
    );
    assert_eq!(
        reasons(&report, "provider_usage"),
        ["id 1 x2 -: the same session is in usage_sessions too, and was taken from there"]
    );
}

#[test]
fn a_session_in_both_files_is_one_when_the_files_come_one_by_one() {
    let (old, mut state) = (Old::new(), state());
    old.session("2025-09-01T10:00:00.1", (1_000, 500), 0.0105);
    old.provider_session("anthropic", "2025-09-01T10:00:00.2", (1_000, 500), 0.0105);
    let [usage, budget] = old.paths();
    take_at(&mut state, &[budget], &context(NOW));
    let report = take_at(&mut state, &[usage], &context(NOW));
    assert_eq!(counts(&report, "usage_sessions"), (1, 0, 0, 1, 0));
    assert_eq!(column(&state, "SELECT count(*) FROM usage_sessions"), ["1"]);
}

#[test]
fn what_was_billed_counts_where_it_was_reconciled() {
    let (old, mut state) = (Old::new(), state());
    for (hour, reconciled) in [(10, 1), (11, 0)] {
        old.provider_session("groq", &format!("2025-09-01T{hour}:00:00"), (100, 50), 0.5);
        let update =
            "UPDATE provider_usage SET actual_cost = 0.25, reconciled = ?1 WHERE id = last_insert_rowid()";
        old.budget.execute(update, [reconciled]).unwrap();
    }
    take_all(&mut state, &old);
    assert_eq!(
        column(&state, "SELECT provider, cost_micros FROM usage_sessions"),
        ["groq | 250000", "groq | 500000"]
    );
}

#[test]
fn reconciliations_come_over_and_sqlites_own_times_are_utc() {
    let (old, mut state) = (Old::new(), state());
    old.usage
        .execute_batch(
            "INSERT INTO budget_reconciliation (reconciliation_date, budget_before, manual_adjustment, budget_after, adjustment_reason, created_at)
             VALUES ('2025-09-10', 24.96, -5.42, 19.54, 'anthropic-console-sync', '2025-09-10 20:00:00'),
                    (NULL, NULL, NULL, 19.0, NULL, '2025-09-10T20:00:00');",
        )
        .unwrap();
    old.budget
        .execute_batch(
            "INSERT INTO reconciliation_jobs (provider, job_date, estimated_total, actual_total, drift_percentage, records_reconciled, reconciled_at)
             VALUES ('groq', '2025-09-09', 0.5, 0.25, 100.0, 3, '2025-09-10T00:10:00');",
        )
        .unwrap();
    let report = take_all(&mut state, &old);
    assert_eq!(counts(&report, "budget_reconciliation"), (2, 2, 0, 0, 0));
    assert_eq!(counts(&report, "reconciliation_jobs"), (1, 1, 0, 0, 0));
    assert_eq!(
        column(
            &state,
            "SELECT provider, at, day, before_micros, after_micros, reason, author FROM reconciliations ORDER BY id"
        ),
        [
            format!(
                "anthropic | {} | 2025-09-10 | 24960000 | 19540000 | anthropic-console-sync; manual adjustment -$5.42 | mcp-workflow",
                at("2025-09-10T20:00:00Z")
            ),
            format!(
                "anthropic | {} | 2025-09-10 | - | 19000000 |  | mcp-workflow",
                at("2025-09-11T00:00:00Z")
            ),
            format!(
                "groq | {} | 2025-09-09 | 500000 | 250000 | estimated and billed for 2025-09-09, 3 sessions | billing reconciliation",
                at("2025-09-10T04:10:00Z")
            ),
        ]
    );
}

#[test]
fn what_is_left_behind_is_said() {
    let (old, mut state) = (Old::new(), state());
    old.usage
        .execute(
            "INSERT INTO goals (title, created_at) VALUES ('a', 'b'), ('c', 'd')",
            [],
        )
        .unwrap();
    old.usage
        .execute_batch("CREATE TABLE token_bank (x); INSERT INTO token_bank VALUES (1)")
        .unwrap();
    let report = take_all(&mut state, &old);
    assert_eq!(counts(&report, "goals"), (2, 0, 0, 2, 0));
    assert_eq!(
        reasons(&report, "goals"),
        ["all x2 -: Mecris keeps no list of tasks: what you promised is read from Beeminder"]
    );
    assert_eq!(
        reasons(&report, "token_bank"),
        ["all x1 -: Mecris does not know this table of the Python system"]
    );
    assert_eq!(counts(&report, "provider_cache"), (0, 0, 0, 0, 0));
    assert!(!report.something_unknown());
}

#[test]
fn local_times_are_read_in_the_zone_on_the_nights_the_clock_is_changed_too() {
    let (old, mut state) = (Old::new(), state());
    for local in [
        "2025-03-09T01:59:59", // before the gap
        "2025-03-09T02:30:00", // skipped: an hour later
        "2025-03-09T03:00:00",
        "2024-11-03T01:30:00", // shown twice: the first
        "2024-11-03T02:00:00",
        "2025-01-01T00:00:00Z",
        "2025-01-01 00:00:00-08:00",
    ] {
        old.session(local, (1, 1), 0.0);
    }
    take_all(&mut state, &old);
    let utc: Vec<String> = [
        "2025-03-09T06:59:59Z",
        "2025-03-09T07:30:00Z",
        "2025-03-09T07:00:00Z",
        "2024-11-03T05:30:00Z",
        "2024-11-03T07:00:00Z",
        "2025-01-01T00:00:00Z",
        "2025-01-01T08:00:00Z",
    ]
    .map(at)
    .into();
    assert_eq!(column(&state, "SELECT at FROM usage_sessions ORDER BY id"), utc);
}
