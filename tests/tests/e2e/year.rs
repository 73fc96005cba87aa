//! Plays a year of every person in `examples/people`, with three timetables in three cities, using an optimised
//! `mecris-agent simulate`. Fails if a promise of the policy is broken or the table in `docs/SIMULATION.md`
//! differs from what was measured.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use mecris_tests::agent::optimised_binary;
use serde::Deserialize;
use serde_json::Value;

/// The timetables. The column "goal messages a fortnight" has one figure for each.
const TIMETABLES: [&str; 3] = ["13-18/15m", "always/30m", "13-18/15m and 21:30"];

const CITIES: [&str; 3] = ["America/New_York", "Europe/Berlin", "Pacific/Auckland"];

const A_YEAR: &str = "365";

const FORTNIGHTS_OF_A_YEAR: f64 = 365.0 / 14.0;

/// How many plays run side by side.
const LANES: usize = 2;

/// How many messages about one budget are allowed in one of its periods.
const MAX_BUDGET_MESSAGES_A_PERIOD: u32 = 4;

/// Where the table stands in the page.
const BEGIN: &str = "<!-- A year: `UPDATE_YEAR=1` writes what is below. -->\n";
const END: &str = "<!-- The end of the year. -->\n";

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Told {
    of: u32,
    told: u32,
}

/// The measures from `simulate --json` that this test uses.
#[derive(Clone, Debug, Deserialize)]
struct Measures {
    most_messages_a_day: u32,
    goal_messages: u32,
    last_days: Told,
    too_early: u32,
    ahead_after_entry: u32,
    same_words: u32,
    again_the_same_day: u32,
    wrong_when_read: u32,
    most_budget_messages_a_period: u32,
    unknowns: Told,
}

/// A promise that was broken `count` times.
struct Fault {
    label: &'static str,
    kind: FaultKind,
    count: u32,
}

#[derive(PartialEq)]
enum FaultKind {
    /// A message is missing. The table shows it as "told of all".
    Missing,
    /// A message should not have been sent. The table adds these up.
    Wrong,
    /// Messages about a budget were too many. The table has a column for their number.
    TooMany,
}

impl Measures {
    fn faults(&self) -> [Fault; 8] {
        let fault = |kind, label, count| Fault { label, kind, count };
        let missing = |label, told: Told| fault(FaultKind::Missing, label, told.of - told.told);
        let wrong = |label, count| fault(FaultKind::Wrong, label, count);
        let budget = self.most_budget_messages_a_period;
        let too_many = if budget > MAX_BUDGET_MESSAGES_A_PERIOD {
            budget
        } else {
            0
        };
        [
            missing("last days not told", self.last_days),
            wrong("too early", self.too_early),
            wrong("ahead after an entry", self.ahead_after_entry),
            wrong("the same words", self.same_words),
            wrong("again on a day", self.again_the_same_day),
            wrong("wrong when read", self.wrong_when_read),
            missing("unknowns not told", self.unknowns),
            fault(FaultKind::TooMany, "budget messages a period", too_many),
        ]
    }
}

/// One year of one person.
struct Year {
    person: String,
    timetable: &'static str,
    city: &'static str,
    measures: Measures,
}

