use super::*;
use crate::domain::Money;

const SINCE: &str = "2026-11-14T13:00:00-05:00";

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

/// A time of November in New York: `20T13:00`.
fn at(text: &str) -> Timestamp {
    format!("2026-11-{text}:00-05:00").parse().unwrap()
}

/// The last second of a day of November.
fn end_of(day: u8) -> Timestamp {
    format!("2026-11-{day:02}T23:59:59-05:00").parse().unwrap()
}

fn usd(dollars: f64) -> Option<Money> {
    Some(Money::from_usd(dollars).unwrap())
}

fn entry(day: &str, entered: &str) -> Entry {
    Entry {
        goal: "g".to_owned(),
        datapoint: entered.to_owned(),
        day: day.parse().unwrap(),
        entered_at: at(entered),
        value: Some(1.0),
        is_dummy: false,
        is_derail: false,
        gone_at: None,
    }
}

fn derail(entered: &str) -> Entry {
    Entry {
        is_dummy: true,
        is_derail: true,
        ..entry("2026-11-20", entered)
    }
}

fn reading(when: &str, losedate: Timestamp, pledge: f64) -> Reading {
    Reading {
        goal: "g".to_owned(),
        at: at(when),
        state: GoalState::Active,
        lost: Some(false),
        safebuf: Some(0),
        losedate: Some(losedate),
        deadline: 0,
        value: Some(7.0),
        pledge: usd(pledge),
        entered: String::new(),
    }
}

fn find(entries: &[Entry], readings: &[Reading]) -> Vec<Derailment> {
    let past = Past {
        entries,
        readings,
        first_reading: at("01T13:00"),
        kind: Some(GoalKind::DoMore),
    };
    derailments(past, SINCE.parse().unwrap(), &zone())
}

fn signs(entries: &[Entry], readings: &[Reading]) -> Vec<DerailSign> {
    find(entries, readings)
        .iter()
        .map(|derailment| derailment.sign)
        .collect()
}

/// Derails on the 20th; a week more from then on.
fn jump() -> [Reading; 2] {
    [
        reading("20T17:45", end_of(20), 10.0),
        reading("21T13:00", end_of(28), 30.0),
    ]
}

#[test]
fn a_derail_datapoint_says_when_and_what_was_at_stake() {
    let found = find(&[derail("21T00:03")], &jump());
    assert_eq!(
        found,
        [Derailment {
            sign: DerailSign::Datapoint,
            at: end_of(20),
            losedate: Some(end_of(20)),
            occasion: "2026-11-20".parse().unwrap(),
            stake: usd(10.0),
        }],
        "and the losedate that passed is the same derailment"
    );
}

#[test]
fn a_losedate_that_is_not_the_one_that_passed_is_not_taken_for_it() {
    // The last reading is of Tuesday and names Wednesday; then something was entered, and it derails on
    // Friday, the 20th.
    let before = reading("17T17:45", end_of(18), 10.0);
    let entries = [entry("2026-11-18", "18T20:00"), derail("21T00:03")];
    let found = find(&entries, &[before, reading("21T13:00", end_of(28), 30.0)]);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].losedate, found[0].at, found[0].occasion),
        (None, at("21T00:03"), "2026-11-20".parse().unwrap())
    );
}

#[test]
fn a_losedate_that_passed_with_nothing_entered_before_it_is_a_derailment() {
    let found = find(&[entry("2026-11-19", "19T20:00")], &jump());
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].sign, found[0].at, found[0].occasion, found[0].stake),
        (
            DerailSign::LosedatePassed,
            end_of(20),
            "2026-11-20".parse().unwrap(),
            usd(10.0)
        )
    );
}

#[test]
fn what_explains_a_later_losedate_is_no_derailment() {
    let [before, after] = jump();
    let changed = |change: &dyn Fn(&mut Reading)| {
        let mut after = after.clone();
        change(&mut after);
        [before.clone(), after]
    };
    let none: [DerailSign; 0] = [];
    for (entries, readings, why) in [
        (
            vec![entry("2026-11-20", "20T20:00")],
            changed(&|_| {}),
            "entered in time",
        ),
        (
            vec![entry("2026-11-20", "21T00:10")],
            changed(&|_| {}),
            "synced after the deadline, for that day",
        ),
        (
            vec![],
            changed(&|after| after.value = Some(9.0)),
            "a datapoint was edited",
        ),
        (
            vec![],
            changed(&|after| after.value = None),
            "the value is unknown",
        ),
        (
            vec![],
            changed(&|after| after.losedate = Some(end_of(20))),
            "nothing stands yet",
        ),
        (
            vec![],
            changed(&|after| after.losedate = None),
            "no losedate is known",
        ),
        (
            vec![],
            changed(&|after| after.at = at("20T18:00")),
            "read before it passed",
        ),
        (
            vec![],
            changed(&|after| after.state = GoalState::Won),
            "it is finished",
        ),
        (vec![], changed(&|after| after.pledge = usd(90.0)), ""),
    ] {
        let found = signs(&entries, &readings);
        if why.is_empty() {
            assert_eq!(found, [DerailSign::LosedatePassed], "the pledge changes nothing");
        } else {
            assert_eq!(found, none, "{why}");
        }
    }
}

#[test]
fn a_deadline_that_is_set_later_is_no_derailment() {
    let before = reading("20T17:45", end_of(20), 10.0);
    let after = Reading {
        deadline: 3 * 3600,
        losedate: Some(at("21T02:59")),
        ..reading("21T00:30", end_of(20), 10.0)
    };
    assert_eq!(find(&[], &[before, after]), []);
}

