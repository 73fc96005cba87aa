//! What `object_store` 0.14 does by itself after a failure. Each fact has a test that fails if a new version
//! behaves differently. The agent's remote store relies on these facts.
//!
//! `RetryConfig` (default: 10 retries within 3 minutes, pauses from 100 ms to 15 s) and a PUT with
//! `If-None-Match: *` (`PutMode::Create`, which counts as not idempotent):
//!
//! | what happens | retried? | so a PUT that was carried out ends as |
//! |---|---|---|
//! | 5xx, 408, 429 | yes | `AlreadyExists`, refused by its own first try |
//! | connection refused | yes | - |
//! | connection closed after the request without a byte of reply ("incomplete message") | yes, taken for not sent | `AlreadyExists` |
//! | connection reset (by its source, not tested) | no | `Generic` |
//! | timeout of the whole request (`ClientOptions::timeout`, default 30 s) | no | `Generic` |
//! | timeout of connecting (`connect_timeout`, default 5 s; by its source, not tested) | no | - |
//! | 409 `ConditionalRequestConflict` | no | `AlreadyExists`, *although there may be no object* |
//! | 412 | no | `AlreadyExists` |
//!
//! A PUT without a condition, GET, HEAD and lists are also retried after a timeout; deletes are not. A GET
//! whose body breaks off continues with a range, if retries are left. `max_retries: 0` switches all of this
//! off: then `AlreadyExists` means 412 or 409, and every other error but `PermissionDenied` means that the
//! outcome is unknown. Each try has its own timeout: with retries, a call takes up to (retries + 1) × timeout
//! plus the pauses.
//!
//! Retries do not help against three things. A body is not checked, so a corrupted body is read as good. A
//! web page with status 200 is read as an empty list or as the object. The text of an error contains the body
//! of the reply, in which S3 repeats the session token (`identity`).

use std::time::Duration;

use mecris_tests::{
    clock::FakeClock,
    s3::{Chaos, Code, Fault, Operation, S3},
    wait,
};
use object_store::{Error, ObjectStoreExt as _, path::Path};
use tokio::time::Instant;

use crate::{
    client::{of, that_retries},
    contract::{all, create, read},
};

fn s3() -> S3 {
    S3::start(&FakeClock::default()).expect("a free port")
}

fn at() -> Path {
    Path::from("agent/state/0000000001.db.zst")
}

fn retrying(s3: &S3) -> object_store::aws::AmazonS3 {
    that_retries(&s3.environment(), "500 ms")
}

fn generation(number: u64) -> Path {
    Path::from(format!("agent/state/{number:010}.db.zst"))
}

#[tokio::test]
async fn with_retries_a_lost_reply_to_a_create_becomes_already_exists() {
    for fault in [
        Fault::RefuseAfter(Code::InternalError),
        Fault::RefuseAfter(Code::SlowDown),
        Fault::DropAfter,
    ] {
        let s3 = s3();
        s3.fault_next(Operation::Put, [fault.clone()]);
        let error = create(&retrying(&s3), &at(), "mine")
            .await
            .expect_err("refused by itself");
        assert!(
            matches!(error, Error::AlreadyExists { .. }),
            "{fault:?}: {error:?}"
        );
        assert_eq!(
            (
                s3.counts().puts,
                s3.counts().created,
                s3.counts().conditional_conflicts
            ),
            (2, 1, 1)
        );
    }
}

#[tokio::test]
async fn with_retries_a_create_that_was_not_carried_out_succeeds_in_the_end() {
    let s3 = s3();
    s3.fault_next(
        Operation::Put,
        [
            Fault::Refuse(Code::SlowDown),
            Fault::DropBefore,
            Fault::Refuse(Code::InternalError),
        ],
    );
    create(&retrying(&s3), &at(), "mine").await.expect("created");
    assert_eq!((s3.counts().puts, s3.counts().created), (4, 1));
}

#[tokio::test]
async fn a_create_is_not_retried_after_a_timeout_or_a_conflict() {
    let cases = [
        (Fault::HangAfter, 1),
        (Fault::HangBefore, 0),
        (Fault::Refuse(Code::ConditionalRequestConflict), 0),
    ];
    for (fault, objects) in cases {
        let s3 = s3();
        s3.fault_next(Operation::Put, [fault.clone()]);
        let error = create(&retrying(&s3), &at(), "mine").await.expect_err("no reply");
        match fault {
            // No client made the object, but the store reports that it exists.
            Fault::Refuse(_) => assert!(matches!(error, Error::AlreadyExists { .. }), "{error:?}"),
            _ => assert!(matches!(error, Error::Generic { .. }), "{error:?}"),
        }
        assert_eq!((s3.counts().puts, s3.objects().len()), (1, objects), "{fault:?}");
    }
}

