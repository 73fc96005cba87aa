//! Boots that fail: each ends in a named state that is reported off the machine, and no half-installed unit
//! keeps running. A boot that can recover does so.

use std::time::Duration;

use bytes::Bytes;
use mecris_tests::{
    imds,
    s3::{Code, Fault, Operation},
    twilio,
    wait::{pause, until},
};
use sha2::{Digest as _, Sha256};

use crate::{
    Case,
    instance::{Instance, PATIENCE},
    launch::{Launch, key},
    region::{PARAMETER, Region, SECRET, secrets},
};

pub(crate) const CASES: &[Case] = &[
    (
        "a_wrong_checksum_installs_nothing_and_is_reported",
        wrong_checksum,
    ),
    (
        "a_binary_that_does_not_run_here_installs_nothing_and_is_reported",
        wrong_binary,
    ),
    ("a_missing_object_is_reported_at_once", missing_object),
    (
        "a_missing_object_that_s3_hides_as_refused_is_reported_at_once",
        hidden_object,
    ),
    (
        "a_wrong_setting_is_reported_with_its_name_and_a_person_cannot_be_told",
        wrong_setting,
    ),
    (
        "what_the_role_may_not_read_is_named_and_heals_when_it_may",
        denied,
    ),
    (
        "a_malformed_secret_is_named_without_its_value_and_heals_when_it_is_corrected",
        malformed,
    ),
    (
        "without_a_network_for_a_minute_it_starts_when_there_is_one",
        no_network,
    ),
    (
        "a_clock_that_aws_refuses_is_named_and_heals_when_it_is_set",
        wrong_clock,
    ),
];

/// A running machine that was launched like this, with its secrets.
fn launched<'r>(region: &'r Region, launch: &Launch, prepare: impl FnOnce(&Region)) -> Instance<'r> {
    launch.publish(region);
    prepare(region);
    let mut instance = Instance::new(region);
    instance.switch_on();
    instance
}

/// The boot failed at this step, reported these words off the machine, and installed nothing.
fn failed_and_left_nothing(region: &Region, instance: &Instance<'_>, step: &str, words: &[&str]) {
    assert_eq!(instance.is_up(), "degraded", "{}", instance.output());
    let report = region.boot_log();
    let last = report
        .last()
        .unwrap_or_else(|| panic!("no report:\n{}", instance.output()));
    assert!(
        last.contains(&format!("FAILED at step {step} ")) && last.contains(&region.instance_id()),
        "{last}"
    );
    assert!(words.iter().all(|word| last.contains(word)), "{last}");
    assert!(
        (region.metric("BootFailed") - 1.0).abs() < 0.1,
        "BootFailed {}",
        region.metric("BootFailed")
    );
    assert!(
        instance.console().contains("FAILED at step"),
        "not on the console:\n{}",
        instance.console()
    );
    assert_eq!(instance.sh("ls -A /usr/local/bin"), "", "something was left");
    assert_eq!(
        instance.sh("systemctl is-active mecris-agent || :").trim(),
        "inactive"
    );
    assert_eq!(region.twilio.accepted_count(), 0);
    region.nobody_misbehaved();
}

fn wrong_checksum() {
    let region = Region::new();
    let launch = Launch {
        sha256: "0".repeat(64),
        ..Launch::new()
    };
    let instance = launched(&region, &launch, |_| {});
    failed_and_left_nothing(
        &region,
        &instance,
        "verify",
        &[&key(), "SHA-256", &"0".repeat(64)],
    );
}

fn wrong_binary() {
    let region = Region::new();
    let bytes = Bytes::from_static(b"\x7fELF of another machine");
    let sha256 = hex::encode(Sha256::digest(&bytes));
    let launch = Launch {
        sha256,
        ..Launch::new()
    };
    let instance = launched(&region, &launch, |region| region.s3.put_raw(&key(), bytes));
    failed_and_left_nothing(&region, &instance, "verify", &["does not run"]);
}

