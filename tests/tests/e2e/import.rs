//! The change from the Python system: messages of today are not repeated, and its data is taken over.

use std::{fs, path::Path};

use mecris_tests::{
    agent::{Output, Setup},
    beeminder::GoalSpec,
    clock::machine_time,
    ledger,
    python::PythonSystem,
};
use serde_json::{Value, json};

use crate::stage::{Stage, about, notified};

const ZONE: &str = "America/New_York";

/// A stage at the machine's time with two red goals and a spent Groq budget, and an old installation beside
/// it.
fn changing_over() -> (Stage, PythonSystem) {
    let mut stage = Stage::of_the_daemon();
    stage.setup.config.set(
        "state.path",
        stage.setup.folder().join("mecris.db").display().to_string(),
    );
    stage.setup.config.set(
        "budget.groq",
        json!({"source": "odometer", "limit_usd": 5.0, "period": "monthly"}),
    );
    stage.setup.config.set(
        "budget.anthropic",
        json!({"source": "ledger", "limit_usd": 100.0, "period": "monthly"}),
    );
    stage.beeminder.set_goals([
        GoalSpec::new("reading", 0),
        GoalSpec::new("piano", 0),
        GoalSpec::new("bike", 9),
    ]);
    let old = PythonSystem::install(&folder(stage.setup.folder()), ZONE).expect("its files");
    (stage, old)
}

fn folder(beside: &Path) -> std::path::PathBuf {
    let folder = beside.join("python");
    fs::create_dir(&folder).expect("a folder for the old files");
    folder
}

fn import(setup: &Setup, old: &PythonSystem, more: &[&str]) -> Output {
    let [usage, budget] = old.paths();
    setup.agent(&[&["state", "import", usage, budget, "--zone", ZONE][..], more].concat())
}

fn table<'a>(report: &'a Value, name: &str) -> &'a Value {
    let tables = report["tables"].as_array().expect("tables is a list");
    tables
        .iter()
        .find(|table| table["table"] == name)
        .unwrap_or_else(|| panic!("no {name} in {report:#}"))
}

#[test]
fn what_the_old_system_said_today_is_not_said_again_and_the_rest_is() {
    let (stage, old) = changing_over();
    old.beeminder_alert(&["reading"], machine_time())
        .expect("it is logged");
    let output = import(&stage.setup, &old, &["--json"]);
    let report = output.json();
    assert_eq!(table(&report, "alert_log")["taken"], 1, "{report:#}");
    // No pass has read Beeminder yet, so the goal's deadline is unknown. The import says so, with exit code
    // 3.
    assert_eq!(output.code, 3, "{}", output.everything());
    assert!(
        report["doubts"][0]
            .as_str()
            .is_some_and(|doubt| doubt.starts_with("goal:reading: ")),
        "{report:#}"
    );

    let pass = stage.setup.agent(&["run", "--json"]).json();
    assert_eq!(
        about(&pass, "decisions", "goal:reading", "reason"),
        "already_notified_today",
        "{pass:#}"
    );
    assert_eq!(about(&pass, "decisions", "goal:piano", "reason"), "first_of_day");
    assert_eq!(notified(&pass), ["goal:piano"]);
    let texts = stage.texts();
    assert!(
        texts.len() == 1 && texts[0].contains("piano") && !texts[0].contains("reading"),
        "{texts:?}"
    );
}

#[test]
fn once_beeminder_was_read_a_goals_day_is_certain() {
    let (stage, old) = changing_over();
    stage
        .beeminder
        .set_goals([GoalSpec::new("reading", 9), GoalSpec::new("bike", 9)]);
    assert_eq!(
        stage.setup.agent(&["run", "--json"]).json()["changed"],
        false,
        "nothing is wrong yet"
    );
    stage
        .beeminder
        .set_goals([GoalSpec::new("reading", 0), GoalSpec::new("bike", 9)]);
    old.beeminder_alert(&["reading"], machine_time())
        .expect("it is logged");
    let output = import(&stage.setup, &old, &["--json"]);
    assert_eq!(
        (output.code, &output.json()["doubts"]),
        (0, &json!([])),
        "{}",
        output.everything()
    );
    let pass = stage.setup.agent(&["run", "--json"]).json();
    assert_eq!(
        about(&pass, "decisions", "goal:reading", "reason"),
        "already_notified_today",
        "{pass:#}"
    );
    assert_eq!(stage.texts(), Vec::<String>::new());
}

