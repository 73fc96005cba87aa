//! The state in a bucket: the real binary against the fake S3 and the fake instance metadata service.

use std::time::Duration;

use mecris_tests::{
    beeminder::GoalSpec,
    clock::{FakeClock, machine_time},
    imds::Imds,
    s3::{Code, Credential, Fault, Operation, S3},
    wait::until,
};

use crate::stage::Stage;

const PATIENCE: Duration = Duration::from_secs(40);

fn bucket() -> S3 {
    S3::start(&FakeClock::default()).expect("a free port")
}

/// A goal on its last day, and the state in this bucket.
fn stage(environment: Vec<(String, String)>, url: &str) -> Stage {
    let mut stage = Stage::of_the_daemon();
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    stage.setup.config.set("state.remote", url);
    // These tests are not about doubt, and a busy machine is slower than the daemon's short lease.
    stage.setup.config.set("notify.lease", "15s");
    stage.setup.environment.extend(environment);
    stage
}

#[test]
fn a_new_machine_knows_what_the_last_one_sent() {
    let s3 = bucket();
    let first = stage(s3.environment(), &s3.url("one"));
    let output = first.setup.agent(&["run", "--json"]);
    assert_eq!(
        (output.code, first.texts().len()),
        (0, 1),
        "{}",
        output.everything()
    );
    assert!(s3.counts().created >= 1, "{:?}", s3.counts());
    let second = stage(s3.environment(), &s3.url("one"));
    let output = second.setup.agent(&["run", "--json"]);
    assert_eq!(
        (output.code, second.texts().len()),
        (0, 0),
        "{}",
        output.everything()
    );
    assert!(
        s3.objects()
            .iter()
            .all(|object| object.key.starts_with("one/state/")),
        "{:?}",
        s3.objects()
    );
    assert_eq!(s3.violations(), Vec::<String>::new());
}

#[test]
fn what_another_machine_replaced_is_kept_a_few_times_in_the_current_folder_too() {
    let s3 = bucket();
    let (other, mut here) = (
        stage(s3.environment(), &s3.url("one")),
        stage(s3.environment(), &s3.url("one")),
    );
    here.setup.config.set("state.path", "mecris_usage.db");
    let run = |stage: &Stage| {
        let output = stage.setup.agent(&["run", "--json"]);
        assert_eq!(output.code, 0, "{}", output.everything());
    };
    for _ in 0..5 {
        run(&here);
        run(&other);
    }
    run(&here);
    let entries = std::fs::read_dir(here.setup.folder())
        .expect("a folder")
        .flatten();
    let names: Vec<_> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let kept = names
        .iter()
        .filter(|name| name.starts_with("mecris_usage.db.superseded-"))
        .count();
    assert_eq!(kept, 3, "{names:?}");
}

#[test]
fn a_bucket_that_is_out_of_reach_is_said_everywhere_and_caught_up_with() {
    let s3 = bucket();
    let stage = stage(s3.environment(), &s3.url("one"));
    let daemon = stage.setup.serve();
    let sent = until(PATIENCE, || (stage.twilio.accepted_count() == 1).then_some(()));
    assert!(sent.is_some(), "{}", daemon.logs());
    let says = |yes: bool| {
        let [health, ready] =
            ["/health", "/ready"].map(|path| daemon.get(path).body.contains("state_remote"));
        let metric = format!("mecris_state_copy_failing {}", u8::from(yes));
        (health == yes && ready == yes && daemon.get("/metrics").body.contains(&metric)).then_some(())
    };
    assert!(
        until(PATIENCE, || says(false)).is_some(),
        "{}",
        daemon.get("/metrics").body
    );
    s3.outage(true);
    let before = s3.objects().len();
    assert_eq!(
        daemon.post("/silences?subject=goal:piano&for=2h", None).status,
        201,
        "it goes on without the bucket"
    );
    assert!(
        until(PATIENCE, || says(true)).is_some(),
        "{}\n{}",
        daemon.get("/metrics").body,
        daemon.get("/ready").body
    );
    let status = stage.setup.agent(&["status"]);
    assert!(
        status.code == 3 && status.stdout.contains("FAILING since"),
        "{}",
        status.everything()
    );
    s3.outage(false);
    assert!(until(2 * PATIENCE, || says(false)).is_some(), "{}", daemon.logs());
    assert!(s3.objects().len() > before, "what was said meanwhile is safe now");
}

