//! The reference fortnight: what Mecris says to `morning.toml`.

use super::{
    promises::{A_FORTNIGHT, TIMETABLES, measured},
    *,
};
use crate::simulate::measures::Told;

/// The messages of a run, line by line, and then its measures.
fn shown(outcome: &Outcome) -> String {
    let messages = outcome.messages.iter();
    let messages: Vec<String> = messages
        .map(|message| format!("{}  {}", message.local, message.text))
        .collect();
    format!("{}\n\n{:#?}", messages.join("\n"), outcome.measures)
}

#[test]
fn the_fortnight_of_a_person_who_is_done_in_the_morning() {
    let person = example("morning");
    insta::assert_snapshot!(shown(&play(&Scenario::of(&person))));
}

/// The policy's page shows this fortnight. `UPDATE_SIMULATION=1` writes it there.
#[test]
fn the_page_of_the_policy_shows_the_fortnight_as_it_is() {
    const BEGIN: &str = "<!-- simulated: morning -->\n";
    const END: &str = "\n<!-- end of simulation -->";
    let page = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/Heuristic_Notification_CDD.md"
    ));
    let text = std::fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let outcome = play(&Scenario::of(&example("morning")));
    let messages: Vec<String> = outcome
        .messages
        .iter()
        .map(|message| format!("{}  {}\n", message.local, message.text))
        .collect();
    let wanted = format!("{before}{BEGIN}\n```text\n{}```\n{END}{after}", messages.concat());
    if std::env::var_os("UPDATE_SIMULATION").is_some() {
        std::fs::write(&page, wanted).unwrap();
    } else {
        assert_eq!(text, wanted, "UPDATE_SIMULATION=1 writes the page anew");
    }
}

#[test]
fn a_run_is_the_same_each_time_and_another_seed_is_another_person() {
    let person = example("procrastinator");
    let scenario = Scenario::of(&person);
    let first = play(&scenario);
    assert!(!first.messages.is_empty());
    assert_eq!(play(&scenario), first);
    let other = Scenario {
        seed: scenario.seed + 1,
        ..scenario
    };
    assert_ne!(play(&other), first);
}

#[test]
fn entries_that_were_drawn_once_do_not_depend_on_the_seed() {
    let person = example("evening");
    let scenario = Scenario::of(&person);
    let other = Scenario {
        seed: scenario.seed + 1,
        ..scenario.clone()
    };
    assert_eq!(play(&other), play(&scenario));
}

#[test]
fn a_setting_that_is_tried_out_makes_a_difference() {
    let person = example("morning");
    let scenario = Scenario::of(&person);
    let tried = |key: &str, value: &str| {
        let set = [(key.to_owned(), value.to_owned())];
        scenario
            .play(&settings_of(None, &scenario, &set).unwrap())
            .unwrap()
    };
    let on_last_days_only = tried("heuristic.lead_days", "0").measures.goal_messages;
    assert!(on_last_days_only < play(&scenario).measures.goal_messages);
}

#[test]
fn a_setting_that_does_not_exist_is_refused_by_its_name() {
    let person = example("morning");
    let scenario = Scenario::of(&person);
    let set = [("policy.escalat".to_owned(), "true".to_owned())];
    assert_eq!(
        settings_of(None, &scenario, &set).unwrap_err().to_string(),
        "policy.escalat (--set): no such setting, did you mean policy.escalate?"
    );
}

/// A person's default days with one setting tried out.
fn tried(person: &str, key: &str, value: &str) -> Measures {
    let person = example(person);
    let scenario = Scenario::of(&person);
    let set = [(key.to_owned(), value.to_owned())];
    let settings = settings_of(None, &scenario, &set).unwrap();
    scenario.play(&settings).unwrap().measures
}

#[test]
fn who_is_done_in_the_morning_is_told_little_and_less_without_warnings_ahead() {
    let morning = example("morning");
    let is_little = |measures: &Measures| {
        measures
            .goal_messages_alone
            .is_some_and(|messages| messages <= 10)
    };
    assert!(is_little(&play(&Scenario::of(&morning)).measures));
    for window in TIMETABLES {
        let measures = measured(&morning, window, Some(A_FORTNIGHT));
        assert!(is_little(&measures), "{window}: {measures:?}");
    }
    let on_last_days = tried("morning", "heuristic.lead_days", "0");
    assert_eq!(on_last_days.last_days, Told { of: 5, told: 5 });
    assert!(on_last_days.goal_messages <= 6, "{on_last_days:?}");
}

#[test]
fn who_is_done_in_the_evening_is_left_alone_once_the_habit_is_known() {
    let evening = example("evening");
    let measures = play(&Scenario::of(&evening)).measures;
    assert!(measures.goal_messages_by_fortnight[1] <= 4, "{measures:?}");
    assert_eq!(measures.last_days.told, measures.last_days.of);
    let without = tried("evening", "heuristic.habit", "false");
    assert!(without.goal_messages_by_fortnight[1] >= 14, "{without:?}");
}

/// Six weeks of a person with one goal.
fn six_weeks(goal: &str) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("somebody.toml");
    let text = format!(
        "name = \"somebody\"\ntime_zone = \"America/New_York\"\nstart = \"2026-09-14\"\ndays = 42\n\
         passes = [\"13-18/15m\"]\n[[goal]]\nslug = \"reading\"\npledge = 5\n{goal}\n"
    );
    std::fs::write(&file, text).unwrap();
    let person = Person::read(&file).unwrap();
    play(&Scenario::of(&person))
}

#[test]
fn a_goal_that_is_never_safe_is_warned_of_twice() {
    let always_a_day = "buffer = 1\nper_week = 7\nentries = { \"20:30\" = \"every day\" }";
    let messages = six_weeks(always_a_day).messages;
    assert_eq!(messages.len(), 2, "{messages:#?}");
    let once_a_week = "buffer = 6\nper_week = 1\nentries = { \"20:30\" = \"sat\" }";
    let messages = six_weeks(once_a_week).messages;
    assert_eq!(messages.len(), 6, "safe after each entry: {messages:#?}");
}
