//! A wrong configuration is refused before anything happens, with one sentence for each mistake.

use std::time::Duration;

use mecris_tests::{beeminder::GoalSpec, wait::until};

use crate::stage::Stage;

#[test]
fn five_mistakes_make_five_sentences_and_exit_78() {
    let mut stage = Stage::new();
    let mistakes = [
        ("environment", "prodction"),
        ("time_zone", "Mars/Phobos"),
        ("http.listen", "somewhere"),
        ("heuristic.interval", "soon"),
        ("notify.sms.to", "five five five"),
    ];
    for (key, value) in mistakes {
        stage.setup.config.set(key, value);
    }
    for arguments in [&["check", "--offline"][..], &["run"], &["serve"], &["window"]] {
        let output = stage.setup.agent(arguments);
        assert_eq!(output.code, 78, "{arguments:?}: {}", output.everything());
        for (key, value) in mistakes {
            let text = output.everything();
            // A telephone number is private, so an error shows only its end.
            let shown = if key == "notify.sms.to" { "…ve" } else { value };
            let sentence = text
                .lines()
                .find(|line| line.contains(key) && line.contains(shown));
            assert!(
                sentence.is_some(),
                "{arguments:?}: no line names {key} and {value}: {text}"
            );
        }
    }
    assert_eq!(
        (stage.beeminder.requests(), stage.setup.database().exists()),
        (0, false)
    );
}

#[test]
fn an_unknown_key_suggests_the_known_one_and_says_where_it_is() {
    let mut stage = Stage::new();
    stage.setup.config.set("policy.max_mesages_per_day", 6);
    let output = stage.setup.agent(&["run"]);
    assert_eq!(output.code, 78, "{}", output.everything());
    assert!(output.stderr.contains("max_mesages_per_day"), "{}", output.stderr);
    assert!(
        output.stderr.contains("max_messages_per_day"),
        "{}",
        output.stderr
    );
    assert!(output.stderr.contains("agent.toml"), "{}", output.stderr);
}

#[test]
fn the_environment_wins_over_the_file_and_is_named_as_the_source() {
    let mut stage = Stage::new();
    stage
        .setup
        .set_env("MECRIS__POLICY__MAX_MESSAGES_PER_DAY", "many");
    let output = stage.setup.agent(&["run"]);
    assert_eq!(output.code, 78, "{}", output.everything());
    assert!(
        output.stderr.contains("MECRIS__POLICY__MAX_MESSAGES_PER_DAY"),
        "{}",
        output.stderr
    );
}

#[test]
fn production_refuses_what_is_for_development_only() {
    let mut stage = Stage::new();
    stage.setup.config.set("environment", "production");
    let output = stage.pass("2026-03-03T15:00:00-05:00");
    assert!(
        matches!(output.code, 64 | 78),
        "--at in production: {}",
        output.everything()
    );
    stage
        .setup
        .config
        .set("notify.channels", serde_json::json!(["console"]));
    let output = stage.setup.agent(&["check", "--offline"]);
    assert_eq!(output.code, 78, "console in production: {}", output.everything());
}

#[test]
fn an_unknown_option_is_a_usage_error() {
    let stage = Stage::new();
    assert_eq!(stage.setup.agent(&["run", "--fast"]).code, 64);
    assert_eq!(stage.setup.agent(&["--help"]).code, 0);
}

#[test]
fn the_check_warns_of_settings_that_would_silence_something() {
    let mut stage = Stage::new();
    stage.beeminder.set_goals([
        GoalSpec::new("reading", 3),
        GoalSpec::new("bike", 6).walked(Some(1)),
    ]);
    stage.setup.config.set("walk.from", "04:00");
    stage.setup.config.set("walk.until", "05:00");
    stage.setup.set_env(
        "MECRIS__GOAL",
        r#"[{ slug = "raeding", silent = true }, { slug = "reading", lead_days = 0 }]"#,
    );
    let output = stage.setup.agent(&["check"]);
    let text = output.everything();
    assert_eq!(output.code, 0, "warnings only: {text}");
    assert!(
        text.contains("the account has no goal \"raeding\"") && text.contains("did you mean \"reading\"?"),
        "{text}"
    );
    assert!(text.contains("between 04:00 and 05:00"), "{text}");
    stage
        .setup
        .config
        .set("policy.quiet_hours", serde_json::json!(["08:00", "07:59"]));
    stage.setup.config.set("window.start", "13:00");
    let text = stage.setup.agent(&["check"]).everything();
    assert!(text.contains("nothing would be said"), "{text}");
}