fn missing_object() {
    let region = Region::new();
    let instance = launched(&region, &Launch::new(), |region| {
        assert!(region.s3.remove(&key()));
    });
    failed_and_left_nothing(&region, &instance, "fetch", &["NoSuchKey", &key()]);
}

fn hidden_object() {
    let region = Region::new();
    // The answer of S3 about a missing key to a role that may list only a part of the bucket.
    region
        .s3
        .fault_always(Operation::Get, Some(Fault::Refuse(Code::AccessDenied)));
    let instance = launched(&region, &Launch::new(), |region| {
        assert!(region.s3.remove(&key()));
    });
    failed_and_left_nothing(&region, &instance, "fetch", &["NoSuchKey", &key()]);
    assert!(
        !instance.output().contains("trying again"),
        "{}",
        instance.output()
    );
}

fn wrong_setting() {
    let region = Region::new();
    let mut launch = Launch {
        ready_deadline_seconds: 20,
        ..Launch::new()
    };
    launch.instance.set("journal.log_gruop", "/mecris/staging");
    let instance = launched(&region, &launch, |_| {});
    assert_eq!(instance.is_up(), "degraded");
    not_ready(&region, &instance, "did you mean journal.log_group?");
    assert_eq!(
        instance.property("mecris-agent", "ActiveState"),
        "failed",
        "{}",
        instance.journal("mecris-agent")
    );
    let alert = instance.journal("mecris-alert@*");
    assert!(
        alert.contains("NOBODY WAS TOLD that mecris-agent.service gave up"),
        "{alert}"
    );
    assert!(
        alert.contains("\"UnitFailed\":1") && alert.contains("\"Environment\":\"staging\""),
        "{alert}"
    );
}

/// Everything is installed, the agent was not ready in time, and the report says why.
fn not_ready(region: &Region, instance: &Instance<'_>, why: &str) {
    let reported = until(PATIENCE, || region.boot_log().pop());
    let last = reported.unwrap_or_else(|| panic!("no report:\n{}", instance.output()));
    assert!(
        last.contains("FAILED at step ready ") && last.contains(why),
        "{last}"
    );
    let counted = until(PATIENCE, || (region.metric("BootFailed") > 0.9).then_some(()));
    assert!(counted.is_some(), "not counted:\n{}", instance.output());
}

/// An agent that was not ready in time becomes ready by itself.
fn heals_late(region: &Region, instance: &Instance<'_>) {
    assert_eq!(region.twilio.accepted_count(), 0, "{:?}", region.texts());
    assert_eq!(
        instance.property("mecris-agent", "ActiveState"),
        "activating",
        "{}",
        instance.journal("mecris-agent")
    );
    instance.is_at_work();
    let sent = until(PATIENCE, || (region.twilio.accepted_count() > 0).then_some(()));
    assert!(sent.is_some(), "{}", instance.journal("mecris-agent"));
    assert_eq!(region.twilio.accepted_count(), 1, "{:?}", region.texts());
}

fn denied() {
    let region = Region::new();
    let launch = Launch {
        ready_deadline_seconds: 15,
        ..Launch::new()
    };
    let instance = launched(&region, &launch, |region| {
        region.gate.deny("ssm:GetParameter");
        region.gate.deny("secretsmanager:GetSecretValue");
    });
    let of_parameter = format!("the role {} may not ssm:GetParameter on {PARAMETER}", imds::ROLE);
    not_ready(&region, &instance, &of_parameter);
    region.gate.allow("ssm:GetParameter");
    let of_secret = format!(
        "the role {} may not secretsmanager:GetSecretValue on {SECRET}",
        imds::ROLE
    );
    instance.says("mecris-agent", &of_secret, PATIENCE);
    region.gate.allow("secretsmanager:GetSecretValue");
    heals_late(&region, &instance);
    // The shipper went on without secrets. Now it learns which values it must mask.
    instance.says("mecris-journal", "secrets were replaced", PATIENCE);
    instance.sh(&format!(
        "echo 'this token: {}' | systemd-cat",
        twilio::AUTH_TOKEN
    ));
    let arrived = until(PATIENCE, || {
        region
            .log_lines("journal")
            .into_iter()
            .find(|line| line.contains("this token: "))
    });
    let arrived = arrived.unwrap_or_else(|| panic!("{}", instance.journal("mecris-journal")));
    assert!(arrived.contains("this token: ***"), "{arrived}");
    region.nobody_misbehaved();
}

