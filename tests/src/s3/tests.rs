use std::collections::HashSet;

use super::{
    fault::Faults,
    objects::{Conflict, Objects},
    *,
};

fn fake() -> S3 {
    S3::start(&FakeClock::default()).expect("a free port")
}

fn plan(faults: &mut Faults, operation: Operation) -> Option<Fault> {
    faults.plan(operation).fault
}

#[test]
fn a_key_is_created_once_and_a_deletion_under_way_is_a_conflict() {
    let mut objects = Objects::default();
    let now = "2026-01-02T03:04:05.678Z".parse().unwrap();
    let object = objects.create("a", Bytes::from("1"), now, 0).unwrap();
    assert_eq!(object.last_modified.to_string(), "2026-01-02T03:04:05Z");
    assert_eq!(
        objects.create("a", Bytes::from("2"), now, 0),
        Err(Conflict::Taken)
    );
    let arrived = objects.deletions();
    assert!(objects.delete("a") && !objects.delete("a"));
    assert_eq!(
        objects.create("a", Bytes::from("3"), now, arrived),
        Err(Conflict::Concurrent)
    );
    assert_eq!(
        objects
            .create("a", Bytes::from("3"), now, objects.deletions())
            .unwrap()
            .bytes,
        "3"
    );
}

#[test]
fn planned_faults_come_first_in_their_order_and_only_for_their_operation() {
    let mut faults = Faults::default();
    faults.set_always(Operation::Any, Some(Fault::DropBefore));
    faults.add_next(Operation::Get, Fault::Corrupt);
    faults.add_next(Operation::Any, Fault::HangAfter);
    assert_eq!(plan(&mut faults, Operation::Put), Some(Fault::HangAfter));
    assert_eq!(plan(&mut faults, Operation::Put), Some(Fault::DropBefore));
    assert_eq!(plan(&mut faults, Operation::Get), Some(Fault::Corrupt));
    faults.set_always(Operation::Any, None);
    assert_eq!(plan(&mut faults, Operation::Get), None);
}

#[test]
fn chaos_is_the_same_for_the_same_seed_and_fits_the_request() {
    let chaos = Chaos {
        seed: 7,
        drop_after: 0.2,
        corrupt: 0.2,
        conflict: 0.2,
        latency_max_ms: 9,
        ..Chaos::default()
    };
    let roll = || {
        let mut faults = Faults::default();
        faults.set_chaos(chaos);
        let kinds = [Operation::Put, Operation::Get, Operation::List];
        (0..300)
            .map(|i| (kinds[i % 3], faults.plan(kinds[i % 3])))
            .collect::<Vec<_>>()
    };
    let first = roll();
    assert_eq!(first, roll());
    let seen = |operation| {
        first
            .iter()
            .filter(move |(o, _)| *o == operation)
            .filter_map(|(_, plan)| plan.fault.clone())
    };
    assert!(
        seen(Operation::Get).any(|f| f == Fault::Corrupt)
            && seen(Operation::Get).any(|f| f == Fault::DropAfter)
    );
    assert!(seen(Operation::Put).all(|f| f != Fault::Corrupt));
    assert!(seen(Operation::List).all(|f| f == Fault::DropAfter));
    assert!(
        first
            .iter()
            .all(|(_, plan)| (plan.wait_before + plan.wait_after).as_millis() <= 9)
    );
    assert!(
        first
            .iter()
            .map(|(_, plan)| plan.wait_before)
            .collect::<HashSet<_>>()
            .len()
            > 10
    );
}

#[test]
fn generations_are_those_directly_in_a_folder_state() {
    assert_eq!(folder_under_guard("state/1.db.zst"), Some("state"));
    assert_eq!(
        folder_under_guard("one/agent/state/1.db.zst"),
        Some("one/agent/state")
    );
    for other in ["state", "state/old/1", "estate/1", "1.db.zst"] {
        assert_eq!(folder_under_guard(other), None, "{other}");
    }
}

#[test]
fn an_unsigned_request_is_denied_and_is_a_violation() {
    let s3 = fake();
    s3.put_raw("k", "v");
    let answer =
        crate::http_client::request(s3.address(), "GET", &format!("/{BUCKET}/k"), &[], None).unwrap();
    assert_eq!(answer.status, 403);
    assert!(
        answer.body.contains("<Code>AccessDenied</Code>"),
        "{}",
        answer.body
    );
    assert_eq!(s3.violations(), [format!("an unsigned request: GET /{BUCKET}/k")]);
    assert_eq!((s3.counts().denied, s3.counts().gets), (1, 0));
}

/// The documented example of a signature. Its date is long past.
#[test]
fn a_request_of_another_time_is_denied() {
    let s3 = fake();
    let credential = Credential {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret_access_key: String::new(),
        session_token: None,
        expires_at: None,
    };
    s3.set_credentials(vec![credential]);
    let authorization = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
                         SignedHeaders=host;x-amz-date, Signature=34b48302e7b5fa45bde8084f4b7868a8";
    let headers = [
        ("authorization", authorization),
        ("x-amz-date", "20130524T000000Z"),
    ];
    let answer =
        crate::http_client::request(s3.address(), "GET", &format!("/{BUCKET}/k"), &headers, None).unwrap();
    assert!(
        answer.status == 403 && answer.body.contains("<Code>RequestTimeTooSkewed</Code>"),
        "{}",
        answer.body
    );
    assert!(s3.violations().is_empty());
}

#[test]
fn an_outage_refuses_connections_and_ends_on_the_same_port() {
    let s3 = fake();
    let ask = || crate::http_client::request(s3.address(), "GET", "/_control/stats", &[], None);
    assert_eq!(ask().unwrap().status, 200);
    s3.outage(true);
    s3.outage(true);
    assert_eq!(ask().unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    s3.outage(false);
    assert_eq!(ask().unwrap().status, 200);
}

#[test]
fn faults_can_be_planned_from_outside() {
    let s3 = fake();
    let put = |path: &str, body: serde_json::Value| {
        crate::http_client::request(s3.address(), "PUT", path, &[], Some(&body))
            .unwrap()
            .status
    };
    let refuse = serde_json::json!({"operation": "put", "fault": {"refuse": "SlowDown"}});
    assert_eq!(put("/_control/fault", refuse), 204);
    assert_eq!(
        put("/_control/chaos", serde_json::json!({"drop_before": 1.0})),
        204
    );
    let mut state = s3.shared.lock();
    assert_eq!(
        plan(&mut state.faults, Operation::Put),
        Some(Fault::Refuse(Code::SlowDown))
    );
    assert_eq!(plan(&mut state.faults, Operation::List), Some(Fault::DropBefore));
}
