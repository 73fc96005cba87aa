use serde_json::json;

use super::*;
use crate::{clock::FakeClock, http_client};

const PATH: &str = "/latest/meta-data/iam/security-credentials/";
const TOKEN: &str = "x-aws-ec2-metadata-token";

fn pair() -> (S3, Imds) {
    let s3 = S3::start(&FakeClock::default()).expect("a free port");
    let imds = Imds::start(&s3).expect("a free port");
    (s3, imds)
}

fn ask(imds: &Imds, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let answer = http_client::request(imds.address(), method, path, headers, None).expect("an answer");
    (answer.status, answer.body)
}

fn token(imds: &Imds) -> String {
    ask(
        imds,
        "PUT",
        "/latest/api/token",
        &[("x-aws-ec2-metadata-token-ttl-seconds", "60")],
    )
    .1
}

#[test]
fn a_token_leads_to_the_role_and_the_role_to_credentials() {
    let (_s3, imds) = pair();
    let token = token(&imds);
    assert_eq!(
        ask(&imds, "GET", PATH, &[(TOKEN, &token)]),
        (200, ROLE.to_owned())
    );
    let (status, body) = ask(&imds, "GET", &format!("{PATH}{ROLE}"), &[(TOKEN, &token)]);
    let credentials: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &credentials["Code"]), (200, &json!("Success")));
    for field in [
        "AccessKeyId",
        "SecretAccessKey",
        "Token",
        "Expiration",
        "LastUpdated",
        "Type",
    ] {
        assert!(credentials[field].is_string(), "{field}: {body}");
    }
    assert_eq!(
        ask(&imds, "GET", &format!("{PATH}another"), &[(TOKEN, &token)]).0,
        404
    );
    assert_eq!((imds.asked(), imds.issued(), imds.violations().len()), (1, 1, 0));
}

#[test]
fn version_1_and_a_token_without_an_end_are_refused_and_are_violations() {
    let (_s3, imds) = pair();
    assert_eq!(ask(&imds, "GET", PATH, &[]).0, 401);
    assert_eq!(ask(&imds, "PUT", "/latest/api/token", &[]).0, 400);
    assert_eq!(imds.violations().len(), 2);
    assert_eq!(ask(&imds, "GET", PATH, &[(TOKEN, "made-up")]).0, 401);
    assert_eq!(imds.violations().len(), 2);
}

#[test]
fn credentials_stay_until_they_are_rotated_or_end() {
    let (_s3, imds) = pair();
    let token = token(&imds);
    let key = || {
        let (_, body) = ask(&imds, "GET", &format!("{PATH}{ROLE}"), &[(TOKEN, &token)]);
        serde_json::from_str::<serde_json::Value>(&body).unwrap()["AccessKeyId"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = key();
    assert_eq!(key(), first);
    imds.rotate();
    let second = key();
    assert_ne!(second, first);
    imds.expire();
    assert_ne!(key(), second);
    assert_eq!(imds.issued(), 3);
}

#[test]
fn faults_last_until_they_are_taken_back() {
    let (_s3, imds) = pair();
    let token = token(&imds);
    imds.fault_always(Some(Fault::Status(403)));
    assert_eq!(ask(&imds, "GET", PATH, &[(TOKEN, &token)]).0, 403);
    imds.fault_always(Some(Fault::NoRole));
    assert_eq!(ask(&imds, "GET", PATH, &[(TOKEN, &token)]).0, 404);
    imds.fault_always(None);
    assert_eq!(ask(&imds, "GET", PATH, &[(TOKEN, &token)]).0, 200);
}

#[test]
fn an_instance_is_described_as_a_tree_and_user_data_is_given_as_it_is() {
    let (_s3, imds) = pair();
    let token = token(&imds);
    let get = |path: &str| ask(&imds, "GET", path, &[(TOKEN, &token)]);
    assert_eq!(get("/latest/user-data").0, 404);
    imds.describe(json!({"meta-data": {"instance-id": "i-1", "placement": {"region": "eu-west-1"}}}));
    imds.set_user_data("#!/bin/sh\n");
    assert_eq!(get("/latest/user-data"), (200, "#!/bin/sh\n".to_owned()));
    assert_eq!(
        get("/2021-03-23/meta-data/"),
        (200, "instance-id\nplacement/".to_owned())
    );
    assert_eq!(
        get("/latest/meta-data/placement/region"),
        (200, "eu-west-1".to_owned())
    );
    assert_eq!(
        (
            get("/latest/meta-data/public-keys/").0,
            get("/1999-01-01/meta-data/").0
        ),
        (404, 404)
    );
    assert_eq!(imds.user_data_asked(), 2);
    assert_eq!(ask(&imds, "GET", "/latest/user-data", &[]).0, 401);
}
