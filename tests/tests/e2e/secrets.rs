//! Canaries: secrets that must appear nowhere, even with the loudest logs and in every failure.

use mecris_tests::{
    agent::{API_TOKEN, Output, Setup},
    base64,
    beeminder::{Fault, GoalSpec},
    fault::Fault as ChannelFault,
    smtp::{self, Act, Fault as MailFault, Stage as Place},
    twilio,
};

use crate::{everywhere::Everywhere, stage::Stage};

const BEEMINDER: &str = "canary-beeminder-5e1f";
const TWILIO: &str = "canary-twilio-77aa";
const TELEGRAM: &str = "canary-telegram_proof-5c3d";
const SLACK: &str = "canary-slack-0b1e";
const SMTP_PASSWORD: &str = "canary-smtp-9d2c";

fn stage() -> Stage {
    let mut stage = Stage::of_the_daemon();
    plant(&mut stage);
    stage
}

/// A stage with every channel, each with its own canary.
fn everywhere(channels: &[&str]) -> Everywhere {
    let mut everywhere = Everywhere::new(channels);
    plant(&mut everywhere.stage);
    let token = format!("123456789:{TELEGRAM}");
    everywhere.telegram.set_token(&token);
    everywhere.slack.set_secret(SLACK);
    everywhere.smtp.set_login(Some((smtp::USER, SMTP_PASSWORD)));
    let setup = &mut everywhere.stage.setup;
    setup.set_env("TELEGRAM_BOT_TOKEN", &token);
    setup.set_env("SLACK_WEBHOOK_URL", &everywhere.slack.webhook_url());
    setup.set_env("SMTP_URL", &everywhere.smtp.url());
    everywhere
}

fn plant(stage: &mut Stage) {
    stage.beeminder.set_token(BEEMINDER);
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    stage.twilio.set_credentials(&[(twilio::ACCOUNT_SID, TWILIO)]);
    stage.setup.set_env("BEEMINDER_AUTH_TOKEN", BEEMINDER);
    stage.setup.set_env("TWILIO_AUTH_TOKEN", TWILIO);
    stage.setup.set_env("MECRIS_LOG", "trace");
}

/// Fails if `text` contains a canary, plain or in the form in which authentication sends it.
fn assert_clean(place: &str, text: &[u8]) {
    let basic = base64::encode(&format!("{}:{TWILIO}", twilio::ACCOUNT_SID));
    let plain = base64::encode(&format!("\0{}\0{SMTP_PASSWORD}", smtp::USER));
    for canary in [
        BEEMINDER,
        TWILIO,
        TELEGRAM,
        SLACK,
        SMTP_PASSWORD,
        API_TOKEN,
        &basic,
        &plain,
    ] {
        let found = text
            .windows(canary.len())
            .position(|window| window == canary.as_bytes());
        if let Some(at) = found {
            let around =
                String::from_utf8_lossy(&text[at.saturating_sub(200)..(at + canary.len()).min(text.len())]);
            panic!("{canary} is in {place}: …{around}");
        }
    }
}

/// Every file of the installation: the database, its journal, backups and logs. The configuration is left
/// out, because it holds no secret.
fn assert_files_clean(setup: &Setup) {
    for entry in std::fs::read_dir(setup.folder())
        .expect("the folder is there")
        .flatten()
    {
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            assert_clean(
                &entry.path().display().to_string(),
                &std::fs::read(entry.path()).expect("it can be read"),
            );
        }
    }
}

