use super::*;

const LEAST: &str = r#"
name = "a"
time_zone = "America/New_York"
start = "2026-10-24"
days = 3
passes = ["13-18"]
"#;

fn read(more: &str) -> Result<Person, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    std::fs::write(&file, format!("{LEAST}{more}")).unwrap();
    let place = format!(" (file {})", file.display());
    Person::read(&file).map_err(|error| error.to_string().replace(&place, ""))
}

#[test]
fn a_person_without_anything_is_a_person() {
    let person = read("").unwrap();
    assert_eq!((person.days, person.goals.len(), person.passes.len()), (3, 0, 1));
}

#[test]
fn every_mistake_is_one_sentence_with_what_is_allowed() {
    let mistakes = r#"
scater_minutes = 5
seed = -1
walk = { goal = "bike", from = "14", until = "18:00" }
also = [{ time_zone = "Europe/Berlin" }]
budget = [{ provider = "openai", limit_usd = 5 }]
vacation = [{ from = 3, until = 2 }]

[[goal]]
slug = "reading"
bufer = 1
deadline = 99999
pledge = 7
entries = { "9pm" = "every day" }
"#;
    insta::assert_snapshot!(read(mistakes).unwrap_err());
}

#[test]
fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    std::fs::write(&file, "days = 0\n[[goal]]\n").unwrap();
    let error = Person::read(&file).unwrap_err().to_string();
    insta::assert_snapshot!(error.replace(&format!(" (file {})", file.display()), ""));
}

#[test]
fn a_file_that_is_not_there_or_not_toml_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    assert!(
        Person::read(&file)
            .unwrap_err()
            .to_string()
            .ends_with("a.toml): there is no such file.")
    );
    std::fs::write(&file, "name = \"a\"\nname = \"b\"").unwrap();
    let error = Person::read(&file).unwrap_err().to_string();
    assert!(error.ends_with("is not TOML, line 2: duplicate key."), "{error}");
}

#[test]
fn entries_that_were_drawn_belong_to_goals_of_the_person() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    std::fs::write(&file, format!("{LEAST}[[goal]]\nslug = \"reading\"\n")).unwrap();
    let drawn = |text: &str| {
        std::fs::write(folder.path().join("a.entries.toml"), text).unwrap();
        Person::read(&file).map_err(|error| error.to_string())
    };
    let person = drawn("reading = [\"20:48\", \"-\"]").unwrap();
    assert_eq!(
        person.goals[0].drawn,
        Some(vec![Some(jiff::civil::time(20, 48, 0, 0)), None])
    );
    let error = drawn("gym = [\"20:48\"]").unwrap_err();
    assert!(
        error.contains("the entries file has \"gym\", which is no goal here"),
        "{error}"
    );
    let error = drawn("reading = [\"8pm\"]").unwrap_err();
    assert!(
        error.contains("reading: expected a list of times such as \"20:48\""),
        "{error}"
    );
}

#[test]
fn days_are_listed_or_named() {
    let days = |text: &str| {
        let table: toml::Table = format!("entries = {{ \"09:00\" = {text} }}").parse().unwrap();
        Some(entries::plans(&table["entries"])?.remove(0).days)
    };
    let monday: Date = "2026-10-19".parse().unwrap();
    let contain = |text: &str, day: i64| {
        use jiff::ToSpan as _;
        days(text).unwrap().contain(day, monday + day.days())
    };
    assert!(contain("[0, 2]", 2) && !contain("[0, 2]", 1));
    assert!(contain("\"every day\"", 9));
    assert!(contain("\"every day but 3, 4\"", 5) && !contain("\"every day but 3, 4\"", 4));
    assert!(contain("\"mon wed\"", 7) && !contain("\"mon wed\"", 1));
    for wrong in [
        "\"never\"",
        "\"every day except 3\"",
        "[-1]",
        "\"every day but x\"",
        "7",
    ] {
        assert_eq!(days(wrong), None, "{wrong}");
    }
}
