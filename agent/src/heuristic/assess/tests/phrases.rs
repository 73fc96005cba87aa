//! How a goal is put: from Beeminder's numbers, with a time that a person understands.

use super::*;
use crate::{
    arms::beeminder::{Aggregation, DataSource, Datapoint, GoalKind, Line},
    domain::Phrase,
};

/// A goal that wants so much, at 882, with its line 2 above that on the day of derailment.
fn of_kind(kind: GoalKind) -> Goal {
    Goal {
        current_value: Some(882.0),
        line: Line {
            kind: Some(kind),
            safe_bump: Some(884.0),
            delta: Some(-2.0),
            aggregation: Some(Aggregation::Sum),
            adds_up_days: Some(true),
            ..Line::default()
        },
        has_data_today: Some(false),
        due: Some("+2 within 1 day".to_owned()),
        bare_minimum: Some("Error".to_owned()),
        ..goal("reading", 0)
    }
}

/// A goal to do less with this much room today.
fn sugar(room: f64) -> Goal {
    let goal = of_kind(GoalKind::DoLess);
    Goal {
        slug: "sugar".parse().unwrap(),
        line: Line {
            delta: Some(-room),
            ..goal.line
        },
        ..goal
    }
}

/// The same goal with something reported today.
fn reported(goal: Goal) -> Goal {
    let point = |day: &str, at: &str| Datapoint {
        id: None,
        day: day.parse().unwrap(),
        value: Some(1.0),
        is_dummy: false,
        is_initial: false,
        is_derail: false,
        created_at: Some(self::at(at)),
        updated_at: None,
    };
    Goal {
        has_data_today: Some(true),
        datapoints: vec![
            point("2026-11-21", "2026-11-21T12:00:00-05:00"),
            point("2026-11-20", "2026-11-20T12:00:00-05:00"),
        ],
        ..goal
    }
}

fn phrase(goal: Goal) -> Phrase {
    assess_goal(goal, today("15:00")).phrase
}

/// Both lengths, as `long | short`.
fn words(goal: Goal) -> String {
    let phrase = phrase(goal);
    format!("{} | {}", phrase.long, phrase.short)
}

#[test]
fn what_is_due_comes_from_numbers_and_not_from_beeminders_words() {
    let do_more = of_kind(GoalKind::DoMore);
    assert_eq!(
        words(do_more.clone()),
        "reading derails today 23:59 ($5, +2 needed) | reading derails today"
    );
    let pages = Line {
        unit: Some("pages".to_owned()),
        ..do_more.line.clone()
    };
    let free = Goal {
        pledge: Some(Money::ZERO),
        line: pages,
        ..do_more.clone()
    };
    assert_eq!(phrase(free).long, "reading derails today 23:59 (+2 pages needed)");
    // Without numbers nothing is said about an amount, whatever Beeminder says.
    let blank = Goal {
        line: Line::default(),
        ..do_more.clone()
    };
    for due in [
        "+2 within 1 day",
        "Error",
        "n/a",
        "hard cap +3 today",
        "+1 in 0 days",
        "x) SAFE\r\nSTOP",
    ] {
        let blank = Goal {
            due: Some(due.to_owned()),
            bare_minimum: Some(due.to_owned()),
            ..blank.clone()
        };
        assert_eq!(phrase(blank).long, "reading derails today 23:59 ($5)", "{due}");
    }
    let line = |change: fn(&mut Line), kind| {
        let mut goal = of_kind(kind);
        change(&mut goal.line);
        phrase(goal).long
    };
    assert_eq!(
        line(|line| line.odometer = Some(true), GoalKind::DoMore),
        "reading derails today 23:59 ($5, to 884)"
    );
    assert_eq!(
        line(|line| line.safe_bump = Some(150.2), GoalKind::BringDown),
        "reading derails today 23:59 ($5, 150.2 or less)"
    );
}