#[test]
fn no_subcommand_prints_a_secret_at_trace() {
    let stage = stage();
    let fine = stage.setup.agent(&["run", "--json"]);
    assert_eq!(fine.json()["changed"], true, "{}", fine.everything());
    assert!(
        fine.stderr.len() > 100,
        "at TRACE there is something to read: {}",
        fine.stderr
    );
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
fn no_failure_prints_a_secret() {
    let faults = [
        Fault::BadToken,
        Fault::DropConnection,
        Fault::Html,
        Fault::HalfBody,
        Fault::Status(500),
        Fault::Hang,
    ];
    for fault in faults {
        let mut stage = stage();
        stage.setup.config.set("heuristic.deadline", "2s");
        stage.beeminder.fail(fault.clone());
        stage.twilio.fail_always(Some(twilio::Fault::DropBefore));
        for arguments in [&["run", "--json"][..], &["run"], &["check"], &["notify", "test"]] {
            let output = stage.setup.agent(arguments);
            assert_ne!(
                output.code,
                0,
                "{fault:?} {arguments:?}: the exit code must report the failure: {}",
                output.everything()
            );
            assert!(
                output.stderr.len() > 100,
                "{fault:?} {arguments:?}: at TRACE there is something to read"
            );
            assert_clean(
                &format!("{fault:?} {arguments:?}"),
                output.everything().as_bytes(),
            );
        }
        assert_files_clean(&stage.setup);
    }
}

#[test]
fn a_broken_configuration_prints_no_secret() {
    let mut stage = stage();
    stage
        .setup
        .config
        .set("beeminder.base_url", "http://127.0.0.1:1/");
    stage
        .setup
        .set_env("MECRIS_API_TOKENS", &format!("a:{API_TOKEN},b:,:,{API_TOKEN}"));
    for arguments in [&["check"][..], &["serve"], &["check", "--offline"]] {
        let output = stage.setup.agent(arguments);
        assert_eq!(output.code, 78, "{arguments:?}: {}", output.everything());
        assert!(
            output.everything().contains("MECRIS_API_TOKENS"),
            "{arguments:?}: {}",
            output.everything()
        );
        assert_clean(&format!("{arguments:?}"), output.everything().as_bytes());
    }
}

#[test]
fn no_endpoint_and_no_log_of_the_daemon_has_a_secret() {
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
    let status = daemon
        .terminate(std::time::Duration::from_secs(20))
        .expect("it stops in time");
    assert_eq!(status.code(), Some(0), "{}", daemon.logs());
    assert_files_clean(&stage.setup);
}

/// Sends an alert at TRACE. Fails if a canary is in the output or in a file.
fn alert(everywhere: &Everywhere, what: &str) -> Output {
    let setup = &everywhere.stage.setup;
    let output = setup.agent(&["send-alert", "--subject", "test", "--text", "hello"]);
    assert!(
        output.stderr.len() > 100,
        "{what}: at TRACE there is something to read"
    );
    assert_clean(what, output.everything().as_bytes());
    let status = setup.agent(&["status", "--json"]);
    assert_clean(&format!("status after {what}"), status.everything().as_bytes());
    assert_files_clean(setup);
    output
}

#[test]
fn no_channel_prints_a_secret_when_all_is_well() {
    for channel in ["telegram", "slack", "email"] {
        let everywhere = everywhere(&[channel]);
        assert_eq!(alert(&everywhere, channel).code, 0, "{channel}");
        assert_eq!(everywhere.told().iter().sum::<usize>(), 1, "{channel}");
        let check = everywhere.stage.setup.agent(&["check"]);
        assert_eq!(check.code, 0, "{channel}: {}", check.everything());
        assert_clean(&format!("check of {channel}"), check.everything().as_bytes());
    }
}

#[test]
fn no_failure_of_a_channel_prints_a_secret() {
    use ChannelFault::{DropBefore, Garbage2xx, Hang, Refuse};
    for fault in [DropBefore, Garbage2xx, Hang, Refuse(400), Refuse(404)] {
        for channel in ["telegram", "slack"] {
            let mut everywhere = everywhere(&[channel]);
            everywhere
                .stage
                .setup
                .config
                .set(&format!("notify.{channel}.on_doubt"), "give_up");
            everywhere.stage.setup.config.set("notify.lease", "300ms");
            everywhere.telegram.fail_always(Some(fault.clone()));
            everywhere.slack.fail_always(Some(fault.clone()));
            assert_ne!(
                alert(&everywhere, &format!("{channel} {fault:?}")).code,
                0,
                "{channel} {fault:?}"
            );
        }
    }
    for place in [Place::Auth, Place::Rcpt, Place::Content] {
        for act in [Act::Reply(550), Act::Garbage] {
            let mut everywhere = everywhere(&["email"]);
            everywhere
                .stage
                .setup
                .config
                .set("notify.email.on_doubt", "give_up");
            everywhere.stage.setup.config.set("notify.lease", "300ms");
            everywhere.smtp.fail_always(Some(MailFault(place, act)));
            let what = format!("email {place:?} {act:?}");
            assert_ne!(alert(&everywhere, &what).code, 0, "{what}");
            let check = everywhere.stage.setup.agent(&["check"]);
            assert_clean(&format!("check, {what}"), check.everything().as_bytes());
        }
    }
}

#[test]
fn a_provider_that_nobody_runs_prints_no_secret() {
    for channel in ["telegram", "slack", "email"] {
        let mut everywhere = everywhere(&[channel]);
        let setup = &mut everywhere.stage.setup;
        setup.config.set("notify.telegram.base_url", "http://127.0.0.1:1");
        setup.set_env(
            "SLACK_WEBHOOK_URL",
            &format!("http://127.0.0.1:1/services/T000/B000/{SLACK}"),
        );
        setup.set_env("SMTP_URL", &format!("smtp://me:{SMTP_PASSWORD}@127.0.0.1:1"));
        assert_ne!(alert(&everywhere, channel).code, 0, "{channel}");
        let check = everywhere.stage.setup.agent(&["check"]);
        assert_ne!(check.code, 0, "{channel}: {}", check.everything());
        assert_clean(&format!("check of {channel}"), check.everything().as_bytes());
    }
}

#[test]
fn what_came_along_with_a_secret_is_left_out_or_named() {
    let mut stage = Stage::of_the_daemon();
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    let clean = stage.setup.environment.clone();
    for (name, value) in &clean {
        stage.setup.set_env(name, &format!("\u{feff}{value}\r\n"));
    }
    let pass = stage.setup.agent(&["run"]);
    assert_eq!((pass.code, stage.texts().len()), (0, 1), "{}", pass.everything());

    let mut quoted = Stage::of_the_daemon();
    quoted.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    let quote = |setup: &mut Setup, name: &str, value: &str| setup.set_env(name, &format!("\"{value}\""));
    quote(&mut quoted.setup, "TWILIO_AUTH_TOKEN", twilio::AUTH_TOKEN);
    quoted.setup.agent(&["run"]);
    let check = quoted.setup.agent(&["check"]);
    // Once as a warning, and once in the reason why the channel is broken.
    let named = check
        .stdout
        .matches("TWILIO_AUTH_TOKEN begins and ends with a quotation mark")
        .count();
    assert_eq!(named, 2, "{}", check.everything());

    quote(
        &mut quoted.setup,
        "BEEMINDER_AUTH_TOKEN",
        mecris_tests::beeminder::TOKEN,
    );
    let check = quoted.setup.agent(&["check"]);
    let refused = check
        .stdout
        .lines()
        .find(|line| line.starts_with("FAIL  beeminder"));
    assert!(
        refused.is_some_and(|line| line.contains("remove the two marks")),
        "{}",
        check.everything()
    );
}
