//! Trouble of passes: missed days, and passes over their deadline.

use super::*;

fn assess_run(history: &History, elapsed_seconds: u64) -> Condition {
    let observed = Observed {
        elapsed: Duration::from_secs(elapsed_seconds),
        ..observed(Vec::new())
    };
    find(
        &assess(&observed, history, &settings(), &outlook(today("15:00"))),
        "run",
    )
}

#[test]
fn a_missed_day_is_said_on_the_day_on_which_it_began() {
    let last_success = Some(at("2026-11-19T17:55:00-05:00"));
    let missing = assess_run(
        &History {
            last_success,
            ..healthy()
        },
        1,
    );
    assert_eq!(missing.severity, Severity::Warning);
    assert_eq!(missing.phrase.long, "no successful pass since Thu 17:55");

    let nothing_was_due = History {
        last_success,
        nothing_was_due: true,
        ..healthy()
    };
    assert_eq!(assess_run(&nothing_was_due, 1).severity, Severity::Safe);

    let gap = Some((at("2026-11-19T17:55:00-05:00"), today("13:00")));
    let ended = assess_run(&History { gap, ..healthy() }, 1);
    assert_eq!(ended.severity, Severity::Warning);
    assert_eq!(
        ended.phrase.long,
        "no successful pass from Thu 17:55 to 13:00, running again"
    );
    assert_eq!(missing.day.to_string(), "2026-11-19");
    assert_eq!(
        ended.day, missing.day,
        "one gap is one alert, before and after it ends"
    );
}

#[test]
fn twenty_five_hours_are_not_yet_a_missed_day() {
    let run = |last_success| {
        assess_run(
            &History {
                last_success,
                ..healthy()
            },
            1,
        )
        .severity
    };
    assert_eq!(run(Some(at("2026-11-20T14:00:00-05:00"))), Severity::Safe);
    assert_eq!(run(Some(at("2026-11-20T13:59:59-05:00"))), Severity::Warning);
    assert_eq!(
        run(Some(at("2027-01-01T00:00:00Z"))),
        Severity::Safe,
        "a clock that was set back is not a missed day"
    );
}

#[test]
fn a_first_pass_is_no_missed_day_but_never_succeeding_is() {
    assert_eq!(assess_run(&History::default(), 1).severity, Severity::Safe);
    let first_run = Some(at("2026-11-19T13:00:00-05:00"));
    assert_eq!(
        assess_run(
            &History {
                first_run,
                ..History::default()
            },
            1
        )
        .severity,
        Severity::Warning
    );
}

#[test]
fn a_pass_over_its_deadline_is_said_on_its_own_day() {
    assert_eq!(assess_run(&healthy(), 30).severity, Severity::Safe);
    let slow = assess_run(&healthy(), 31);
    assert_eq!(
        (slow.severity, slow.day.to_string().as_str()),
        (Severity::Warning, "2026-11-21")
    );
    let overran = Some((at("2026-11-20T17:55:00-05:00"), Duration::from_secs(45)));
    let last = assess_run(&History { overran, ..healthy() }, 1);
    assert_eq!(
        (last.severity, last.day.to_string().as_str()),
        (Severity::Warning, "2026-11-20")
    );
    assert_eq!(last.phrase.long, "pass of Fri 17:55 took 45.0 s, 30.0 s allowed");
}

#[test]
fn several_troubles_of_mecris_are_one_condition_with_all_the_evidence() {
    let history = History {
        last_success: Some(at("2026-11-19T17:55:00-05:00")),
        overran: Some((today("14:45"), Duration::from_secs(45))),
        ..healthy()
    };
    let condition = assess_run(&history, 40);
    assert_eq!(condition.phrase.short, "no successful pass");
    assert_eq!(
        condition.evidence,
        "no successful pass since Thu 17:55; pass of 15:00 took 40.0 s, 30.0 s allowed; \
         pass of 14:45 took 45.0 s, 30.0 s allowed"
    );
}
