//! Beeminder answers with garbage: no panic, an honest exit code, and no unreadable goal is called safe.
//!
//! The agent's own tests put ten thousand bodies through the parser. These tests put bodies through the whole
//! binary. They print their seed, and `MECRIS_TEST_SEED` sets it.

use fastrand::Rng;
use mecris_tests::{
    agent::Output,
    beeminder::{Fault, GoalSpec, TOKEN},
    http_client::request,
};
use serde_json::{Value, json};

use crate::stage::{AFTERNOON, Stage};

const CASES: usize = 100;

#[test]
fn rubbish_is_never_safe_and_never_a_panic() {
    let seed = std::env::var("MECRIS_TEST_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}");
    let mut rng = Rng::with_seed(seed);
    let mut stage = Stage::new();
    stage.setup.config.remove("budget");
    stage
        .beeminder
        .set_goals([GoalSpec::new("reading", 0), GoalSpec::new("piano", 1)]);
    stage.clock.set(AFTERNOON.parse().expect("an instant"));
    let ask = |file: &str| {
        let path = format!("/api/v1/users/{file}?emaciated=true&auth_token={TOKEN}");
        request(stage.beeminder.address(), "GET", &path, &[], None)
            .expect("the fake answers")
            .body
    };
    let sound = [("me.json", ask("me.json")), ("goals.json", ask("me/goals.json"))];
    for case in 0..CASES {
        let (path, right) = rng.choice(&sound).expect("two paths");
        let body = spoil(right, &mut rng);
        stage.beeminder.clear_faults();
        for _ in 0..10 {
            stage.beeminder.fail_path(path, Fault::Body(body.clone()));
        }
        let output = stage
            .setup
            .agent(&["run", "--json", "--dry-run", "--at", AFTERNOON]);
        assert_honest(&output, path, &body, &format!("seed {seed}, case {case}"));
    }
}

#[test]
fn one_odd_value_or_broken_goal_hides_no_other_goal() {
    for (odd, code, conditions) in [
        // What Mecris never reads may be anything.
        (
            "\"half \\ud83d an emoji\"",
            0,
            &["goal:reading", "goal:piano"][..],
        ),
        ("NaN", 0, &["goal:reading", "goal:piano"]),
        ("1e400", 0, &["goal:reading", "goal:piano"]),
        ("\"two\nlines\"", 0, &["goal:reading", "goal:piano"]),
        ("undefined", 3, &["goal:reading", "beeminder:unreadable"]),
        ("\"he said \"no\"\"", 3, &["goal:reading", "beeminder:unreadable"]),
    ] {
        let mut stage = Stage::new();
        stage.setup.config.remove("budget");
        stage.setup.config.remove("walk");
        stage
            .beeminder
            .set_goals([GoalSpec::new("reading", 0), GoalSpec::new("piano", 7)]);
        stage.clock.set(AFTERNOON.parse().expect("an instant"));
        let path = format!("/api/v1/users/me/goals.json?emaciated=true&auth_token={TOKEN}");
        let sound = request(stage.beeminder.address(), "GET", &path, &[], None)
            .expect("the fake answers")
            .body;
        let mut goals: Vec<Value> = serde_json::from_str(&sound).expect("a list");
        goals
            .iter_mut()
            .filter(|goal| goal["slug"] == "piano")
            .for_each(|goal| goal["graphsum"] = json!("ODD"));
        let body = json!(goals).to_string().replace("\"ODD\"", odd);
        stage.beeminder.fail_path("goals.json", Fault::Body(body.clone()));
        // The same from a file.
        let file = stage.setup.folder().join("goals.json");
        std::fs::write(&file, &body).expect("a file");
        for source in ["api", "file"] {
            if source == "file" {
                let source = format!("file:{}", file.display());
                stage.setup.config.remove("beeminder");
                stage.setup.config.set("beeminder.source", source);
            }
            let output = stage.setup.agent(&["run", "--json", "--at", AFTERNOON]);
            let report = output.json();
            let subjects: Vec<&str> = report["conditions"]
                .as_array()
                .expect("a list")
                .iter()
                .filter_map(|condition| condition["subject"].as_str())
                .collect();
            for subject in conditions {
                assert!(
                    subjects.contains(subject),
                    "{source}: {odd}: {}",
                    output.everything()
                );
            }
            assert_eq!(output.code, code, "{source}: {odd}: {}", output.everything());
            assert_eq!(stage.twilio.accepted_count(), 1, "{source}: {odd}");
        }
    }
}

#[test]
fn a_reply_that_is_no_json_is_told_with_its_place() {
    let stage = Stage::new();
    stage
        .beeminder
        .fail_path("goals.json", Fault::Body("[\n{\"slug\" \"a\"}".to_owned()));
    let output = stage.pass(AFTERNOON);
    assert_eq!(output.code, 3);
    assert!(
        output.stdout.contains("not JSON (status 200, line 2 column 9)"),
        "{}",
        output.everything()
    );
}

