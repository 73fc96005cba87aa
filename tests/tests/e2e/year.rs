//! A year of every person of `examples/people`, in three timetables and three cities, played by an optimised
//! `mecris-agent simulate`: what the policy promises holds, and the table in `docs/SIMULATION.md` is what was
//! measured.

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

/// What a table's column of messages is about.
const WINDOWS: [&str; 3] = ["13-18/15m", "always/30m", "13-18/15m and 21:30"];

const CITIES: [&str; 3] = ["America/New_York", "Europe/Berlin", "Pacific/Auckland"];

const A_YEAR: &str = "365";

const FORTNIGHTS_OF_A_YEAR: f64 = 365.0 / 14.0;

/// How many plays run side by side.
const LANES: usize = 2;

/// The most messages about a budget in one of its periods.
const BUDGET_MESSAGES: u32 = 4;

/// Where the table stands in the page.
const BEGIN: &str = "<!-- A year: `UPDATE_YEAR=1` writes what is below. -->\n";
const END: &str = "<!-- The end of the year. -->\n";

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Told {
    of: u32,
    told: u32,
}

/// As `simulate --json` shows them.
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

impl Measures {
    fn faults(&self) -> [(&'static str, u32); 7] {
        [
            ("last days not told", self.last_days.of - self.last_days.told),
            ("too early", self.too_early),
            ("ahead after an entry", self.ahead_after_entry),
            ("the same words", self.same_words),
            ("again on a day", self.again_the_same_day),
            ("wrong when read", self.wrong_when_read),
            ("unknowns not told", self.unknowns.of - self.unknowns.told),
        ]
    }
}

/// One year of one person.
struct Year {
    person: String,
    window: &'static str,
    city: &'static str,
    measures: Measures,
}

#[test]
#[ignore = "heavy tier: scripts/test-all runs it"]
fn a_year_of_everyone_is_as_the_policy_promises() {
    let years = everyone();
    let mut missed = Vec::new();
    for year in &years {
        let mut faults = year.measures.faults().to_vec();
        let budget = year.measures.most_budget_messages_a_period;
        faults.push((
            "budget messages a period",
            if budget > BUDGET_MESSAGES { budget } else { 0 },
        ));
        for (fault, count) in faults.into_iter().filter(|(_, count)| *count > 0) {
            missed.push(format!(
                "{} {} {}: {fault}: {count}",
                year.person, year.window, year.city
            ));
        }
    }
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
    assert!(missed.is_empty(), "{missed:#?}");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every year of everyone.
fn everyone() -> Vec<Year> {
    let binary = optimised_binary();
    let mut plays = Vec::new();
    for person in people() {
        for window in WINDOWS {
            plays.extend(CITIES.map(|city| (person.clone(), window, city)));
        }
    }
    let next = AtomicUsize::new(0);
    let years: Mutex<BTreeMap<usize, Year>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((person, window, city)) = plays.get(index) else {
                        return;
                    };
                    let year = Year {
                        person: person.clone(),
                        window,
                        city,
                        measures: played(binary, person, window, city),
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

fn played(binary: &Path, person: &str, window: &str, city: &str) -> Measures {
    let file = format!("examples/people/{person}.toml");
    let output = Command::new(binary)
        .args(["simulate", "--json", "--people", &file, "--days", A_YEAR])
        .args(["--window", window, "--zone", city])
        .current_dir(root())
        .output()
        .expect("the agent starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{person} {window} {city}: {errors}");
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
        WINDOWS.join("; ")
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
        let not_told = |fault: &str| fault.ends_with("not told");
        let faults: u32 = faults
            .filter(|(fault, _)| !not_told(fault))
            .map(|(_, count)| count)
            .sum();
        let fortnights = WINDOWS.map(|window| {
            let with = years.iter().filter(|year| year.window == window);
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
