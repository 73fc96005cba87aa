//! What each person of `examples/people` must get from the policy.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::*;
use crate::simulate::measures::Told;

/// The timetables that every person is played with.
pub(super) const TIMETABLES: [&str; 3] = ["13-18/15m", "always/30m", "13-18/15m and 21:30"];

pub(super) const A_FORTNIGHT: u16 = 14;

/// Only the heavy tier plays a person with this many goals or more.
const MANY_GOALS: usize = 20;

/// How many plays run side by side.
const THREADS: usize = 2;

/// One person with one timetable.
struct Row {
    person: String,
    timetable: &'static str,
    measures: Measures,
}

/// Every person of `examples/people`, sorted by name.
fn everyone() -> Vec<Person> {
    let files = std::fs::read_dir(folder()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.ends_with(".entries.toml")).collect();
    names.sort();
    names
        .iter()
        .map(|name| example(name.trim_end_matches(".toml")))
        .collect()
}

/// Plays each person with their timetables, for `days` days. `None`: as long as their file says.
fn rows(plays: &[(Person, Vec<&'static str>)], days: Option<u16>) -> Vec<Row> {
    let with_timetable = |(person, timetables): &'_ (Person, Vec<&'static str>)| {
        let person = person.clone();
        timetables
            .clone()
            .into_iter()
            .map(move |timetable| (person.clone(), timetable))
    };
    let plays: Vec<(Person, &'static str)> = plays.iter().flat_map(with_timetable).collect();
    let next = AtomicUsize::new(0);
    let rows: Mutex<Vec<(usize, Row)>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((person, timetable)) = plays.get(index) else {
                        return;
                    };
                    let row = Row {
                        person: person.name.clone(),
                        timetable,
                        measures: measured(person, timetable, days),
                    };
                    rows.lock().unwrap().push((index, row));
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort_by_key(|(index, _)| *index);
    rows.into_iter().map(|(_, row)| row).collect()
}

pub(super) fn measured(person: &Person, timetable: &str, days: Option<u16>) -> Measures {
    let scenario = Scenario {
        passes: timetable.parse().unwrap(),
        days: days.unwrap_or(person.days),
        ..Scenario::of(person)
    };
    play(&scenario).measures
}

/// What is wrong with a row, one line for each promise that is broken.
fn broken(row: &Row) -> Vec<String> {
    let measures = &row.measures;
    let all = |what: &str, told: Told| {
        (told.told < told.of).then(|| format!("{what}: {} of {}", told.told, told.of))
    };
    let none = |what: &str, faults: u32| (faults > 0).then(|| format!("{what}: {faults}"));
    let most = measures.most_budget_messages_a_period;
    let faults = [
        all("last days", measures.last_days),
        all("unknowns", measures.unknowns),
        none("too early", measures.too_early),
        none("ahead after an entry", measures.ahead_after_entry),
        none("the same words", measures.same_words),
        none("again on a day", measures.again_the_same_day),
        none("wrong when read", measures.wrong_when_read),
        (most > 4).then(|| format!("budget messages a period: {most}")),
    ];
    let named = faults.into_iter().flatten();
    named
        .map(|fault| format!("{} {}: {fault}", row.person, row.timetable))
        .collect()
}

/// Plays a fortnight of everyone, each with one of the timetables.
#[test]
fn everyone_gets_what_the_policy_promises() {
    let people = everyone()
        .into_iter()
        .filter(|person| person.goals.len() < MANY_GOALS);
    let one_timetable =
        |(index, person): (usize, Person)| (person, vec![TIMETABLES[index % TIMETABLES.len()]]);
    let plays: Vec<_> = people.enumerate().map(one_timetable).collect();
    let broken: Vec<String> = rows(&plays, Some(A_FORTNIGHT)).iter().flat_map(broken).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
#[ignore = "heavy tier: scripts/test-all runs it"]
fn everyone_gets_what_the_policy_promises_with_each_timetable() {
    let plays: Vec<_> = everyone()
        .into_iter()
        .map(|person| (person, TIMETABLES.to_vec()))
        .collect();
    let broken: Vec<String> = rows(&plays, None).iter().flat_map(broken).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Breaks promises by settings: a measure that no setting can move shows nothing.
#[test]
#[ignore = "heavy tier: scripts/test-all runs it"]
fn the_settings_that_break_a_promise_are_caught() {
    let with = |person: &str, timetable: &str, set: &[(&str, &str)]| {
        let person = example(person);
        let scenario = Scenario {
            passes: timetable.parse().unwrap(),
            ..Scenario::of(&person)
        };
        let set: Vec<Choice> = set
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let settings = settings_of(None, &scenario, &set).unwrap();
        scenario.play(&settings).unwrap().measures
    };
    let [afternoon, always, _] = TIMETABLES;
    let late = with("procrastinator", always, &[("heuristic.margin", "20h")]);
    assert!(late.last_days.told < late.last_days.of, "{late:?}");
    let early = with("bedtime", always, &[("heuristic.margin", "11h")]);
    assert!(early.too_early > 0, "{early:?}");
    let shares = "[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]";
    let often = with("budget-even", afternoon, &[("budget.thresholds.shares", shares)]);
    assert!(often.most_budget_messages_a_period > 4, "{often:?}");
    let silent = with("unknown", afternoon, &[("heuristic.unknown_after", "720h")]);
    assert!(silent.unknowns.told < silent.unknowns.of, "{silent:?}");
    let impatient = with("evening", always, &[("heuristic.habit", "false")]);
    assert!(
        impatient.goal_messages > with("evening", always, &[]).goal_messages + 9,
        "{impatient:?}"
    );
}
