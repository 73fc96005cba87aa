//! Settings from SSM Parameter Store and secrets from Secrets Manager, both played by moto; and refusals of
//! AWS that moto never gives.

use std::time::Duration;

use axum::{
    Router,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use mecris_tests::{
    agent::{API_TOKEN, Config},
    beeminder::{self, GoalSpec},
    gate::Gate,
    moto::Moto,
    server::Server,
    twilio, wait,
};
use serde_json::{Value, json};

use crate::stage::{Stage, notified};

const SECRET: &str = "mecris/test";
const PARAMETER: &str = "/mecris/test/agent.toml";
const NEW_TOKEN: &str = "canary-rotated-token";

/// All secrets of the stage, with this token for Twilio.
fn secrets(token: &str) -> Value {
    json!({
        "BEEMINDER_AUTH_TOKEN": beeminder::TOKEN,
        "TWILIO_ACCOUNT_SID": twilio::ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": token,
        "MECRIS_API_TOKENS": format!("tests:{API_TOKEN}"),
    })
}

fn put_secret(moto: &Moto, action: &str, text: &str) {
    let id = if action == "CreateSecret" {
        "Name"
    } else {
        "SecretId"
    };
    moto.ask(
        "secretsmanager",
        &format!("secretsmanager.{action}"),
        &json!({id: SECRET, "SecretString": text}),
    );
}

/// The environment holds only the address of AWS.
fn in_the_cloud(stage: &mut Stage, environment: Vec<(String, String)>) {
    stage.setup.environment = environment;
    stage
        .setup
        .config
        .set("secrets.source", format!("secretsmanager:{SECRET}"));
}

/// An agent with this text as its secret, and the output of `check`.
fn check(moto: &Moto, text: Option<&str>) -> (i32, String) {
    let mut stage = Stage::new();
    in_the_cloud(&mut stage, moto.environment());
    if let Some(text) = text {
        put_secret(moto, "CreateSecret", text);
    }
    let output = stage.setup.agent(&["check"]);
    (output.code, output.everything())
}

#[test]
#[ignore = "heavy tier: needs moto (python3, a package registry); scripts/test-all runs it"]
fn settings_and_secrets_come_from_aws_and_the_environment_still_wins() {
    let Some(moto) = Moto::start_or_say("settings and secrets from AWS") else {
        return;
    };
    let mut stage = Stage::new();
    stage.setup.config.remove("walk");
    stage.setup.config.remove("budget");
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    in_the_cloud(&mut stage, moto.environment());
    put_secret(&moto, "CreateSecret", &secrets(twilio::AUTH_TOKEN).to_string());
    let parameter = json!({"Name": PARAMETER, "Type": "String", "Value": stage.setup.config.to_toml()});
    moto.ask("ssm", "AmazonSSM.PutParameter", &parameter);
    stage.setup.config = Config::empty();
    stage.setup.config.set("config.ssm_parameter", PARAMETER);
    stage.setup.config.set("policy.max_messages_per_hour", 1);
    stage.setup.set_env("MECRIS__POLICY__MAX_MESSAGES_PER_DAY", "9");

    let checked = stage.setup.agent(&["check", "--json"]);
    assert_eq!(checked.code, 0, "{}", checked.everything());
    let checked = checked.json();
    let settings = checked["settings"].as_array().expect("a list");
    let row = |key: &str| {
        settings
            .iter()
            .find(|row| row["key"] == key)
            .unwrap_or_else(|| panic!("no {key}"))
            .clone()
    };
    assert_eq!(row("time_zone")["source"], format!("SSM parameter {PARAMETER}"));
    assert_eq!(
        row("policy.max_messages_per_hour")["value"],
        "2",
        "the parameter wins over the file"
    );
    assert_eq!(
        row("policy.max_messages_per_day")["source"],
        "environment variable MECRIS__POLICY__MAX_MESSAGES_PER_DAY"
    );

    let pass = stage.pass(crate::stage::AFTERNOON);
    assert_eq!(notified(&pass.json()), ["goal:reading"], "{}", pass.everything());
    assert_eq!(stage.twilio.accepted_count(), 1);
}

#[test]
#[ignore = "heavy tier: needs moto (python3, a package registry); scripts/test-all runs it"]
fn a_mistake_in_the_parameter_names_the_parameter() {
    let Some(moto) = Moto::start_or_say("mistakes in a parameter") else {
        return;
    };
    let mut stage = Stage::new();
    for (name, value) in moto.environment() {
        stage.setup.set_env(&name, &value);
    }
    stage.setup.config.set("config.ssm_parameter", PARAMETER);
    let output = stage.setup.agent(&["window"]);
    assert_eq!(output.code, 78);
    let expected = format!(
        "the SSM parameter {PARAMETER} does not exist in this region and account (ParameterNotFound)"
    );
    assert!(output.stderr.contains(&expected), "{}", output.stderr);
    for (text, expected) in [
        (
            "window.hours = 99",
            format!("window.hours = 99 (SSM parameter {PARAMETER}): expected"),
        ),
        (
            "[window",
            format!("configuration (SSM parameter {PARAMETER}): is not TOML, line 1"),
        ),
        (
            "window.huors = 2",
            format!("window.huors (SSM parameter {PARAMETER}): no such setting, did you mean window.hours?"),
        ),
        (
            "config.ssm_parameter = \"/other\"",
            format!("config.ssm_parameter (SSM parameter {PARAMETER}): a parameter cannot name"),
        ),
    ] {
        let parameter = json!({"Name": PARAMETER, "Type": "SecureString", "Value": text, "Overwrite": true});
        moto.ask("ssm", "AmazonSSM.PutParameter", &parameter);
        let output = stage.setup.agent(&["window"]);
        assert_eq!(output.code, 78, "{}", output.everything());
        assert!(output.stderr.contains(&expected), "{text}: {}", output.stderr);
    }
}

#[test]
#[ignore = "heavy tier: needs moto (python3, a package registry); scripts/test-all runs it"]
fn a_rotated_token_costs_one_refused_call_and_no_message() {
    let Some(moto) = Moto::start_or_say("rotation of a secret") else {
        return;
    };
    let mut stage = Stage::of_the_daemon();
    stage.setup.config.set("notify.lease", "5s");
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    in_the_cloud(&mut stage, moto.environment());
    put_secret(&moto, "CreateSecret", &secrets(twilio::AUTH_TOKEN).to_string());
    let daemon = stage.setup.serve();
    let count = || (stage.twilio.accepted_count() == 1).then_some(());
    wait::until(Duration::from_secs(10), count).unwrap_or_else(|| panic!("no message:\n{}", daemon.logs()));
    assert_eq!(stage.twilio.strangers(), 0);

    stage.twilio.set_credentials(&[(twilio::ACCOUNT_SID, NEW_TOKEN)]);
    put_secret(&moto, "PutSecretValue", &secrets(NEW_TOKEN).to_string());
    stage
        .beeminder
        .set_goals([GoalSpec::new("reading", 0), GoalSpec::new("running", 0)]);
    daemon.post("/intelligent-reminder/trigger", None);
    let count = || (stage.twilio.accepted_count() == 2).then_some(());
    wait::until(Duration::from_secs(10), count)
        .unwrap_or_else(|| panic!("no second message:\n{}", daemon.logs()));
    assert!(
        stage.twilio.strangers() <= 1,
        "{} calls were refused",
        stage.twilio.strangers()
    );
    assert!(stage.texts()[1].contains("running"), "{:?}", stage.texts());
    let logs = daemon.logs();
    assert!(
        logs.contains("secrets were replaced") && !logs.contains(NEW_TOKEN),
        "{logs}"
    );
    let health = daemon.get("/health").json();
    assert_eq!(
        health["degraded"].as_object().map_or(0, serde_json::Map::len),
        0,
        "{health:#}"
    );
}

#[test]
#[ignore = "heavy tier: needs moto (python3, a package registry); scripts/test-all runs it"]
fn a_rotated_beeminder_token_is_found_within_the_pass() {
    let Some(moto) = Moto::start_or_say("rotation of Beeminder's token") else {
        return;
    };
    let mut stage = Stage::of_the_daemon();
    stage.beeminder.set_goals([]);
    in_the_cloud(&mut stage, moto.environment());
    put_secret(&moto, "CreateSecret", &secrets(twilio::AUTH_TOKEN).to_string());
    let daemon = stage.setup.serve();
    daemon.post("/intelligent-reminder/trigger", None);
    stage.beeminder.set_token(NEW_TOKEN);
    let mut rotated = secrets(twilio::AUTH_TOKEN);
    rotated["BEEMINDER_AUTH_TOKEN"] = NEW_TOKEN.into();
    put_secret(&moto, "PutSecretValue", &rotated.to_string());
    let pass = daemon.post("/intelligent-reminder/trigger", None).json();
    assert_eq!(
        pass["run"]["observations"]["beeminder"]["status"],
        "fresh",
        "{pass:#}\n{}",
        daemon.logs()
    );
}

#[test]
#[ignore = "heavy tier: needs moto (python3, a package registry); scripts/test-all runs it"]
fn a_secret_that_is_missing_or_none_is_one_sentence_without_its_value() {
    let Some(moto) = Moto::start_or_say("secrets that are none") else {
        return;
    };
    let missing = check(&moto, None);
    assert_eq!(missing.0, 78);
    let expected = format!(
        "the secret {SECRET} does not exist in this region and account (ResourceNotFoundException): create it"
    );
    assert!(missing.1.contains(&expected), "{}", missing.1);
    let malformed = check(&moto, Some("canary-is-not-json"));
    assert_eq!(malformed.0, 78);
    let expected = format!("the secret {SECRET}, line 1: expected one JSON object, {{\"NAME\": \"value\"}}");
    assert!(
        malformed.1.contains(&expected) && !malformed.1.contains("canary"),
        "{}",
        malformed.1
    );
    moto.ask(
        "secretsmanager",
        "secretsmanager.DeleteSecret",
        &json!({"SecretId": SECRET, "ForceDeleteWithoutRecovery": true}),
    );
    let incomplete = check(
        &moto,
        Some(r#"{"TWILIO_TOKEN": "canary", "BEEMINDER_AUTH_TOKEN": "canary"}"#),
    );
    assert_eq!(incomplete.0, 78);
    assert!(
        incomplete.1.contains("the secret TWILIO_ACCOUNT_SID is missing") && !incomplete.1.contains("canary"),
        "{}",
        incomplete.1
    );
    assert!(
        incomplete.1.contains(&format!("put it into the secret {SECRET}")),
        "{}",
        incomplete.1
    );
}

#[test]
#[ignore = "heavy tier: needs moto (python3, a package registry); scripts/test-all runs it"]
fn a_start_waits_for_a_permission_and_not_for_a_mistake_of_this_machine() {
    let Some(moto) = Moto::start_or_say("a permission that comes late") else {
        return;
    };
    let gate =
        Gate::start_at(([127, 0, 0, 1], 0).into(), moto.address(), "mecris-test").expect("a free port");
    let mut stage = Stage::of_the_daemon();
    in_the_cloud(&mut stage, moto.environment());
    stage
        .setup
        .set_env("AWS_ENDPOINT_URL", &format!("http://{}", gate.address()));
    put_secret(&moto, "CreateSecret", &secrets(twilio::AUTH_TOKEN).to_string());
    gate.deny("secretsmanager:GetSecretValue");
    stage.setup.config.set("window.hours", 99);
    let wrong = stage.setup.agent(&["serve"]);
    assert_eq!((wrong.code, gate.refusals()), (78, 1), "{}", wrong.everything());
    stage.setup.config.set("window.hours", 5);
    let daemon = std::thread::scope(|scope| {
        scope.spawn(|| {
            // The first try of this start, and one more.
            let refused = wait::until(Duration::from_secs(30), || (gate.refusals() >= 3).then_some(()));
            gate.allow("secretsmanager:GetSecretValue");
            refused.expect("it tries again");
        });
        stage.setup.serve()
    });
    let logs = daemon.logs();
    assert_eq!(logs.matches("cannot start yet").count(), 1, "said once:\n{logs}");
    assert!(
        logs.contains("the role mecris-test may not secretsmanager:GetSecretValue on mecris/test"),
        "{logs}"
    );
}

/// Answers every request as AWS refuses one.
fn refusing(status: u16, code: &'static str, message: &'static str) -> Server {
    let answer = move |_: HeaderMap| async move {
        let body = json!({"__type": code, "Message": message}).to_string();
        (
            StatusCode::from_u16(status).expect("a status"),
            [("content-type", "application/x-amz-json-1.1")],
            body,
        )
    };
    Server::start(Router::new().route("/", post(answer)), 0).expect("a free port")
}

fn environment_of(server: &Server) -> Vec<(String, String)> {
    [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", &format!("http://{}", server.address())),
        ("AWS_ACCESS_KEY_ID", "anything"),
        ("AWS_SECRET_ACCESS_KEY", "canary-secret-key"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

#[test]
fn a_denied_secret_names_action_resource_and_role() {
    let message = "User: arn:aws:sts::123456789012:assumed-role/mecris-prod/i-0abc is not authorized to perform: \
                   secretsmanager:GetSecretValue on resource: mecris/test because no identity-based policy allows the \
                   secretsmanager:GetSecretValue action";
    let server = refusing(400, "AccessDeniedException", message);
    let mut stage = Stage::new();
    in_the_cloud(&mut stage, environment_of(&server));
    for arguments in [&["check"][..], &["run"]] {
        let output = stage.setup.agent(arguments);
        assert_eq!(output.code, 78, "{arguments:?}: {}", output.everything());
        for part in [
            "the role mecris-prod may not",
            "secretsmanager:GetSecretValue on mecris/test",
            "allow it in the role's policy",
        ] {
            assert!(output.stderr.contains(part), "{part}: {}", output.stderr);
        }
        assert!(!output.everything().contains("canary"), "{}", output.everything());
    }
}

#[test]
fn offline_nobody_is_asked_and_what_is_on_this_machine_is_checked() {
    let nobody = refusing(500, "x", "x");
    nobody.refuse(true);
    let mut stage = Stage::new();
    in_the_cloud(&mut stage, environment_of(&nobody));
    let sound = stage.setup.agent(&["check", "--offline"]);
    assert_eq!(sound.code, 0, "{}", sound.everything());
    assert!(
        sound.stdout.contains(&format!(
            "the secret {SECRET} and what depends on it were not read"
        )),
        "{}",
        sound.stdout
    );
    stage.setup.config.set("window.hours", 99);
    let wrong = stage.setup.agent(&["check", "--offline"]);
    assert_eq!(wrong.code, 78, "{}", wrong.everything());
    // A setting that the parameter may override is not checked before the parameter is read. An unknown
    // setting is refused at once.
    stage.setup.config.set("config.ssm_parameter", PARAMETER);
    let sound = stage.setup.agent(&["check", "--offline"]);
    assert_eq!(sound.code, 0, "{}", sound.everything());
    stage.setup.config.set("window.huors", 5);
    let wrong = stage.setup.agent(&["check", "--offline"]);
    assert_eq!(wrong.code, 78, "{}", wrong.everything());
    assert!(
        wrong.stderr.contains("did you mean window.hours?"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn what_may_pass_is_worth_another_try_and_says_so() {
    let throttled = refusing(400, "ThrottlingException", "Rate exceeded");
    let skewed = refusing(
        400,
        "InvalidSignatureException",
        "Signature expired: 20260101T000000Z is now earlier than …",
    );
    let gone = refusing(500, "x", "x");
    gone.refuse(true);
    for (server, expected) in [
        (&throttled, "ThrottlingException"),
        (&skewed, "clock"),
        (&gone, "no connection to AWS"),
    ] {
        let mut stage = Stage::new();
        in_the_cloud(&mut stage, environment_of(server));
        let output = stage.setup.agent(&["check"]);
        assert_eq!(output.code, 75, "{expected}: {}", output.everything());
        assert!(output.stderr.contains(expected), "{expected}: {}", output.stderr);
    }
}

#[test]
fn systemds_credentials_are_read() {
    let mut stage = Stage::new();
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    stage.setup.config.set("secrets.source", "credential");
    stage.setup.environment.clear();
    let denied = stage.setup.agent(&["check", "--offline"]);
    assert_eq!(denied.code, 78);
    assert!(
        denied.stderr.contains("CREDENTIALS_DIRECTORY is not set"),
        "{}",
        denied.stderr
    );
    let folder = stage.setup.folder().join("credentials");
    std::fs::create_dir(&folder).expect("a folder");
    stage
        .setup
        .set_env("CREDENTIALS_DIRECTORY", &folder.display().to_string());
    let empty = stage.setup.agent(&["check", "--offline"]);
    assert!(
        empty.stderr.contains("holds no secret: expected secrets.json"),
        "{}",
        empty.stderr
    );
    std::fs::write(folder.join("secrets.json"), secrets("another one").to_string()).expect("written");
    std::fs::write(
        folder.join("TWILIO_AUTH_TOKEN"),
        format!("{}\n", twilio::AUTH_TOKEN),
    )
    .expect("written");
    let pass = stage.pass(crate::stage::AFTERNOON);
    assert_eq!(stage.twilio.accepted_count(), 1, "{}", pass.everything());
}
