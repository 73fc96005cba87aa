//! `check` finds a second installation for the same person by the provider's list.

use mecris_tests::{
    agent::Setup,
    beeminder::GoalSpec,
    twilio::{CONTENT_SID, Fault},
};
use serde_json::Value;

use crate::stage::Stage;

const PERSON: &str = "+14155550100";

/// A stage with one installation that has made a pass and sent one message.
fn stage() -> Stage {
    let stage = Stage::of_the_daemon();
    stage.beeminder.set_goals([GoalSpec::new("reading", 6)]);
    let pass = stage.setup.agent(&["run"]);
    assert_eq!(pass.code, 0, "{}", pass.everything());
    say(&stage.setup);
    assert_eq!(stage.twilio.accepted_count(), 1);
    stage
}

/// Another installation for the same account and number.
fn another(stage: &Stage) -> Setup {
    let mut other = Setup::new(stage.beeminder.address(), stage.twilio.address());
    other.config = stage.setup.config.clone();
    let state = other.database().display().to_string();
    other.config.set("state.path", state);
    other
}

fn say(installation: &Setup) {
    let sent = installation.agent(&["send-alert", "--subject", "test", "--text", "hello"]);
    assert_eq!(sent.code, 0, "{}", sent.everything());
}

/// What `check` says about other installations on a channel: whether it is good, and the words.
fn others(installation: &Setup, channel: &str) -> (bool, String) {
    let check = installation.agent(&["check", "--json"]);
    let results = check.json()["results"].clone();
    let find = |name: &str| -> Option<Value> {
        let all = results.as_array()?;
        all.iter().find(|result| result["name"] == name).cloned()
    };
    let found = find(&format!("others.{channel}")).unwrap_or_else(|| panic!("{results:#}"));
    let is_ok = found["ok"] == true;
    assert_eq!(is_ok, found["warning"] != true, "it is never a failure: {found}");
    let probed = find(&format!("notify.{channel}")).unwrap_or_else(|| panic!("{results:#}"));
    assert_eq!(check.code == 0, probed["ok"] == true, "{results:#}");
    (is_ok, found["detail"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn two_installations_for_one_number_are_told_to_both() {
    let stage = stage();
    let mut other = another(&stage);
    say(&other);
    for installation in [&stage.setup, &other] {
        let (is_ok, said) = others(installation, "sms");
        assert!(
            !is_ok && said.starts_with("1 message of Mecris in the last 7 days, the newest of "),
            "{said}"
        );
        assert!(said.contains("set role = \"backup\" or \"staging\""), "{said}");
    }
    other.config.set("role", "backup");
    let (is_ok, said) = others(&other, "sms");
    assert!(is_ok && said.contains("this one has role = \"backup\""), "{said}");
    assert_eq!(stage.twilio.accepted_count(), 2, "a check sends nothing");
}

#[test]
fn an_installation_alone_knows_all_its_messages() {
    let stage = stage();
    let test = stage.setup.agent(&["notify", "test"]);
    assert_eq!(test.code, 0, "{}", test.everything());
    stage
        .twilio
        .text_of_another_program(PERSON, "Mecris: the Python system puts no tag into its texts");
    stage
        .twilio
        .text_of_another_program("+14155550177", "Mecris: for another person #k7q2x9");
    let alone = (
        true,
        "no message of the last 7 days is another installation's".to_owned(),
    );
    assert_eq!(others(&stage.setup, "sms"), alone);

    // More than one page of the list.
    for n in 0..120 {
        stage
            .twilio
            .text_of_another_program(PERSON, &format!("your code is {n}"));
    }
    assert_eq!(others(&stage.setup, "sms"), alone);
    let offline = stage.setup.agent(&["check", "--offline"]);
    assert!(!offline.stdout.contains("others."), "{}", offline.everything());
}

#[test]
fn the_tag_is_found_in_a_whatsapp_template_too() {
    let mut stage = Stage::of_the_daemon();
    stage.channels(&["whatsapp", "voice"]);
    say(&stage.setup);
    let mut other = another(&stage);
    other.config.set("notify.whatsapp.content_sid", CONTENT_SID);
    assert!(others(&stage.setup, "whatsapp").0);
    say(&other);
    let (is_ok, said) = others(&stage.setup, "whatsapp");
    assert!(!is_ok && said.starts_with("1 message of Mecris"), "{said}");
    let check = stage.setup.agent(&["check"]);
    assert!(
        !check.stdout.contains("others.voice"),
        "a list of calls shows no text: {}",
        check.everything()
    );
}

#[test]
fn a_redacted_list_leaves_unknown_what_this_installation_did_not_send() {
    let stage = stage();
    stage.twilio.redact_lists();
    assert!(
        others(&stage.setup, "sms").0,
        "its own messages are known by their ids"
    );
    say(&another(&stage));
    let (is_ok, said) = others(&stage.setup, "sms");
    assert!(
        !is_ok && said.starts_with("unknown: the list of the last 7 days has 1 message without text"),
        "{said}"
    );
}

#[test]
fn a_list_that_cannot_be_read_is_unknown_and_not_empty() {
    let stage = stage();
    // The probe reads the list too, so the first answer is good.
    let broken = std::iter::repeat_n(Fault::StatusBefore(500), 20);
    stage
        .twilio
        .fail_next_reads(std::iter::once(Fault::Delay(0)).chain(broken));
    let (is_ok, said) = others(&stage.setup, "sms");
    assert!(
        !is_ok && said.starts_with("unknown: ") && said.contains("500"),
        "{said}"
    );
    stage.twilio.clear_faults();
    stage.twilio.revoke();
    assert_eq!(
        others(&stage.setup, "sms"),
        (false, "unknown: see notify.sms".to_owned())
    );
}

#[test]
fn a_new_machine_of_the_same_installation_reads_the_newest_copy() {
    let mut stage = Stage::of_the_daemon();
    let folder = tempfile::tempdir().expect("a folder");
    let remote = format!("file://{}", folder.path().display());
    stage.setup.config.set("state.remote", remote.as_str());
    say(&stage.setup);
    let mut new = another(&stage);
    assert!(others(&new, "sms").0, "the copy has what was sent");
    assert!(!new.database().exists(), "a check makes no state");

    new.config.remove("state.remote");
    let (is_ok, said) = others(&new, "sms");
    assert!(
        !is_ok && said.starts_with("unknown: 1 message of Mecris") && said.contains("no state here yet"),
        "{said}"
    );

    // A copy that is damaged tells nothing.
    new.config.set("state.remote", remote.as_str());
    let copies = folder.path().join("state");
    let newest = std::fs::read_dir(copies)
        .expect("copies")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .max()
        .expect("a copy");
    std::fs::write(newest, b"not a copy").expect("written");
    let (is_ok, said) = others(&new, "sms");
    assert!(
        !is_ok && said.starts_with("unknown: 1 message") && said.contains("state.remote cannot be read"),
        "{said}"
    );
}
