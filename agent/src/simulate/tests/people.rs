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
