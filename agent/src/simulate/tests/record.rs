//! Replays: of what the state has kept, and of a file of goals.

use jiff::ToSpan as _;
use serde_json::json;

use super::*;
use crate::{
    simulate::{run, world::World},
    store,
};

fn new_york() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

/// A state after a person's days, and what was said meanwhile.
fn lived(scenario: &Scenario<'_>, settings: &Settings) -> (rusqlite::Connection, run::Played) {
    let mut connection = store::in_memory().unwrap();
    let life = scenario.life();
    let stage = run::Stage {
        life: life.clone(),
        passes: &scenario.passes,
        silences: &[],
        known: None,
    };
    let world = Box::new(World::new(life));
    let played = run::play_in(world, &stage, settings, &mut connection).unwrap();
    (connection, played)
}

#[test]
fn a_record_is_replayed_as_it_was() {
    let person = example("procrastinator");
    let scenario = Scenario::of(&person);
    let settings = settings_of(None, &scenario, &[]).unwrap();
    let (connection, played) = lived(&scenario, &settings);
    let record = Record::read(&connection).unwrap();
    assert_eq!(record.unnamed, 0);
    let nobody = Person {
        days: scenario.days,
        ..Person::of_record(
            &person.file,
            person.zone.clone(),
            person.start,
            scenario.passes.clone(),
        )
    };
    let replay = Replay {
        record: &record,
        scenario: Scenario::of(&nobody),
    };
    let replayed = replay.play(&settings).unwrap();
    let about = |message: &run::Message| -> Vec<String> {
        message
            .about
            .iter()
            .map(|(subject, _)| subject.to_string())
            .collect()
    };
    let then: Vec<_> = played
        .messages
        .iter()
        .map(|message| (message.at, about(message)))
        .collect();
    assert!(then.len() > 20, "{then:?}");
    let now: Vec<_> = replayed.messages.iter().map(|message| message.at).collect();
    let same = then.iter().filter(|(at, _)| now.contains(at)).count();
    assert!(
        same * 10 >= then.len() * 9,
        "{same} of {} messages: {replayed:#?}",
        then.len()
    );
    assert_eq!(replayed.measures.last_days.told, replayed.measures.last_days.of);
    let quiet = settings_of(
        None,
        &scenario,
        &[("heuristic.lead_days".to_owned(), "0".to_owned())],
    )
    .unwrap();
    assert!(replay.play(&quiet).unwrap().measures.messages < replayed.measures.messages);
}

#[test]
fn days_that_are_not_in_the_record_are_not_played() {
    let person = example("procrastinator");
    let scenario = Scenario {
        days: 2,
        ..Scenario::of(&person)
    };
    let settings = settings_of(None, &scenario, &[]).unwrap();
    let (connection, _) = lived(&scenario, &settings);
    let record = Record::read(&connection).unwrap();
    let replayed = |days: u16, earlier: i64| {
        let start = person.start.saturating_sub(earlier.days());
        let passes = "always/30m".parse().unwrap();
        let nobody = Person {
            days,
            ..Person::of_record(&person.file, person.zone.clone(), start, passes)
        };
        let replay = Replay {
            record: &record,
            scenario: Scenario::of(&nobody),
        };
        replay.play(&settings).unwrap()
    };
    let (two, many) = (replayed(2, 0), replayed(19, 5));
    assert!(!two.messages.is_empty());
    assert_eq!(many.messages, two.messages);
    assert_eq!(many.measures.derailments, two.measures.derailments);
    let known = record.first..=record.last;
    assert!(
        two.messages.iter().all(|message| known.contains(&message.at)),
        "{two:#?}"
    );
}

#[test]
fn a_state_without_readings_says_how_to_get_some() {
    let connection = store::in_memory().unwrap();
    let error = Record::read(&connection).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the state has no reading of Beeminder yet: `mecris-agent run` makes one"
    );
}

/// Goals as Beeminder's API sends them, after ten days.
fn goals() -> serde_json::Value {
    let zone = new_york();
    let at = |day: i8, hour: i8| {
        let local = jiff::civil::date(2026, 11, day).at(hour, 0, 0, 0);
        crate::clock::local_instant(local, &zone)
    };
    let point = |day: i8, value: f64| {
        json!({
            "id": format!("p{day}"),
            "daystamp": format!("202611{day:02}"),
            "value": value,
            "comment": "",
            "created_at": at(day, 20).to_string(),
            "updated_at": at(day, 20).as_second(),
        })
    };
    json!([
        {
            "slug": "reading",
            "safebuf": 0,
            "losedate": at(12, 0).as_second() - 1,
            "deadline": 0,
            "pledge": 10.0,
            "rate": 7.0,
            "runits": "w",
            "yaw": 1,
            "dir": 1,
            "aggday": "sum",
            "kyoom": true,
            "autodata": null,
            "datapoints": [point(1, 1.0), point(3, 2.0), point(5, 1.0), point(8, 3.0)],
        },
        {
            "slug": "weight",
            "safebuf": 5,
            "losedate": at(17, 0).as_second() - 1,
            "rate": -0.5,
            "runits": "w",
            "yaw": -1,
            "dir": -1,
            "aggday": "last",
            "datapoints": [point(2, 80.0)],
        }
    ])
}

fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("goals.json");
    std::fs::write(&file, text).unwrap();
    (folder, file)
}

fn of_goals(text: &str, zone: Option<TimeZone>) -> Result<Person, String> {
    let (_folder, file) = written(text);
    let passes: Passes = "13-18/15m".parse().unwrap();
    let message =
        |error: crate::config::ConfigError| error.to_string().replace(&file.display().to_string(), "FILE");
    Person::of_goals(&file, zone, passes).map_err(message)
}

#[test]
fn goals_are_replayed_from_their_datapoints() {
    let person = of_goals(&goals().to_string(), Some(new_york())).unwrap();
    assert_eq!(
        (person.start.to_string(), person.days),
        ("2026-11-01".to_owned(), 10)
    );
    assert_eq!(person.goals.len(), 1);
    assert!(
        person.left_out[0].starts_with("weight: only goals whose line rises"),
        "{:?}",
        person.left_out
    );
    let outcome = play(&Scenario::of(&person));
    let last = outcome.messages.last().unwrap();
    assert!(last.text.contains("reading derails"), "{outcome:#?}");
    assert_eq!(outcome.measures.last_days.told, outcome.measures.last_days.of);
    assert_eq!(
        outcome.measures.derailed_usd, 0,
        "the safe days at the start are those that led to today's"
    );
    let user = json!({"timezone": "Europe/Berlin", "goals": goals()});
    assert_eq!(
        of_goals(&user.to_string(), None).unwrap().zone.iana_name(),
        Some("Europe/Berlin")
    );
}

#[test]
fn a_file_that_has_no_goals_is_refused_with_what_is_expected() {
    let zone = || Some(new_york());
    let without_entries = json!([{"slug": "a", "safebuf": 1, "losedate": 1_800_000_000, "rate": 1.0, "runits": "d", "datapoints": []}]);
    let errors: Vec<String> = [
        ("", zone()),
        ("{}", zone()),
        ("[]", zone()),
        ("[1]", zone()),
        (&goals().to_string(), None),
        (&without_entries.to_string(), zone()),
    ]
    .into_iter()
    .map(|(text, zone)| of_goals(text, zone).unwrap_err())
    .collect();
    insta::assert_snapshot!(errors.join("\n"));
    let missing = Person::of_goals("/nowhere/goals.json".as_ref(), zone(), "13-18".parse().unwrap());
    assert!(missing.unwrap_err().to_string().contains("there is no such file"));
}
