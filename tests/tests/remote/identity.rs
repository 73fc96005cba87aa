//! Credentials: long-lived keys, session tokens, and those of an instance's role.

use jiff::SignedDuration;
use mecris_tests::{
    clock::{FakeClock, machine_time},
    imds::{self, Imds},
    s3::{Credential, S3},
    wait,
};
use object_store::{Error, ObjectStore, path::Path};

use crate::{
    client::{self, client},
    contract::{all, create, read},
};

fn s3() -> S3 {
    S3::start(&FakeClock::default()).expect("a free port")
}

fn at() -> Path {
    Path::from("agent/state/0000000001.db.zst")
}

fn with(s3: &S3, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut environment = s3.environment();
    environment.retain(|(name, _)| changes.iter().all(|(changed, _)| name != changed));
    environment.extend(
        changes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    environment
}

/// The errors of creating and listing with bad credentials.
async fn refused(store: &dyn ObjectStore) -> (Error, String) {
    let list = all(store, "agent").await.expect_err("not allowed");
    (
        create(store, &at(), "x").await.expect_err("not allowed"),
        list.to_string(),
    )
}

#[tokio::test]
async fn a_wrong_key_and_a_wrong_secret_are_denied() {
    let s3 = s3();
    for (name, value, code) in [
        ("AWS_ACCESS_KEY_ID", "AKIAOFSOMEBODYELSE00", "InvalidAccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "not-the-secret", "SignatureDoesNotMatch"),
    ] {
        let (create, list) = refused(&client(&with(&s3, &[(name, value)]))).await;
        assert!(matches!(create, Error::PermissionDenied { .. }), "{create:?}");
        assert!(list.contains(code), "{list}");
    }
    assert_eq!(
        (
            s3.counts().denied,
            s3.counts().puts,
            s3.objects().len(),
            s3.violations().len()
        ),
        (4, 0, 0, 0)
    );
}

#[tokio::test]
async fn a_temporary_key_needs_its_token_and_ends() {
    let s3 = s3();
    let temporary = |expires_at| Credential {
        access_key_id: "ASIATEMPORARY0000000".to_owned(),
        secret_access_key: "temporary-secret".to_owned(),
        session_token: Some("session-token-canary".to_owned()),
        expires_at,
    };
    s3.set_credentials(vec![temporary(None)]);
    let pair = [
        ("AWS_ACCESS_KEY_ID", "ASIATEMPORARY0000000"),
        ("AWS_SECRET_ACCESS_KEY", "temporary-secret"),
    ];
    let whole = [pair[0], pair[1], ("AWS_SESSION_TOKEN", "session-token-canary")];
    create(&client(&with(&s3, &whole)), &at(), "x")
        .await
        .expect("good credentials");
    let (_, without) = refused(&client(&with(&s3, &pair))).await;
    assert!(without.contains("InvalidAccessKeyId"), "{without}");
    let (_, other) = refused(&client(&with(
        &s3,
        &[pair[0], pair[1], ("AWS_SESSION_TOKEN", "another")],
    )))
    .await;
    assert!(other.contains("InvalidToken"), "{other}");
    s3.set_credentials(vec![temporary(Some(machine_time()))]);
    let (create, list) = refused(&client(&with(&s3, &whole))).await;
    assert!(list.contains("ExpiredToken"), "{list}");
    // S3 answers 400, so the error is not `PermissionDenied`. The error's text holds the body, which repeats
    // the token as the real S3 does.
    assert!(matches!(create, Error::Generic { .. }), "{create:?}");
    assert!(create.to_string().contains("session-token-canary"), "{create}");
    assert!(s3.violations().is_empty(), "{:?}", s3.violations());
}

#[tokio::test]
async fn a_bucket_that_there_is_not_looks_like_a_missing_object_but_not_in_a_list() {
    let s3 = s3();
    let store = object_store::aws::AmazonS3Builder::new()
        .with_bucket_name("somebody-elses")
        .with_endpoint(format!("http://{}", s3.address()))
        .with_allow_http(true)
        .with_access_key_id(mecris_tests::s3::ACCESS_KEY_ID)
        .with_secret_access_key(mecris_tests::s3::SECRET_ACCESS_KEY);
    let _ = client::of(&s3);
    let store = store.build().expect("the settings suffice");
    // The kind of this error is the same as for a missing object. A list never gives `NotFound`.
    let read = read(&store, &at()).await.expect_err("no such bucket");
    assert!(
        matches!(read, Error::NotFound { .. }) && read.to_string().contains("NoSuchBucket"),
        "{read:?}"
    );
    let list = all(&store, "agent").await.expect_err("no such bucket");
    assert!(
        matches!(list, Error::Generic { .. }) && list.to_string().contains("NoSuchBucket"),
        "{list:?}"
    );
}

fn of_role(s3: &S3, imds: &Imds) -> impl ObjectStore {
    let mut environment = s3.environment_without_key();
    environment.extend(imds.environment());
    client(&environment)
}

#[tokio::test]
async fn an_instance_asks_once_for_its_roles_credentials() {
    let s3 = s3();
    let imds = Imds::start(&s3).expect("a free port");
    let store = of_role(&s3, &imds);
    create(&store, &at(), "x").await.expect("created");
    assert_eq!(read(&store, &at()).await.expect("read"), "x");
    assert_eq!((imds.asked(), imds.issued(), s3.counts().denied), (1, 1, 0));
    assert!(imds.violations().is_empty() && s3.violations().is_empty());
}

/// `object_store` asks for new credentials when less than five minutes are left, so a rotation causes no
/// failure.
#[tokio::test]
async fn credentials_near_their_end_are_asked_for_again() {
    let s3 = s3();
    let imds = Imds::start(&s3).expect("a free port");
    imds.set_lifetime(SignedDuration::from_mins(4));
    let store = of_role(&s3, &imds);
    create(&store, &at(), "x").await.expect("created");
    imds.expire();
    // `object_store` asks at most every 100 ms. Until then the old credentials are tried and refused.
    let mut denied = 0;
    let begin = tokio::time::Instant::now();
    while read(&store, &at()).await.is_err() {
        denied += 1;
        assert!(
            begin.elapsed().as_secs() < 5,
            "still refused after {denied} tries"
        );
        wait::pause(std::time::Duration::from_millis(20));
    }
    assert_eq!((imds.issued(), s3.counts().denied), (2, denied));
}

/// Credentials that end before their stated expiration: `object_store` keeps them until that expiration,
/// although S3 refuses them.
#[tokio::test]
async fn credentials_revoked_early_are_not_asked_for_again_by_the_same_client() {
    let s3 = s3();
    let imds = Imds::start(&s3).expect("a free port");
    let store = of_role(&s3, &imds);
    create(&store, &at(), "x").await.expect("created");
    imds.expire();
    wait::pause(std::time::Duration::from_millis(150));
    for _ in 0..2 {
        let error = read(&store, &at()).await.expect_err("refused");
        assert!(error.to_string().contains("ExpiredToken"), "{error}");
    }
    assert_eq!(imds.issued(), 1);
    assert_eq!(
        read(&of_role(&s3, &imds), &at())
            .await
            .expect("a new client asks anew"),
        "x"
    );
}

#[tokio::test]
async fn without_an_instance_or_a_role_nothing_leaves() {
    let s3 = s3();
    let imds = Imds::start(&s3).expect("a free port");
    let store = of_role(&s3, &imds);
    for fault in [
        imds::Fault::Status(403),
        imds::Fault::Status(500),
        imds::Fault::NoRole,
        imds::Fault::Drop,
    ] {
        imds.fault_always(Some(fault));
        let error = create(&store, &at(), "x").await.expect_err("no credentials");
        assert!(matches!(error, Error::Generic { .. }), "{fault:?}: {error:?}");
    }
    imds.fault_always(None);
    imds.outage(true);
    create(&store, &at(), "x").await.expect_err("no credentials");
    assert_eq!((s3.counts().puts, s3.counts().denied), (0, 0));
    imds.outage(false);
    create(&store, &at(), "x").await.expect("created");
}
