//! A channel that refuses everything: the other channels are used, the person is told once, and the channel
//! recovers by itself.

use std::time::Duration;

use mecris_tests::{
    beeminder::GoalSpec,
    ledger,
    twilio::{Fault, Way},
    wait,
};
use serde_json::{Value, json};

use crate::stage::{AFTERNOON, Stage, about, notified};

/// A goal on its last day, and three channels.
fn stage() -> Stage {
    let mut stage = Stage::new();
    stage.channels(&["sms", "whatsapp", "voice"]);
    stage.setup.config.remove("walk");
    stage.setup.config.remove("budget");
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    stage
}

fn broken(report: &Value) -> Vec<&str> {
    report["broken_channels"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|mark| mark["channel"].as_str())
        .collect()
}

/// The messages sent by WhatsApp.
fn whatsapp(stage: &Stage) -> Vec<String> {
    let messages = stage.twilio.accepted().into_iter();
    messages
        .filter(|message| message.to.starts_with("whatsapp:"))
        .map(|message| message.body)
        .collect()
}

#[test]
fn what_sms_and_whatsapp_refuse_for_good_is_called_through() {
    let stage = stage();
    stage.twilio.fail_always_by(Way::Sms, Some(Fault::Refuse(21610)));
    stage
        .twilio
        .fail_always_by(Way::WhatsApp, Some(Fault::Refuse(63007)));
    let output = stage.pass(AFTERNOON);
    let report = output.json();
    assert_eq!(output.code, 0, "{}", output.everything());
    assert_eq!(report["notifications"][0]["channel"], "voice", "{report:#}");
    assert_eq!(broken(&report), ["sms", "whatsapp"], "{report:#}");
    let calls = stage.twilio.calls();
    assert_eq!(
        (calls.len(), stage.twilio.creates(), stage.twilio.accepted_count()),
        (1, 3, 0)
    );
    assert!(
        calls[0].said[0].contains("reading derails today"),
        "{:?}",
        calls[0].said
    );

    // One message by the remaining channel names both broken channels, and the next passes are silent.
    let report = stage.pass("2026-03-03T15:15:00-05:00").json();
    assert_eq!(
        notified(&report),
        ["channel:sms", "channel:whatsapp"],
        "{report:#}"
    );
    assert_eq!(stage.pass("2026-03-03T15:30:00-05:00").json()["changed"], false);
    let calls = stage.twilio.calls();
    assert_eq!(
        (calls.len(), stage.twilio.creates()),
        (2, 4),
        "the broken ones were passed over"
    );
    assert!(calls[1].said[0].contains("sms is broken") && calls[1].said[0].contains("whatsapp is broken"));
}

#[test]
fn it_is_said_once_with_what_to_do_and_not_again_the_next_days() {
    let stage = stage();
    stage.twilio.fail_always_by(Way::Sms, Some(Fault::Refuse(21610)));
    stage.pass(AFTERNOON);
    let told = stage.pass("2026-03-03T15:15:00-05:00").json();
    assert_eq!(about(&told, "decisions", "channel:sms", "reason"), "first_of_day");
    for at in [
        "2026-03-03T15:30:00-05:00",
        "2026-03-03T21:45:00-05:00",
        "2026-03-04T15:00:00-05:00",
    ] {
        let report = stage.pass(at).json();
        assert_eq!(
            about(&report, "decisions", "channel:sms", "reason"),
            "already_notified_today",
            "{at}"
        );
    }
    let texts = whatsapp(&stage);
    let reports: Vec<_> = texts
        .iter()
        .filter(|text| text.contains("sms is broken"))
        .collect();
    assert_eq!(reports.len(), 1, "{texts:?}");
    assert!(reports[0].contains("text START"), "{reports:?}");
    assert_eq!(
        stage.twilio.creates() - texts.len() as u64,
        2,
        "one try when it broke, one chance the next day"
    );
}

#[test]
fn a_repaired_channel_comes_back_by_itself() {
    let stage = stage();
    stage.twilio.fail_always_by(Way::Sms, Some(Fault::Refuse(20003)));
    assert_eq!(broken(&stage.pass("2026-03-03T13:00:00-05:00").json()), ["sms"]);
    stage.twilio.fail_always_by(Way::Sms, None);
    // The message about the broken channel goes by WhatsApp: six hours have not passed.
    assert_eq!(
        stage.pass("2026-03-03T13:15:00-05:00").json()["notifications"][0]["channel"],
        "whatsapp"
    );
    stage
        .beeminder
        .set_goals([GoalSpec::new("reading", 0), GoalSpec::new("piano", 0)]);
    let report = stage.pass("2026-03-03T19:01:00-05:00").json();
    assert_eq!(
        (report["notifications"][0]["channel"].as_str(), broken(&report)),
        (Some("sms"), vec![]),
        "{report:#}"
    );
    let status = stage.setup.agent(&["status", "--json"]).json();
    assert_eq!(status["broken_channels"], json!([]));
}

