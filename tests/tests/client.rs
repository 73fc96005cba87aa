//! A client that a public generator makes from `/openapi.json` of the running agent reads every endpoint with
//! typed answers.
//!
//! The generator is openapi-python-client from PyPI, pinned in `tests/client/requirements.txt`; what the
//! client is asked is in `tests/client/read_every_endpoint.py`. Without python3 and its venv, or without a
//! package registry, the test is reported as ignored, with the reason.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use libtest_mimic::Arguments;
use mecris_tests::{
    agent::{API_TOKEN, Setup},
    beeminder::{Beeminder, GoalSpec},
    cases::{Case, Tiers},
    clock::FakeClock,
    twilio::Twilio,
};
use serde_json::json;

const CASES: &[Case] = &[(
    "a_generated_client_reads_every_endpoint_with_typed_answers",
    a_generated_client_reads_every_endpoint_with_typed_answers,
)];

fn main() {
    let mut arguments = Arguments::from_args();
    let tiers = Tiers::asked(&mut arguments);
    let trials = tiers.heavy("a generated client", CASES, || install().err());
    libtest_mimic::run(&arguments, trials).exit();
}

fn a_generated_client_reads_every_endpoint_with_typed_answers() {
    let clock = FakeClock::default();
    let beeminder = Beeminder::start(&clock).expect("a free port");
    let twilio = Twilio::start(&clock).expect("a free port");
    beeminder.set_goals([
        GoalSpec::new("reading", 0),
        GoalSpec::new("piano", 1),
        GoalSpec::new("bike", 9).walked(Some(0)),
    ]);
    let mut setup = Setup::new(beeminder.address(), twilio.address());
    let config = &mut setup.config;
    config.set("policy.quiet_hours", json!([]));
    config.set("walk", json!({"goal": "bike", "from": "00:00", "until": "23:59"}));
    config.set(
        "budget.groq",
        json!({"source": "odometer", "limit_usd": 5.0, "period": "monthly"}),
    );
    config.set(
        "budget.anthropic",
        json!({"source": "ledger", "limit_usd": 25.0, "period": "monthly"}),
    );
    let daemon = setup.serve();

    let document = setup.folder().join("openapi.json");
    let answer = daemon.get("/openapi.json");
    assert_eq!(answer.status, 200, "{}", answer.body);
    fs::write(&document, answer.body).expect("the document can be written");
    let client = setup.folder().join("client");
    run(Command::new(programs().join("openapi-python-client"))
        .args(["generate", "--meta", "none", "--path"])
        .arg(&document)
        .arg("--output-path")
        .arg(client.join("mecris_client"))
        .arg("--config")
        .arg(sources().join("generator.yml")))
    .expect("the generator takes the document");
    let said = run(Command::new(programs().join("python"))
        .arg(sources().join("read_every_endpoint.py"))
        .arg(&document)
        .arg(format!("http://{}", daemon.address()))
        .arg(API_TOKEN)
        .env("PYTHONPATH", &client)
        .env("PYTHONDONTWRITEBYTECODE", "1"))
    .unwrap_or_else(|why| panic!("{why}\n{}", daemon.logs()));
    print!("{said}");
}

/// Installs the generator once for these requirements, or says why that cannot be.
fn install() -> Result<(), String> {
    let (folder, wanted) = (installation(), sources().join("requirements.txt"));
    let requirements = fs::read(&wanted).map_err(|error| format!("{}: {error}", wanted.display()))?;
    let installed = folder.join("installed.txt");
    if fs::read(&installed).is_ok_and(|installed| installed == requirements) {
        return Ok(());
    }
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&folder))
    .map_err(|why| format!("no python3 with venv (Debian: python3-venv): {why}"))?;
    run(Command::new(programs().join("pip"))
        .args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
        ])
        .arg("--requirement")
        .arg(&wanted))
    .map_err(|why| format!("the generator cannot be installed from PyPI: {why}"))?;
    fs::write(&installed, requirements).map_err(|error| format!("{}: {error}", installed.display()))
}

/// What a program printed, or what it complained about.
fn run(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().display().to_string();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned() + "\n";
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        Err(format!("{name} ended with {}:\n{out}{err}", output.status))
    }
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("client")
}

fn installation() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("client-generator")
}

fn programs() -> PathBuf {
    installation().join("bin")
}