#[test]
fn on_an_instance_its_role_is_enough() {
    let s3 = bucket();
    let imds = Imds::start(&s3).expect("a free port");
    let mut environment = s3.environment_without_key();
    environment.extend(imds.environment());
    let stage = stage(environment, &s3.url("one"));
    let output = stage.setup.agent(&["run", "--json"]);
    assert_eq!(
        (output.code, stage.texts().len()),
        (0, 1),
        "{}",
        output.everything()
    );
    assert!(s3.counts().created >= 1, "{:?}", s3.counts());
    assert_eq!(
        (imds.issued(), imds.violations().len(), s3.violations().len()),
        (1, 0, 0)
    );
}

/// 409 tells nothing about the key, unlike 412. `object_store` calls both "already exists".
#[test]
fn a_conflict_that_is_none_keeps_the_message() {
    let s3 = bucket();
    s3.fault_next(Operation::Put, [Fault::Refuse(Code::ConditionalRequestConflict)]);
    let stage = stage(s3.environment(), &s3.url("one"));
    let output = stage.setup.agent(&["run", "--json"]);
    assert_eq!(
        (output.code, stage.texts().len()),
        (0, 1),
        "{}",
        output.everything()
    );
    assert!(s3.counts().created >= 1, "{:?}", s3.counts());
}

/// S3 repeats the session token in its answer, and `object_store` repeats the answer in its error.
#[test]
fn an_expired_token_is_said_to_be_expired_and_is_never_printed() {
    let s3 = bucket();
    s3.set_credentials(vec![Credential {
        access_key_id: "ASIATEMPORARY0000000".to_owned(),
        secret_access_key: "canary-secret-b1d0".to_owned(),
        session_token: Some("canary-token-90fe".to_owned()),
        expires_at: Some(machine_time()),
    }]);
    let mut stage = stage(s3.environment_without_key(), &s3.url("one"));
    stage.setup.set_env("AWS_ACCESS_KEY_ID", "ASIATEMPORARY0000000");
    stage.setup.set_env("AWS_SECRET_ACCESS_KEY", "canary-secret-b1d0");
    stage.setup.set_env("AWS_SESSION_TOKEN", "canary-token-90fe");
    stage.setup.set_env("MECRIS_LOG", "trace");
    for arguments in [&["run", "--json"][..], &["check"], &["status", "--json"]] {
        let output = stage.setup.agent(arguments);
        eprintln!("{arguments:?} {} {}", output.code, output.everything());
        assert!(!output.everything().contains("canary"), "{arguments:?}");
    }
    let checked = stage.setup.agent(&["check"]).everything();
    assert!(
        checked.contains("ExpiredToken") && checked.contains("expired"),
        "{checked}"
    );
    assert!(s3.counts().denied >= 1);
}

/// A generation cannot be created twice. By that a new machine notices its error, even if its first list is
/// wrong.
#[test]
fn a_list_that_hides_what_is_there_is_no_new_beginning() {
    for fault in [Fault::EmptyList, Fault::Garbage] {
        let s3 = bucket();
        let first = stage(s3.environment(), &s3.url("one"));
        assert_eq!(first.setup.agent(&["run", "--json"]).code, 0);
        s3.fault_next(Operation::List, [fault.clone()]);
        let second = stage(s3.environment(), &s3.url("one"));
        let output = second.setup.agent(&["run", "--json"]);
        assert_eq!(
            (output.code, second.texts().len()),
            (0, 0),
            "{fault:?}: {}",
            output.everything()
        );
        assert_eq!(s3.violations(), Vec::<String>::new());
    }
}

#[test]
fn a_lost_reply_to_a_copy_is_recognised_as_our_own() {
    for fault in [
        Fault::DropAfter,
        Fault::RefuseAfter(Code::InternalError),
        Fault::HangAfter,
    ] {
        let s3 = bucket();
        s3.fault_next(Operation::Put, [fault.clone()]);
        let stage = stage(s3.environment(), &s3.url("one"));
        let output = stage.setup.agent(&["run", "--json"]);
        assert_eq!(
            (output.code, stage.texts().len()),
            (0, 1),
            "{fault:?}: {}",
            output.everything()
        );
        assert!(s3.counts().created >= 2, "{fault:?}: {:?}", s3.counts());
    }
}
