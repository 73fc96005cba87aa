//! Each measure against messages that were made by hand: a good list, and one that breaks it.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{
    domain::{Severity, Subject},
    simulate::{
        goal::Derailed,
        run::{Doubt, Look, Message},
        world::{Entry, History, State},
    },
};

fn at(text: &str) -> Timestamp {
    format!("{text}:00-05:00").parse().unwrap()
}

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

const MARGINS: Margins = Margins {
    usual: SignedDuration::from_hours(2),
    habit: Some(SignedDuration::from_hours(1)),
};

fn goal(slug: &str, states: &[(&str, &str)]) -> History {
    let state = |(from, losedate): &(&str, &str)| State {
        from: at(from),
        losedate: at(losedate),
    };
    History {
        slug: slug.parse().unwrap(),
        active: true,
        states: states.iter().map(state).collect(),
        entries: Vec::new(),
        derailed: Vec::new(),
    }
}

fn message(when: &str, text: &str, about: &[(&str, Severity)]) -> Message {
    Message {
        at: at(when),
        text: format!("Mecris: {text}"),
        about: about
            .iter()
            .map(|(subject, severity)| (subject.parse().unwrap(), *severity))
            .collect(),
    }
}

/// Three days with a pass at 13:00 and one at 17:00, from Monday on.
fn played(goals: Vec<History>, messages: Vec<Message>) -> Played {
    let days = ["2026-11-16", "2026-11-17", "2026-11-18"];
    let looks = days
        .iter()
        .flat_map(|day| ["13:00", "17:00"].map(|time| format!("{day}T{time}")));
    let look = |text: String| Look {
        at: at(&text),
        made: true,
        may_speak: true,
    };
    Played {
        messages,
        looks: looks.map(look).collect(),
        end: at("2026-11-19T00:00"),
        doubts: Vec::new(),
        goals,
        vacations: Vec::new(),
        budget_periods: Vec::new(),
    }
}

fn measured(played: &Played) -> Measures {
    measure(played, &MARGINS, &zone())
}

/// Derails on Tuesday at 23:59.
fn reading() -> History {
    let mut goal = goal(
        "reading",
        &[
            ("2026-11-16T00:00", "2026-11-17T23:59"),
            ("2026-11-18T00:00", "2026-11-25T23:59"),
        ],
    );
    goal.derailed.push(Derailed {
        losedate: at("2026-11-17T23:59"),
        pledge: 10,
    });
    goal
}

const ALL: Told = Told { of: 1, told: 1 };
const NONE: Told = Told { of: 1, told: 0 };

#[test]
fn a_derailment_counts_as_told_on_its_last_day_only() {
    let said = |when, text| {
        let about = [("goal:reading", Severity::Critical)];
        let measures = measured(&played(vec![reading()], vec![message(when, text, &about)]));
        (measures.last_days, measures.derailments, measures.too_early)
    };
    let words = "reading derails today 23:59";
    assert_eq!(said("2026-11-17T13:00", words), (ALL, ALL, 0));
    assert_eq!(said("2026-11-16T17:00", words), (NONE, NONE, 1), "a day before");
    assert_eq!(said("2026-11-18T13:00", words), (NONE, NONE, 0), "a day after");
    assert_eq!(
        said("2026-11-17T13:00", "gym derails today 23:59"),
        (NONE, NONE, 0),
        "another goal"
    );
}

#[test]
fn a_goal_in_a_sum_is_told_if_the_sum_is_large_enough() {
    let about = [
        ("goal:gym", Severity::Critical),
        ("goal:reading", Severity::Critical),
    ];
    let gym = goal(
        "gym",
        &[
            ("2026-11-16T00:00", "2026-11-17T23:59"),
            ("2026-11-17T18:00", "2026-11-25T23:59"),
        ],
    );
    let said = |text| {
        let message = message("2026-11-17T13:00", text, &about);
        measured(&played(vec![reading(), gym.clone()], vec![message])).last_days
    };
    assert_eq!(said("gym derails today 23:59; +1 more"), Told { of: 2, told: 2 });
    assert_eq!(said("gym derails today 23:59"), Told { of: 2, told: 1 });
}