#[test]
fn a_sound_configuration_passes_the_check() {
    let stage = Stage::new();
    stage.beeminder.set_goals([GoalSpec::new("bike", 6)]);
    let offline = stage.setup.agent(&["check", "--offline"]);
    assert_eq!(offline.code, 0, "{}", offline.everything());
    let online = stage.setup.agent(&["check", "--json"]);
    assert_eq!(online.code, 0, "{}", online.everything());
    online.json();
    assert_eq!(stage.twilio.creates(), 0, "a check sends nothing");
}

#[test]
fn the_check_warns_of_a_port_that_another_program_has() {
    let stage = Stage::new();
    stage.beeminder.set_goals([GoalSpec::new("bike", 6)]);
    let listen = stage.setup.config.get("http.listen");
    let other = std::net::TcpListener::bind(listen).expect("the stage has a free port");
    let checked = stage.setup.agent(&["check"]);
    assert_eq!(checked.code, 0, "{}", checked.everything());
    let sentence = format!("could not listen on {listen}: ");
    assert!(checked.stdout.contains(&sentence), "{}", checked.stdout);
    drop(other);
    let checked = stage.setup.agent(&["check"]);
    assert!(!checked.stdout.contains("could not listen"), "{}", checked.stdout);

    let _daemon = stage.setup.serve();
    let checked = stage.setup.agent(&["check"]);
    assert!(!checked.stdout.contains("could not listen"), "{}", checked.stdout);
}

/// A pipe that nobody writes to is what a dead network file system looks like.
#[test]
fn a_goals_file_that_does_not_answer_lets_the_pass_end() {
    let mut stage = Stage::new();
    let pipe = stage.setup.folder().join("goals.json");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(
        made.is_ok_and(|status| status.success()),
        "mkfifo belongs to coreutils"
    );
    stage
        .setup
        .config
        .set("beeminder.source", format!("file:{}", pipe.display()));
    stage.setup.config.set("heuristic.deadline", "1s");
    let mut pass = stage
        .setup
        .command(&["run", "--json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the agent starts");
    let ended = until(Duration::from_secs(60), || {
        pass.try_wait().expect("it can be asked")
    });
    if ended.is_none() {
        pass.kill().expect("it can be ended");
    }
    assert_eq!(
        ended.and_then(|status| status.code()),
        Some(3),
        "unknown, and ended"
    );
}

#[test]
fn two_names_of_one_state_are_one_state() {
    let mut stage = Stage::new();
    stage.beeminder.set_goals([GoalSpec::new("reading", 9)]);
    let link = stage.setup.folder().join("link.db");
    std::os::unix::fs::symlink("mecris_usage.db", &link).expect("a link can be made");
    stage.setup.config.set("state.path", link.display().to_string());
    for _ in 0..2 {
        let pass = stage.setup.agent(&["run"]);
        assert!([0, 3].contains(&pass.code), "{}", pass.everything());
        let sound = stage.setup.agent(&["state", "verify"]);
        assert_eq!(sound.code, 0, "{}", sound.everything());
    }
    assert!(
        !stage.setup.folder().join("link.db.lock").exists(),
        "one state, one lock"
    );
    let daemon = stage.setup.serve();
    stage
        .setup
        .config
        .set("state.path", stage.setup.database().display().to_string());
    let second = stage.setup.agent(&["run"]);
    assert_eq!(second.code, 75, "{}", second.everything());
    drop(daemon);
}