#[tokio::test]
async fn reading_is_retried_after_a_timeout_and_a_bulk_delete_is_not() {
    let s3 = s3();
    s3.put_raw(at().as_ref(), "content");
    let store = retrying(&s3);
    s3.fault_next(Operation::Any, [Fault::HangBefore]);
    assert_eq!(read(&store, &at()).await.expect("read"), "content");
    s3.fault_next(Operation::Any, [Fault::HangBefore]);
    assert_eq!(all(&store, "agent").await.expect("a list").len(), 1);
    s3.fault_next(Operation::Any, [Fault::HangBefore]);
    store.delete(&at()).await.expect_err("not retried");
    assert_eq!(
        (s3.counts().gets, s3.counts().lists, s3.counts().deletes),
        (2, 2, 1)
    );
}

#[tokio::test]
async fn without_retries_every_fault_is_one_request_and_one_error() {
    let s3 = s3();
    let store = of(&s3);
    let faults = [
        Fault::Refuse(Code::SlowDown),
        Fault::Refuse(Code::InternalError),
        Fault::RefuseAfter(Code::InternalError),
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::Garbage,
    ];
    for (number, fault) in (1..).zip(&faults) {
        s3.fault_next(Operation::Put, [fault.clone()]);
        let error = create(&store, &generation(number), "x")
            .await
            .expect_err("a fault");
        assert!(matches!(error, Error::Generic { .. }), "{fault:?}: {error:?}");
    }
    assert_eq!((s3.counts().puts, s3.counts().created), (6, 2));
    s3.fault_next(Operation::Put, [Fault::Refuse(Code::AccessDenied)]);
    let error = create(&store, &generation(9), "x").await.expect_err("a fault");
    assert!(matches!(error, Error::PermissionDenied { .. }), "{error:?}");
}

#[tokio::test]
async fn a_refused_connection_and_a_hanging_host_are_errors_in_time() {
    let s3 = s3();
    let store = of(&s3);
    create(&store, &at(), "x").await.expect("created");
    s3.outage(true);
    let error = create(&store, &generation(2), "x")
        .await
        .expect_err("nobody listens");
    assert!(matches!(error, Error::Generic { .. }), "{error:?}");
    s3.outage(false);
    create(&store, &generation(2), "x").await.expect("created");
    s3.fault_always(Operation::Any, Some(Fault::HangBefore));
    let begin = Instant::now();
    all(&store, "agent").await.expect_err("no answer");
    assert!(
        (2..4).contains(&begin.elapsed().as_secs()),
        "{:?}",
        begin.elapsed()
    );
}

/// The write of a client that gave up lands later, before or after the write of another client.
#[tokio::test]
async fn a_write_can_land_after_its_client_gave_up() {
    let s3 = s3();
    s3.fault_next(Operation::Put, [Fault::Delay(1000)]);
    let error = create(&that_retries(&s3.environment(), "100 ms"), &at(), "late")
        .await
        .expect_err("no reply yet");
    assert!(matches!(error, Error::Generic { .. }), "{error:?}");
    assert_eq!(s3.objects().len(), 0);
    let late = wait::until(Duration::from_secs(5), || s3.object(at().as_ref()));
    assert_eq!(late.expect("it lands").bytes, "late");
    assert_eq!(s3.counts().puts, 1);
}