#[test]
fn a_goal_to_do_less_says_what_to_report_and_what_room_is_left() {
    for (goal, want) in [
        (
            sugar(3.0),
            "report today's sugar (0 counts), at most 3, by 23:59 ($5) | report today's sugar by 23:59",
        ),
        (
            sugar(0.0),
            "report today's sugar (0 counts), no more than that, by 23:59 ($5) | report today's sugar by 23:59",
        ),
        (
            Goal {
                has_data_today: None,
                ..sugar(3.0)
            },
            "report today's sugar (0 counts), at most 3 more, by 23:59 ($5) | report today's sugar by 23:59",
        ),
        (
            Goal {
                line: Line {
                    delta: None,
                    ..sugar(3.0).line
                },
                ..sugar(3.0)
            },
            "report today's sugar (0 counts) by 23:59 ($5) | report today's sugar by 23:59",
        ),
        (
            reported(sugar(3.0)),
            "sugar: at most 3 more until 23:59 ($5) | sugar: at most 3 more until 23:59",
        ),
        (
            reported(sugar(0.0)),
            "sugar: no more until 23:59 ($5) | sugar: no more until 23:59",
        ),
        (
            reported(sugar(-2.0)),
            "sugar is 2 over its line, derails today 23:59 unless an entry is wrong ($5) | sugar is over its line, derails today",
        ),
        (
            sugar(-2.0),
            "sugar is 2 over its line, derails today 23:59 unless an entry is wrong ($5) | sugar is over its line, derails today",
        ),
    ] {
        assert_eq!(words(goal), want);
    }
    let tomorrow = |goal| Goal {
        safebuf: Some(1),
        losedate: Some(at("2026-11-22T23:59:59-05:00")),
        ..goal
    };
    assert_eq!(
        words(tomorrow(sugar(3.0))),
        "sugar derails tomorrow 23:59 ($5, report today: 0 counts, at most 3) | sugar derails tomorrow"
    );
    assert_eq!(
        phrase(tomorrow(reported(sugar(3.0)))).long,
        "sugar derails tomorrow 23:59 ($5, at most 3 more today)"
    );
}

#[test]
fn a_report_for_a_day_that_ends_after_midnight_names_the_night() {
    let late = Goal {
        deadline: DeadlineOffset::from_seconds(10_800).unwrap(),
        losedate: Some(at("2026-11-22T02:59:59-05:00")),
        ..sugar(3.0)
    };
    assert_eq!(
        phrase(late).long,
        "report today's sugar (0 counts), at most 3, by tonight 02:59 ($5)"
    );
}

#[test]
fn data_that_syncs_by_itself_is_said_as_of_the_time_of_the_reading() {
    let autodata = |goal: Goal| Goal {
        source: Some(DataSource::Autodata("apple".to_owned())),
        ..goal
    };
    assert_eq!(
        words(autodata(of_kind(GoalKind::DoMore))),
        "reading derails today 23:59 ($5, +2 missing by what had synced at 15:00) | reading derails today by what had synced"
    );
    let blank = Goal {
        line: Line::default(),
        ..of_kind(GoalKind::DoMore)
    };
    assert_eq!(
        phrase(autodata(blank)).long,
        "reading derails today 23:59 ($5, by what had synced at 15:00)"
    );
    assert_eq!(
        words(autodata(sugar(3.0))),
        "sugar derails today 23:59 ($5, at most 3 more today by what had synced at 15:00) | sugar derails today by what had synced"
    );
}

#[test]
fn a_goal_without_a_losedate_is_said_with_the_time_of_its_deadline() {
    let until = |seconds| {
        let goal = Goal {
            losedate: None,
            deadline: DeadlineOffset::from_seconds(seconds).unwrap(),
            ..goal("reading", 1)
        };
        phrase(goal).long
    };
    assert_eq!(until(0), "reading derails tomorrow 23:59 ($5)");
    assert_eq!(until(-6 * 3600), "reading derails tomorrow 17:59 ($5)");
    assert_eq!(until(3 * 3600), "reading derails tomorrow night 02:59 ($5)");
}
