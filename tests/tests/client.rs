//! A client that a public generator makes from `/openapi.json` of the running agent reads every endpoint with
//! typed answers.
//!
//! The generator is openapi-python-client from PyPI, pinned in `tests/client/requirements.txt`; what the
//! client is asked is in `tests/client/read_every_endpoint.py`. Without python3 and its venv, or without a
//! package registry, the test is reported as ignored, with the reason.

use std::{
    fs,
    path::{Path, PathBuf},
};

use libtest_mimic::Arguments;
use mecris_tests::{
    agent::{API_TOKEN, Setup},
    beeminder::{Beeminder, GoalSpec},
    cases::{Case, Tiers},
    clock::FakeClock,
    pypi::{Programs, run},
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
    let trials = tiers.heavy("a generated client", CASES, || generator().install().err());
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
    run(generator()
        .command("openapi-python-client")
        .args(["generate", "--meta", "none", "--path"])
        .arg(&document)
        .arg("--output-path")
        .arg(client.join("mecris_client"))
        .arg("--config")
        .arg(sources().join("generator.yml")))
    .expect("the generator takes the document");
    let said = run(generator()
        .command("python")
        .arg(sources().join("read_every_endpoint.py"))
        .arg(&document)
        .arg(format!("http://{}", daemon.address()))
        .arg(API_TOKEN)
        .env("PYTHONPATH", &client)
        .env("PYTHONDONTWRITEBYTECODE", "1"))
    .unwrap_or_else(|why| panic!("{why}\n{}", daemon.logs()));
    print!("{said}");
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("client")
}

fn generator() -> Programs {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("client-generator");
    Programs::new(folder, &sources())
}
