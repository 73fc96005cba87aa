//! Every person of `examples/people`.

use super::*;

#[test]
fn every_example_can_be_played_with_each_of_its_timetables() {
    let files = std::fs::read_dir(folder()).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let names: Vec<String> = files
        .filter(|name| !name.ends_with(".entries.toml"))
        .map(|name| name.trim_end_matches(".toml").to_owned())
        .collect();
    assert!(names.len() >= 2, "{names:?}");
    for name in names {
        let person = example(&name);
        assert_eq!(person.name, name, "the name of a person is that of their file");
        for passes in &person.passes {
            let scenario = Scenario {
                passes: passes.clone(),
                days: 2,
                ..Scenario::of(&person)
            };
            assert!(play(&scenario).measures.passes > 0, "{name} {passes}");
        }
    }
}

#[test]
fn a_budget_speaks_at_most_four_times_a_period() {
    for name in ["budget-even", "budget-bursts", "budget-over"] {
        let person = example(name);
        let outcome = play(&Scenario::of(&person));
        let texts: Vec<&str> = outcome
            .messages
            .iter()
            .map(|message| message.text.as_str())
            .collect();
        assert!(!texts.is_empty(), "{name} says nothing");
        let most = outcome.measures.most_budget_messages_a_period;
        assert!(most <= 4, "{name}: {most} of {texts:#?}");
        let first_days = outcome
            .messages
            .iter()
            .filter(|message| message.local.contains("-01 "));
        assert_eq!(first_days.count(), 0, "{name}: {texts:#?}");
    }
}

#[test]
fn what_could_not_be_told_for_a_day_is_told() {
    for name in ["unknown", "down", "budget-bursts"] {
        let person = example(name);
        let unknowns = play(&Scenario::of(&person)).measures.unknowns;
        assert_eq!(unknowns.told, unknowns.of, "{name}");
        if name == "unknown" {
            assert!(unknowns.of > 0, "{name}: {unknowns:?}");
            let never = [("heuristic.unknown_after".to_owned(), "720h".to_owned())];
            let settings = settings_of(None, &Scenario::of(&person), &never).unwrap();
            let silent = Scenario::of(&person).play(&settings).unwrap().measures.unknowns;
            assert!(silent.told < silent.of, "{silent:?}");
        }
    }
}