#[test]
fn what_was_done_before_the_last_chance_need_not_be_told() {
    let done = goal(
        "reading",
        &[
            ("2026-11-16T00:00", "2026-11-17T23:59"),
            ("2026-11-17T16:00", "2026-11-18T23:59"),
        ],
    );
    assert_eq!(
        measured(&played(vec![done], Vec::new())).last_days,
        Told { of: 1, told: 0 },
        "only that of Wednesday"
    );
}

#[test]
fn a_pass_that_was_not_made_is_no_chance_but_the_one_before_it_is() {
    let mut one = played(
        vec![reading()],
        vec![message("2026-11-17T13:00", "reading derails today 23:59", &[])],
    );
    one.looks[3].made = false;
    assert_eq!(measured(&one).last_days, ALL);
    one.looks[2].made = false;
    let measures = measured(&one);
    assert_eq!(
        (measures.last_days, measures.missed_passes),
        (Told { of: 0, told: 0 }, 2)
    );
}

#[test]
fn a_derailment_during_a_vacation_costs_but_need_not_be_told() {
    let mut away = played(vec![reading()], Vec::new());
    away.vacations
        .push((at("2026-11-16T00:00"), at("2026-11-18T00:00")));
    for look in &mut away.looks[..4] {
        look.may_speak = false;
    }
    let measures = measured(&away);
    assert_eq!(
        (measures.derailments, measures.last_days),
        (Told::default(), Told::default())
    );
    assert_eq!(measures.derailed_usd, 10);
}

#[test]
fn a_message_with_nothing_due_is_counted_apart() {
    let about = [("goal:reading", Severity::Warning)];
    let ahead = message("2026-11-16T13:00", "reading derails tomorrow 23:59", &about);
    let due = message("2026-11-17T13:00", "reading derails today 23:59", &about);
    let other = message(
        "2026-11-17T17:00",
        "no walk yet, until 18:00",
        &[("walk", Severity::Warning)],
    );
    let measures = measured(&played(vec![reading()], vec![ahead, due, other]));
    assert_eq!(
        (
            measures.messages,
            measures.goal_messages,
            measures.goal_messages_with_something_due
        ),
        (3, 2, 1)
    );
    assert_eq!(measures.goal_messages_by_fortnight, [2]);
}

#[test]
fn a_word_about_tomorrow_after_an_entry_of_today_is_a_fault() {
    let about = [("goal:reading", Severity::Warning)];
    let ahead = message("2026-11-16T13:00", "reading derails tomorrow 23:59", &about);
    let mut done = reading();
    assert_eq!(
        measured(&played(vec![done.clone()], vec![ahead.clone()])).ahead_after_entry,
        0
    );
    let entered = at("2026-11-16T09:00");
    done.entries.push(Entry {
        at: entered,
        shown_at: entered,
        units: 1.0,
    });
    assert_eq!(measured(&played(vec![done], vec![ahead])).ahead_after_entry, 1);
}

#[test]
fn the_same_words_about_one_derailment_are_a_fault_about_two_they_are_not() {
    let about = [("goal:reading", Severity::Warning)];
    let words = "reading derails tomorrow 23:59";
    let twice = vec![
        message("2026-11-16T13:00", words, &about),
        message("2026-11-16T17:00", words, &about),
    ];
    let measures = measured(&played(vec![reading()], twice));
    assert_eq!((measures.same_words, measures.again_the_same_day), (1, 1));
    let apart = vec![
        message("2026-11-16T13:00", words, &about),
        message("2026-11-18T17:00", words, &about),
    ];
    let measures = measured(&played(vec![reading()], apart));
    assert_eq!((measures.same_words, measures.again_the_same_day), (0, 0));
}

