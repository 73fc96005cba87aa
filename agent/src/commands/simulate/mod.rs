//! `simulate`: plays people's days in virtual time, and shows the messages and how good they were.

mod print;
mod record;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use serde::Serialize;

use super::Exit;
use crate::{
    cli::SimulateArgs,
    config::{ConfigError, ConfigProblem, Settings},
    simulate::{Choice, Outcome, Person, PlayError, Scenario, settings_of},
};

/// Everything that was played.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    runs: Vec<Run>,
}

/// One person with one timetable.
#[derive(Debug, Serialize)]
struct Run {
    person: String,
    passes: String,
    time_zone: String,
    from: Date,
    days: u16,
    seed: u64,
    /// What of a record is not played, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<String>,
    /// With the settings as they are.
    outcome: Outcome,
    /// With what `--set` sets.
    tried: Option<Tried>,
}

/// The same person with other settings.
#[derive(Debug, Serialize)]
struct Tried {
    settings: Vec<Choice>,
    outcome: Outcome,
}

pub(super) fn simulate(config: Option<&Path>, options: &SimulateArgs) -> anyhow::Result<Exit> {
    let mut runs = Vec::new();
    if options.history {
        runs.push(record::replay(config, options)?);
    } else {
        let people = match &options.goals {
            Some(file) => vec![record::goals(config, file, options)?],
            None => read(options)?,
        };
        for scenario in people.iter().flat_map(|person| scenarios(person, options)) {
            let settings = |choices: &[Choice]| settings_of(config, &scenario, choices);
            runs.push(run(
                &scenario,
                settings,
                |settings| scenario.play(settings),
                &options.set,
            )?);
        }
    }
    let report = Report { runs };
    let mut out = std::io::stdout().lock();
    if options.json {
        serde_json::to_writer_pretty(&mut out, &report)?;
        writeln!(out)?;
    } else {
        print::report(&mut out, &report)?;
    }
    Ok(Exit::Done)
}

/// Reads every file, so that a person sees the problems of all of them at once.
fn read(options: &SimulateArgs) -> Result<Vec<Person>, ConfigError> {
    let mut people = Vec::new();
    let mut problems: Vec<ConfigProblem> = Vec::new();
    for file in options
        .people
        .iter()
        .filter(|file| !is_beside(file, &options.people))
    {
        match Person::read(file) {
            Ok(person) => people.push(person),
            Err(error) => problems.extend(error.0),
        }
    }
    if problems.is_empty() {
        Ok(people)
    } else {
        Err(ConfigError(problems))
    }
}

/// Whether a file holds the entries of a person who is played anyway: `examples/people/*.toml` names both.
fn is_beside(file: &Path, people: &[PathBuf]) -> bool {
    let name = file.to_string_lossy();
    let person = name
        .strip_suffix(".entries.toml")
        .map(|stem| format!("{stem}.toml"));
    person.is_some_and(|person| people.iter().any(|other| *other == Path::new(&person)))
}

/// What to play with a person: what their file says, or with `--also` everything that it says, changed by the
/// options.
fn scenarios<'a>(person: &'a Person, options: &SimulateArgs) -> Vec<Scenario<'a>> {
    let first = Scenario::of(person);
    let also = person.also.iter().filter(|_| options.also);
    let places = std::iter::once((first.zone.clone(), first.start)).chain(also.cloned());
    let timetables = match &options.window {
        Some(passes) => vec![passes.clone()],
        None if options.also => person.passes.clone(),
        None => vec![first.passes.clone()],
    };
    places
        .flat_map(|place| {
            timetables
                .iter()
                .map(move |passes| (place.clone(), passes.clone()))
        })
        .map(|((zone, start), passes)| Scenario {
            passes,
            zone: options.zone.clone().unwrap_or(zone),
            start: options.from.unwrap_or(start),
            days: options.days.unwrap_or(person.days),
            seed: options.seed.unwrap_or(person.seed),
            ..first.clone()
        })
        .collect()
}

/// Plays a scenario with the settings as they are, and again with what `set` sets.
fn run(
    scenario: &Scenario<'_>,
    settings: impl Fn(&[Choice]) -> Result<Settings, ConfigError>,
    play: impl Fn(&Settings) -> Result<Outcome, PlayError>,
    set: &[Choice],
) -> anyhow::Result<Run> {
    Ok(Run {
        person: scenario.person.name.clone(),
        passes: scenario.passes.to_string(),
        time_zone: scenario.zone.iana_name().unwrap_or("local").to_owned(),
        from: scenario.start,
        days: scenario.days,
        seed: scenario.seed,
        left_out: scenario.person.left_out.clone(),
        outcome: play(&settings(&[])?)?,
        tried: match set {
            [] => None,
            set => Some(Tried {
                settings: set.to_vec(),
                outcome: play(&settings(set)?)?,
            }),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entries_of_somebody_who_is_played_are_no_person_of_their_own() {
        let people = ["a/evening.entries.toml", "a/evening.toml", "b/gym.entries.toml"].map(PathBuf::from);
        let beside: Vec<bool> = people.iter().map(|file| is_beside(file, &people)).collect();
        assert_eq!(beside, [true, false, false]);
    }
}