fn assert_honest(output: &Output, path: &str, body: &str, which: &str) {
    let everything = output.everything();
    assert!(!everything.contains("panicked"), "{which}: {everything}\n{body}");
    assert!(
        matches!(output.code, 0 | 3),
        "{which}: exit {}: {everything}\n{body}",
        output.code
    );
    let report = output.json();
    let parsed: Result<Value, _> = serde_json::from_str(body);
    let readable = match path {
        "goals.json" => parsed.as_ref().is_ok_and(Value::is_array),
        _ => parsed.as_ref().is_ok_and(Value::is_object),
    };
    // What a comma too much is all that is wrong with is read nevertheless.
    let bare: String = body.split_whitespace().collect();
    if !readable && !bare.contains(",]") && !bare.contains(",}") {
        assert_eq!(output.code, 3, "{which}: {everything}\n{body}");
    }
    for condition in report["conditions"].as_array().expect("a list") {
        let slug = condition["subject"]
            .as_str()
            .unwrap_or_default()
            .strip_prefix("goal:");
        if let Some(slug) = slug.filter(|_| condition["severity"] == "SAFE") {
            assert!(
                may_be_safe(slug, body),
                "{which}: {slug} is called safe: {report:#}\n{body}"
            );
        }
    }
}

/// Whether the spoilt body itself says that this goal is safe: its safebuf is a number of two days or more,
/// or the goal is won or frozen. If a part of the body is broken, whether it says so of any goal.
fn may_be_safe(slug: &str, body: &str) -> bool {
    let Ok(parsed) = serde_json::from_str::<Value>(body) else {
        let of = |name: &str| body.split(&format!("\"{name}\":")).skip(1).collect::<Vec<_>>();
        return of("safebuf")
            .iter()
            .any(|text| text.starts_with(|c: char| ('2'..='9').contains(&c)))
            || ["won", "frozen"]
                .iter()
                .any(|name| of(name).iter().any(|text| text.starts_with("true")));
    };
    let goal = parsed
        .as_array()
        .and_then(|all| all.iter().find(|goal| goal["slug"] == slug));
    goal.is_some_and(|goal| {
        goal["safebuf"].as_f64().is_some_and(|days| days >= 2.0)
            || goal["won"] == true
            || goal["frozen"] == true
    })
}

/// Spoils the body in one of five ways: random bytes instead of it, a cut, a few changed characters, missing
/// fields, fields of another type.
fn spoil(right: &str, rng: &mut Rng) -> String {
    match rng.u8(0..5) {
        0 => (0..rng.usize(0..200))
            .map(|_| char::from(rng.u8(1..127)))
            .collect(),
        1 => right.chars().take(rng.usize(0..right.len())).collect(),
        2 => {
            let mut letters: Vec<char> = right.chars().collect();
            for _ in 0..rng.usize(1..20) {
                let place = rng.usize(0..letters.len());
                letters[place] = char::from(rng.u8(32..127));
            }
            letters.into_iter().collect()
        }
        kind => {
            let mut value: Value = serde_json::from_str(right).expect("the fake sends JSON");
            spoil_field(&mut value, kind == 3, rng);
            value.to_string()
        }
    }
}

fn spoil_field(value: &mut Value, remove: bool, rng: &mut Rng) {
    let odd = [
        json!(null),
        json!("∞"),
        json!(-1),
        json!(1e300),
        json!([]),
        json!({"a": []}),
        json!(true),
        json!(""),
    ];
    let target = match value {
        Value::Array(items) if !items.is_empty() => {
            let place = rng.usize(0..items.len());
            &mut items[place]
        }
        other => other,
    };
    let Some(object) = target.as_object_mut() else {
        return;
    };
    for _ in 0..rng.usize(1..8) {
        let names: Vec<String> = object.keys().cloned().collect();
        let Some(name) = rng.choice(&names) else { return };
        if remove {
            object.remove(name);
        } else {
            object.insert(name.clone(), rng.choice(&odd).cloned().unwrap_or_default());
        }
    }
}

#[test]
fn check_warns_of_what_a_pass_cannot_judge() {
    let mut stage = Stage::new();
    stage.setup.config.remove("budget");
    stage.setup.config.remove("walk");
    let file = stage.setup.folder().join("odd.json");
    let goals = json!([{"slug": "reading", "safebuf": "zero"}, {"title": "no slug"}, {"slug": "piano", "safebuf": 0}]);
    std::fs::write(&file, goals.to_string()).expect("a file");
    stage.setup.config.remove("beeminder");
    stage
        .setup
        .config
        .set("beeminder.source", format!("file:{}", file.display()));
    let checked = stage.setup.agent(&["check"]);
    for warned in [
        "it has no slug",
        "reading: neither its safebuf nor its losedate can be read",
    ] {
        let line = checked.stdout.lines().find(|line| line.contains(warned));
        let line = line.unwrap_or_else(|| panic!("{warned}: {}", checked.everything()));
        assert!(line.starts_with("WARN"), "{line}");
    }
}