#[test]
fn what_came_over_survives_the_machine() {
    let (mut stage, old) = changing_over();
    let copies = stage.setup.copy_to_a_folder();
    old.budget_alert("critical", machine_time())
        .expect("it is logged");
    old.beeminder_alert(&["reading", "piano"], machine_time())
        .expect("it is logged");
    assert_eq!(
        import(&stage.setup, &old, &["--dry-run"]).code,
        3,
        "the goals' deadlines are not known"
    );
    assert!(
        !copies.exists() || fs::read_dir(&copies).expect("a folder").next().is_none(),
        "a dry run makes no copy"
    );
    import(&stage.setup, &old, &[]);
    fs::remove_file(stage.setup.folder().join("mecris.db")).expect("the state of this machine");
    let pass = stage.setup.agent(&["run", "--json"]).json();
    for subject in ["goal:reading", "goal:piano"] {
        assert_eq!(
            about(&pass, "decisions", subject, "reason"),
            "already_notified_today",
            "{pass:#}"
        );
    }
    assert_eq!(stage.texts(), Vec::<String>::new());
    let again = import(&stage.setup, &old, &["--json"]).json();
    assert_eq!(table(&again, "alert_log")["already_there"], 2, "{again:#}");
}

#[test]
fn the_endpoints_show_what_came_over() {
    let (stage, old) = changing_over();
    old.update_budget(24.96, 19.65, machine_time()).expect("a budget");
    old.record_session(10_000, 5_333, 0.11, machine_time())
        .expect("a session");
    old.record_odometer(1.35, machine_time()).expect("a reading");
    old.record_odometer(1.90, machine_time()).expect("a reading");
    let output = import(&stage.setup, &old, &["--json"]);
    assert_eq!(output.code, 0, "{}", output.everything());
    assert_eq!(
        table(&output.json(), "provider_usage")["skipped"],
        2,
        "nobody had those sessions"
    );

    let daemon = stage.setup.serve();
    assert_eq!(
        daemon.post("/intelligent-reminder/trigger", None).status,
        200,
        "{}",
        daemon.logs()
    );
    let usage = daemon.get("/usage").json();
    let close = |value: &Value, expected: f64| {
        value
            .as_f64()
            .is_some_and(|value| (value - expected).abs() < 1e-6)
    };
    assert!(
        close(&usage["total_budget"], 24.96) && close(&usage["remaining_budget"], 19.54),
        "{usage:#}"
    );
    assert!(
        close(&usage["used_budget"], 5.42) && close(&usage["providers"][1]["used_budget"], 1.90),
        "{usage:#}"
    );
    let recent = daemon.get("/usage/recent").json();
    assert_eq!(
        (&recent["count"], &recent["sessions"][0]["input_tokens"]),
        (&json!(1), &json!(10_000)),
        "{recent:#}"
    );
    let odometer = daemon.get("/groq/odometer/status").json();
    assert!(close(&odometer["current_cost"], 1.90), "{odometer:#}");
    assert_eq!(odometer["history"][0]["readings"], 2);

    // The import is refused while the daemon has the state; a dry run is not refused.
    let refused = import(&stage.setup, &old, &[]);
    assert_eq!(refused.code, 75, "{}", refused.everything());
    assert!(
        refused.stderr.contains("is in use by another mecris-agent"),
        "{}",
        refused.stderr
    );
    let dry = import(&stage.setup, &old, &["--dry-run"]);
    assert_eq!(dry.code, 0, "{}", dry.everything());
    assert!(
        dry.stdout.ends_with("dry run: nothing was written\n"),
        "{}",
        dry.stdout
    );
}