fn malformed() {
    let region = Region::new();
    let launch = Launch {
        ready_deadline_seconds: 15,
        ..Launch::new()
    };
    let instance = launched(&region, &launch, |region| {
        region.put_secret("TWILIO_AUTH_TOKEN=canary");
    });
    not_ready(
        &region,
        &instance,
        &format!("the secret {SECRET}, line 1: expected one JSON object"),
    );
    assert!(
        !instance.sh("journalctl --no-pager").contains("canary"),
        "a secret in the journal"
    );
    // Another mistake: valid JSON in which a name is missing.
    let mut partly = secrets();
    partly
        .as_object_mut()
        .expect("an object")
        .remove("MECRIS_API_TOKENS");
    region.put_secret(&partly.to_string());
    instance.says("mecris-agent", "MECRIS_API_TOKENS", PATIENCE);
    region.put_secret(&secrets().to_string());
    heals_late(&region, &instance);
}

/// The agent is ready and has sent its message once.
fn healed(region: &Region, instance: &Instance<'_>) {
    let state = instance.is_up();
    assert_eq!(
        state,
        "running",
        "{}\n{}",
        instance.output(),
        instance.journal("mecris-agent")
    );
    let sent = until(PATIENCE, || (region.twilio.accepted_count() > 0).then_some(()));
    assert!(sent.is_some(), "{}", instance.journal("mecris-agent"));
    assert_eq!(region.twilio.accepted_count(), 1, "{:?}", region.texts());
    let report = region.boot_log();
    assert!(
        report.last().is_some_and(|line| line.contains("ready: version")),
        "{report:?}"
    );
    assert!(region.metric("BootFailed") < 0.1);
}

fn no_network() {
    let region = Region::new();
    let launch = Launch {
        ready_deadline_seconds: 180,
        ..Launch::new()
    };
    let instance = launched(&region, &launch, |_| {});
    let given = until(PATIENCE, || (region.imds.user_data_asked() > 0).then_some(()));
    assert!(given.is_some(), "cloud-init did not ask:\n{}", instance.console());
    region.network.cut(true);
    let tried = until(PATIENCE, || {
        instance.output().contains("no answer from").then_some(())
    });
    assert!(tried.is_some(), "{}", instance.output());
    pause(Duration::from_secs(60));
    assert_eq!(region.boot_log(), Vec::<String>::new());
    region.network.cut(false);
    healed(&region, &instance);
}

fn wrong_clock() {
    let region = Region::new();
    // The container shares the clock of this machine, which cannot be set. So AWS answers as it would to a
    // clock that is two hours wrong.
    region
        .s3
        .fault_always(Operation::Any, Some(Fault::Refuse(Code::RequestTimeTooSkewed)));
    region.gate.clock_is_off(true);
    let instance = launched(
        &region,
        &Launch {
            ready_deadline_seconds: 120,
            ..Launch::new()
        },
        |_| {},
    );
    let refused = until(PATIENCE, || {
        instance.output().contains("RequestTimeTooSkewed").then_some(())
    });
    assert!(refused.is_some(), "{}", instance.output());
    region.s3.fault_always(Operation::Any, None);
    instance.says(
        "mecris-agent",
        "(InvalidSignatureException): look at this machine's clock",
        PATIENCE,
    );
    region.gate.clock_is_off(false);
    healed(&region, &instance);
}
