mod goal;
mod people;
mod promises;
mod record;
mod reference;
mod state;
mod words;

use std::path::PathBuf;

use super::*;

/// A person of `examples/people`.
fn example(name: &str) -> Person {
    Person::read(&folder().join(format!("{name}.toml"))).unwrap()
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/people"))
}

/// Plays a scenario with the default settings of Mecris.
fn play(scenario: &Scenario<'_>) -> Outcome {
    let settings = settings_of(None, scenario, &[]).unwrap();
    scenario.play(&settings).unwrap()
}