#[test]
fn a_dry_run_says_the_same_and_takes_nothing() {
    let (stage, old) = changing_over();
    old.budget_alert("critical", machine_time())
        .expect("it is logged");
    let before: Vec<Vec<u8>> = old
        .paths()
        .iter()
        .map(|path| fs::read(path).expect("the old file"))
        .collect();
    let mut dry = import(&stage.setup, &old, &["--json", "--dry-run"]).json();
    assert!(
        !stage.setup.folder().join("mecris.db").exists(),
        "it does not even make the state"
    );
    let mut real = import(&stage.setup, &old, &["--json"]).json();
    for report in [&mut dry, &mut real] {
        report.as_object_mut().expect("an object").remove("dry_run");
    }
    assert_eq!(dry, real);
    let claims = ledger::claims(&stage.setup.folder().join("mecris.db")).expect("our state");
    assert_eq!(
        claims
            .iter()
            .map(|claim| claim.subject.as_str())
            .collect::<Vec<_>>(),
        ["budget:anthropic"]
    );
    let again = import(&stage.setup, &old, &["--json"]).json();
    assert_eq!(
        (
            &table(&again, "alert_log")["taken"],
            &table(&again, "alert_log")["already_there"]
        ),
        (&json!(0), &json!(1))
    );
    let after: Vec<Vec<u8>> = old
        .paths()
        .iter()
        .map(|path| fs::read(path).expect("the old file"))
        .collect();
    assert_eq!(after, before, "the old files are as they were");
}

#[test]
fn what_nothing_uses_yet_is_said() {
    let (mut stage, old) = changing_over();
    stage.setup.config.remove("budget");
    old.update_budget(24.96, 19.54, machine_time()).expect("a budget");
    old.record_odometer(1.35, machine_time()).expect("a reading");
    let output = import(&stage.setup, &old, &["--json"]);
    assert_eq!(
        output.json()["notes"],
        json!([
            "the configuration has no [budget.anthropic]: nothing uses the imported budget until you add it",
            "the configuration has no [budget.groq] with source = \"odometer\": nothing uses the imported readings until you add it",
        ]),
        "{}",
        output.everything()
    );
}

#[test]
fn a_terminal_shows_a_table_and_the_reasons() {
    let (stage, old) = changing_over();
    old.record_odometer(1.35, machine_time()).expect("a reading");
    let output = import(&stage.setup, &old, &[]);
    assert_eq!(output.code, 0, "{}", output.everything());
    let words: Vec<Vec<&str>> = output
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert!(
        words.contains(&vec!["groq_odometer_readings", "1", "1", "0", "0"]),
        "{}",
        output.stdout
    );
    assert!(
        words.contains(&vec!["provider_usage", "1", "0", "0", "1"]),
        "{}",
        output.stdout
    );
    assert!(
        output.stdout.contains("id 1: made up from an odometer reading"),
        "{}",
        output.stdout
    );
    assert!(
        output
            .stdout
            .contains("mecris_usage.db: Mecris keeps no list of tasks"),
        "{}",
        output.stdout
    );
}

#[test]
fn what_cannot_be_read_has_its_code_and_its_sentence() {
    let (mut stage, old) = changing_over();
    let absent = stage
        .setup
        .agent(&["state", "import", "absent.db", "--zone", ZONE]);
    assert_eq!(absent.code, 1, "{}", absent.everything());
    assert_eq!(
        stage.setup.agent(&["state", "import", "absent.db"]).code,
        64,
        "without --zone"
    );
    assert!(
        !stage.setup.folder().join("mecris.db").exists(),
        "nothing was made for nothing"
    );

    stage.setup.agent(&["run", "--json"]);
    let ours = stage
        .setup
        .agent(&["state", "import", "mecris.db", "--zone", ZONE]);
    assert_eq!(ours.code, 1);
    assert!(
        ours.stderr.contains("is mecris-agent's own state"),
        "{}",
        ours.stderr
    );

    // The old file has the name that the state has by default.
    let [usage, _] = old.paths();
    stage.setup.config.set("state.path", usage);
    let output = stage.setup.agent(&["run", "--json"]);
    assert_eq!(output.code, 1);
    assert!(
        output.stderr.contains("mecris-agent state import"),
        "{}",
        output.stderr
    );
}