#[test]
fn a_derailment_that_was_undone_is_none() {
    let gone = Entry {
        gone_at: Some(at("21T15:00")),
        ..derail("21T00:03")
    };
    assert_eq!(find(&[gone], &jump()), []);
    // The losedate of before stands again.
    let [before, after] = jump();
    let undone = reading("21T15:00", end_of(20), 10.0);
    assert_eq!(find(&[], &[before, after, undone]), []);
}

#[test]
fn the_time_between_deadline_and_jump_changes_nothing() {
    let [before, after] = jump();
    let limbo = Reading {
        lost: Some(true),
        ..reading("21T00:15", end_of(20), 10.0)
    };
    let found = find(&[], &[before, limbo, after]);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].sign, found[0].at),
        (DerailSign::LosedatePassed, end_of(20))
    );
}

#[test]
fn a_goal_that_froze_off_its_line_derailed() {
    let before = reading("19T17:45", end_of(20), 10.0);
    let frozen = |lost| Reading {
        state: GoalState::Frozen,
        lost,
        ..reading("23T13:00", end_of(20), 10.0)
    };
    let found = find(&[], &[before.clone(), frozen(Some(true))]);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].sign, found[0].at, found[0].stake),
        (DerailSign::Frozen, end_of(20), usd(10.0))
    );
    assert_eq!(find(&[], &[before.clone(), frozen(Some(false))]), []);
    assert_eq!(find(&[], &[before.clone(), frozen(None)]), []);
    assert_eq!(
        find(&[], &[frozen(Some(true))]),
        [],
        "it was so when it was first seen"
    );
    let again = reading("24T13:00", end_of(30), 10.0);
    assert_eq!(
        signs(&[], &[before.clone(), frozen(Some(true)), again.clone()]),
        [DerailSign::LosedatePassed],
        "restarted since"
    );
    assert_eq!(
        find(&[], &[before.clone(), frozen(Some(false)), again]),
        [],
        "it was paused, and restarted"
    );
    assert_eq!(
        signs(&[derail("21T00:03")], &[before, frozen(Some(true))]),
        [DerailSign::Datapoint],
        "both are one"
    );
}

#[test]
fn what_is_old_or_from_before_the_first_reading_is_not_told() {
    let readings = [
        reading("10T17:45", end_of(10), 10.0),
        reading("11T13:00", end_of(25), 30.0),
    ];
    assert_eq!(find(&[], &readings), []);
    assert_eq!(find(&[derail("11T00:03")], &readings), []);

    let new = |first_reading| {
        let past = Past {
            entries: &[derail("21T00:03")],
            readings: &[reading("21T13:00", end_of(28), 30.0)],
            first_reading,
            kind: None,
        };
        derailments(past, SINCE.parse().unwrap(), &zone()).len()
    };
    assert_eq!((new(at("21T13:00")), new(at("20T23:00"))), (0, 1));
}

#[test]
fn two_derailments_a_week_apart_are_two() {
    let readings = [
        reading("14T17:45", end_of(14), 5.0),
        reading("15T13:00", end_of(22), 10.0),
        reading("22T17:45", end_of(22), 10.0),
        reading("23T13:00", end_of(30), 30.0),
    ];
    let found = find(&[derail("15T00:03")], &readings);
    let said: Vec<_> = found
        .iter()
        .map(|derailment| (derailment.sign, derailment.occasion.to_string(), derailment.stake))
        .collect();
    assert_eq!(
        said,
        [
            (DerailSign::Datapoint, "2026-11-14".to_owned(), usd(5.0)),
            (DerailSign::LosedatePassed, "2026-11-22".to_owned(), usd(10.0))
        ]
    );
}

#[test]
fn beeminders_guesses_for_a_do_less_goal_are_no_entry() {
    let [before, mut after] = jump();
    after.value = Some(9.0);
    let of = |kind| {
        let past = Past {
            entries: &[],
            readings: &[before.clone(), after.clone()],
            first_reading: at("01T13:00"),
            kind,
        };
        derailments(past, SINCE.parse().unwrap(), &zone()).len()
    };
    assert_eq!(
        (of(Some(GoalKind::DoLess)), of(Some(GoalKind::DoMore)), of(None)),
        (1, 0, 0)
    );
}

#[test]
fn after_days_without_a_pass_a_do_less_goal_is_not_accused_of_what_was_not_seen() {
    // Saturday's report is not among the last three any more.
    let [before, mut after] = jump();
    after.value = Some(9.0);
    let reports = |days: &[u8]| -> Vec<Entry> {
        days.iter()
            .map(|day| entry(&format!("2026-11-{day}"), &format!("{day}T20:00")))
            .collect()
    };
    let found = |entries: &[Entry]| {
        let past = Past {
            entries,
            readings: &[before.clone(), after.clone()],
            first_reading: at("01T13:00"),
            kind: Some(GoalKind::DoLess),
        };
        derailments(past, SINCE.parse().unwrap(), &zone()).len()
    };
    assert_eq!(found(&reports(&[21, 22, 23])), 0);
    assert_eq!(found(&reports(&[21, 22])), 1, "all since then are known");
}

#[test]
fn without_a_respite_two_days_in_a_row_are_two_derailments() {
    let readings = [
        reading("19T17:45", end_of(19), 5.0),
        reading("20T13:00", end_of(20), 10.0),
        reading("21T13:00", end_of(21), 30.0),
    ];
    let found = find(&[derail("20T00:03"), derail("21T00:03")], &readings);
    let occasions: Vec<String> = found.iter().map(|found| found.occasion.to_string()).collect();
    assert_eq!(occasions, ["2026-11-19", "2026-11-20"]);
}