#[test]
fn with_the_only_channel_broken_everything_else_says_it() {
    let mut stage = Stage::of_the_daemon();
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    stage.twilio.fail_always(Some(Fault::Refuse(21610)));
    let run = stage.setup.agent(&["run", "--json"]);
    assert_eq!(
        (run.code, run.json()["nobody_to_tell"].as_bool()),
        (1, Some(true)),
        "{}",
        run.everything()
    );
    let again = stage.setup.agent(&["run"]);
    assert_eq!(again.code, 1, "{}", again.everything());
    assert!(
        again.stdout.contains("no message can reach the person"),
        "{}",
        again.everything()
    );
    assert_eq!(
        stage.twilio.creates(),
        1,
        "that the channel is broken is not said through it"
    );

    let status = stage.setup.agent(&["status"]);
    assert_eq!(status.code, 1, "{}", status.everything());
    assert!(
        status.stdout.contains("BROKEN") && status.stdout.contains("text START"),
        "{}",
        status.everything()
    );
    let check = stage.setup.agent(&["check"]);
    assert_eq!(check.code, 1, "{}", check.everything());
    assert!(
        check.stdout.contains("channel.sms") && check.stdout.contains("text START"),
        "{}",
        check.everything()
    );
    let offline = stage.setup.agent(&["check", "--offline"]);
    assert_eq!(
        offline.code,
        0,
        "a daemon with a broken channel may start: {}",
        offline.everything()
    );
    assert!(offline.stdout.contains("WARN"), "{}", offline.everything());

    stage.setup.config.set("heuristic.interval", "1s");
    let daemon = stage.setup.serve();
    let seen = wait::until(Duration::from_secs(10), || {
        let degraded = daemon.get("/health").json()["degraded"].clone();
        degraded
            .as_array()
            .is_some_and(|names| names.contains(&json!("channel_sms")))
            .then_some(())
    });
    assert!(
        seen.is_some(),
        "{}\n{}",
        daemon.get("/health").body,
        daemon.logs()
    );
    let metrics = daemon.get("/metrics").body;
    assert!(
        metrics.contains("mecris_channel_broken{channel=\"sms\"} 1"),
        "{metrics}"
    );

    // Repaired: a message that is delivered clears the mark everywhere.
    drop(daemon);
    stage.twilio.fail_always(None);
    let test = stage
        .setup
        .agent(&["send-alert", "--subject", "test", "--text", "hello"]);
    assert_eq!(test.code, 0, "{}", test.everything());
    assert_eq!(stage.setup.agent(&["check"]).code, 0);
    let daemon = stage.setup.serve();
    let metrics = daemon.get("/metrics").body;
    assert!(
        metrics.contains("mecris_channel_broken{channel=\"sms\"} 0"),
        "{metrics}"
    );
    assert!(!daemon.get("/health").body.contains("channel_sms"));
}

#[test]
fn a_free_text_outside_the_session_breaks_whatsapp_and_names_the_template() {
    let mut stage = Stage::of_the_daemon();
    stage.channels(&["whatsapp", "sms"]);
    stage.setup.config.remove("notify.whatsapp.content_sid");
    stage.setup.config.remove("notify.whatsapp.variables");
    stage
        .setup
        .agent(&["send-alert", "--subject", "test", "--text", "hello"]);
    stage.setup.config.set("heuristic.interval", "1s");
    let _daemon = stage.setup.serve();
    let report = wait::until(Duration::from_secs(60), || {
        let texts = stage
            .twilio
            .accepted()
            .into_iter()
            .filter(|message| message.to == "+14155550100");
        texts
            .map(|message| message.body)
            .find(|text| text.contains("whatsapp is broken"))
    })
    .expect("it is said by text message");
    assert!(report.contains("63016"), "{report}");
    let told = ledger::notifications(&stage.setup.database()).expect("a database");
    assert_eq!(
        told.iter().filter(|n| n.subjects == ["channel:whatsapp"]).count(),
        1,
        "{told:?}"
    );
}
