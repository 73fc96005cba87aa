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
fn a_budget_speaks_at_most_four_times_a_period_and_never_on_its_first_day() {
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
fn a_subject_that_stays_unknown_for_over_a_day_is_reported() {
    let person = example("unknown");
    let scenario = Scenario::of(&person);
    let unknowns = play(&scenario).measures.unknowns;
    assert!(unknowns.of > 0 && unknowns.told == unknowns.of, "{unknowns:?}");
    let never = [("heuristic.unknown_after".to_owned(), "720h".to_owned())];
    let settings = settings_of(None, &scenario, &never).unwrap();
    let silent = scenario.play(&settings).unwrap().measures.unknowns;
    assert!(silent.told < silent.of, "{silent:?}");
}
