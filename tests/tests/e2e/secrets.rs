//! Canaries: secrets that must turn up nowhere, however loud the logs and whatever goes wrong.

use mecris_tests::{
    agent::{API_TOKEN, Setup},
    beeminder::{Fault, GoalSpec},
    twilio,
};

use crate::stage::Stage;

const BEEMINDER: &str = "canary-beeminder-5e1f";
const TWILIO: &str = "canary-twilio-77aa";

fn stage() -> Stage {
    let mut stage = Stage::of_the_daemon();
    stage.beeminder.set_token(BEEMINDER);
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    stage.twilio.set_credentials(&[(twilio::ACCOUNT_SID, TWILIO)]);
    stage.setup.set_env("BEEMINDER_AUTH_TOKEN", BEEMINDER);
    stage.setup.set_env("TWILIO_AUTH_TOKEN", TWILIO);
    stage.setup.set_env("MECRIS_LOG", "trace");
    stage
}

/// Fails if a canary, as it is or as Basic authentication carries it, is in `text`.
fn assert_clean(place: &str, text: &[u8]) {
    let basic = twilio::basic(twilio::ACCOUNT_SID, TWILIO);
    for canary in [BEEMINDER, TWILIO, API_TOKEN, basic.trim_start_matches("Basic ")] {
        let found = text.windows(canary.len()).position(|window| window == canary.as_bytes());
        if let Some(at) = found {
            let around = String::from_utf8_lossy(&text[at.saturating_sub(200)..(at + canary.len()).min(text.len())]);
            panic!("{canary} is in {place}: …{around}");
        }
    }
}

/// Every file of the installation but the configuration, which holds none: the database, its journal, backups, logs.
fn assert_files_clean(setup: &Setup) {
    for entry in std::fs::read_dir(setup.folder()).expect("the folder is there").flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            assert_clean(&entry.path().display().to_string(), &std::fs::read(entry.path()).expect("it can be read"));
        }
    }
}

#[test]
fn no_subcommand_prints_one_at_trace() {
    let stage = stage();
    let fine = stage.setup.agent(&["run", "--json"]);
    assert_eq!(fine.json()["changed"], true, "{}", fine.everything());
    assert!(fine.stderr.len() > 100, "at TRACE there is something to read: {}", fine.stderr);
    for arguments in [
        &["run", "--json"][..],
        &["check"],
        &["check", "--json"],
        &["status", "--json"],
        &["window"],
        &["notify", "test"],
        &["send-alert", "--subject", "test", "--text", "hello"],
    ] {
        let output = stage.setup.agent(arguments);
        assert_clean(&format!("{arguments:?}"), output.everything().as_bytes());
    }
    assert_clean("run", fine.everything().as_bytes());
    assert_files_clean(&stage.setup);
}

#[test]
fn no_failure_prints_one() {
    let faults =
        [Fault::BadToken, Fault::DropConnection, Fault::Html, Fault::HalfBody, Fault::Status(500), Fault::Hang];
    for fault in faults {
        let mut stage = stage();
        stage.setup.config.set("heuristic.deadline", "2s");
        stage.beeminder.fail(fault.clone());
        stage.twilio.fail_always(Some(twilio::Fault::DropBefore));
        for arguments in [&["run", "--json"][..], &["run"], &["check"], &["notify", "test"]] {
            let output = stage.setup.agent(arguments);
            assert_ne!(output.code, 0, "{fault:?} {arguments:?}: the failure is said: {}", output.everything());
            assert!(output.stderr.len() > 100, "{fault:?} {arguments:?}: at TRACE there is something to read");
            assert_clean(&format!("{fault:?} {arguments:?}"), output.everything().as_bytes());
        }
        assert_files_clean(&stage.setup);
    }
}

#[test]
fn a_broken_configuration_prints_none() {
    let mut stage = stage();
    stage.setup.config.set("beeminder.base_url", "http://127.0.0.1:1/");
    stage.setup.set_env("MECRIS_API_TOKENS", &format!("a:{API_TOKEN},b:,:,{API_TOKEN}"));
    for arguments in [&["check"][..], &["serve"], &["check", "--offline"]] {
        let output = stage.setup.agent(arguments);
        assert_eq!(output.code, 78, "{arguments:?}: {}", output.everything());
        assert!(output.everything().contains("MECRIS_API_TOKENS"), "{arguments:?}: {}", output.everything());
        assert_clean(&format!("{arguments:?}"), output.everything().as_bytes());
    }
}

#[test]
fn no_endpoint_and_no_log_of_the_daemon_has_one() {
    let stage = stage();
    let mut daemon = stage.setup.serve();
    let trigger = daemon.post("/intelligent-reminder/trigger", None);
    assert_clean("trigger", trigger.body.as_bytes());
    stage.beeminder.fail(Fault::BadToken);
    daemon.post("/intelligent-reminder/trigger", None);
    for path in [
        "/metrics",
        "/health",
        "/ready",
        "/usage",
        "/beeminder/status",
        "/narrator/context",
        "/decisions",
        "/notifications",
        "/runs",
        "/version",
        "/openapi.json",
    ] {
        let answer = daemon.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert_clean(path, answer.body.as_bytes());
    }
    let status = daemon.terminate(std::time::Duration::from_secs(20)).expect("it stops in time");
    assert_eq!(status.code(), Some(0), "{}", daemon.logs());
    assert_files_clean(&stage.setup);
}