#[test]
#[ignore = "heavy tier: scripts/test-all runs it"]
fn a_year_of_everyone_is_as_the_policy_promises() {
    let years = play_everyone();
    let mut broken = Vec::new();
    for year in &years {
        for fault in year.measures.faults().into_iter().filter(|fault| fault.count > 0) {
            broken.push(format!(
                "{} {} {}: {}: {}",
                year.person, year.timetable, year.city, fault.label, fault.count
            ));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");

    let page = root().join("docs/SIMULATION.md");
    let text = fs::read_to_string(&page).expect("the page");
    let (before, rest) = text.split_once(BEGIN).expect("the place of the table");
    let (shown, after) = rest.split_once(END).expect("its end");
    let measured = table(&years);
    if std::env::var_os("UPDATE_YEAR").is_some() {
        let page_now = format!("{before}{BEGIN}{measured}{END}{after}");
        fs::write(&page, page_now).expect("the page can be written");
    } else {
        assert_eq!(shown, measured, "docs/SIMULATION.md shows other figures");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Plays every person with every timetable in every city.
fn play_everyone() -> Vec<Year> {
    let binary = optimised_binary();
    let mut plays = Vec::new();
    for person in people() {
        for timetable in TIMETABLES {
            plays.extend(CITIES.map(|city| (person.clone(), timetable, city)));
        }
    }
    let next = AtomicUsize::new(0);
    let years: Mutex<BTreeMap<usize, Year>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((person, timetable, city)) = plays.get(index) else {
                        return;
                    };
                    let year = Year {
                        person: person.clone(),
                        timetable,
                        city,
                        measures: measures_of(binary, person, timetable, city),
                    };
                    years.lock().expect("no play panicked").insert(index, year);
                }
            });
        }
    });
    let years = years.into_inner().expect("no play panicked");
    assert_eq!(years.len(), plays.len());
    years.into_values().collect()
}

/// The names of the people files.
fn people() -> Vec<String> {
    let files = fs::read_dir(root().join("examples/people")).expect("the people");
    let names = files.map(|file| file.expect("a file").file_name().into_string().expect("a name"));
    let mut names: Vec<String> = names
        .filter(|name| !name.ends_with(".entries.toml"))
        .filter_map(|name| Some(name.strip_suffix(".toml")?.to_owned()))
        .collect();
    names.sort();
    assert!(names.len() > 10, "{names:?}");
    names
}

fn measures_of(binary: &Path, person: &str, timetable: &str, city: &str) -> Measures {
    let file = format!("examples/people/{person}.toml");
    let output = Command::new(binary)
        .args(["simulate", "--json", "--people", &file, "--days", A_YEAR])
        .args(["--window", timetable, "--zone", city])
        .current_dir(root())
        .output()
        .expect("the agent starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{person} {timetable} {city}: {errors}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let measures = report["runs"][0]["outcome"]["measures"].clone();
    serde_json::from_value(measures).expect("the measures")
}

/// One row for each person, over the three cities.
fn table(years: &[Year]) -> String {
    let mut of_person: BTreeMap<&str, Vec<&Year>> = BTreeMap::new();
    for year in years {
        of_person.entry(&year.person).or_default().push(year);
    }
    let mut table = format!(
        "| person | last days told | faults | unknowns told | goal messages a fortnight: {} | most messages a day | budget \
         messages a period, at most |\n|---|---:|---:|---:|---:|---:|---:|\n",
        TIMETABLES.join("; ")
    );
    for (person, years) in of_person {
        let sum = |told: fn(&Measures) -> Told| {
            let all = years.iter().map(|year| told(&year.measures));
            let all = all.fold(Told::default(), |sum, told| Told {
                of: sum.of + told.of,
                told: sum.told + told.told,
            });
            format!("{} of {}", all.told, all.of)
        };
        let most = |number: fn(&Measures) -> u32| {
            let numbers = years.iter().map(|year| number(&year.measures));
            numbers.max().unwrap_or_default()
        };
        let faults = years.iter().flat_map(|year| year.measures.faults());
        let faults: u32 = faults
            .filter(|fault| fault.kind == FaultKind::Wrong)
            .map(|fault| fault.count)
            .sum();
        let fortnights = TIMETABLES.map(|timetable| {
            let with = years.iter().filter(|year| year.timetable == timetable);
            let goals: u32 = with.map(|year| year.measures.goal_messages).sum();
            let cities = f64::from(u32::try_from(CITIES.len()).expect("a few"));
            format!("{:.1}", f64::from(goals) / cities / FORTNIGHTS_OF_A_YEAR)
        });
        writeln!(
            table,
            "| `{person}` | {} | {faults} | {} | {} | {} | {} |",
            sum(|measures| measures.last_days),
            sum(|measures| measures.unknowns),
            fortnights.join("; "),
            most(|measures| measures.most_messages_a_day),
            most(|measures| measures.most_budget_messages_a_period),
        )
        .expect("a text can be written");
    }
    table
}