#[tokio::test]
async fn a_create_that_overlaps_a_deletion_is_a_conflict_and_leaves_nothing() {
    let s3 = s3();
    let store = of(&s3);
    s3.put_raw("other/1", "old");
    s3.fault_next(Operation::Put, [Fault::Delay(300)]);
    let path = Path::from("other/1");
    let deleted = async {
        while s3.counts().puts == 0 {
            tokio::task::yield_now().await;
        }
        s3.remove("other/1")
    };
    let (created, deleted) = futures_util::future::join(create(&store, &path, "new"), deleted).await;
    assert!(
        deleted && matches!(created, Err(Error::AlreadyExists { .. })),
        "{created:?}"
    );
    assert_eq!((s3.objects().len(), s3.counts().concurrent_conflicts), (0, 1));
    create(&store, &path, "new").await.expect("asked again");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_or_is_read_on_with_retries() {
    let s3 = s3();
    s3.put_raw(at().as_ref(), "the whole content");
    s3.fault_next(Operation::Get, [Fault::Truncate, Fault::Truncate]);
    read(&of(&s3), &at()).await.expect_err("half of it");
    assert_eq!(
        read(&retrying(&s3), &at()).await.expect("read on"),
        "the whole content"
    );
    s3.fault_next(Operation::List, [Fault::Truncate]);
    all(&of(&s3), "agent").await.expect_err("half of it");
}

#[tokio::test]
async fn a_corrupted_body_a_web_page_and_an_empty_list_are_not_noticed() {
    let s3 = s3();
    s3.put_raw(at().as_ref(), "the whole content");
    let store = of(&s3);
    s3.fault_next(Operation::Get, [Fault::Corrupt]);
    let read_badly = read(&store, &at()).await.expect("read");
    assert_eq!(read_badly.len(), "the whole content".len());
    assert_ne!(read_badly, "the whole content");
    s3.fault_next(Operation::List, [Fault::EmptyList, Fault::Garbage]);
    for _ in 0..2 {
        assert_eq!(all(&store, "agent").await.expect("a list"), Vec::<String>::new());
    }
    s3.fault_next(Operation::Get, [Fault::Garbage]);
    let page = store.get(&at()).await.expect("read");
    assert_eq!(page.meta.e_tag, None, "the one thing by which it could be told");
    assert!(page.bytes().await.expect("read").starts_with(b"<html>"));
}

#[tokio::test]
async fn a_later_page_that_fails_fails_the_list() {
    let s3 = s3();
    s3.set_page_size(2);
    (1..=5).for_each(|n| s3.put_raw(generation(n).as_ref(), "x"));
    s3.fault_next(
        Operation::List,
        [Fault::Delay(0), Fault::Refuse(Code::InternalError)],
    );
    all(&of(&s3), "agent").await.expect_err("the second page");
    assert_eq!(all(&of(&s3), "agent").await.expect("a list").len(), 5);
}

#[tokio::test]
async fn a_deletion_that_is_not_allowed_is_an_error_and_deletes_nothing() {
    let s3 = s3();
    (1..=2).for_each(|n| s3.put_raw(generation(n).as_ref(), "x"));
    s3.fault_next(Operation::Delete, [Fault::Refuse(Code::AccessDenied)]);
    let error = of(&s3).delete(&generation(1)).await.expect_err("not allowed");
    // 200 with an error for each key, therefore not `PermissionDenied`.
    assert!(
        matches!(error, Error::Generic { .. }) && error.to_string().contains("AccessDenied"),
        "{error:?}"
    );
    assert_eq!(s3.objects().len(), 2);
}

#[tokio::test]
async fn what_would_break_the_fence_is_a_violation() {
    let s3 = s3();
    let store = of(&s3);
    (1..=2).for_each(|n| s3.put_raw(generation(n).as_ref(), "x"));
    store.delete(&generation(1)).await.expect("deleted");
    assert!(s3.violations().is_empty());
    store.delete(&generation(2)).await.expect("deleted");
    store.put(&generation(3), "x".into()).await.expect("put");
    assert_eq!(
        s3.violations(),
        [
            format!("deleted the last generation: {}", generation(2)),
            format!("put unconditionally: {}", generation(3))
        ]
    );
}

#[tokio::test]
async fn ages_are_those_of_the_fakes_clock() {
    let clock = FakeClock::default();
    let s3 = S3::start(&clock).expect("a free port");
    clock.set("2026-03-01T12:00:00Z".parse().expect("a time"));
    create(&of(&s3), &at(), "x").await.expect("created");
    clock.set("2026-03-08T12:00:00Z".parse().expect("a time"));
    let meta = of(&s3).head(&at()).await.expect("head");
    let listed =
        futures_util::TryStreamExt::try_collect::<Vec<_>>(object_store::ObjectStore::list(&of(&s3), None));
    assert_eq!(listed.await.expect("a list")[0].last_modified, meta.last_modified);
    assert!(
        meta.last_modified.to_string().starts_with("2026-03-01 12:00:0"),
        "{}",
        meta.last_modified
    );
}

/// Every reported outcome agrees with the bucket, at any fault and any speed: no object that was reported as
/// created is missing.
#[tokio::test]
async fn in_chaos_what_was_created_is_there_and_nothing_is_there_that_nobody_tried() {
    let s3 = s3();
    s3.set_chaos(Chaos {
        seed: 11,
        drop_after: 0.1,
        error_after: 0.1,
        drop_before: 0.1,
        error_before: 0.1,
        slow_down: 0.05,
        conflict: 0.1,
        latency_max_ms: 5,
        ..Chaos::default()
    });
    let store = of(&s3);
    let (mut known, mut unknown) = (0, 0);
    for number in 1..=200 {
        match create(&store, &generation(number), "x").await {
            Ok(_) => {
                assert!(s3.object(generation(number).as_ref()).is_some(), "{number}");
                known += 1;
            }
            Err(_) => unknown += 1,
        }
    }
    let there = s3.objects().len();
    assert!(
        known > 50 && unknown > 50 && there > known,
        "{known} created, {unknown} in doubt, {there} there"
    );
    assert_eq!(s3.counts().created, there as u64);
}