#[test]
fn a_subject_may_speak_twice_a_day_if_it_got_worse() {
    let first = message(
        "2026-11-17T13:00",
        "reading derails tonight",
        &[("goal:reading", Severity::Warning)],
    );
    let worse = message(
        "2026-11-17T17:00",
        "reading derails today",
        &[("goal:reading", Severity::Critical)],
    );
    assert_eq!(
        measured(&played(vec![reading()], vec![first.clone(), worse.clone()])).again_the_same_day,
        0
    );
    assert_eq!(
        measured(&played(vec![reading()], vec![worse, first])).again_the_same_day,
        1
    );
}

#[test]
fn an_entry_that_has_not_synced_makes_a_phrase_wrong_unless_it_says_so() {
    let mut synced_late = reading();
    synced_late.entries.push(Entry {
        at: at("2026-11-17T12:00"),
        shown_at: at("2026-11-17T15:00"),
        units: 1.0,
    });
    let said = |text| {
        let message = message("2026-11-17T13:00", text, &[("goal:reading", Severity::Critical)]);
        measured(&played(vec![synced_late.clone()], vec![message])).wrong_when_read
    };
    assert_eq!(said("reading derails today 23:59"), 1);
    assert_eq!(
        said("reading derails today 23:59, by what had synced at 12:50"),
        0
    );
}

#[test]
fn budget_messages_are_counted_by_period() {
    let say = |when| {
        message(
            when,
            "groq budget 95% used",
            &[("budget:groq", Severity::Critical)],
        )
    };
    let mut spent = played(
        Vec::new(),
        vec![
            say("2026-11-16T13:00"),
            say("2026-11-17T13:00"),
            say("2026-11-18T13:00"),
        ],
    );
    let groq = crate::domain::Provider::Groq;
    spent.budget_periods = vec![
        (groq, at("2026-11-01T00:00"), at("2026-11-18T00:00")),
        (groq, at("2026-11-18T00:00"), at("2026-12-01T00:00")),
    ];
    assert_eq!(measured(&spent).most_budget_messages_a_period, 2);
}

#[test]
fn what_could_not_be_told_for_a_day_must_be_said() {
    let doubt = |when: &str| Doubt {
        at: at(when),
        subjects: vec![Subject::walk()],
        beeminder_read: true,
    };
    let mut unknown = played(Vec::new(), Vec::new());
    unknown.doubts = vec![doubt("2026-11-16T13:00"), doubt("2026-11-16T17:00")];
    assert_eq!(measured(&unknown).unknowns, Told::default(), "not a day yet");
    unknown.doubts.push(doubt("2026-11-17T17:00"));
    assert_eq!(measured(&unknown).unknowns, NONE);
    let upstream = [("upstream:beeminder", Severity::Warning)];
    unknown.messages = vec![message("2026-11-17T17:00", "cannot read Beeminder", &upstream)];
    assert_eq!(
        measured(&unknown).unknowns,
        NONE,
        "Beeminder was read, so it explains nothing"
    );
    unknown.messages = vec![message(
        "2026-11-17T17:00",
        "walk unknown",
        &[("walk", Severity::Warning)],
    )];
    assert_eq!(measured(&unknown).unknowns, ALL);
}

#[test]
fn with_a_habit_the_last_chance_is_later() {
    let mut regular = reading();
    assert_eq!(
        MARGINS.for_goal(&regular, at("2026-11-17T23:59")),
        SignedDuration::from_hours(2)
    );
    let entry = |day: i64| at("2026-11-17T21:00") - SignedDuration::from_hours(24 * day);
    regular.entries = (1..=10)
        .rev()
        .map(|day| Entry {
            at: entry(day),
            shown_at: entry(day),
            units: 1.0,
        })
        .collect();
    assert_eq!(
        MARGINS.for_goal(&regular, at("2026-11-17T23:59")),
        SignedDuration::from_hours(1)
    );
}
