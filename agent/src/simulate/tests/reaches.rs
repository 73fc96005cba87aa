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

/// The kinds of timetables that every person is played with.
pub(super) const WINDOWS: [&str; 3] = ["13-18/15m", "always/30m", "13-18/15m and 21:30"];

pub(super) const A_FORTNIGHT: u16 = 14;

/// Who has so many goals is played in the heavy tier only.
const MANY_GOALS: usize = 20;

/// How many plays run side by side.
const THREADS: usize = 2;

/// One person with one timetable.
struct Row {
    person: String,
    window: &'static str,
    measures: Measures,
}

/// Every person by name.
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

/// Plays people with windows for so many days or as long as their file says.
fn rows(plays: &[(Person, Vec<&'static str>)], days: Option<u16>) -> Vec<Row> {
    let with_window = |(person, windows): &'_ (Person, Vec<&'static str>)| {
        let person = person.clone();
        windows
            .clone()
            .into_iter()
            .map(move |window| (person.clone(), window))
    };
    let plays: Vec<(Person, &'static str)> = plays.iter().flat_map(with_window).collect();
    let next = AtomicUsize::new(0);
    let rows: Mutex<Vec<(usize, Row)>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((person, window)) = plays.get(index) else {
                        return;
                    };
                    let row = Row {
                        person: person.name.clone(),
                        window,
                        measures: measured(person, window, days),
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

pub(super) fn measured(person: &Person, window: &str, days: Option<u16>) -> Measures {
    let scenario = Scenario {
        passes: window.parse().unwrap(),
        days: days.unwrap_or(person.days),
        ..Scenario::of(person)
    };
    play(&scenario).measures
}

/// What is wrong with a row, one line for each reach that it misses.
fn missed(row: &Row) -> Vec<String> {
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
        .map(|fault| format!("{} {}: {fault}", row.person, row.window))
        .collect()
}

/// A fortnight of everyone, each with one of the windows.
#[test]
fn everyone_gets_what_the_policy_promises() {
    let people = everyone()
        .into_iter()
        .filter(|person| person.goals.len() < MANY_GOALS);
    let one_window = |(index, person): (usize, Person)| (person, vec![WINDOWS[index % WINDOWS.len()]]);
    let plays: Vec<_> = people.enumerate().map(one_window).collect();
    let missed: Vec<String> = rows(&plays, Some(A_FORTNIGHT)).iter().flat_map(missed).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
#[ignore = "heavy tier: scripts/test-all runs it"]
fn everyone_gets_what_the_policy_promises_with_each_window() {
    let plays: Vec<_> = everyone()
        .into_iter()
        .map(|person| (person, WINDOWS.to_vec()))
        .collect();
    let missed: Vec<String> = rows(&plays, None).iter().flat_map(missed).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Each setting that breaks a reach: a measure that no setting can move shows nothing.
#[test]
#[ignore = "heavy tier: scripts/test-all runs it"]
fn each_reach_is_missed_with_the_setting_that_breaks_it() {
    let with = |person: &str, window: &str, set: &[(&str, &str)]| {
        let person = example(person);
        let scenario = Scenario {
            passes: window.parse().unwrap(),
            ..Scenario::of(&person)
        };
        let set: Vec<Choice> = set
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let settings = settings_of(None, &scenario, &set).unwrap();
        scenario.play(&settings).unwrap().measures
    };
    let [window, always, _] = WINDOWS;
    let late = with("procrastinator", always, &[("heuristic.margin", "20h")]);
    assert!(late.last_days.told < late.last_days.of, "{late:?}");
    let early = with("bedtime", always, &[("heuristic.margin", "11h")]);
    assert!(early.too_early > 0, "{early:?}");
    let shares = "[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]";
    let often = with("budget-even", window, &[("budget.thresholds.shares", shares)]);
    assert!(often.most_budget_messages_a_period > 4, "{often:?}");
    let silent = with("unknown", window, &[("heuristic.unknown_after", "720h")]);
    assert!(silent.unknowns.told < silent.unknowns.of, "{silent:?}");
    let impatient = with("evening", always, &[("heuristic.habit", "false")]);
    assert!(
        impatient.goal_messages > with("evening", always, &[]).goal_messages + 9,
        "{impatient:?}"
    );
}
