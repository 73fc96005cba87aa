//! Days of a simulated person, by `simulate` and by the real binary: the same messages at the same times, word
//! for word. So a simulation says what the product would have said.

use std::path::PathBuf;

use jiff::Timestamp;
use mecris_agent::simulate::{
    Person, Scenario,
    reality::Reality as _,
    settings_of,
    world::{Life, World},
};
use mecris_tests::beeminder::GoalSpec;
use serde_json::{Value, json};

use super::stage::Stage;

/// Two passes a day, as a crontab makes them.
const PASSES: &str = "14:30 and 17:45";

#[test]
fn a_fortnight_of_a_simulation_is_what_the_binary_says() {
    compare(14);
}

#[test]
#[ignore = "heavy tier: scripts/test-all runs it"]
fn fifty_days_of_a_simulation_are_what_the_binary_says() {
    compare(50);
}

/// Puts things off and acts on messages, so what is said early changes what is to be said later.
fn compare(days: u16) {
    let file = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../examples/people/procrastinator.toml"
    ));
    let person = Person::read(&file).expect("an example of the repository");
    let scenario = Scenario {
        passes: PASSES.parse().expect("a timetable"),
        days,
        ..Scenario::of(&person)
    };
    let settings = settings_of(None, &scenario, &[]).expect("the defaults are valid");
    let simulated = scenario.play(&settings).expect("a simulation runs");
    let simulated: Vec<(Timestamp, String)> = simulated
        .messages
        .into_iter()
        .map(|message| (message.at, message.text))
        .collect();
    let real = by_the_binary(&scenario);
    for (real, simulated) in real.iter().zip(&simulated) {
        assert_eq!(real, simulated);
    }
    assert_eq!(real.len(), simulated.len());
    assert!(
        real.len() >= usize::from(days / 2),
        "{} messages are too few to show anything",
        real.len()
    );
}

/// Plays the same world with a pass of the binary for each pass.
fn by_the_binary(scenario: &Scenario<'_>) -> Vec<(Timestamp, String)> {
    let mut stage = Stage::new();
    let config = &mut stage.setup.config;
    config.remove("walk");
    config.remove("budget");
    let passes: Vec<String> = scenario.passes.single().iter().map(ToString::to_string).collect();
    config.set("window.passes", json!(passes));
    let mut world = World::new(Life {
        person: scenario.person,
        home: scenario.zone.clone(),
        start: scenario.start,
        days: scenario.days,
        seed: scenario.seed,
    });
    let mut said = Vec::new();
    for at in scenario.passes.on(scenario.start, scenario.days, &scenario.zone) {
        world.advance(at);
        stage.beeminder.set_goals(goals(&world));
        let output = stage.pass(&at.to_string());
        assert_eq!(output.code, 0, "{}", output.everything());
        let report: Value = serde_json::from_str(&output.stdout).expect("a report");
        if report["changed"] != true {
            continue;
        }
        let text = report["notifications"][0]["text"]
            .as_str()
            .expect("a text")
            .to_owned();
        assert!(
            stage.texts().last().expect("a message").starts_with(&text),
            "it reached the phone"
        );
        for slug in world.goals() {
            if mentions(&text, slug.as_str()) {
                world.react(&slug, at);
            }
        }
        said.push((at, text));
    }
    replay(&stage, said.len());
    said
}

/// What the state has kept of these days can be replayed.
fn replay(stage: &Stage, said: usize) {
    let output = stage
        .setup
        .agent(&["simulate", "--history", "--window", PASSES, "--json"]);
    assert_eq!(output.code, 0, "{}", output.everything());
    let messages = output.json()["runs"][0]["outcome"]["messages"]
        .as_array()
        .expect("messages")
        .len();
    assert!(
        messages * 2 > said && messages < said * 2,
        "{messages} messages of {said}"
    );
}

/// The model's goals as the fake shows them.
fn goals(world: &World<'_>) -> Vec<GoalSpec> {
    let goals = world.goals_json();
    let goals = goals.as_array().expect("a list of goals").iter();
    goals
        .map(|goal| GoalSpec {
            replace: goal.as_object().expect("a goal").clone(),
            ..GoalSpec::new(goal["slug"].as_str().expect("a slug"), 0).walked(None)
        })
        .collect()
}

/// Whether a text has a name as a word of its own.
fn mentions(text: &str, slug: &str) -> bool {
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.split(|c| !is_of_a_name(c)).any(|word| word == slug)
}
